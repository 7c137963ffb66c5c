import type { CyclePage } from './api';
import { useLoaded } from './loading';
import { Badge, Num, Scroll, Trouble, useFigures, Waiting } from './parts';
import { useWords } from './words';

const COUNTS = ['due', 'waiting', 'handedOver', 'taken', 'refused', 'late'] as const;

/** The timetable and what of each cycle's postings is still to be done. */
export function Cycles() {
  const words = useWords();
  const figures = useFigures();
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
              </tr>
            </thead>
            <tbody>
              {value.items.map((cycle) => (
                <tr key={cycle.cycle}>
                  <th scope="row">
                    <Num>{cycle.cycle}</Num>
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
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : null}
    </section>
  );
}
