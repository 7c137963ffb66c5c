import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react';
import { Button, Checkbox, CheckboxGroup, Label } from 'react-aria-components';
import { type AccountFile, type Finding, type Found, post, type Receipt, type Settlement } from '../api';
import { Bill } from '../bill';
import { dayText, instantInTehran, parseDay, todayInTehran } from '../dates';
import { latinDigits, onlyDigits } from '../digits';
import { useDocumentsOf } from '../documents';
import { type Draft, isComputable, requestOf } from '../draft';
import { useKeys } from '../keys';
import { useLoaded } from '../loading';
import { Choice, DayField, Field, Figure, Notice, Num, Said, Select, Trouble, useFigures, Waiting } from '../parts';
import { go } from '../router';
import { useWords } from '../words';
import { Clock } from './clock';
import { Findings } from './findings';
import { type Issuing, useIssuing } from './issuing';
import { usePreview } from './previewing';
import { Subscriber } from './subscriber';

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  clear: () => void;
  done: (settlement: Settlement, again: boolean) => void;
}

/** The request of an opened subscriber: facts, findings and preview on one screen, and the issue. */
export function RequestForm({ draft, change, clear, done }: Props) {
  const words = useWords();
  const figures = useFigures();
  const today = todayInTehran();
  const { value: file, error, reload } = useLoaded<AccountFile>(`/accounts/${draft.subscription}`);
  const [pressed, setPressed] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const { state, issue, reset } = useIssuing(done);

  const body = requestOf(draft, today);
  const { request: _receipt, applicant: _applicant, newSubscriber: _new, lateEntry: _late, ...computed } = body;
  const { preview, stale, away } = usePreview(
    isComputable(draft, today) ? { ...computed, applicant: { kind: draft.applicantKind } } : null,
  );

  // what the day asks for, of this applicant and purpose first; where it asks for nothing, the usual ones may be noted
  const day = parseDay(draft.date, today);
  const asked = useDocumentsOf(day && dayText(day));
  const concerns = ({ purposes, applicants }: (typeof asked)[number]): boolean =>
    (applicants === null || applicants.includes(draft.applicantKind)) &&
    (purposes.includes(draft.purpose) || (draft.newOwner.on && purposes.includes('nameChange')));
  const wanted = [...asked.filter(concerns), ...asked.filter((rule) => !concerns(rule))].flatMap(({ anyOf }) =>
    anyOf.map(({ code, name }) => [code, name]),
  );
  const documents: Record<string, string> =
    wanted.length === 0 ? words.form.documentNames : (Object.fromEntries(wanted) as Record<string, string>);

  const refused = state.kind === 'refused' ? state.errors : [];
  const answered = (code: string): boolean => (draft.reasons[code] ?? '').trim().length >= 3;
  const findings: Finding[] = [...(preview?.errors ?? []), ...(preview?.warnings ?? [])];
  // what the issue found and the preview did not: fields the preview never sees
  for (const found of refused) {
    if (!findings.some(({ code, field }) => code === found.code && field === found.field))
      findings.push({ ...found, severity: found.severity ?? 'error' });
  }
  const last = file === null ? null : lastReading(file);
  const local = pressed ? missing(draft, today) : {};
  const busy = state.kind === 'sending' || state.kind === 'waiting' || state.kind === 'following';

  const send = (): void => {
    if (busy || state.kind === 'exists') return;
    setPressed(true);
    const stands = stale ? null : preview;
    const open = (stands?.warnings ?? []).some(({ severity, code }) => severity === 'confirm' && !answered(code));
    if (Object.keys(missing(draft, today)).length > 0 || (stands?.errors ?? []).length > 0 || open) {
      // the next frame knows which fields are wrong
      requestAnimationFrame(() => focusFirstFault(form.current));
      return;
    }
    change({ sent: true });
    issue(body);
  };
  useKeys({ issue: send });

  // a reload or a power cut came between the sending and the answer
  const resume = useEffectEvent((): void => {
    if (draft.sent) issue(body);
  });
  useEffect(() => resume(), []);
  const settled = useEffectEvent((): void => {
    if (draft.sent) change({ sent: false });
  });
  useEffect(() => {
    if (state.kind === 'refused' || state.kind === 'exists') settled();
    if (state.kind === 'refused') requestAnimationFrame(() => focusFirstFault(form.current));
  }, [state.kind]);

  const change_ = (part: Partial<Draft>): void => {
    if (state.kind === 'refused') reset();
    change(part);
  };
  const errorsOf = (field: string): string[] => [
    ...(local[field] ? [words.form[local[field]]] : []),
    ...refused.filter((found) => found.field === field && isForField(found)).map(({ message }) => figures(message)),
  ];
  const beside = (...fields: string[]): Finding[] =>
    findings.filter(({ field, severity, code }) => fields.includes(field) && !(severity === 'error' && isForField({ field, code })));
  const shown = ['reading', 'settlementDate', 'documents', ...FIELDS];
  const answer = (code: string, reason: string): void => change_({ reasons: { ...draft.reasons, [code]: reason } });
  const findingsAt = (...fields: string[]): ReactNode => <Findings findings={beside(...fields)} reasons={draft.reasons} answer={answer} />;

  const newReceipt = async (): Promise<void> => {
    const { request } = await post<Receipt>('/requests', { subscription: draft.subscription });
    reset();
    change({ request, openedAt: Date.now(), sent: false });
  };

  if (state.kind === 'exists') return <Exists draft={draft} settlement={state.settlement} back={reset} />;

  const { newOwner, late } = draft;
  const ending = file?.account.nationalIdEnding;
  const typedId = onlyDigits(draft.nationalId);
  const idHelp =
    ending !== undefined && draft.applicantKind === 'owner'
      ? typedId.length === 10 && !typedId.endsWith(ending)
        ? words.form.nationalIdDiffers(figures(ending))
        : words.form.nationalIdEnds(figures(ending))
      : undefined;

  return (
    <div className="desk">
      <div className="desk-head">
        {file ? <Subscriber file={file} /> : error === null ? <Waiting /> : <Trouble error={error} retry={reload} />}
        <div className="desk-side">
          {late.on ? <p className="clock">{words.clock.lateEntry}</p> : <Clock openedAt={draft.openedAt} />}
          <Button className="button" onPress={clear}>
            {words.form.clear} <kbd dir="ltr">Esc</kbd>
          </Button>
        </div>
      </div>
      <form
        ref={form}
        className="request"
        aria-label={words.form.title}
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <fieldset disabled={busy} className="panel">
          <div className="row">
            {draft.source === 'none' ? null : (
              <Field
                label={words.form.reading}
                value={draft.reading}
                onChange={(reading) => change_({ reading })}
                figures
                autoFocus
                errors={errorsOf('reading')}
                help={last ? <>{words.form.readingHelp(figures(last.reading), figures(last.on))}</> : undefined}
                maxLength={12}
              />
            )}
            <DayField
              label={words.form.date}
              value={draft.date}
              onChange={(date) => change_({ date })}
              errors={errorsOf('settlementDate')}
            />
          </div>
          {findingsAt('reading', 'settlementDate')}
          <Choice label={words.form.source} value={draft.source} onChange={(source) => change_({ source })} options={words.form.sources} />
          <div className="row">
            <Choice
              label={words.form.purpose}
              value={draft.purpose}
              onChange={(purpose) => change_({ purpose })}
              options={words.form.purposes}
            />
            {draft.source === 'none' ? null : (
              <Select
                label={words.form.meterState}
                value={draft.meterState}
                onChange={(meterState) => change_({ meterState })}
                options={words.form.meterStates}
              />
            )}
          </div>
        </fieldset>

        <fieldset disabled={busy} className="panel">
          <Choice
            label={words.form.applicant}
            value={draft.applicantKind}
            onChange={(applicantKind) =>
              // the subscriber's own name is the owner's, never the tenant's
              change_({
                applicantKind,
                applicantName: applicantKind === 'owner' ? draft.name : draft.applicantName === draft.name ? '' : draft.applicantName,
              })
            }
            options={words.form.applicants}
          />
          <div className="row three">
            <Field
              label={words.form.name}
              value={draft.applicantName}
              onChange={(applicantName) => change_({ applicantName })}
              errors={errorsOf('applicant.name')}
              maxLength={120}
            />
            <Field
              label={words.form.nationalId}
              value={draft.nationalId}
              onChange={(nationalId) => change_({ nationalId })}
              figures
              errors={errorsOf('applicant.nationalId')}
              help={idHelp}
              maxLength={20}
            />
            <Field
              label={words.form.mobile}
              value={draft.mobile}
              onChange={(mobile) => change_({ mobile })}
              figures
              optional
              errors={errorsOf('applicant.mobile')}
              maxLength={20}
            />
          </div>
          <CheckboxGroup className="checks" value={draft.documents} onChange={(documents) => change_({ documents })}>
            <Label>
              {words.form.documents} <span className="optional">({words.form.documentsHelp})</span>
            </Label>
            <div className="options">
              {Object.entries(documents).map(([code, name]) => (
                <Check key={code} value={code}>
                  {name}
                </Check>
              ))}
            </div>
          </CheckboxGroup>
          {findingsAt('documents')}
          <Check isSelected={newOwner.on} onChange={(on) => change_({ newOwner: { ...newOwner, on } })}>
            {words.form.newOwner}
          </Check>
          {newOwner.on ? (
            <div className="row three" role="group" aria-label={words.form.newOwnerTitle}>
              <Field
                label={words.form.newOwnerName}
                value={newOwner.name}
                onChange={(name) => change_({ newOwner: { ...newOwner, name } })}
                errors={errorsOf('newSubscriber.name')}
                maxLength={120}
              />
              <Field
                label={words.form.nationalId}
                value={newOwner.nationalId}
                onChange={(nationalId) => change_({ newOwner: { ...newOwner, nationalId } })}
                figures
                errors={errorsOf('newSubscriber.nationalId')}
                maxLength={20}
              />
              <Field
                label={words.form.mobile}
                value={newOwner.mobile}
                onChange={(mobile) => change_({ newOwner: { ...newOwner, mobile } })}
                figures
                optional
                errors={errorsOf('newSubscriber.mobile')}
                maxLength={20}
              />
              <DayField
                label={words.form.newOwnerFrom}
                value={newOwner.from}
                onChange={(from) => change_({ newOwner: { ...newOwner, from } })}
                errors={errorsOf('newSubscriber.from')}
              />
            </div>
          ) : null}
          <Check isSelected={late.on} onChange={(on) => change_({ late: { ...late, on } })}>
            {words.form.late}
          </Check>
          {late.on ? (
            <div className="row three" role="group" aria-label={words.form.late}>
              <Field
                label={words.form.slip}
                value={late.slip}
                onChange={(slip) => change_({ late: { ...late, slip } })}
                errors={errorsOf('lateEntry.slip')}
                maxLength={40}
              />
              <DayField label={words.form.lateDay} value={late.day} onChange={(day) => change_({ late: { ...late, day } })} />
              <Field
                label={words.form.lateTime}
                value={late.time}
                onChange={(time) => change_({ late: { ...late, time } })}
                figures
                help={words.form.lateTimeHelp}
                errors={errorsOf('lateEntry.receivedAt')}
                maxLength={8}
              />
            </div>
          ) : null}
        </fieldset>

        <div className="messages">
          {findings.some(({ field }) => field === 'request') ? (
            <Notice tone="bad" live>
              {findings.filter(({ field }) => field === 'request').map(({ message }) => message)}
              <Button className="button small" onPress={() => void newReceipt()}>
                {words.form.newReceipt}
              </Button>
            </Notice>
          ) : null}
          <Findings
            findings={findings.filter(({ field }) => !shown.includes(field) && field !== 'request')}
            reasons={draft.reasons}
            answer={answer}
          />
          <Progress state={state} />
          {pressed && state.kind === 'idle' && Object.keys(local).length > 0 ? <Notice tone="bad">{words.form.lookAgain}</Notice> : null}
          {pressed &&
          state.kind === 'idle' &&
          (preview?.warnings ?? []).some(({ severity, code }) => severity === 'confirm' && !answered(code)) ? (
            <Notice tone="warn">{words.form.unconfirmed}</Notice>
          ) : null}
        </div>
        <div className="issue">
          <Button className="button primary large" isDisabled={busy} onPress={send}>
            {busy ? words.form.issuing : words.form.issue} <kbd dir="ltr">Ctrl+Enter</kbd>
          </Button>
        </div>
      </form>

      <section className="panel preview" aria-label={words.preview.title} aria-busy={stale}>
        <h2>{words.preview.title}</h2>
        {away ? <Waiting>{words.form.waiting}</Waiting> : null}
        {preview?.bill ? (
          <div className={stale ? 'old' : ''}>
            <Bill debt={preview.bill} />
          </div>
        ) : stale ? (
          <Waiting>{words.preview.computing}</Waiting>
        ) : (
          <p className="empty">{preview ? words.preview.impossible : words.preview.wait}</p>
        )}
      </section>
    </div>
  );
}

