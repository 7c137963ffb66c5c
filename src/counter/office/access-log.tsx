import { useState } from 'react';
import { Button } from 'react-aria-components';
import type { Access } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { onlyDigits } from '../digits';
import { List, useFilters, useTyped } from '../list';
import { usePages } from '../loading';
import { DayField, Field, Moment, Num, Said, Scroll, useFigures } from '../parts';
import { Link } from '../router';
import { useWords } from '../words';

const PATH = '/access-log';
const FILTERS = ['subscription', 'person', 'from', 'to'] as const;
/** Of a search many are shown; more than these are counted. */
const SHOWN = 5;

/** Who looked at whose data, newest first. The filters stand in the address. */
export default function AccessLog() {
  const words = useWords();
  const filters = useFilters(PATH, FILTERS);
  const pages = usePages<Access>(`${PATH}?${new URLSearchParams([...filters.query, ['limit', '50']]).toString()}`);
  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.access.title}</h1>
        <p className="quiet">{words.access.help}</p>
        <Filters filters={filters} />
      </div>
      <List pages={pages} empty={words.access.empty}>
        {(items) => <Table items={items} />}
      </List>
    </section>
  );
}

function Filters({ filters }: { filters: ReturnType<typeof useFilters> }) {
  const words = useWords();
  const figures = useFigures();
  const { given } = filters;
  const [typed, setTyped] = useState(() => ({
    subscription: figures(given('subscription')),
    person: given('person'),
    from: figures(given('from')),
    to: figures(given('to')),
  }));
  const day = (text: string): string => {
    const parsed = parseDay(text, todayInTehran());
    return parsed ? dayText(parsed) : '';
  };
  const subscription = onlyDigits(typed.subscription);
  const asked = {
    subscription: subscription.length === 12 ? subscription : '',
    person: typed.person.trim().toLowerCase(),
    from: day(typed.from),
    to: day(typed.to),
  };
  useTyped(filters, asked);
  const set = (name: keyof typeof typed) => (value: string) => setTyped({ ...typed, [name]: value });
  return (
    <search className="filters" aria-label={words.list.filters}>
      <Field label={words.list.subscription} value={typed.subscription} onChange={set('subscription')} figures maxLength={20} />
      <Field label={words.people.columns.user} value={typed.person} onChange={set('person')} maxLength={60} />
      <DayField label={words.list.from} value={typed.from} onChange={set('from')} help="" />
      <DayField label={words.list.to} value={typed.to} onChange={set('to')} help="" />
      {Object.values(asked).every((value) => value === '') ? null : (
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
                  {subscriptions.length > SHOWN ? (
                    <span className="quiet">{words.access.andMore(figures(subscriptions.length - SHOWN))}</span>
                  ) : null}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
