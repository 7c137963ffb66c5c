import type { CalendarDate } from '@internationalized/date';
import { useEffect, useId, useState } from 'react';
import { Button } from 'react-aria-components';
import { post, type Requirement, type TariffReview, type TariffProposal, type Tariffs, type Terms } from '../api';
import { dayText, jalaliText, parseDay, todayInTehran } from '../dates';
import { grouped, latinDigits } from '../digits';
import { useLoaded } from '../loading';
import { DayField, Field, Num, Notice, Said, Scroll, Select, Trouble, useFigures, Waiting } from '../parts';
import { useSession } from '../session';
import { Act } from '../settlement/act';
import { useWords } from '../words';
import { Calendar } from './calendar';
import { Differences, sameRequirement, useDayOff, useHours, useRequirement, useTermName } from './differences';
import { Review, TariffProposed } from './review';

/** How long the hand rests before the change is looked at. */
const SETTLE_MS = 400;
const WEEKDAYS = ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday'] as const;
/** The figures in their groups, as the API names them. */
const GROUPS = {
  correction: ['correction.dueHours', 'correction.remindHours', 'correction.approvalAbove'],
  tasks: ['escalateAfterHours', 'remindDaysBeforeClosing', 'qualificationWarnDays', 'outageAfterMinutes', 'lateEntryWithinDays'],
  correctiveAction: [
    'correctiveAction.perSettlement',
    'correctiveAction.perClerk',
    'correctiveAction.perCause',
    'correctiveAction.perOffice',
    'correctiveAction.meetingDueDays',
    'correctiveAction.effectAfterDays',
  ],
  staleAfterDays: [
    'staleAfterDays.accounts',
    'staleAfterDays.meters',
    'staleAfterDays.bills',
    'staleAfterDays.payments',
    'staleAfterDays.adjustments',
    'staleAfterDays.instalments',
    'staleAfterDays.deposits',
    'staleAfterDays.cycles',
  ],
} as const;
type TermName = (typeof GROUPS)[keyof typeof GROUPS][number];

type Hours = Terms['terms']['openingHours'][number];

/** What is changed on the page, until it is proposed; the day may be moved meanwhile. */
interface Edits {
  /** by the term's name, as typed */
  figures: Partial<Record<TermName, string>>;
  /** null: as they are */
  hours: readonly Hours[] | null;
  daysAdded: readonly string[];
  daysRemoved: readonly string[];
  documentsAdded: readonly Requirement[];
  documentsRemoved: readonly Requirement[];
}
const NOTHING: Edits = { figures: {}, hours: null, daysAdded: [], daysRemoved: [], documentsAdded: [], documentsRemoved: [] };

/** Deadlines, thresholds, working days and documents as they are on a day, and the change of them from that day on. */
export default function TermsPage() {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const [typed, setTyped] = useState(() => figures(dayText(todayInTehran())));
  const day = parseDay(typed, todayInTehran());
  const on = day === null ? null : dayText(day);
  const { value: terms, error, reload } = useLoaded<Terms>(on === null ? null : `/terms?on=${on}`);
  const tariffs = useLoaded<Tariffs>('/tariffs');
  const [edits, setEdits] = useState(NOTHING);
  const edit = (part: Partial<Edits>): void => setEdits((before) => ({ ...before, ...part }));
  const admin = operator.role === 'admin';
  const proposals = tariffs.value?.proposals.filter(({ change }) => change) ?? [];
  const again = (): void => {
    reload();
    tariffs.reload();
  };
  return (
    <section className="list rules">
      <div className="list-head">
        <h1>{words.terms.title}</h1>
        <p className="quiet">{admin ? words.terms.helpAdmin : words.terms.help}</p>
        <search className="filters" aria-label={words.list.filters}>
          <DayField label={words.terms.on} value={typed} onChange={setTyped} help="" />
        </search>
      </div>
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {proposals.map((proposal) => (
        <Waits key={proposal.proposal} proposal={proposal} done={again} />
      ))}
      {terms === null ? (
        error === null && on !== null ? (
          <Waiting />
        ) : null
      ) : (
        <Standing terms={terms} edits={edits} edit={admin ? edit : null} />
      )}
      {admin && terms !== null && on !== null ? (
        <Proposing
          on={on}
          body={changeOf(terms, edits)}
          clear={() => setEdits(NOTHING)}
          done={() => {
            setEdits(NOTHING);
            again();
          }}
        />
      ) : null}
    </section>
  );
}

