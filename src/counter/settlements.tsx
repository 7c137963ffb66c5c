import { useState } from 'react';
import { Button } from 'react-aria-components';
import type { Settlement } from './api';
import { clockText } from './clock';
import { dayText, parseDay, todayInTehran } from './dates';
import { onlyDigits } from './digits';
import { List, useFilters, useTyped } from './list';
import { usePages } from './loading';
import { Amount, Badge, DayField, Field, Moment, Num, Said, Scroll, Select, type Tone, useFigures } from './parts';
import { Link } from './router';
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
  const filters = useFilters('/settlements', FILTERS);
  const pages = usePages<Settlement>(`/settlements?${new URLSearchParams([...filters.query, ['limit', String(PAGE)]]).toString()}`);

  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.list.title}</h1>
        <Filters filters={filters} me={operator.id} />
      </div>
      <List pages={pages} empty={words.list.empty}>
        {(items) => <Table items={items} />}
      </List>
    </section>
  );
}

function Filters({ filters, me }: { filters: ReturnType<typeof useFilters>; me: string }) {
  const words = useWords();
  const figures = useFigures();
  const { given, apply, clear, any } = filters;
  const [subscription, setSubscription] = useState(figures(given('subscription')));
  const [from, setFrom] = useState(figures(given('from')));
  const [to, setTo] = useState(figures(given('to')));
  const day = (typed: string): string => {
    const parsed = parseDay(typed, todayInTehran());
    return parsed ? dayText(parsed) : '';
  };
  useTyped(filters, { subscription: onlyDigits(subscription).length === 12 ? onlyDigits(subscription) : '', from: day(from), to: day(to) });
  return (
    <search className="filters" aria-label={words.list.filters}>
      <Select
        label={words.list.status}
        value={given('status')}
        onChange={(status) => apply({ status })}
        options={{ '': words.list.all, ...words.statuses }}
      />
      <Select
        label={words.list.only}
        value={given('only')}
        onChange={(only) => apply({ only })}
        options={{ '': words.list.all, ...words.list.marks }}
      />
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
      {any ? (
        <Button
          className="button small bare"
          onPress={() => {
            setSubscription('');
            setFrom('');
            setTo('');
            clear();
          }}
        >
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
                  <Badge tone={statusTone(item.status)}>{words.statuses[item.status]}</Badge>{' '}
                  {open > 0 ? <Badge tone="warn">{words.list.openCorrections(figures(open))}</Badge> : null}
                </td>
                <td>
                  <Num>{item.facts.settlementDate}</Num>
                </td>
                <td>
                  <Moment at={item.receivedAt} />
                </td>
                <td>
                  {item.elapsedMs === null ? (
                    words.none
                  ) : (
                    <span className={item.withinTarget === false ? 'bad-text' : ''}>
                      <Num>{clockText(item.elapsedMs)}</Num>
                    </span>
                  )}
                </td>
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
