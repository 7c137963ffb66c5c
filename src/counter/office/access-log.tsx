import { useState } from 'react';
import { Button } from 'react-aria-components';
import type { Access } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { onlyDigits } from '../digits';
import { usePages, useRested } from '../loading';
import { DayField, Field, Moment, Num, Said, Scroll, Trouble, useFigures, Waiting } from '../parts';
import { go, Link, useAddress } from '../router';
import { useWords } from '../words';

const PATH = '/access-log';
const FILTERS = ['subscription', 'person', 'from', 'to'] as const;
/** Of a search many are shown; more than these are counted. */
const SHOWN = 5;

/** Who looked at whose data, newest first. The filters stand in the address. */
export default function AccessLog() {
  const words = useWords();
  const { searchParams } = useAddress();
  const query = new URLSearchParams({ limit: '50' });
  for (const name of FILTERS) {
    const value = searchParams.get(name);
    if (value) query.set(name, value);
  }
  const { items, here, error, reload, more } = usePages<Access>(`${PATH}?${query.toString()}`);
  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.access.title}</h1>
        <p className="quiet">{words.access.help}</p>
        <Filters />
      </div>
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {!here && error === null ? <Waiting /> : null}
      {here && items.length === 0 ? <p className="empty">{words.access.empty}</p> : null}
      {items.length === 0 ? null : <Table items={items} />}
      {more === null ? null : (
        <Button className="button" onPress={more}>
          {words.more}
        </Button>
      )}
    </section>
  );
}

function Filters() {
  const words = useWords();
  const figures = useFigures();
  const { searchParams } = useAddress();
  const given = (name: string): string => searchParams.get(name) ?? '';
  const [typed, setTyped] = useState(() => ({ subscription: figures(given('subscription')), person: given('person'), from: figures(given('from')), to: figures(given('to')) }));
  const day = (text: string): string => {
    const parsed = parseDay(text, todayInTehran());
    return parsed ? dayText(parsed) : '';
  };
  const subscription = onlyDigits(typed.subscription);
  const asked = new URLSearchParams(
    Object.entries({ subscription: subscription.length === 12 ? subscription : '', person: typed.person.trim().toLowerCase(), from: day(typed.from), to: day(typed.to) }).filter(([, value]) => value !== ''),
  ).toString();
  useRested(asked, new URLSearchParams(FILTERS.map((name) => [name, given(name)]).filter(([, value]) => value !== '')).toString(), (rested) => go(rested === '' ? PATH : `${PATH}?${rested}`, { replace: true }));
  const set = (name: keyof typeof typed) => (value: string) => setTyped({ ...typed, [name]: value });
  return (
    <search className="filters" aria-label={words.list.filters}>
      <Field label={words.list.subscription} value={typed.subscription} onChange={set('subscription')} figures maxLength={20} />
      <Field label={words.people.columns.user} value={typed.person} onChange={set('person')} maxLength={60} />
      <DayField label={words.list.from} value={typed.from} onChange={set('from')} help="" />
      <DayField label={words.list.to} value={typed.to} onChange={set('to')} help="" />
      {asked === '' ? null : (
        <Button className="button small bare" onPress={() => setTyped({ subscription: '', person: '', from: '', to: '' })}>
          {words.list.clear}
        </Button>
      )}
    </search>
  );
}

function Table({ items }: { items: readonly Access[] }) {
  const words = useWords();
  const figures = useFigures();
  const { columns } = words.access;
  return (
    <Scroll label={words.access.title}>
      <table className="roomy">
        <thead>
          <tr>
            <th scope="col">{columns.at}</th>
            <th scope="col">{columns.by}</th>
            <th scope="col">{columns.what}</th>
            <th scope="col">{columns.whose}</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ at, by, call, subscriptions, settlement, requestId }) => (
            // one call may look at several settlements, each an entry
            <tr key={`${requestId}${settlement ?? ''}${subscriptions.join()}`}>
              <td>
                <Moment at={at} />
              </td>
              <th scope="row">
                <Said>{by.name}</Said>{' '}
                <span className="quiet">
                  <Said>{by.id}</Said>
                  {words.and}
                  {words.roles[by.role]}
                  {words.and}
                  {words.office(figures(by.office))}
                </span>
              </th>
              <td>
                {words.access.calls[call] ?? <bdi dir="ltr">{call}</bdi>}{' '}
                {settlement === null ? null : (
                  <Link to={`/settlements/${settlement}`}>
                    <Num>{settlement}</Num>
                  </Link>
                )}
              </td>
              <td>
                {subscriptions.length === 0 ? <span className="quiet">{words.access.nobody}</span> : null}
                <span className="apart">
                  {subscriptions.slice(0, SHOWN).map((each) => (
                    <Num key={each}>{each}</Num>
                  ))}
                  {subscriptions.length > SHOWN ? <span className="quiet">{words.access.andMore(figures(subscriptions.length - SHOWN))}</span> : null}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