function Waits({ proposal, done }: { proposal: TariffProposal; done: () => void }) {
  const words = useWords();
  return (
    <section className="panel stacked">
      <h2>{words.rules.proposals}</h2>
      <TariffProposed proposal={proposal} done={done} />
    </section>
  );
}

/** Of the day; with `edit` an administrator writes over it. */
function Standing({ terms, edits, edit }: { terms: Terms; edits: Edits; edit: ((part: Partial<Edits>) => void) | null }) {
  const words = useWords();
  const figures = useFigures();
  const { tariff, later } = terms;
  return (
    <>
      <p className="quiet">
        {tariff === null ? (
          words.terms.noTariff
        ) : (
          <>
            {words.terms.ofTariff} <Said>{figures(tariff.title)}</Said> (<bdi dir="ltr">{tariff.version}</bdi>){words.and}
            {tariff.provisional ? (
              words.terms.provisional
            ) : tariff.to === null ? (
              words.rules.furtherNotice
            ) : (
              <>
                {words.preview.to} <Num>{tariff.to}</Num>
              </>
            )}
          </>
        )}
      </p>
      {later.length === 0 ? null : (
        <section className="panel stacked">
          <h2>{words.terms.later}</h2>
          <Differences differences={later} />
        </section>
      )}
      <Figures terms={terms} edits={edits} edit={edit} />
      <DaysOff terms={terms} edits={edits} edit={edit} />
      <Opening terms={terms} edits={edits} edit={edit} />
      <Documents terms={terms} edits={edits} edit={edit} />
    </>
  );
}

interface PartProps {
  terms: Terms;
  edits: Edits;
  edit: ((part: Partial<Edits>) => void) | null;
}

/** The figure of a term, or figures, as the API has them; null: a feed that is never stale. */
function figureOf({ terms }: Terms, name: TermName): number | readonly number[] | null {
  const [group = '', of = ''] = name.split('.');
  const value = (terms as unknown as Record<string, unknown>)[group];
  return (of === '' ? value : ((value as Record<string, number>)[of] ?? null)) as number | readonly number[] | null;
}

function shown(value: number | readonly number[] | null): string {
  return value === null ? '' : typeof value === 'number' ? grouped(value) : value.join('، ');
}

/** What was typed as the API takes it; undefined: it cannot be. */
function read(name: TermName, typed: string): number | number[] | null | undefined {
  const numbers = latinDigits(typed)
    .split(name === 'remindDaysBeforeClosing' ? /[\s،,؛;]+/ : /$^/)
    .map((part) => part.replaceAll(/[,٬\s]/g, ''))
    .filter((part) => part !== '');
  if (!numbers.every((part) => /^\d{1,15}$/.test(part))) return undefined;
  // the earliest first, however they were typed
  if (name === 'remindDaysBeforeClosing') return [...new Set(numbers.map(Number))].sort((a, b) => b - a);
  if (numbers.length === 0) return name.startsWith('staleAfterDays.') ? null : undefined;
  return Number(numbers[0]);
}

