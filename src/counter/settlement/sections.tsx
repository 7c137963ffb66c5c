import { useState } from 'react';
import { Button } from 'react-aria-components';
import { billAddress, call, clearanceAddress, type Settlement } from '../api';
import { useDocumentNames } from '../documents';
import { Bill } from '../bill';
import { clockText } from '../clock';
import type { Happening } from '../events';
import { Findings } from '../desk/findings';
import { Amount, Badge, Figure, Moment, Num, Said, Scroll, type Tone, Trouble, useFigures } from '../parts';
import { useKeys } from '../keys';
import { printBill } from '../print';
import { Link } from '../router';
import { useSession } from '../session';
import { useWords } from '../words';

/** The plan's steps with their times, and the clock of the five minutes. */
export function StorySection({ settlement }: { settlement: Settlement }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { id, steps, receivedAt, announcedAt, elapsedMs, withinTarget, delivery } = settlement;
  return (
    <section className="panel">
      <h2>{words.settlement.story}</h2>
      <ol className="story">
        <li>
          <span>{words.statuses.received}</span> <Moment at={receivedAt} />
        </li>
        {steps.map(({ name, startedAt, endedAt, attempts }) => (
          <li key={name}>
            <span>{words.settlement.steps[name]}</span>{' '}
            <span className="quiet">
              {words.settlement.ms(figures(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt))))}
              {attempts > 1 ? (
                <>
                  {words.and}
                  {words.settlement.attempts(figures(attempts))}
                </>
              ) : null}
            </span>
          </li>
        ))}
        {announcedAt === null ? null : (
          <li>
            <span>{words.statuses.announced}</span> <Moment at={announcedAt} />{' '}
            {elapsedMs === null ? null : (
              <Badge tone={withinTarget === false ? 'bad' : 'good'}>
                <Num>{clockText(elapsedMs)}</Num>
              </Badge>
            )}
          </li>
        )}
        {delivery === null ? null : (
          <li>
            <span>{words.announced.handedTo(delivery.deliveredTo, words.announced.channels[delivery.channel] ?? delivery.channel)}</span>{' '}
            <Moment at={delivery.at} />
          </li>
        )}
      </ol>
      {operator.temporalUi === null ? null : (
        <p>
          <a href={`${operator.temporalUi}${encodeURIComponent(`settlement/${id}`)}`} target="_blank" rel="noreferrer">
            {words.settlement.temporal}
          </a>
        </p>
      )}
    </section>
  );
}

