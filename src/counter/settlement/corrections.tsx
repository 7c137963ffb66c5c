import { useState } from 'react';
import {
  type Comparison,
  type Correction,
  type CorrectionDetail,
  type Finding,
  post,
  Refused,
  type Settlement,
  type Submitted,
} from '../api';
import { useDocumentNames } from '../documents';
import { dayText, parseDay, todayInTehran } from '../dates';
import { Findings } from '../desk/findings';
import { latinDigits } from '../digits';
import { useLoaded } from '../loading';
import { Amount, Badge, Choice, DayField, Field, Moment, Said, Scroll, Select, type Tone, Trouble, useFigures, Waiting } from '../parts';
import { useSession } from '../session';
import { useWords } from '../words';
import { Act, isReason, Note } from './act';

const TONES: Record<Correction['status'], Tone> = {
  reported: 'warn',
  referred: 'warn',
  submitted: 'warn',
  verified: 'warn',
  rejected: 'bad',
  withdrawn: 'info',
  issued: 'good',
};
const REPORTERS = new Set(['clerk', 'supervisor', 'billing']);
const VERIFIERS = new Set(['supervisor', 'approver', 'quality']);
type Facts = Settlement['facts'];

/** The rework line: error, referral, correction, another person's verification, approval, the next revision. */
export function CorrectionsSection({ settlement, reload }: { settlement: Settlement; reload: () => void }) {
  const words = useWords();
  const { operator } = useSession();
  const { corrections, announcedAt, status } = settlement;
  const issued = announcedAt !== null && status !== 'cancelled';
  return (
    <section className="panel" aria-labelledby="corrections-title">
      <h2 id="corrections-title">{words.corrections.title}</h2>
      {corrections.length === 0 ? <p className="quiet">{words.corrections.none}</p> : null}
      {corrections.map((correction) => (
        <OneCorrection key={correction.n} settlement={settlement} correction={correction} reload={reload} />
      ))}
      {issued && REPORTERS.has(operator.role) ? <Report id={settlement.id} reload={reload} /> : null}
    </section>
  );
}

/** Random enough to be one of its kind; crypto.randomUUID is not there on plain HTTP. */
function newEventId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function Report({ id, reload }: { id: string; reload: () => void }) {
  const words = useWords();
  const [kind, setKind] = useState<Correction['kind']>('reading');
  const [cause, setCause] = useState<Correction['cause']>('applicant');
  const [description, setDescription] = useState('');
  // kept until it is answered: a report that is sent again after a lost answer is the same one
  const [eventId, setEventId] = useState(newEventId);
  return (
    <Act
      title={words.corrections.report}
      help={words.corrections.reportHelp}
      label={words.corrections.report}
      ready={isReason(description)}
      perform={() => post(`/settlements/${id}/corrections`, { kind, cause, description, eventId })}
      done={() => {
        setDescription('');
        setEventId(newEventId());
        reload();
      }}
    >
      <div className="form-grid">
        <Select label={words.corrections.kind} value={kind} onChange={setKind} options={words.corrections.kinds} />
        <Select label={words.corrections.cause} value={cause} onChange={setCause} options={words.corrections.causes} />
      </div>
      <Note label={words.corrections.description} value={description} onChange={setDescription} />
    </Act>
  );
}

