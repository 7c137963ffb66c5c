import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import type { Settlement } from './api';
import { clockText } from './clock';
import { dayText, parseDay, todayInTehran } from './dates';
import { onlyDigits } from './digits';
import { usePages } from './loading';
import { Amount, Badge, DayField, Field, Moment, Num, Said, Scroll, Select, type Tone, Trouble, useFigures, Waiting } from './parts';
import { go, Link, useAddress } from './router';
import { useSession } from './session';
import { useWords } from './words';

const PAGE = 50;
/** What narrows the list, in the address and towards the API alike. */
const FILTERS = ['status', 'subscription', 'from', 'to', 'clerk', 'office', 'only'] as const;

export function statusTone(status: Settlement['status']): Tone | undefined {
  if (status === 'rejected' || status === 'cancelled') return 'bad';
  if (status === 'received') return 'warn';
  return status === 'settled' || status === 'handedOver' ? 'good' : 'info';
}

/** Settlements that one may see, newest first. The filters stand in the address, so that Back brings them back. */
export function Settlements() {
  const words = useWords();
  const { operator } = useSession();
  const { searchParams } = useAddress();
  const query = new URLSearchParams({ limit: String(PAGE) });
  for (const name of FILTERS) {
    const value = searchParams.get(name);
    if (value !== null && value !== '') query.set(name, value);
  }
  const { items, here, error, reload, more } = usePages<Settlement>(`/settlements?${query.toString()}`);

  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.list.title}</h1>
        <Filters key={searchParams.toString()} me={operator.id} />
      </div>
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {!here && error === null ? <Waiting /> : null}
      {here && items.length === 0 ? <p className="empty">{words.list.empty}</p> : null}
      {items.length === 0 ? null : <Table items={items} />}
      {more === null ? null : (
        <Button className="button" onPress={more}>
          {words.more}
        </Button>
      )}
    </section>
  );
}

function Filters({ me }: { me: string }) {
  const words = useWords();
  const figures = useFigures();
  const { searchParams } = useAddress();
  const given = (name: string): string => searchParams.get(name) ?? '';
  const [subscription, setSubscription] = useState(figures(given('subscription')));
  const [from, setFrom] = useState(figures(given('from')));
  const [to, setTo] = useState(figures(given('to')));
  const apply = (change: Record<string, string>): void => {
    const next = new URLSearchParams(searchParams);
    for (const [name, value] of Object.entries(change)) {
      if (value === '') next.delete(name);
      else next.set(name, value);
    }
    go(`/settlements?${next.toString()}`, { replace: true });
  };
  const now = todayInTehran();
  const day = (typed: string): string => {
    const parsed = parseDay(typed, now);
    return parsed ? dayText(parsed) : '';
  };
  // typed filters take effect when they rest
  useEffect(() => {
    const typed = { subscription: onlyDigits(subscription).length === 12 ? onlyDigits(subscription) : '', from: day(from), to: day(to) };
    if (Object.entries(typed).every(([name, value]) => value === given(name))) return undefined;
    const timer = setTimeout(() => apply(typed), 600);
    return () => clearTimeout(timer);
  });
  return (
    <search className="filters" aria-label={words.list.filters}>
      <Select label={words.list.status} value={given('status')} onChange={(status) => apply({ status })} options={{ '': words.list.all, ...words.statuses }} />
      <Select label={words.list.only} value={given('only')} onChange={(only) => apply({ only })} options={{ '': words.list.all, ...words.list.marks }} />
      <Field label={words.list.subscription} value={subscription} onChange={setSubscription} figures maxLength={20} />
      <DayField label={words.list.from} value={from} onChange={setFrom} help="" />
      <DayField label={words.list.to} value={to} onChange={setTo} help="" />
      <label className="check plain-check">
        <input type="checkbox" checked={given('clerk') === me} onChange={(event) => apply({ clerk: event.target.checked ? me : '' })} />
        {words.list.mine}
      </label>
      {given('clerk') === '' || given('clerk') === me ? null : (
        <Badge tone="info">
          {words.settlement.clerk}: <Num>{given('clerk')}</Num>
        </Badge>
      )}
      {given('office') === '' ? null : <Badge tone="info">{words.office(figures(given('office')))}</Badge>}
      {[...searchParams.keys()].length > 0 ? (
        <Button className="button small bare" onPress={() => go('/settlements', { replace: true })}>
          {words.list.clear}
        </Button>
      ) : null}
    </search>
  );
}

function Table({ items }: { items: readonly Settlement[] }) {
  const words = useWords();
  const figures = useFigures();
  const { columns } = words.list;
  return (
    <Scroll label={words.list.title}>
      <table className="wide">
        <thead>
          <tr>
            <th scope="col">{columns.id}</th>
            <th scope="col">{columns.name}</th>
            <th scope="col">{columns.status}</th>
            <th scope="col">{columns.date}</th>
            <th scope="col">{columns.received}</th>
            <th scope="col">{columns.time}</th>
            <th scope="col" className="end">
              {columns.payable}
            </th>
            <th scope="col">{columns.clerk}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => {
            const open = item.corrections.filter(({ status }) => status !== 'issued' && status !== 'withdrawn').length;
            return (
              <tr key={item.id}>
                <th scope="row">
                  <Link to={`/settlements/${item.id}`}>
                    <Num>{item.id}</Num>
                  </Link>
                </th>
                <td>
                  <Said>{item.account?.name ?? item.facts.applicant.name}</Said>
                </td>
                <td>
                  <Badge tone={statusTone(item.status)}>{words.statuses[item.status]}</Badge> {open > 0 ? <Badge tone="warn">{words.list.openCorrections(figures(open))}</Badge> : null}
                </td>
                <td>
                  <Num>{item.facts.settlementDate}</Num>
                </td>
                <td>
                  <Moment at={item.receivedAt} />
                </td>
                <td>{item.elapsedMs === null ? words.none : <span className={item.withinTarget === false ? 'bad-text' : ''}><Num>{clockText(item.elapsedMs)}</Num></span>}</td>
                <td className="end">{item.bill ? <Amount value={item.bill.payable} bare /> : words.none}</td>
                <td>
                  <Said>{item.clerk.name}</Said>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}
