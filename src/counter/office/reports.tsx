import { useState } from 'react';
import { post, type Report } from '../api';
import { todayInTehran } from '../dates';
import { useLoaded, useOften } from '../loading';
import { Badge, Moment, Notice, Num, Said, Scroll, Select, Trouble, useFigures, Waiting } from '../parts';
import { Act } from '../settlement/act';
import { useWords } from '../words';

/** Making one takes seconds. */
const LOOK_MS = 3_000;
/** Months that may be asked for; older ones are in the list when they were made. */
const MONTHS = 24;

/** The monthly quality reports with every edition; one that was asked for appears when it is made. */
export default function Reports() {
  const words = useWords();
  const figures = useFigures();
  const { value, error, reload } = useLoaded<{ items: Report[] }>('/reports');
  const [ordered, setOrdered] = useState<{ month: string; edition: number } | null>(null);
  const items = value?.items ?? [];
  const awaited = ordered !== null && !items.some(({ month, edition }) => month === ordered.month && edition === ordered.edition);
  useOften(() => {
    if (awaited) reload();
  }, LOOK_MS);
  const months = [...new Set([...items.map(({ month }) => month), ...overMonths()])].sort().reverse();
  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.reports.title}</h1>
        <p className="quiet">{words.reports.help}</p>
      </div>
      <div className="panel">
        <Making months={months} items={items} heard={setOrdered} done={reload} />
      </div>
      {ordered === null ? null : (
        <Notice tone={awaited ? 'info' : 'good'} live>
          {awaited ? (
            <Waiting>{words.reports.making(figures(ordered.month), figures(ordered.edition))}</Waiting>
          ) : (
            words.reports.made(figures(ordered.month), figures(ordered.edition))
          )}
        </Notice>
      )}
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {value === null && error === null ? <Waiting /> : null}
      {value !== null && items.length === 0 ? <p className="empty">{words.reports.empty}</p> : null}
      {items.length === 0 ? null : <Table items={items} />}
    </section>
  );
}

/** Jalali months `yyyy/mm` that are over, the last one first. */
function overMonths(): string[] {
  const { year, month } = todayInTehran();
  return Array.from({ length: MONTHS }, (_, back) => {
    const n = year * 12 + month - 2 - back;
    return `${Math.floor(n / 12)}/${String((n % 12) + 1).padStart(2, '0')}`;
  });
}

/** A month anew: what there is stays, so one says twice that it is meant. */
function Making({
  months,
  items,
  heard,
  done,
}: {
  months: readonly string[];
  items: readonly Report[];
  heard: (ordered: { month: string; edition: number }) => void;
  done: () => void;
}) {
  const words = useWords();
  const figures = useFigures();
  const [chosen, setChosen] = useState('');
  const [sure, setSure] = useState(false);
  const month = chosen === '' ? (months[0] ?? '') : chosen;
  const last = items.find((each) => each.month === month)?.edition ?? 0;
  const perform = async (): Promise<void> => {
    heard(await post<{ month: string; edition: number }>(`/reports/${month.replace('/', '-')}`, undefined));
    setSure(false);
  };
  return (
    <Act
      title={words.reports.make}
      help={words.reports.makeHelp}
      label={words.reports.makeDo}
      ready={month !== '' && sure}
      perform={perform}
      done={done}
    >
      <div className="form-grid">
        <Select
          label={words.actions.month}
          value={month}
          onChange={(next) => {
            setChosen(next);
            setSure(false);
          }}
          options={Object.fromEntries(months.map((each) => [each, figures(each)]))}
        />
      </div>
      <label className="check plain-check">
        <input type="checkbox" checked={sure} onChange={(event) => setSure(event.target.checked)} />
        {last === 0 ? words.reports.sureFirst(figures(month)) : words.reports.sure(figures(month), figures(last + 1))}
      </label>
    </Act>
  );
}

function Table({ items }: { items: readonly Report[] }) {
  const words = useWords();
  const figures = useFigures();
  const { columns } = words.reports;
  return (
    <Scroll label={words.reports.title}>
      <table className="wide">
        <thead>
          <tr>
            <th scope="col">{columns.month}</th>
            <th scope="col">{columns.edition}</th>
            <th scope="col">{columns.files}</th>
            <th scope="col">{columns.madeAt}</th>
            <th scope="col">{columns.madeBy}</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ month, edition, madeAt, madeBy, pdf, xlsx }, at) => (
            <tr key={pdf}>
              <th scope="row">
                <Num>{month}</Num>
              </th>
              <td>
                <Num>{edition}</Num>{' '}
                {items[at - 1]?.month === month ? (
                  <Badge>{words.reports.earlier}</Badge>
                ) : (
                  <Badge tone="good">{words.reports.newest}</Badge>
                )}
              </td>
              <td>
                <span className="apart">
                  <a
                    className="button small"
                    href={pdf}
                    target="_blank"
                    rel="noreferrer"
                    aria-label={words.reports.fileOf('PDF', figures(month), figures(edition))}
                  >
                    PDF
                  </a>
                  <a
                    className="button small"
                    href={xlsx}
                    download
                    aria-label={words.reports.fileOf('XLSX', figures(month), figures(edition))}
                  >
                    XLSX
                  </a>
                </span>
              </td>
              <td>
                <Moment at={madeAt} />
              </td>
              <td>{madeBy === null ? <span className="quiet">{words.reports.schedule}</span> : <Said>{madeBy}</Said>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