/** What was asked for, by whom, and what was found and confirmed. */
export function FactsSection({ settlement }: { settlement: Settlement }) {
  const words = useWords();
  const figures = useFigures();
  const { facts, clerk, account, predecessor, warnings, errors } = settlement;
  const documents = useDocumentNames(facts.documents.length === 0 ? null : facts.settlementDate);
  const row = (label: string, value: React.ReactNode) => (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
  return (
    <section className="panel">
      <h2>{words.settlement.facts}</h2>
      <dl className="facts">
        {row(words.account.subscription, <Num>{facts.subscription}</Num>)}
        {row(words.form.date, <Num>{facts.settlementDate}</Num>)}
        {row(words.form.reading, facts.reading === null ? words.none : <Figure value={String(facts.reading)} />)}
        {row(words.form.source, words.form.sources[facts.readingSource])}
        {facts.meterState === 'normal' ? null : row(words.form.meterState, words.form.meterStates[facts.meterState])}
        {row(words.form.purpose, words.form.purposes[facts.purpose])}
        {row(
          words.form.applicant,
          <>
            <Said>{facts.applicant.name}</Said> ({words.form.applicants[facts.applicant.kind]})
          </>,
        )}
        {facts.documents.length === 0 ? null : row(words.form.documents, <Said>{documents(facts.documents)}</Said>)}
        {facts.newSubscriber
          ? row(
              words.form.newOwnerTitle,
              <>
                <Said>{facts.newSubscriber.name}</Said>
                {words.and}
                <Num>{facts.newSubscriber.from}</Num>
              </>,
            )
          : null}
        {facts.lateEntry
          ? row(
              words.form.slip,
              <>
                <Num>{facts.lateEntry.slip}</Num> <Moment at={facts.lateEntry.receivedAt} />
              </>,
            )
          : null}
        {row(words.settlement.clerk, <Said>{clerk.name}</Said>)}
        {account ? row(words.account.address, <Said>{figures(account.address)}</Said>) : null}
        {predecessor
          ? row(
              words.settlement.predecessor,
              <>
                <Link to={`/settlements/${predecessor.id}`}>
                  <Num>{predecessor.id}</Num>
                </Link>{' '}
                <Said>{predecessor.reason}</Said>
              </>,
            )
          : null}
      </dl>
      <Findings
        findings={[...errors, ...warnings]}
        reasons={Object.fromEntries(facts.confirmations.map(({ code, reason }) => [code, reason]))}
      />
    </section>
  );
}

/** The valid bill with its lines, its ways to pay, and every revision as a document. */
export function BillSection({ settlement }: { settlement: Settlement }) {
  const words = useWords();
  const figures = useFigures();
  const { id, bill, revision, status, copies } = settlement;
  useKeys(bill === null ? {} : { print: () => printBill(id, { copy: true }) });
  if (bill === null) {
    return (
      <section className="panel">
        <h2>{words.settlement.bill}</h2>
        <p className="empty">{words.settlement.noBill}</p>
      </section>
    );
  }
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>
          {words.settlement.bill} <Num>{bill.number}</Num>
        </h2>
        <Button className="button small" onPress={() => printBill(id, { copy: true })}>
          {words.settlement.copy} <kbd dir="ltr">Alt+P</kbd>
        </Button>
      </div>
      <Bill debt={bill} />
      {bill.payments.length === 0 ? null : (
        <dl className="facts">
          <div>
            <dt>{words.account.billId}</dt>
            <dd>
              <Num>{bill.billId}</Num>
            </dd>
          </div>
          {bill.payments.map(({ paymentId, amount }) => (
            <div key={paymentId}>
              <dt>{words.announced.paymentId}</dt>
              <dd>
                <Num>{paymentId}</Num> (<Amount value={amount} />)
              </dd>
            </div>
          ))}
        </dl>
      )}
      {copies.length === 0 ? null : (
        <details>
          <summary>{words.settlement.copies(figures(copies.length))}</summary>
          <ol className="story">
            {copies.map(({ revision: of, n, by, at }) => (
              <li key={`${of}/${n}`}>
                <span>
                  {words.settlement.copyOf(figures(n), figures(of))} <Said>{by}</Said>
                </span>
                <Moment at={at} />
              </li>
            ))}
          </ol>
        </details>
      )}
      {revision > 1 || status === 'cancelled' ? (
        <>
          <h3>{words.settlement.revisions}</h3>
          <ul className="plain revisions">
            {Array.from({ length: revision }, (_, at) => revision - at).map((n) => (
              <li key={n}>
                <a href={billAddress(id, { revision: n })} target="tasvieh-bill">
                  {words.settlement.revision(figures(n))}
                </a>{' '}
                <Badge tone={n === revision && status !== 'cancelled' ? 'good' : 'bad'}>
                  {n === revision && status !== 'cancelled' ? words.settlement.current : words.settlement.void}
                </Badge>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </section>
  );
}

/** The clearance letter: issued once all is paid; until then what is still owed. */
export function ClearanceSection({
  settlement: { id, bill, paid, status, clearance },
  reload,
}: {
  settlement: Settlement;
  reload: () => void;
}) {
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (bill === null || paid === null || status === 'cancelled' || status === 'rejected') return null;
  const issue = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      // the first asking issues it, with a number; what is shown then is the same letter
      await call('GET', `/settlements/${id}/clearance.pdf`);
      window.open(clearanceAddress(id), '_blank');
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
      reload();
    }
  };
  return (
    <section className="panel" aria-labelledby="clearance-title">
      <div className="panel-head">
        <h2 id="clearance-title">{words.clearance.title}</h2>
        {clearance === null ? (
          <Button className="button small" onPress={() => void issue()} isDisabled={busy}>
            {words.clearance.issue}
          </Button>
        ) : (
          <a className="button small" href={clearanceAddress(id)} target="_blank" rel="noreferrer">
            {words.clearance.open}
          </a>
        )}
      </div>
      {clearance === null ? (
        <p className="quiet">{paid.remaining > 0 ? words.clearance.owed : words.clearance.ready}</p>
      ) : (
        <p>
          <Num>{clearance.number}</Num>
          {words.and}
          <Said>{clearance.by}</Said> <Moment at={clearance.issuedAt} />
        </p>
      )}
      <dl className="facts">
        <div>
          <dt>{words.preview.payable}</dt>
          <dd>
            <Amount value={bill.payable} />
          </dd>
        </div>
        <div>
          <dt>{words.clearance.paid}</dt>
          <dd>
            <Amount value={paid.amount} />
          </dd>
        </div>
        <div>
          <dt>{words.clearance.remaining}</dt>
          <dd>
            <Amount value={paid.remaining} />
          </dd>
        </div>
      </dl>
      {error === null ? null : <Trouble error={error} />}
    </section>
  );
}

const POSTING_TONES: Record<string, Tone> = { taken: 'good', refused: 'bad', late: 'bad', cancelled: 'bad' };

/** What waits for billing, or came on a bill. */
export function PostingsSection({ settlement: { postings } }: { settlement: Settlement }) {
  const words = useWords();
  const figures = useFigures();
  return (
    <section className="panel">
      <h2>{words.settlement.postings}</h2>
      {postings.length === 0 ? (
        <p className="empty">{words.settlement.noPostings}</p>
      ) : (
        <Scroll label={words.settlement.postings}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.settlement.posting}</th>
                <th scope="col">{words.settlement.cycle}</th>
                <th scope="col">{words.settlement.due}</th>
                <th scope="col">{words.settlement.status}</th>
                <th scope="col" className="end">
                  {words.preview.amount}
                </th>
              </tr>
            </thead>
            <tbody>
              {postings.map(({ posting, kind, cycle, dueOn, status, amount, timesLate, reason, billSerial }) => (
                <tr key={posting}>
                  <th scope="row">{words.settlement.postingKinds[kind] ?? kind}</th>
                  <td>{cycle === null ? words.none : <Num>{cycle}</Num>}</td>
                  <td>{dueOn === null ? words.none : <Num>{dueOn}</Num>}</td>
                  <td>
                    <Badge tone={POSTING_TONES[status]}>{words.settlement.postingStatuses[status] ?? status}</Badge>{' '}
                    {timesLate > 0 ? <Badge tone="bad">{words.settlement.timesLate(figures(timesLate))}</Badge> : null}
                    {billSerial === null ? null : <Num>{billSerial}</Num>} {reason === null ? null : <Said>{reason}</Said>}
                  </td>
                  <td className="end">
                    <Amount value={amount} bare />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

/** Everything that was recorded, oldest first. */
export function EventsSection({ events }: { events: readonly Happening[] }) {
  const words = useWords();
  if (events.length === 0) return null;
  return (
    <section className="panel">
      <h2>{words.settlement.events}</h2>
      <ol className="story">
        {[...events]
          .sort((a, b) => a.seq - b.seq)
          .map(({ seq, kind, at }) => (
            <li key={seq}>
              <span>{words.settlement.eventKinds[kind] ?? kind}</span> <Moment at={at} />
            </li>
          ))}
      </ol>
    </section>
  );
}
