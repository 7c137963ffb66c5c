import { useState } from 'react';
import { type Correction, type CorrectiveAction, type Person, post } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { latinDigits } from '../digits';
import { List, useFilters, useTyped } from '../list';
import { useLoaded, usePages } from '../loading';
import { Badge, DayField, Field, Moment, Num, Said, Scroll, Select, type Tone, Trouble, useFigures, Waiting } from '../parts';
import { go, Link } from '../router';
import { useSession } from '../session';
import { Act, isReason, Note } from '../settlement/act';
import { useWords } from '../words';

const PATH = '/corrective-actions';
const FILTERS = ['status', 'scope', 'office', 'month'] as const;
const MONTHS = 12;
const TONES: Record<CorrectiveAction['status'], Tone> = {
  opened: 'bad',
  called: 'warn',
  held: 'warn',
  acting: 'warn',
  done: 'info',
  judged: 'info',
  closed: 'good',
};
const LONG = 10_000;

/** Repeated errors and what is done against them: by state, scope and month, with what is due next. */
export function CorrectiveActions() {
  const words = useWords();
  const { operator } = useSession();
  const filters = useFilters(PATH, FILTERS);
  const pages = usePages<CorrectiveAction>(`${PATH}?${new URLSearchParams([...filters.query, ['limit', '50']]).toString()}`);
  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.actions.title}</h1>
        <p className="quiet">{words.actions.help}</p>
        <Filters filters={filters} />
      </div>
      {operator.role === 'quality' ? (
        <div className="panel">
          <Opening />
        </div>
      ) : null}
      <List pages={pages} empty={words.actions.empty}>
        {(items) => <Table items={items} />}
      </List>
    </section>
  );
}

/** Jalali months `yyyy/mm`, this one first. */
function lastMonths(count: number): string[] {
  const { year, month } = todayInTehran();
  return Array.from({ length: count }, (_, back) => {
    const n = year * 12 + month - 1 - back;
    return `${Math.floor(n / 12)}/${String((n % 12) + 1).padStart(2, '0')}`;
  });
}

function Filters({ filters }: { filters: ReturnType<typeof useFilters> }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { given, apply } = filters;
  const [office, setOffice] = useState(figures(given('office')));
  useTyped(filters, { office: latinDigits(office).trim() });
  return (
    <search className="filters" aria-label={words.list.filters}>
      <Select
        label={words.list.status}
        value={given('status')}
        onChange={(value) => apply({ status: value })}
        options={{ '': words.list.all, ...words.actions.statuses }}
      />
      <Select
        label={words.actions.scope}
        value={given('scope')}
        onChange={(value) => apply({ scope: value })}
        options={{ '': words.list.all, ...words.actions.scopes }}
      />
      <Select
        label={words.actions.month}
        value={given('month')}
        onChange={(value) => apply({ month: value })}
        options={{ '': words.list.all, ...Object.fromEntries(lastMonths(MONTHS).map((month) => [month, figures(month)])) }}
      />
      {operator.role === 'quality' ? (
        <Field label={words.people.columns.office} value={office} onChange={setOffice} figures maxLength={20} />
      ) : null}
    </search>
  );
}

/** A quality manager opens one for what no threshold has told. */
function Opening() {
  const words = useWords();
  const [scope, setScope] = useState<CorrectiveAction['scope']>('other');
  const [subject, setSubject] = useState('');
  const [cause, setCause] = useState<Correction['cause']>('clerk');
  const [office, setOffice] = useState('');
  const [reason, setReason] = useState('');
  const about = scope === 'cause' ? cause : scope === 'other' ? subject.trim() : latinDigits(subject).trim();
  const perform = async (): Promise<void> => {
    const { n } = await post<CorrectiveAction>(PATH, {
      scope,
      subject: about,
      reason,
      ...(office.trim() !== '' && { office: latinDigits(office).trim() }),
    });
    go(`${PATH}/${n}`);
  };
  return (
    <Act
      title={words.actions.open}
      help={words.actions.openHelp}
      label={words.actions.openDo}
      ready={about !== '' && isReason(reason)}
      perform={perform}
      done={() => undefined}
    >
      <div className="form-grid">
        <Select label={words.actions.scope} value={scope} onChange={setScope} options={words.actions.scopes} />
        {scope === 'cause' ? (
          <Select label={words.actions.subject} value={cause} onChange={setCause} options={words.corrections.causes} />
        ) : (
          <Field
            label={words.actions.subject}
            value={subject}
            onChange={setSubject}
            figures={scope !== 'other'}
            help={words.actions.subjectHelp[scope]}
            maxLength={200}
          />
        )}
        <Field
          label={words.people.columns.office}
          value={office}
          onChange={setOffice}
          help={words.actions.officeHelp}
          optional
          figures
          maxLength={20}
        />
      </div>
      <Note label={words.settlement.reason} value={reason} onChange={setReason} />
    </Act>
  );
}