function Check({ children, ...rest }: { children: ReactNode; value?: string; isSelected?: boolean; onChange?: (on: boolean) => void }) {
  return (
    <Checkbox className="check" {...rest}>
      <span className="box" aria-hidden="true" />
      {children}
    </Checkbox>
  );
}

function Progress({ state }: { state: Issuing }) {
  const words = useWords();
  switch (state.kind) {
    case 'waiting':
      return (
        <Notice tone="warn" live>
          <Waiting>{words.form.waiting}</Waiting>
        </Notice>
      );
    case 'following':
      return (
        <Notice live>
          <Waiting>{words.form.following}</Waiting>
        </Notice>
      );
    case 'refused':
      return state.detail === '' ? null : (
        <Notice tone="bad" live>
          <Said>{state.detail}</Said>
        </Notice>
      );
    case 'idle':
    case 'sending':
    case 'exists':
      return null;
  }
}

/** 409: the one on record beside what this form asks for, and the way to correct it. */
function Exists({ draft, settlement, back }: { draft: Draft; settlement: Settlement | null; back: () => void }) {
  const words = useWords();
  return (
    <section className="panel exists" aria-labelledby="exists-title">
      <h1 id="exists-title" tabIndex={-1} ref={(heading) => heading?.focus()}>
        {words.exists.title}
      </h1>
      <p>{words.exists.help}</p>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{words.exists.theirs}</th>
            <th scope="col">{words.exists.yours}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{words.form.reading}</th>
            <td>
              {settlement?.facts.reading === undefined || settlement.facts.reading === null ? (
                words.none
              ) : (
                <Figure value={String(settlement.facts.reading)} />
              )}
            </td>
            <td>{draft.source === 'none' ? words.none : <Num>{latinDigits(draft.reading)}</Num>}</td>
          </tr>
          <tr>
            <th scope="row">{words.form.source}</th>
            <td>{settlement ? words.form.sources[settlement.facts.readingSource] : words.none}</td>
            <td>{words.form.sources[draft.source]}</td>
          </tr>
          <tr>
            <th scope="row">{words.form.purpose}</th>
            <td>{settlement ? words.form.purposes[settlement.facts.purpose] : words.none}</td>
            <td>{words.form.purposes[draft.purpose]}</td>
          </tr>
        </tbody>
      </table>
      <p className="buttons">
        {settlement ? (
          <Button className="button primary" onPress={() => go(`/settlements/${settlement.id}`)}>
            {words.exists.open}
          </Button>
        ) : null}
        <Button className="button" onPress={back}>
          {words.exists.back}
        </Button>
      </p>
    </section>
  );
}

