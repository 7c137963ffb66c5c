import { Button } from 'react-aria-components';
import { type Role, type UnsentPage, type UnsentPosting } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { grouped } from '../digits';
import { List, useFilters } from '../list';
import { useLoaded, usePages } from '../loading';
import { Amount, Badge, DayField, Num, Said, Scroll, useFigures } from '../parts';
import { ROOT } from '../root';
import { Link } from '../router';
import { useSession } from '../session';
import { useWords } from '../words';
import { useState } from 'react';

const SEES_SETTLEMENTS: readonly Role[] = ['clerk', 'supervisor', 'approver', 'quality', 'admin'];
const FILTERS = ['clerk', 'cycle', 'office', 'dueBefore'] as const;

/** What billing has not taken yet (R4), by its last day; the whole of it as a file. */
export default function Unsent() {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { given, apply, clear, any, query } = useFilters('/unsent', FILTERS);
  const counted = useLoaded<UnsentPage>(`/billing/unsent?${new URLSearchParams([...query, ['limit', '1']]).toString()}`);
  const pages = usePages<UnsentPosting>(`/billing/unsent?${new URLSearchParams([...query, ['limit', '100']]).toString()}`);
  const counts = counted.value?.counts;
  const [before, setBefore] = useState(figures(given('dueBefore')));
  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.unsent.title}</h1>
        <p className="quiet">{words.unsent.help}</p>
        <search className="filters" aria-label={words.list.filters}>
          {operator.role === 'clerk' || operator.role === 'supervisor' ? (
            <label className="check plain-check">
              <input
                type="checkbox"
                checked={given('clerk') === 'me'}
                onChange={(event) => apply({ clerk: event.target.checked ? 'me' : '' })}
              />
              {words.list.mine}
            </label>
          ) : null}
          <DayField
            label={words.unsent.dueBefore}
            value={before}
            onChange={(typed) => {
              setBefore(typed);
              const day = parseDay(typed, todayInTehran());
              if (typed === '' || day) apply({ dueBefore: day ? dayText(day) : '' });
            }}
            help=""
          />
          {given('cycle') === '' ? null : (
            <Badge tone="info">
              {words.settlement.cycle} <Num>{given('cycle')}</Num>
            </Badge>
          )}
          {any ? (
            <Button
              className="button small bare"
              onPress={() => {
                setBefore('');
                clear();
              }}
            >
              {words.list.clear}
            </Button>
          ) : null}
          <a
            className="button small"
            href={`${ROOT}/billing/unsent?${new URLSearchParams([...query, ['format', 'xlsx']]).toString()}`}
            download="unsent.xlsx"
          >
            {words.xlsx}
          </a>
        </search>
      </div>
      {counts ? (
        <p className="badges" role="status">
          {(['waiting', 'handedOver', 'late', 'refused'] as const).map((status) => (
            <Badge key={status} tone={counts[status] === 0 ? undefined : status === 'late' || status === 'refused' ? 'bad' : 'info'}>
              {words.settlement.postingStatuses[status]}: {figures(grouped(counts[status]))}
            </Badge>
          ))}
        </p>
      ) : null}
      <List pages={pages} empty={words.unsent.empty}>
        {(items) => <Table items={items} linked={SEES_SETTLEMENTS.includes(operator.role)} />}
      </List>
    </section>
  );
}

function Table({ items, linked }: { items: readonly UnsentPosting[]; linked: boolean }) {
  const words = useWords();
  const figures = useFigures();
  const { columns } = words.unsent;
  return (
    <Scroll label={words.unsent.title}>
      <table className="wide">
        <thead>
          <tr>
            <th scope="col">{columns.settlement}</th>
            <th scope="col">{columns.subscriber}</th>
            <th scope="col">{columns.kind}</th>
            <th scope="col">{columns.status}</th>
            <th scope="col">{columns.cycle}</th>
            <th scope="col">{columns.dueOn}</th>
            <th scope="col" className="end">
              {words.preview.amount}
            </th>
            <th scope="col">{columns.clerk}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((each) => (
            <tr key={each.posting}>
              <th scope="row">
                {linked ? (
                  <Link to={`/settlements/${each.settlement}`}>
                    <Num>{each.settlement}</Num>
                  </Link>
                ) : (
                  <Num>{each.settlement}</Num>
                )}
              </th>
              <td>{each.subscriber === null ? words.none : <Said>{each.subscriber}</Said>}</td>
              <td>{words.settlement.postingKinds[each.kind]}</td>
              <td>
                <Badge
                  tone={each.status === 'late' || each.status === 'refused' ? 'bad' : each.status === 'handedOver' ? 'info' : undefined}
                >
                  {words.settlement.postingStatuses[each.status]}
                </Badge>{' '}
                {each.timesLate > 0 ? <Badge tone="bad">{words.settlement.timesLate(figures(each.timesLate))}</Badge> : null}
                {each.reason === null ? null : (
                  <span className="quiet">
                    {' '}
                    <Said>{each.reason}</Said>
                  </span>
                )}
              </td>
              <td>{each.cycle === null ? <span className="bad-text">{words.unsent.noCycle}</span> : <Num>{each.cycle}</Num>}</td>
              <td>
                {each.dueOn === null ? words.none : <Num>{each.dueOn}</Num>}{' '}
                {each.daysLeft === null ? null : <DaysLeft days={each.daysLeft} />}
              </td>
              <td className="end">
                <Amount value={each.amount} bare />
              </td>
              <td>
                <Said>{each.clerk.name}</Said>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function DaysLeft({ days }: { days: number }) {
  const words = useWords();
  const figures = useFigures();
  if (days < 0) return <Badge tone="bad">{words.unsent.overdue(figures(-days))}</Badge>;
  if (days === 0) return <Badge tone="warn">{words.unsent.lastDay}</Badge>;
  return <span className={days <= 3 ? 'bad-text' : 'quiet'}>{words.unsent.daysLeft(figures(days))}</span>;
}
