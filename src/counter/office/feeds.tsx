import { type FormEvent, useId, useState } from 'react';
import { Button } from 'react-aria-components';
import { call, type FeedAnswer, type FeedKind, type Feeds, type Found, Refused } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { grouped } from '../digits';
import { useLoaded } from '../loading';
import { Badge, DayField, Moment, Notice, Num, Said, Scroll, Select, Trouble, useFigures, Waiting } from '../parts';
import { useSession } from '../session';
import { useWords } from '../words';

const FAULTS_SHOWN = 100;

/** How old each feed is (R2); billing sends a new file and sees every faulty row of it. */
export function FeedsSection() {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { value, error, reload } = useLoaded<Feeds>('/billing/feeds');
  const { columns } = words.feeds;
  return (
    <section className="panel feeds">
      <h2>{words.feeds.title}</h2>
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {value === null && error === null ? <Waiting /> : null}
      {value?.asked ? <p className="quiet">{words.feeds.asked}</p> : null}
      {value !== null && value.items.length > 0 ? (
        <Scroll label={words.feeds.title}>
          <table className="wide">
            <thead>
              <tr>
                <th scope="col">{columns.kind}</th>
                <th scope="col">{columns.state}</th>
                <th scope="col">{columns.asOf}</th>
                <th scope="col">{columns.loadedAt}</th>
                <th scope="col">{columns.allowed}</th>
              </tr>
            </thead>
            <tbody>
              {value.items.map((feed) => (
                <tr key={feed.kind}>
                  <th scope="row">{words.account.feedKinds[feed.kind]}</th>
                  <td>
                    {feed.stale ? (
                      <Badge tone="bad">{words.feeds.stale}</Badge>
                    ) : feed.loadedAt === null ? (
                      <Badge>{words.feeds.never}</Badge>
                    ) : (
                      <Badge tone="good">{words.feeds.fresh}</Badge>
                    )}
                  </td>
                  <td>{feed.asOf === null ? words.none : <Num>{feed.asOf}</Num>}</td>
                  <td>{feed.loadedAt === null ? words.none : <Moment at={feed.loadedAt} />}</td>
                  <td>{feed.allowedDays === null ? words.none : words.days(figures(feed.allowedDays))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : null}
      {value !== null && !value.asked && operator.role === 'billing' ? <Sending done={reload} /> : null}
    </section>
  );
}

function Sending({ done }: { done: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const id = useId();
  const [kind, setKind] = useState<FeedKind>('bills');
  const [file, setFile] = useState<File | null>(null);
  const [asOf, setAsOf] = useState('');
  const [busy, setBusy] = useState(false);
  const [came, setCame] = useState<FeedAnswer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const day = parseDay(asOf, todayInTehran());
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (file === null || busy) return;
    setBusy(true);
    setError(null);
    setCame(null);
    try {
      const { value } = await call<FeedAnswer>('POST', `/billing/feeds/${kind}${day ? `?asOf=${encodeURIComponent(dayText(day))}` : ''}`, {
        csv: file,
      });
      setCame(value);
      done();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const refused = error instanceof Refused && error.problem.code === 'FEED_REFUSED' ? error.problem : null;
  return (
    <details className="act">
      <summary>{words.feeds.send}</summary>
      <form onSubmit={(event) => void send(event)}>
        <p className="quiet">{words.feeds.sendHelp}</p>
        <div className="form-grid">
          <Select
            label={words.feeds.columns.kind}
            value={kind}
            onChange={setKind}
            options={words.account.feedKinds as Record<FeedKind, string>}
          />
          <div className="field">
            <label htmlFor={id}>{words.feeds.file}</label>
            <input id={id} type="file" accept=".csv,text/csv" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
          </div>
          <DayField label={words.feeds.asOf} value={asOf} onChange={setAsOf} help={words.feeds.asOfHelp} optional />
        </div>
        <Button type="submit" className="button primary" isDisabled={busy || file === null || (asOf !== '' && day === null)}>
          {busy ? words.loading : words.feeds.sendDo}
        </Button>
        {came === null ? null : (
          <Notice tone="good" live>
            {words.feeds.came(
              figures(grouped(came.rows)),
              figures(grouped(came.inserted)),
              figures(grouped(came.updated)),
              figures(grouped(came.unchanged)),
            )}
          </Notice>
        )}
        {error === null ? null : refused === null ? <Trouble error={error} /> : <Faults faults={refused.errors} counts={refused.counts} />}
      </form>
    </details>
  );
}

/** The faulty rows with number, column and what is wrong; `counts` where there are more than are listed. */
function Faults({ faults, counts }: { faults: readonly Found[]; counts: Record<string, number> | undefined }) {
  const words = useWords();
  const figures = useFigures();
  const [shown, setShown] = useState(FAULTS_SHOWN);
  const { columns } = words.feeds;
  return (
    <>
      <Notice tone="bad" live>
        {words.feeds.refused(figures(grouped(counts ? Object.values(counts).reduce((sum, count) => sum + count, 0) : faults.length)))}
        {counts ? ` ${words.feeds.firstOnly(figures(grouped(faults.length)))}` : ''}
      </Notice>
      <Scroll label={words.feeds.faults}>
        <table>
          <thead>
            <tr>
              <th scope="col">{columns.row}</th>
              <th scope="col">{columns.column}</th>
              <th scope="col">{columns.fault}</th>
              <th scope="col">{columns.code}</th>
            </tr>
          </thead>
          <tbody>
            {faults.slice(0, shown).map(({ row, column, code, message }, n) => (
              <tr key={n}>
                <th scope="row">
                  <Num>{row ?? ''}</Num>
                </th>
                <td>
                  <Num>{column ?? ''}</Num>
                </td>
                <td>
                  <Said>{figures(message)}</Said>
                </td>
                <td className="quiet">
                  <Num>{code}</Num>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {shown < faults.length ? (
        <Button className="button small" onPress={() => setShown(shown + FAULTS_SHOWN * 5)}>
          {words.more}
        </Button>
      ) : null}
    </>
  );
}