/** Fields of the form that show their own errors; findings of the others are listed above the button. */
const FIELDS = [
  'applicant.name',
  'applicant.nationalId',
  'applicant.mobile',
  'newSubscriber.name',
  'newSubscriber.nationalId',
  'newSubscriber.mobile',
  'newSubscriber.from',
  'lateEntry.slip',
  'lateEntry.receivedAt',
];

function isForField({ field, code }: Pick<Found, 'field' | 'code'>): boolean {
  return FIELDS.includes(field) || code === 'READING_REQUIRED' || code === 'READING_INVALID' || code === 'DATE_INVALID';
}

/** What is plainly not filled in, by field: told before anything is sent. */
function missing(
  draft: Draft,
  today: ReturnType<typeof todayInTehran>,
): Record<string, 'required' | 'nationalIdWrong' | 'mobileWrong' | 'lateTimeWrong'> {
  const faults: ReturnType<typeof missing> = {};
  const id = (field: string, typed: string): void => {
    if (typed.trim() === '') faults[field] = 'required';
    else if (onlyDigits(typed).length !== 10) faults[field] = 'nationalIdWrong';
  };
  const phone = (field: string, typed: string): void => {
    if (typed.trim() !== '' && onlyDigits(typed).length < 10) faults[field] = 'mobileWrong';
  };
  if (draft.source !== 'none' && draft.reading.trim() === '') faults['reading'] = 'required';
  if (draft.date.trim() === '') faults['settlementDate'] = 'required';
  if (draft.applicantName.trim().length < 2) faults['applicant.name'] = 'required';
  id('applicant.nationalId', draft.nationalId);
  phone('applicant.mobile', draft.mobile);
  if (draft.newOwner.on) {
    if (draft.newOwner.name.trim().length < 2) faults['newSubscriber.name'] = 'required';
    id('newSubscriber.nationalId', draft.newOwner.nationalId);
    phone('newSubscriber.mobile', draft.newOwner.mobile);
  }
  if (draft.late.on) {
    if (draft.late.slip.trim() === '') faults['lateEntry.slip'] = 'required';
    const day = parseDay(draft.late.day, today);
    if (day === null || instantInTehran(day, draft.late.time) === null) faults['lateEntry.receivedAt'] = 'lateTimeWrong';
  }
  return faults;
}

/** Where the next settlement starts: at the earlier one of the same cycle, else at the last bill. */
function lastReading({ earlierSettlement: earlier, lastBill }: AccountFile): { reading: number; on: string } | null {
  if (earlier !== null && earlier.reading !== null) return { reading: earlier.reading, on: earlier.settlementDate };
  return lastBill && { reading: lastBill.toReading, on: lastBill.toDate };
}

/** The first thing to mend: a field, what a finding asks for, the finding, or what the API said of the whole. */
function focusFirstFault(form: HTMLElement | null): void {
  form
    ?.querySelector<HTMLElement>('[aria-invalid=true], .finding.bad, .finding.warn button:not([data-selected]), .messages .notice')
    ?.focus();
}