function Figures({ terms, edits, edit }: PartProps) {
  const words = useWords();
  const figures = useFigures();
  const nameOf = useTermName();
  const typed = (name: TermName): string => edits.figures[name] ?? figures(shown(figureOf(terms, name)));
  return (
    <section className="panel stacked">
      <h2>{words.terms.figures}</h2>
      <p className="quiet">{words.terms.figuresHelp}</p>
      {(Object.entries(GROUPS) as [keyof typeof GROUPS, readonly TermName[]][]).map(([group, names]) => (
        <fieldset key={group} className="stacked group">
          <legend>{words.terms.groups[group]}</legend>
          {edit === null ? (
            <dl className="facts terms">
              {names.map((name) => (
                <div key={name}>
                  <dt>{nameOf(name)}</dt>
                  <dd>
                    {typed(name) === '' ? (
                      name === 'remindDaysBeforeClosing' ? (
                        words.terms.noneOfThem
                      ) : (
                        words.terms.never
                      )
                    ) : name === 'remindDaysBeforeClosing' ? (
                      typed(name)
                    ) : (
                      <Num>{typed(name)}</Num>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          ) : (
            <div className="form-grid">
              {names.map((name) => (
                <Field
                  key={name}
                  label={nameOf(name)}
                  value={typed(name)}
                  onChange={(text) => edit({ figures: { ...edits.figures, [name]: text } })}
                  errors={
                    read(name, typed(name)) === undefined
                      ? [name === 'remindDaysBeforeClosing' ? words.terms.notNumbers : words.terms.notANumber]
                      : []
                  }
                  {...(name === 'remindDaysBeforeClosing'
                    ? { help: words.terms.remindHelp }
                    : name === 'staleAfterDays.accounts'
                      ? { help: words.terms.staleHelp }
                      : {})}
                  figures
                  maxLength={60}
                />
              ))}
            </div>
          )}
        </fieldset>
      ))}
    </section>
  );
}

/** The days off with what is changed. */
function daysOffOf({ terms }: Terms, { daysAdded, daysRemoved }: Edits): string[] {
  return [...terms.daysOff.filter((day) => !daysRemoved.includes(day)), ...daysAdded.filter((day) => !terms.daysOff.includes(day))];
}

function DaysOff({ terms, edits, edit }: PartProps) {
  const words = useWords();
  const figures = useFigures();
  const name = useDayOff();
  const [every, setEvery] = useState<'once' | 'year'>('once');
  const days = daysOffOf(terms, edits);
  const toggle = (day: string): void => {
    const standing = terms.terms.daysOff.includes(day);
    const without = (list: readonly string[]): string[] => list.filter((each) => each !== day);
    if (days.includes(day))
      edit?.({ daysAdded: without(edits.daysAdded), daysRemoved: standing ? [...edits.daysRemoved, day] : edits.daysRemoved });
    else edit?.({ daysRemoved: without(edits.daysRemoved), daysAdded: standing ? edits.daysAdded : [...edits.daysAdded, day] });
  };
  const weekly = WEEKDAYS.filter((day) => days.includes(day));
  const yearly = days.filter((day) => /^\d\d\/\d\d$/.test(day)).sort();
  const dated = days.filter((day) => /^\d{4}\//.test(day)).sort();
  // what is over needs no eye, and stays
  const ahead = dated.filter((day) => day >= `${terms.on.slice(0, 4)}/01/01`);
  const pressed = (date: CalendarDate): void => toggle(every === 'year' ? jalaliText(date).slice(5) : jalaliText(date));
  const chips = (list: readonly string[]) => (
    <ul className="plain chips">
      {list.map((day) => (
        <li key={day}>
          {edit === null ? (
            <span className="chip">{name(day)}</span>
          ) : (
            <Button
              className={`chip ${terms.terms.daysOff.includes(day) ? '' : 'new'}`}
              onPress={() => toggle(day)}
              aria-label={words.terms.takeOff(name(day))}
            >
              {name(day)} <span aria-hidden="true">×</span>
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
  return (
    <section className="panel stacked">
      <h2>{words.terms.calendar}</h2>
      <p className="quiet">{words.terms.calendarHelp}</p>
      <div className="calendar-and-list">
        <Calendar
          label={words.terms.calendar}
          from={terms.on}
          isOff={(day) => days.includes(day)}
          weekly={weekly}
          yearly={yearly}
          press={edit === null ? null : pressed}
          everyYear={every === 'year'}
        />
        <div className="stacked">
          {edit === null ? null : (
            <>
              <Select label={words.terms.pressing} value={every} onChange={setEvery} options={words.terms.pressings} />
              <fieldset className="checks">
                <legend>{words.terms.weekly}</legend>
                <div className="options">
                  {WEEKDAYS.map((day) => (
                    <label key={day} className="check">
                      <input type="checkbox" checked={days.includes(day)} onChange={() => toggle(day)} />
                      {words.terms.weekdays[day]}
                    </label>
                  ))}
                </div>
              </fieldset>
            </>
          )}
          {edit === null && weekly.length > 0 ? (
            <>
              <h3>{words.terms.weekly}</h3>
              {chips(weekly)}
            </>
          ) : null}
          <h3>{words.terms.yearly}</h3>
          {yearly.length === 0 ? <p className="quiet">{words.none}</p> : chips(yearly)}
          <h3>{words.terms.dated}</h3>
          {ahead.length === 0 ? <p className="quiet">{words.none}</p> : chips(ahead)}
          {dated.length > ahead.length ? (
            <p className="quiet small-print">{words.terms.past(figures(dated.length - ahead.length))}</p>
          ) : null}
        </div>
      </div>
    </section>
  );
}

/** When offices are open on working days; the last that names a day counts there. */
function Opening({ terms, edits, edit }: PartProps) {
  const words = useWords();
  const figures = useFigures();
  const tell = useHours();
  const hours = edits.hours ?? terms.terms.openingHours;
  const set = (at: number, part: Partial<Hours>): void =>
    edit?.({ hours: hours.map((each, n) => (n === at ? { ...each, ...part } : each)) });
  return (
    <section className="panel stacked">
      <h2>{words.terms.opening}</h2>
      <p className="quiet">{words.terms.openingHelp}</p>
      {hours.length === 0 ? <p className="quiet">{words.none}</p> : null}
      {hours.map((each, at) => {
        const { days, from, to } = each;
        if (edit === null) return <p key={at}>{tell(each)}</p>;
        return (
          <fieldset key={at} className="opening">
            <legend className="hidden">{tell(each)}</legend>
            <Field
              label={words.terms.opens}
              value={figures(from)}
              onChange={(typed) => set(at, { from: latinDigits(typed) })}
              figures
              maxLength={5}
            />
            <Field
              label={words.terms.closes}
              value={figures(to)}
              onChange={(typed) => set(at, { to: latinDigits(typed) })}
              figures
              maxLength={5}
            />
            <div className="options">
              {WEEKDAYS.map((day) => (
                <label key={day} className="check">
                  <input
                    type="checkbox"
                    checked={days?.includes(day) ?? false}
                    onChange={(event) => {
                      const chosen = WEEKDAYS.filter((other) => (other === day ? event.target.checked : (days?.includes(other) ?? false)));
                      set(at, { days: chosen.length === 0 ? null : chosen });
                    }}
                  />
                  {words.terms.weekdays[day]}
                </label>
              ))}
              {days === null ? <span className="badge">{words.terms.workingDays}</span> : null}
            </div>
            <Button
              className="button small bare"
              onPress={() => edit({ hours: hours.filter((_, n) => n !== at) })}
              aria-label={words.terms.removeOf(tell(each))}
            >
              {words.terms.remove}
            </Button>
          </fieldset>
        );
      })}
      {edit === null ? null : (
        <Button className="button small" onPress={() => edit({ hours: [...hours, { days: null, from: '07:30', to: '14:30' }] })}>
          {words.terms.addHours}
        </Button>
      )}
    </section>
  );
}

function documentsOf(terms: Terms, { documentsAdded, documentsRemoved }: Edits): Requirement[] {
  return [...terms.documents.filter((each) => !documentsRemoved.some((gone) => sameRequirement(gone, each))), ...documentsAdded];
}

function Documents({ terms, edits, edit }: PartProps) {
  const words = useWords();
  const tell = useRequirement();
  const { columns } = words.terms;
  const asked = documentsOf(terms, edits);
  const dates = (each: Requirement) => terms.documents.find((standing) => sameRequirement(standing, each));
  const remove = (each: Requirement): void =>
    dates(each) === undefined
      ? edit?.({ documentsAdded: edits.documentsAdded.filter((other) => !sameRequirement(other, each)) })
      : edit?.({ documentsRemoved: [...edits.documentsRemoved, each] });
  return (
    <section className="panel stacked">
      <h2>{words.terms.documents}</h2>
      <p className="quiet">{words.terms.documentsHelp}</p>
      {asked.length === 0 ? (
        <p className="empty">{words.terms.noDocuments}</p>
      ) : (
        <Scroll label={words.terms.documents}>
          <table>
            <thead>
              <tr>
                <th scope="col">{columns.document}</th>
                <th scope="col">{columns.purposes}</th>
                <th scope="col">{columns.applicants}</th>
                <th scope="col">{columns.since}</th>
                {edit === null ? null : (
                  <th scope="col">
                    <span className="hidden">{words.terms.remove}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {asked.map((each) => {
                const { names, purposes, applicants } = tell(each);
                const since = dates(each);
                return (
                  <tr key={JSON.stringify(each)}>
                    <th scope="row">
                      <Said>{names}</Said>
                    </th>
                    <td>{purposes}</td>
                    <td>{applicants}</td>
                    <td>
                      {since === undefined ? <span className="badge info">{words.terms.new}</span> : <Num>{since.from}</Num>}
                      {since?.to ? (
                        <>
                          {' '}
                          {words.preview.to} <Num>{since.to}</Num>
                        </>
                      ) : null}
                    </td>
                    {edit === null ? null : (
                      <td className="end">
                        <Button className="button small bare" onPress={() => remove(each)} aria-label={words.terms.removeOf(names)}>
                          {words.terms.remove}
                        </Button>
                      </td>
                    )}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scroll>
      )}
      {edit === null ? null : (
        <NewRequirement
          known={terms.documents.flatMap(({ anyOf }) => anyOf)}
          add={(requirement) => {
            if (!asked.some((each) => sameRequirement(each, requirement))) edit({ documentsAdded: [...edits.documentsAdded, requirement] });
          }}
        />
      )}
    </section>
  );
}

type Shown = Requirement['anyOf'][number];
const PURPOSES = ['balance', 'final', 'nameChange'] as const;
/** `''`: none chosen; `'*'`: one that is not known yet */
const OTHER = '*';

/** One document, or one of several that will do. */
function NewRequirement({ known, add }: { known: readonly Shown[]; add: (requirement: Requirement) => void }) {
  const words = useWords();
  const [choices, setChoices] = useState<{ chosen: string; name: string; code: string }[]>([{ chosen: '', name: '', code: '' }]);
  const [purposes, setPurposes] = useState<readonly (typeof PURPOSES)[number][]>([]);
  const [applicants, setApplicants] = useState<'' | 'owner' | 'tenant'>('');
  const names: Record<string, string> = { ...words.form.documentNames, ...Object.fromEntries(known.map(({ code, name }) => [code, name])) };
  const set = (at: number, part: Partial<(typeof choices)[number]>): void =>
    setChoices(choices.map((each, n) => (n === at ? { ...each, ...part } : each)));
  const anyOf = choices.flatMap(({ chosen, name, code }): Shown[] =>
    chosen === '' ? [] : chosen === OTHER ? [{ code: code.trim(), name: name.trim() }] : [{ code: chosen, name: names[chosen] ?? chosen }],
  );
  const isCode = (code: string): boolean => /^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(code);
  const ready = anyOf.length > 0 && purposes.length > 0 && anyOf.every(({ code, name }) => isCode(code) && name.length >= 2);
  return (
    <Act
      title={words.terms.add}
      help={words.terms.addHelp}
      label={words.terms.addDo}
      ready={ready}
      perform={() => {
        add({ anyOf, purposes: PURPOSES.filter((each) => purposes.includes(each)), applicants: applicants === '' ? null : [applicants] });
        setChoices([{ chosen: '', name: '', code: '' }]);
        setPurposes([]);
        return Promise.resolve();
      }}
      done={() => undefined}
      silent
    >
      {choices.map(({ chosen, name, code }, at) => (
        <div key={at} className="form-grid" role="group" aria-label={at === 0 ? words.terms.document : words.terms.orDocument}>
          <Select
            label={at === 0 ? words.terms.document : words.terms.orDocument}
            value={chosen}
            onChange={(value) => set(at, { chosen: value })}
            options={{ '': words.tasks.choose, ...names, [OTHER]: words.terms.otherDocument }}
          />
          {chosen === OTHER ? (
            <>
              <Field label={words.terms.documentName} value={name} onChange={(value) => set(at, { name: value })} maxLength={80} />
              <Field
                label={words.terms.documentCode}
                value={code}
                onChange={(value) => set(at, { code: value })}
                help={words.terms.documentCodeHelp}
                errors={code === '' || isCode(code.trim()) ? [] : [words.terms.documentCodeWrong]}
                maxLength={40}
              />
            </>
          ) : null}
        </div>
      ))}
      {choices.length < 5 ? (
        <Button className="button small" onPress={() => setChoices([...choices, { chosen: '', name: '', code: '' }])}>
          {words.terms.or}
        </Button>
      ) : null}
      <fieldset className="checks">
        <legend>{words.terms.columns.purposes}</legend>
        <div className="options">
          {PURPOSES.map((each) => (
            <label key={each} className="check">
              <input
                type="checkbox"
                checked={purposes.includes(each)}
                onChange={(event) => setPurposes(event.target.checked ? [...purposes, each] : purposes.filter((other) => other !== each))}
              />
              {words.terms.purposes[each]}
            </label>
          ))}
        </div>
      </fieldset>
      <Select
        label={words.terms.columns.applicants}
        value={applicants}
        onChange={setApplicants}
        options={{ '': words.terms.everyApplicant, ...words.form.applicants }}
      />
    </Act>
  );
}

type Body = Record<string, unknown>;

/** The edits as the API takes them: null when there are none, 'faulty' when a figure cannot be read. */
function changeOf(standing: Terms, edits: Edits): Body | 'faulty' | null {
  const terms: Record<string, unknown> = {};
  for (const [name, typed] of Object.entries(edits.figures) as [TermName, string][]) {
    const value = read(name, typed);
    if (value === undefined) return 'faulty';
    if (JSON.stringify(value) === JSON.stringify(figureOf(standing, name))) continue;
    const [group = '', of = ''] = name.split('.');
    if (of === '') terms[group] = value;
    // the feeds stand whole, of the other groups what is changed is enough
    else
      terms[group] = { ...(terms[group] ?? (group === 'staleAfterDays' ? standing.terms.staleAfterDays : {})), [of]: value ?? undefined };
  }
  if (edits.hours !== null && JSON.stringify(edits.hours) !== JSON.stringify(standing.terms.openingHours))
    terms['openingHours'] = edits.hours.map(({ days, from, to }) => ({ ...(days && { days }), from, to }));
  const daysOff = daysOffOf(standing, edits);
  if (daysOff.length !== standing.terms.daysOff.length || daysOff.some((day) => !standing.terms.daysOff.includes(day)))
    terms['daysOff'] = daysOff;
  const documents = documentsOf(standing, edits);
  const otherwise = edits.documentsAdded.length > 0 || documents.length !== standing.documents.length;
  if (Object.keys(terms).length === 0 && !otherwise) return null;
  return {
    ...(Object.keys(terms).length > 0 && { terms }),
    ...(otherwise && {
      documents: documents.map(({ anyOf, purposes, applicants }) => ({ anyOf, purposes, ...(applicants && { applicants }) })),
    }),
  };
}

/** What the change would make otherwise, every finding, and the proposal to a second person. */
function Proposing({ on, body, clear, done }: { on: string; body: Body | 'faulty' | null; clear: () => void; done: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const titleId = useId();
  const sent = body === null || body === 'faulty' ? null : JSON.stringify({ from: on, ...body });
  const [checked, setChecked] = useState<{ sent: string; review: TariffReview | null; error: unknown } | null>(null);
  const [proposed, setProposed] = useState(false);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    if (sent === null) return undefined;
    const timer = setTimeout(() => {
      post<TariffReview>('/terms/check', JSON.parse(sent)).then(
        (review) => setChecked({ sent, review, error: null }),
        (error: unknown) => setChecked({ sent, review: null, error }),
      );
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [sent, asked]);
  const current = checked !== null && checked.sent === sent ? checked : null;
  const review = current?.review ?? null;
  return (
    <section className="panel stacked changing" aria-labelledby={titleId}>
      <h2 id={titleId}>{words.terms.change(figures(on))}</h2>
      {body === null ? <p className="quiet">{words.terms.nothing}</p> : null}
      {body === null && proposed ? (
        <Notice tone="good" live>
          {words.rules.proposed}
        </Notice>
      ) : null}
      {body === 'faulty' ? <p className="bad-text">{words.terms.faulty}</p> : null}
      {sent !== null && current === null ? <Waiting>{words.rules.checking}</Waiting> : null}
      {current === null || current.error === null ? null : <Trouble error={current.error} retry={() => setAsked(asked + 1)} />}
      {review === null ? null : <Review review={review} />}
      {body === null ? null : (
        <Act
          title={words.terms.propose}
          help={words.terms.proposeHelp}
          label={words.terms.proposeDo}
          ready={review?.valid === true && review.differences.length > 0}
          perform={async () => {
            await post('/terms', JSON.parse(sent ?? '{}'));
            setProposed(true);
            done();
          }}
          done={() => undefined}
          open
        />
      )}
      {body === null ? null : (
        <Button className="button bare" onPress={clear}>
          {words.terms.clear}
        </Button>
      )}
    </section>
  );
}
