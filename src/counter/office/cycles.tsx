import { type Cycle, type CyclePage } from '../api';
import { useLoaded } from '../loading';
import { Badge, Num, Scroll, Trouble, useFigures, Waiting } from '../parts';
import { ROOT } from '../root';
import { Link } from '../router';
import { useSession } from '../session';
import { useWords } from '../words';
import { FeedsSection } from './feeds';

const COUNTS = ['due', 'waiting', 'handedOver', 'taken', 'refused', 'late'] as const;

/** The timetable and what of each cycle's postings is still to be done. */
export default function Cycles() {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const billing = operator.role === 'billing';
  const { value, error, reload } = useLoaded<CyclePage>('/billing/cycles');
  const { columns, states } = words.cycles;
  return (
    <section className="list">
      <h1>{words.cycles.title}</h1>
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {value === null && error === null ? <Waiting /> : null}
      {value?.items.length === 0 ? <p className="empty">{words.cycles.empty}</p> : null}
      {value !== null && value.items.length > 0 ? (
        <Scroll label={words.cycles.title}>
          <table className="wide">
            <thead>
              <tr>
                <th scope="col">{columns.cycle}</th>
                <th scope="col">{columns.state}</th>
                <th scope="col">{columns.span}</th>
                <th scope="col">{columns.closesOn}</th>
                <th scope="col">{columns.issuesOn}</th>
                {COUNTS.map((name) => (
                  <th key={name} scope="col" className="end">
                    {columns[name]}
                  </th>
                ))}
                {billing ? <th scope="col">{columns.batches}</th> : null}
              </tr>
            </thead>
            <tbody>
              {value.items.map((cycle) => (
                <tr key={cycle.cycle}>
                  <th scope="row">
                    {billing || operator.role === 'supervisor' ? (
                      <Link
                        to={`/unsent?cycle=${encodeURIComponent(cycle.cycle)}`}
                        aria-label={words.cycles.unsentOf(figures(cycle.cycle))}
                      >
                        <Num>{cycle.cycle}</Num>
                      </Link>
                    ) : (
                      <Num>{cycle.cycle}</Num>
                    )}
                  </th>
                  <td>
                    <Badge tone={cycle.state === 'open' ? 'good' : undefined}>{states[cycle.state]}</Badge>
                  </td>
                  <td>
                    <Num>{cycle.fromDate}</Num> {words.preview.to} <Num>{cycle.toDate}</Num>
                  </td>
                  <td>
                    <Num>{cycle.closesOn}</Num>
                  </td>
                  <td>
                    <Num>{cycle.issuesOn}</Num>
                  </td>
                  {COUNTS.map((name) => (
                    <td key={name} className={`end ${(name === 'late' || name === 'refused') && cycle.counts[name] > 0 ? 'bad-text' : ''}`}>
                      {cycle.counts[name] === 0 ? <span className="quiet">{figures(0)}</span> : figures(cycle.counts[name])}
                    </td>
                  ))}
                  {billing ? (
                    <td>
                      <Batches cycle={cycle} />
                    </td>
                  ) : null}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : null}
      <FeedsSection />
    </section>
  );
}

/** The frozen batches as files; the newest is frozen only when it is fetched. */
function Batches({ cycle: { cycle, batches, state, counts } }: { cycle: Cycle }) {
  const words = useWords();
  const figures = useFigures();
  const root = `${ROOT}/billing/cycles/${encodeURIComponent(cycle)}/postings`;
  const numbers = Array.from({ length: batches }, (_, n) => n + 1);
  return (
    <span className="batches">
      {numbers.map((n) => (
        <span key={n}>
          {words.cycles.batch(figures(n))}{' '}
          <a
            href={`${root}?batch=${n}`}
            target="_blank"
            rel="noreferrer"
            aria-label={words.cycles.batchAs(figures(cycle), figures(n), 'JSON')}
          >
            JSON
          </a>{' '}
          <a href={`${root}?batch=${n}&format=csv`} download aria-label={words.cycles.batchAs(figures(cycle), figures(n), 'CSV')}>
            CSV
          </a>
        </span>
      ))}
      {state === 'open' && counts.handedOver > 0 ? (
        <a href={`${root}?format=csv`} download>
          {words.cycles.nextBatch}
        </a>
      ) : batches === 0 ? (
        <span className="quiet">{words.none}</span>
      ) : null}
    </span>
  );
}