function Table({ items }: { items: readonly CorrectiveAction[] }) {
  const words = useWords();
  const figures = useFigures();
  const { columns } = words.actions;
  return (
    <Scroll label={words.actions.title}>
      <table className="roomy">
        <thead>
          <tr>
            <th scope="col">{columns.number}</th>
            <th scope="col">{columns.scope}</th>
            <th scope="col">{columns.subject}</th>
            <th scope="col">{columns.office}</th>
            <th scope="col">{columns.month}</th>
            <th scope="col">{columns.errors}</th>
            <th scope="col">{columns.status}</th>
            <th scope="col">{columns.due}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((action) => (
            <tr key={action.n}>
              <th scope="row">
                <Link to={`${PATH}/${action.n}`}>{words.actions.number(figures(action.n))}</Link>
              </th>
              <td>{words.actions.scopes[action.scope]}</td>
              <td>
                <Subject action={action} />
              </td>
              <td>{action.office === '*' ? words.actions.company : <Num>{action.office}</Num>}</td>
              <td>
                <Num>{action.month}</Num>
              </td>
              <td>{action.errors === null ? words.actions.byHand : <Num>{action.errors}</Num>}</td>
              <td>
                <Badge tone={TONES[action.status]}>{words.actions.statuses[action.status]}</Badge>
              </td>
              <td>
                <Due action={action} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Whose or what errors it is about. */
function Subject({ action: { scope, subject } }: { action: CorrectiveAction }) {
  const words = useWords();
  switch (scope) {
    case 'settlement':
      return (
        <Link to={`/settlements/${subject}`}>
          <Num>{subject}</Num>
        </Link>
      );
    case 'cause':
      return words.corrections.causes[subject as Correction['cause']];
    case 'office':
      return <Num>{subject}</Num>;
    case 'clerk':
    case 'other':
      return <Said>{subject}</Said>;
  }
}

/** What is to be done next, and from or until which day where one is set. */
function Due({ action: { status, meeting, actions } }: { action: CorrectiveAction }) {
  const words = useWords();
  const last = actions.at(-1);
  const day =
    (status === 'called' ? meeting?.on : status === 'acting' ? last?.dueOn : status === 'done' ? last?.effectDueOn : null) ?? null;
  const today = dayText(todayInTehran());
  // of the effect it is the first day, of the others the last
  const passed = day !== null && status !== 'done' && day < today;
  if (status === 'closed') return words.none;
  return (
    <>
      {words.actions.next[status]} {day === null ? null : <Num>{day}</Num>}{' '}
      {passed ? <Badge tone="bad">{words.tasks.overdue}</Badge> : null}
      {status === 'acting' && last ? (
        <span className="quiet">
          {' '}
          <Said>{last.owner}</Said>
        </span>
      ) : null}
    </>
  );
}

/** The quality unit and supervisors lead it; of the others the owner of an action comes here to say that it is done. */
function useFollows(): boolean {
  const { role } = useSession().operator;
  return role === 'quality' || role === 'supervisor';
}

/** One corrective action: its story, and the form for the next step. */
export function CorrectiveActionPage({ n }: { n: string }) {
  const words = useWords();
  const figures = useFigures();
  const follows = useFollows();
  const { value: action, error, reload } = useLoaded<CorrectiveAction>(`${PATH}/${n}`);
  if (action === null) return error === null ? <Waiting /> : <Trouble error={error} retry={reload} />;
  const { scope, status, office, month, errors, threshold } = action;
  return (
    <article className="settlement">
      {error === null ? null : <Trouble error={error} retry={reload} />}
      <header className="settlement-head">
        <p className="quiet">
          {follows ? <Link to={PATH}>{words.actions.title}</Link> : words.actions.title}
          {words.and}
          {words.actions.number(figures(n))}
        </p>
        <h1>
          {scope === 'other' ? null : <>{words.actions.scopes[scope]}: </>}
          <Subject action={action} />
        </h1>
        <p className="badges">
          <Badge tone={TONES[status]}>{words.actions.statuses[status]}</Badge>
          <Badge>
            {words.actions.month} <Num>{month}</Num>
          </Badge>
          <Badge>{office === '*' ? words.actions.company : words.office(figures(office))}</Badge>
          {errors === null ? (
            <Badge>{words.actions.byHand}</Badge>
          ) : (
            <Badge tone="warn">{words.actions.repeated(figures(errors), figures(threshold ?? errors))}</Badge>
          )}
        </p>
      </header>
      <div className="columns">
        <Story action={action} />
        {/* a step that is done leaves empty forms for the next */}
        <Steps key={`${status}${action.actions.length}${action.meeting?.calledAt ?? ''}`} action={action} reload={reload} />
      </div>
    </article>
  );
}

type Who = NonNullable<CorrectiveAction['openedBy']>;

function By({ who, at }: { who: Who; at: string }) {
  return (
    <span className="quiet small-print">
      <Said>{who.name}</Said> (<Said>{who.id}</Said>) <Moment at={at} />
    </span>
  );
}

function Story({
  action: { openedAt, openedBy, reason, errors, meeting, actions, errorsSinceAction, closure },
}: {
  action: CorrectiveAction;
}) {
  const words = useWords();
  const figures = useFigures();
  return (
    <section className="panel">
      <h2>{words.settlement.story}</h2>
      <Part title={words.actions.opened}>
        {openedBy === null ? (
          <p>
            {words.actions.openedByItself(figures(errors ?? 0))} <Moment at={openedAt} />
          </p>
        ) : (
          <>
            {reason === null ? null : <Text>{reason}</Text>}
            <By who={openedBy} at={openedAt} />
          </>
        )}
      </Part>
      {meeting === null ? null : (
        <Part title={words.actions.meeting}>
          <dl className="facts">
            <div>
              <dt>{words.actions.on}</dt>
              <dd>
                <Num>{meeting.on}</Num>
              </dd>
            </div>
            <div>
              <dt>{words.actions.participants}</dt>
              <dd>
                <Said>{meeting.participants.join(words.and)}</Said>
              </dd>
            </div>
          </dl>
          <By who={meeting.calledBy} at={meeting.calledAt} />
          {meeting.minutes === null || meeting.cause === null ? null : (
            <>
              <h4>{words.actions.minutes}</h4>
              <Text>{meeting.minutes}</Text>
              <h4>{words.actions.cause}</h4>
              <Text>{meeting.cause}</Text>
              {meeting.recordedBy === null || meeting.recordedAt === null ? null : <By who={meeting.recordedBy} at={meeting.recordedAt} />}
            </>
          )}
        </Part>
      )}
      {actions.map(({ what, owner, dueOn, decidedBy, decidedAt, done, effectDueOn, effect }, at) => (
        <Part key={decidedAt} title={actions.length === 1 ? words.actions.action : words.actions.actionN(figures(at + 1))}>
          <Text>{what}</Text>
          <dl className="facts">
            <div>
              <dt>{words.actions.owner}</dt>
              <dd>
                <Said>{owner}</Said>
              </dd>
            </div>
            <div>
              <dt>{words.actions.dueOn}</dt>
              <dd>
                <Num>{dueOn}</Num>
              </dd>
            </div>
          </dl>
          <By who={decidedBy} at={decidedAt} />
          {done === null ? null : (
            <>
              <h4>{words.actions.done}</h4>
              <Text>{done.note}</Text>
              <By who={done.by} at={done.at} />
            </>
          )}
          {effect !== null ? (
            <>
              <h4>
                {words.actions.effect}{' '}
                <Badge tone={effect.effective ? 'good' : 'bad'}>
                  {effect.effective ? words.actions.effective : words.actions.ineffective}
                </Badge>
              </h4>
              <Text>{effect.note}</Text>
              <By who={effect.by} at={effect.at} />
            </>
          ) : effectDueOn === null ? null : (
            <p className="quiet">
              {words.actions.effectFrom} <Num>{effectDueOn}</Num>
            </p>
          )}
        </Part>
      ))}
      {errorsSinceAction === null ? null : (
        <p>
          <Badge tone={errorsSinceAction === 0 ? 'good' : 'bad'}>{words.actions.errorsSince(figures(errorsSinceAction))}</Badge>
        </p>
      )}
      {closure === null ? null : (
        <Part title={words.actions.closure}>
          <p>
            <Badge tone={closure.outcome === 'effective' ? 'good' : 'info'}>
              {closure.outcome === 'effective' ? words.actions.effective : words.actions.unfounded}
            </Badge>
          </p>
          <Text>{closure.report}</Text>
          <By who={closure.by} at={closure.at} />
        </Part>
      )}
    </section>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div className="correction">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** What a person wrote. */
function Text({ children }: { children: string }) {
  return (
    <p className="written">
      <Said>{children}</Said>
    </p>
  );
}

/** The forms of what may be done now by whom one is; the API decides again. */
function Steps({ action, reload }: { action: CorrectiveAction; reload: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { n, status, meeting, actions } = action;
  const at = `${PATH}/${n}`;
  const today = dayText(todayInTehran());
  const last = actions.at(-1);
  const quality = operator.role === 'quality';
  const follows = useFollows();
  const judgedFrom = last?.effectDueOn ?? today;
  const own = last?.owner === operator.id || last?.done?.by.id === operator.id;
  const quiet = (key: string, text: string) => (
    <p key={key} className="quiet">
      {text}
    </p>
  );
  const done = status === 'acting' && (follows || last?.owner === operator.id) ? <Done key="done" at={at} reload={reload} /> : null;
  const leading = [
    status === 'called' ? (
      meeting !== null && meeting.on <= today ? (
        <Minutes key="minutes" at={at} reload={reload} />
      ) : (
        quiet('early', words.actions.meetingAhead(figures(meeting?.on ?? '')))
      )
    ) : null,
    status === 'opened' || status === 'called' ? <Meeting key="call" at={at} again={status === 'called'} reload={reload} /> : null,
    done,
    status === 'held' || status === 'acting' ? <Plan key="plan" at={at} again={status === 'acting'} reload={reload} /> : null,
    status === 'done' ? (
      judgedFrom > today ? (
        quiet('tooEarly', words.actions.tooEarly(figures(judgedFrom)))
      ) : own ? (
        quiet('own', words.actions.anotherJudges)
      ) : (
        <Effect key="effect" at={at} reload={reload} />
      )
    ) : null,
    status === 'judged' ? (
      quality ? (
        <Closing key="close" at={at} outcome="effective" reload={reload} />
      ) : (
        quiet('close', words.actions.qualityCloses)
      )
    ) : null,
    quality && (status === 'opened' || status === 'called' || status === 'held') ? (
      <Closing key="unfounded" at={at} outcome="unfounded" reload={reload} />
    ) : null,
  ];
  const acts = (follows ? leading : [done]).filter((act) => act !== null);
  return (
    <section className="panel" aria-labelledby="steps-title">
      <h2 id="steps-title">{words.settlement.actions}</h2>
      {acts.length === 0 ? <p className="quiet">{words.settlement.nothingToDo}</p> : acts}
    </section>
  );
}

interface StepProps {
  at: string;
  reload: () => void;
}

function Meeting({ at, again, reload }: StepProps & { again: boolean }) {
  const words = useWords();
  const [on, setOn] = useState('');
  const [participants, setParticipants] = useState('');
  const day = parseDay(on, todayInTehran());
  const names = participants
    .split(/[\n،,؛;]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return (
    <Act
      title={again ? words.actions.callAgain : words.actions.call}
      label={words.actions.call}
      ready={day !== null && names.length > 0}
      perform={() => post(`${at}/meeting`, { on: day && dayText(day), participants: names })}
      done={reload}
      open={!again}
    >
      <DayField label={words.actions.on} value={on} onChange={setOn} />
      <Note label={words.actions.participantsOneALine} value={participants} onChange={setParticipants} max={LONG} />
    </Act>
  );
}

function Minutes({ at, reload }: StepProps) {
  const words = useWords();
  const [minutes, setMinutes] = useState('');
  const [cause, setCause] = useState('');
  return (
    <Act
      title={words.actions.hold}
      label={words.actions.hold}
      ready={isReason(minutes) && isReason(cause)}
      perform={() => post(`${at}/meeting`, { minutes, cause })}
      done={reload}
      open
    >
      <Note label={words.actions.minutes} value={minutes} onChange={setMinutes} max={LONG} />
      <Note label={words.actions.cause} value={cause} onChange={setCause} max={2_000} />
    </Act>
  );
}

function Plan({ at, again, reload }: StepProps & { again: boolean }) {
  const words = useWords();
  const { operator } = useSession();
  const [what, setWhat] = useState('');
  const [owner, setOwner] = useState('');
  const [due, setDue] = useState('');
  const day = parseDay(due, todayInTehran());
  // the quality unit may not look at people: it knows the user name
  const people = useLoaded<{ items: Person[] }>(operator.role === 'supervisor' ? '/people?limit=200' : null);
  const colleagues = (people.value?.items ?? []).filter(({ active }) => active);
  return (
    <Act
      title={again ? words.actions.planAgain : words.actions.plan}
      label={words.actions.plan}
      ready={isReason(what) && owner.trim() !== '' && day !== null}
      perform={() => post(`${at}/action`, { what, owner: owner.trim(), dueOn: day && dayText(day) })}
      done={reload}
      open={!again}
    >
      <Note label={words.actions.what} value={what} onChange={setWhat} max={2_000} />
      <div className="form-grid">
        {operator.role === 'supervisor' ? (
          <Select
            label={words.actions.owner}
            value={owner}
            onChange={setOwner}
            options={{ '': words.tasks.choose, ...Object.fromEntries(colleagues.map(({ id, name }) => [id, `${name} (${id})`])) }}
          />
        ) : (
          <Field label={words.actions.owner} value={owner} onChange={setOwner} help={words.actions.ownerHelp} maxLength={60} />
        )}
        <DayField label={words.actions.dueOn} value={due} onChange={setDue} />
      </div>
    </Act>
  );
}

function Done({ at, reload }: StepProps) {
  const words = useWords();
  const [done, setDone] = useState('');
  return (
    <Act
      title={words.actions.doneTitle}
      label={words.actions.doneTitle}
      ready={isReason(done)}
      perform={() => post(`${at}/action`, { done })}
      done={reload}
      open
    >
      <Note label={words.actions.doneHow} value={done} onChange={setDone} max={2_000} />
    </Act>
  );
}

function Effect({ at, reload }: StepProps) {
  const words = useWords();
  const [effective, setEffective] = useState<'' | 'yes' | 'no'>('');
  const [note, setNote] = useState('');
  return (
    <Act
      title={words.actions.judge}
      help={words.actions.judgeHelp}
      label={words.actions.judge}
      ready={effective !== '' && isReason(note)}
      perform={() => post(`${at}/effect`, { effective: effective === 'yes', note })}
      done={reload}
      open
    >
      <Select
        label={words.actions.effect}
        value={effective}
        onChange={setEffective}
        options={{ '': words.tasks.choose, yes: words.actions.effective, no: words.actions.ineffective }}
      />
      <Note label={words.settlement.reason} value={note} onChange={setNote} max={2_000} />
    </Act>
  );
}

function Closing({ at, outcome, reload }: StepProps & { outcome: 'effective' | 'unfounded' }) {
  const words = useWords();
  const [report, setReport] = useState('');
  const title = outcome === 'effective' ? words.actions.close : words.actions.closeUnfounded;
  return (
    <Act
      title={title}
      label={title}
      danger={outcome === 'unfounded'}
      ready={isReason(report)}
      perform={() => post(`${at}/closure`, { outcome, report })}
      done={reload}
      open={outcome === 'effective'}
    >
      <Note label={words.actions.report} value={report} onChange={setReport} max={LONG} />
    </Act>
  );
}