function OneCorrection({ settlement, correction, reload }: { settlement: Settlement; correction: Correction; reload: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { n, kind, cause, description, status, owner, difference } = correction;
  const at = `/settlements/${settlement.id}/corrections/${n}`;
  const mine = operator.role === 'supervisor' || (owner.user === null ? owner.role === operator.role : owner.user === operator.id);
  const open = status === 'referred' || status === 'rejected';
  const own = correction.submittedBy === operator.id || correction.submittedBy === operator.name;
  return (
    <div className="correction">
      <h3>
        {words.corrections.number(figures(n))}: {words.corrections.kinds[kind]}, {words.corrections.causes[cause]}{' '}
        <Badge tone={TONES[status]}>{words.corrections.statuses[status]}</Badge>
      </h3>
      <p>
        <Said>{description}</Said>
      </p>
      <dl className="facts">
        <div>
          <dt>{words.corrections.reportedBy}</dt>
          <dd>
            <Said>{correction.reportedBy}</Said> <Moment at={correction.reportedAt} />
          </dd>
        </div>
        <div>
          <dt>{words.corrections.owner}</dt>
          <dd>
            <Said>{owner.user ?? words.corrections.anyOf(words.roles[owner.role])}</Said>
          </dd>
        </div>
        {status === 'issued' || status === 'withdrawn' ? null : (
          <div>
            <dt>{words.corrections.dueAt}</dt>
            <dd>
              <Moment at={correction.dueAt} />
            </dd>
          </div>
        )}
        {correction.submittedBy === null ? null : (
          <div>
            <dt>{words.corrections.submittedBy}</dt>
            <dd>
              <Said>{correction.submittedBy}</Said>
            </dd>
          </div>
        )}
        {correction.verifiedBy === null ? null : (
          <div>
            <dt>{words.corrections.verifiedBy}</dt>
            <dd>
              <Said>{correction.verifiedBy}</Said>
            </dd>
          </div>
        )}
        {correction.approvedBy === null ? null : (
          <div>
            <dt>{words.corrections.approvedBy}</dt>
            <dd>
              <Said>{correction.approvedBy}</Said>
            </dd>
          </div>
        )}
        {difference === null ? null : (
          <div>
            <dt>{words.corrections.difference}</dt>
            <dd>{correction.noChange ? words.corrections.noChange : <Amount value={difference} />}</dd>
          </div>
        )}
        {correction.revision === null ? null : (
          <div>
            <dt>{words.settlement.bill}</dt>
            <dd>{words.settlement.revision(figures(correction.revision))}</dd>
          </div>
        )}
        {correction.note === null ? null : (
          <div>
            <dt>{words.settlement.note}</dt>
            <dd>
              <Said>{correction.note}</Said>
            </dd>
          </div>
        )}
      </dl>
      {correction.submittedBy === null ? null : <Review key={status} settlement={settlement} at={at} status={status} />}
      {open && REPORTERS.has(operator.role) && mine ? <Submit settlement={settlement} at={at} reload={reload} /> : null}
      {open && REPORTERS.has(operator.role) && mine ? <Withdraw at={at} reload={reload} /> : null}
      {open && !mine ? <p className="quiet">{words.corrections.waitingFor.submission}</p> : null}
      {status === 'submitted' ? (
        VERIFIERS.has(operator.role) && !own ? (
          <Decide title={words.corrections.verify} help={words.corrections.verifyHelp} address={`${at}/verification`} reload={reload} />
        ) : (
          <p className="quiet">
            {words.corrections.waitingFor.verification}. {own ? words.settlement.secondPerson : null}
          </p>
        )
      ) : null}
      {status === 'verified' ? (
        operator.role === 'approver' && !own ? (
          <Decide title={words.corrections.approve} help={words.corrections.approveHelp} address={`${at}/approval`} reload={reload} />
        ) : (
          <p className="quiet">{words.corrections.approveHelp}</p>
        )
      ) : null}
    </div>
  );
}

/** The corrected facts: what stands is filled in, and only what differs is sent. */
function Submit({ settlement: { facts }, at, reload }: { settlement: Settlement; at: string; reload: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const [reading, setReading] = useState(facts.reading === null ? '' : figures(facts.reading));
  const [date, setDate] = useState(figures(facts.settlementDate));
  const [source, setSource] = useState(facts.readingSource);
  const [meterState, setMeterState] = useState(facts.meterState);
  const [purpose, setPurpose] = useState(facts.purpose);
  const [basis, setBasis] = useState<'first' | 'now'>('first');
  const [newName, setNewName] = useState('');
  const [newId, setNewId] = useState('');
  const [newFrom, setNewFrom] = useState(figures(facts.newSubscriber?.from ?? facts.settlementDate));
  const [asked, setAsked] = useState<Finding[]>([]);
  const [reasons, setReasons] = useState<Record<string, string>>({});
  const day = parseDay(date, todayInTehran());
  const from = parseDay(newFrom, todayInTehran());

  const perform = async (): Promise<void> => {
    const typed = latinDigits(reading).trim();
    const settlementDate = day ? dayText(day) : latinDigits(date);
    const confirmations = Object.entries(reasons).map(([code, reason]) => ({ code, reason }));
    const body = {
      ...(source !== facts.readingSource && { readingSource: source }),
      ...(source === 'none' ? facts.reading !== null && { reading: null } : typed !== String(facts.reading ?? '') && { reading: typed }),
      ...(settlementDate !== facts.settlementDate && { settlementDate }),
      ...(meterState !== facts.meterState && { meterState }),
      ...(purpose !== facts.purpose && { purpose }),
      ...(newName.trim() !== '' && {
        newSubscriber: { name: newName, nationalId: newId, from: from ? dayText(from) : latinDigits(newFrom) },
      }),
      ...(confirmations.length > 0 && {
        confirmations: [...facts.confirmations.filter(({ code }) => reasons[code] === undefined), ...confirmations],
      }),
      basis,
    };
    try {
      await post<Submitted>(`${at}/submission`, body);
      setAsked([]);
    } catch (error) {
      if (error instanceof Refused)
        setAsked(error.problem.errors.flatMap((found) => (found.severity === 'confirm' ? [{ ...found, severity: found.severity }] : [])));
      throw error;
    }
  };

  return (
    <Act
      title={words.corrections.submit}
      help={words.corrections.submitHelp}
      label={words.corrections.submitDo}
      perform={perform}
      done={reload}
      open
    >
      <div className="form-grid">
        {source === 'none' ? null : <Field label={words.form.reading} value={reading} onChange={setReading} figures maxLength={12} />}
        <DayField label={words.form.date} value={date} onChange={setDate} />
        <Select label={words.form.source} value={source} onChange={setSource} options={words.form.sources} />
        <Select label={words.form.meterState} value={meterState} onChange={setMeterState} options={words.form.meterStates} />
        <Select label={words.form.purpose} value={purpose} onChange={setPurpose} options={words.form.purposes} />
      </div>
      <div className="form-grid">
        <Field
          label={words.form.newOwnerName}
          value={newName}
          onChange={setNewName}
          optional
          help={facts.newSubscriber ? <Said>{facts.newSubscriber.name}</Said> : undefined}
          maxLength={120}
        />
        {newName.trim() === '' ? null : (
          <>
            <Field label={words.form.nationalId} value={newId} onChange={setNewId} figures maxLength={20} />
            <DayField label={words.form.newOwnerFrom} value={newFrom} onChange={setNewFrom} />
          </>
        )}
      </div>
      <Choice label={words.corrections.basis} value={basis} onChange={setBasis} options={words.corrections.bases} />
      <Findings findings={asked} reasons={reasons} answer={(code, reason) => setReasons({ ...reasons, [code]: reason })} />
    </Act>
  );
}

function Withdraw({ at, reload }: { at: string; reload: () => void }) {
  const words = useWords();
  const [note, setNote] = useState('');
  return (
    <Act
      title={words.corrections.withdraw}
      label={words.corrections.withdraw}
      ready={isReason(note)}
      perform={() => post(`${at}/withdrawal`, { note })}
      done={reload}
    >
      <Note label={words.settlement.reason} value={note} onChange={setNote} />
    </Act>
  );
}

/** A second person's word: as submitted, or back to its owner with a note. */
function Decide({ title, help, address, reload }: { title: string; help: string; address: string; reload: () => void }) {
  const words = useWords();
  const [note, setNote] = useState('');
  const [back, setBack] = useState('');
  return (
    <>
      <Act
        title={title}
        help={help}
        label={title}
        perform={() => post(address, { accepted: true, ...(note.trim() === '' ? {} : { note }) })}
        done={reload}
        open
      >
        <Note label={words.settlement.note} value={note} onChange={setNote} optional />
      </Act>
      <Act
        title={words.corrections.sendBack}
        label={words.corrections.sendBack}
        ready={isReason(back)}
        perform={() => post(address, { accepted: false, note: back })}
        done={reload}
      >
        <Note label={words.settlement.reason} value={back} onChange={setBack} />
      </Act>
    </>
  );
}

/** What there is to decide upon, or was decided: open while somebody has to, and to be opened after that. */
function Review({ settlement, at, status }: { settlement: Settlement; at: string; status: Correction['status'] }) {
  const words = useWords();
  const waits = status === 'submitted' || status === 'verified';
  const [opened, setOpened] = useState(waits);
  const { value: detail, error, reload } = useLoaded<CorrectionDetail>(opened ? at : null);
  return (
    <details className="act" open={waits} onToggle={(event) => setOpened(event.currentTarget.open || opened)}>
      <summary>{words.corrections.comparison}</summary>
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {detail === null && error === null ? <Waiting /> : null}
      {detail?.comparison ? <SideBySide comparison={detail.comparison} /> : null}
      {/* after the issue the settlement's facts are the corrected ones */}
      {detail?.facts && status !== 'issued' ? <ChangedFacts before={settlement.facts} after={detail.facts} /> : null}
    </details>
  );
}

/** Old and new bill, line by line; what differs is marked, and by how much. */
function SideBySide({ comparison }: { comparison: Comparison }) {
  const words = useWords();
  const figures = useFigures();
  const { lines, total, payable, received, noChange } = comparison;
  const row = (key: string | number, label: string, before: number | null, after: number | null) => (
    <tr key={key} className={before === after ? '' : 'changed'}>
      <th scope="row">
        <Said>{figures(label)}</Said>{' '}
        {before === null ? (
          <Badge tone="info">{words.corrections.added}</Badge>
        ) : after === null ? (
          <Badge tone="info">{words.corrections.dropped}</Badge>
        ) : null}
      </th>
      <td className="end">{before === null ? words.none : <Amount value={before} bare />}</td>
      <td className="end">{after === null ? words.none : <Amount value={after} bare />}</td>
      <td className="end">{before === after ? words.none : <Amount value={(after ?? 0) - (before ?? 0)} bare />}</td>
    </tr>
  );
  return (
    <Scroll label={words.corrections.comparison}>
      <table className="compared">
        <caption>{noChange ? words.corrections.noChange : words.corrections.comparedIn}</caption>
        <thead>
          <tr>
            <th scope="col">{words.preview.line}</th>
            <th scope="col" className="end">
              {words.corrections.before}
            </th>
            <th scope="col" className="end">
              {words.corrections.after}
            </th>
            <th scope="col" className="end">
              {words.corrections.difference}
            </th>
          </tr>
        </thead>
        <tbody>{lines.map(({ label, before, after }, at) => row(at, label, before, after))}</tbody>
        <tfoot>
          {row('total', words.preview.total, total.before, total.after)}
          {row('payable', words.preview.payable, payable.before, payable.after)}
          {received === 0 ? null : (
            <tr>
              <th scope="row" colSpan={3}>
                {words.corrections.received}
              </th>
              <td className="end">
                <Amount value={received} bare />
              </td>
            </tr>
          )}
        </tfoot>
      </table>
    </Scroll>
  );
}

/** What the correction says of the request that the bill does not: only what differs. */
function ChangedFacts({ before, after }: { before: Facts; after: Facts }) {
  const words = useWords();
  const namesOf = useDocumentNames(before.documents.join() === after.documents.join() ? null : after.settlementDate);
  const figures = useFigures();
  const { form } = words;
  const told: readonly [label: string, of: (facts: Facts) => string][] = [
    [form.reading, ({ reading }) => (reading === null ? words.none : figures(reading))],
    [form.date, ({ settlementDate }) => figures(settlementDate)],
    [form.source, ({ readingSource }) => form.sources[readingSource]],
    [form.meterState, ({ meterState }) => form.meterStates[meterState]],
    [form.purpose, ({ purpose }) => form.purposes[purpose]],
    [form.applicant, ({ applicant }) => `${applicant.name} (${form.applicants[applicant.kind]})`],
    [form.documents, ({ documents }) => (documents.length === 0 ? words.none : namesOf(documents))],
    [form.newOwnerTitle, ({ newSubscriber: next }) => (next === null ? words.none : `${next.name}${words.and}${figures(next.from)}`)],
    [
      words.corrections.reasons,
      ({ confirmations }) => (confirmations.length === 0 ? words.none : confirmations.map(({ reason }) => reason).join(words.and)),
    ],
  ];
  const changed = told.map(([label, of]) => ({ label, before: of(before), after: of(after) })).filter((each) => each.before !== each.after);
  if (changed.length === 0) return <p className="quiet">{words.corrections.sameFacts}</p>;
  return (
    <Scroll label={words.corrections.facts}>
      <table className="compared">
        <caption>{words.corrections.facts}</caption>
        <thead>
          <tr>
            <th scope="col">{words.corrections.fact}</th>
            <th scope="col">{words.corrections.before}</th>
            <th scope="col">{words.corrections.after}</th>
          </tr>
        </thead>
        <tbody>
          {changed.map((each) => (
            <tr key={each.label} className="changed">
              <th scope="row">{each.label}</th>
              <td>
                <Said>{each.before}</Said>
              </td>
              <td>
                <Said>{each.after}</Said>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
