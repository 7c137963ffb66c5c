import { useState } from 'react';
import { Button } from 'react-aria-components';
import { post, type Person, type Role, type Task, type UnsentPage } from '../api';
import { grouped } from '../digits';
import { List, useFilters } from '../list';
import { useLoaded, useOften, usePages } from '../loading';
import { Badge, Field, Moment, Notice, Num, Said, Scroll, Select, Trouble, useFigures } from '../parts';
import { Link } from '../router';
import { useSession } from '../session';
import { Act, isReason, Note } from '../settlement/act';
import { useSpeech, useWords } from '../words';

/** Due times pass while one looks. */
const LOOK_MS = 30_000;
const SEES_SETTLEMENTS: readonly Role[] = ['clerk', 'supervisor', 'approver', 'quality', 'admin'];

/** What waits for me and my office (R5): since when, until when, with whom; the supervisor gives it to others. */
export default function Tasks() {
  const words = useWords();
  const { operator } = useSession();
  const { given, apply, query: kept } = useFilters('/tasks', ['kind', 'state']);
  const supervisor = operator.role === 'supervisor';
  const people = useLoaded<{ items: Person[] }>(supervisor ? '/people?limit=200' : null);
  const colleagues = (people.value?.items ?? []).filter(({ active }) => active);
  // the supervisor answers for the office, everybody else for the own
  const whose = given('whose') || (supervisor || operator.role === 'admin' || operator.role === 'quality' ? 'all' : 'mine');
  const query = new URLSearchParams([...kept, ['limit', '200']]);
  if (whose === 'mine') query.set('mine', 'true');
  else if (whose !== 'all') query.set('assignee', whose);
  const path = `/tasks?${query.toString()}`;
  const pages = usePages<Task>(path);
  const { items: shown, reload } = pages;
  useOften(reload, LOOK_MS);
  const [picked, setPicked] = useState<{ path: string; ids: ReadonlySet<string> }>({ path, ids: new Set() });
  const ids = picked.path === path ? shown.filter(({ id }) => picked.ids.has(id)).map(({ id }) => id) : [];
  const pick = (next: ReadonlySet<string>): void => setPicked({ path, ids: next });
  const nameOf = (id: string): string =>
    id === operator.id ? words.tasks.me : (colleagues.find((person) => person.id === id)?.name ?? id);

  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.tasks.title}</h1>
        <search className="filters" aria-label={words.list.filters}>
          <Select
            label={words.tasks.whose}
            value={whose}
            onChange={(value) => apply({ whose: value })}
            options={{
              mine: words.tasks.mine,
              all: words.tasks.all,
              ...Object.fromEntries(colleagues.filter(({ id }) => id !== operator.id).map(({ id, name }) => [id, name])),
            }}
          />
          <Select
            label={words.tasks.state}
            value={given('state')}
            onChange={(value) => apply({ state: value })}
            options={{ '': words.tasks.states.open, overdue: words.tasks.states.overdue, closed: words.tasks.states.closed }}
          />
          <Select
            label={words.tasks.kind}
            value={given('kind')}
            onChange={(value) => apply({ kind: value })}
            options={{ '': words.list.all, ...words.tasks.kinds }}
          />
        </search>
      </div>
      {operator.role === 'clerk' ? <ShiftEnd /> : null}
      <List pages={pages} empty={words.tasks.empty}>
        {(items) => (
          <>
            {supervisor && given('state') !== 'closed' ? <Giving key={path} ids={ids} colleagues={colleagues} done={reload} /> : null}
            <Table items={items} picked={supervisor ? new Set(ids) : null} pick={pick} nameOf={nameOf} reload={reload} />
          </>
        )}
      </List>
    </section>
  );
}

/** What a clerk leaves behind at the shift's end: bills not handed over, postings not sent. */
function ShiftEnd() {
  const words = useWords();
  const figures = useFigures();
  const { value } = useLoaded<UnsentPage>('/billing/unsent?clerk=me&limit=1');
  if (value === null) return null;
  const { waiting, late, refused } = value.counts;
  return (
    <Notice tone={late + refused > 0 ? 'warn' : 'info'}>
      <p>
        {words.tasks.shiftEnd(figures(grouped(waiting)), figures(grouped(late)), figures(grouped(refused)))}{' '}
        <Link to="/unsent?clerk=me">{words.tasks.shiftList}</Link>
      </p>
    </Notice>
  );
}

/** One or many to somebody else; due times stay. */
function Giving({ ids, colleagues, done }: { ids: readonly string[]; colleagues: readonly Person[]; done: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const give = (): void => {
    setBusy(true);
    setError(null);
    post('/tasks/assignment', { tasks: ids, to: to === '*' ? null : to, ...(isReason(reason) && { reason }) })
      .then(done, setError)
      .finally(() => setBusy(false));
  };
  return (
    <div className="panel giving">
      <p className="quiet">{ids.length === 0 ? words.tasks.pick : words.tasks.picked(figures(ids.length))}</p>
      <Select
        label={words.tasks.giveTo}
        value={to}
        onChange={setTo}
        options={{
          '': words.tasks.choose,
          ...Object.fromEntries(colleagues.map(({ id, name }) => [id, `${name} (${id})`])),
          '*': words.tasks.backToRole,
        }}
      />
      <Field label={words.settlement.reason} value={reason} onChange={setReason} optional maxLength={200} />
      <Button className="button primary" onPress={give} isDisabled={busy || ids.length === 0 || to === ''}>
        {words.tasks.give}
      </Button>
      {error === null ? null : <Trouble error={error} />}
    </div>
  );
}

function Table({
  items,
  picked,
  pick,
  nameOf,
  reload,
}: {
  items: readonly Task[];
  picked: ReadonlySet<string> | null;
  pick: (ids: ReadonlySet<string>) => void;
  nameOf: (id: string) => string;
  reload: () => void;
}) {
  const { words, language } = useSpeech();
  const { operator } = useSession();
  const { columns } = words.tasks;
  const open = items.filter(({ closedAt }) => closedAt === null);
  const toggle = (id: string): void => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    pick(next);
  };
  return (
    <Scroll label={words.tasks.title}>
      <table className="tasks">
        <thead>
          <tr>
            {picked === null ? null : (
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label={words.tasks.pickAll}
                  checked={open.length > 0 && picked.size === open.length}
                  onChange={(event) => pick(new Set(event.target.checked ? open.map(({ id }) => id) : []))}
                />
              </th>
            )}
            <th scope="col">{columns.task}</th>
            <th scope="col">{columns.of}</th>
            <th scope="col">{columns.due}</th>
            <th scope="col">{columns.since}</th>
            <th scope="col">{columns.with}</th>
            <th scope="col">{columns.end}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((task) => (
            <tr key={task.id}>
              {picked === null ? null : (
                <td>
                  {task.closedAt === null ? (
                    <input
                      type="checkbox"
                      aria-label={words.tasks.pickOne(task.id)}
                      checked={picked.has(task.id)}
                      onChange={() => toggle(task.id)}
                    />
                  ) : null}
                </td>
              )}
              <th scope="row">
                <Said>{(language === 'fa' ? null : words.tasks.kinds[task.kind]) ?? task.title}</Said>
              </th>
              <td>
                <Concerned task={task} />
              </td>
              <td>
                {task.dueAt === null ? words.none : <Moment at={task.dueAt} />}{' '}
                {task.overdue ? <Badge tone="bad">{words.tasks.overdue}</Badge> : null}
                {task.escalatedAt !== null && task.closedAt === null ? <Badge tone="warn">{words.tasks.escalated}</Badge> : null}
              </td>
              <td>
                <Moment at={task.since} />
              </td>
              <td>
                {task.assignee === null ? (
                  <span className="quiet">{words.corrections.anyOf(words.roles[task.role])}</span>
                ) : (
                  <Said>{nameOf(task.assignee)}</Said>
                )}
                {task.assignedBy === null ? null : <span className="quiet small-print"> {words.tasks.givenBy(task.assignedBy)}</span>}
              </td>
              <td>
                {task.closedAt !== null ? (
                  <>
                    <Moment at={task.closedAt} /> {task.closedBy === null ? null : <Said>{task.closedBy}</Said>}{' '}
                    {task.outcome === null || task.closedBy === null ? null : (
                      <span className="quiet">
                        <Said>{task.outcome}</Said>
                      </span>
                    )}
                  </>
                ) : task.endedBy === 'work' ? (
                  <span className="quiet">{words.tasks.endsWithWork}</span>
                ) : task.assignee === operator.id ||
                  operator.role === 'supervisor' ||
                  (task.assignee === null && task.role === operator.role) ? (
                  <Closing id={task.id} reload={reload} />
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Closing({ id, reload }: { id: string; reload: () => void }) {
  const words = useWords();
  const [note, setNote] = useState('');
  return (
    <Act
      title={words.tasks.close}
      label={words.tasks.close}
      ready={isReason(note)}
      perform={() => post(`/tasks/${encodeURIComponent(id)}/closure`, { note })}
      done={reload}
    >
      <Note label={words.tasks.closeNote} value={note} onChange={setNote} />
    </Act>
  );
}

/** The settlement, cycle, feed or person that a task is about, where one's role may open it. */
function Concerned({ task: { id, kind, settlement, detail, office, assignee } }: { task: Task }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const text = (name: string): string | null => (typeof detail[name] === 'string' ? detail[name] : null);
  if (settlement !== null) {
    return SEES_SETTLEMENTS.includes(operator.role) ? (
      <Link to={`/settlements/${settlement}`}>
        <Num>{settlement}</Num>
      </Link>
    ) : (
      <Num>{settlement}</Num>
    );
  }
  const action = detail['correctiveAction'];
  if (typeof action === 'number') {
    const name = words.actions.about(figures(action));
    return operator.role === 'supervisor' || operator.role === 'quality' || assignee === operator.id ? (
      <Link to={`/corrective-actions/${action}`}>{name}</Link>
    ) : (
      <span>{name}</span>
    );
  }
  const cycle = text('cycle');
  if (kind === 'unsentPostings' && cycle !== null) {
    return (
      <Link to={`/unsent?cycle=${encodeURIComponent(cycle)}`}>
        {words.settlement.cycle} <Num>{cycle}</Num>
      </Link>
    );
  }
  if (kind === 'cycleClosing' || kind === 'noTimetable' || kind === 'staleFeed') {
    const what = cycle ?? text('series');
    const feed = text('kind');
    return operator.role === 'clerk' || operator.role === 'approver' ? (
      <span>{words.office(figures(office))}</span>
    ) : (
      <Link to="/cycles">
        {what !== null ? <Num>{what}</Num> : feed !== null ? (words.account.feedKinds[feed] ?? feed) : words.nav.cycles}
      </Link>
    );
  }
  if (kind === 'unknownPayment') {
    const reference = decodeURIComponent(id.slice(kind.length + 1));
    return operator.role === 'billing' || operator.role === 'supervisor' ? (
      <Link to="/payments?outcome=unknown">
        <Num>{reference}</Num>
      </Link>
    ) : (
      <Num>{reference}</Num>
    );
  }
  const person = text('person');
  if (person !== null) {
    const name = text('name') ?? person;
    return operator.role === 'supervisor' || operator.role === 'admin' ? <Link to={`/people/${person}`}>{name}</Link> : <Said>{name}</Said>;
  }
  return <span className="quiet">{words.office(figures(office))}</span>;
}
