import { useState } from 'react';
import { Button } from 'react-aria-components';
import { type Indicators as One, type IndicatorsOf, type Person } from '../api';
import { clockText, TARGET_MS } from '../clock';
import { dayOfInstant, dayText, parseDay, timeOfInstant, todayInTehran } from '../dates';
import { grouped } from '../digits';
import { useLoaded } from '../loading';
import { Badge, DayField, Field, Num, Scroll, Select, Trouble, useFigures, Waiting } from '../parts';
import { ROOT } from '../root';
import { go, Link, useAddress } from '../router';
import { useSession } from '../session';
import { useWords } from '../words';
import { Chart } from './chart';
import { csvOf, saveFile } from './csv';

/** In the place of an office: the system itself. */
const EVERYWHERE = '*';

const GROUPS = ['day', 'month', 'office', 'clerk', 'cycle'] as const;
type Group = (typeof GROUPS)[number];

/** K1 to K5 and the risks of a period (plan), each with its chart, the figures behind it and the settlements behind those. */
export default function Indicators() {
  const words = useWords();
  const { operator } = useSession();
  const { searchParams } = useAddress();
  const oneOffice = operator.role === 'supervisor';
  const named = useLoaded<{ items: Person[] }>(operator.role === 'supervisor' || operator.role === 'admin' ? '/people?limit=200' : null);
  const by: Group = GROUPS.find((group) => group === searchParams.get('by')) ?? 'day';
  const query = new URLSearchParams();
  for (const name of ['from', 'to', 'office']) {
    const value = searchParams.get(name);
    if (value) query.set(name, value);
  }
  const total = useLoaded<IndicatorsOf>(`/indicators?${query.toString()}`);
  const each = useLoaded<IndicatorsOf>(`/indicators?${new URLSearchParams([...query, ['by', by]]).toString()}`);
  const all = total.value?.items[0];
  const error = total.error ?? each.error;
  const nameOf = (group: string): string => {
    if (group === '') return words.unsent.noCycle;
    if (by === 'clerk') return named.value?.items.find(({ id }) => id === group)?.name ?? group;
    return by === 'office' ? words.office(group) : group;
  };
  return (
    <section className="list indicators">
      <div className="list-head">
        <h1>{words.indicators.title}</h1>
        <Filters key={query.toString()} by={by} oneOffice={oneOffice} period={total.value} />
      </div>
      {error === null ? null : (
        <Trouble
          error={error}
          retry={() => {
            total.reload();
            each.reload();
          }}
        />
      )}
      {all === undefined ? error === null ? <Waiting /> : null : <Cards all={all} of={total.value as IndicatorsOf} />}
      {total.value === null ? null : <Risks of={total.value} />}
      {total.value === null || total.value.outages.length === 0 ? null : <Outages of={total.value} />}
      {each.value === null || all === undefined ? null : (
        <Charts all={all} items={each.value.items} of={each.value} by={by} nameOf={nameOf} />
      )}
      {each.value === null ? null : <Figures items={each.value.items} of={each.value} by={by} nameOf={nameOf} />}
      <p className="quiet small-print">{words.indicators.how}</p>
    </section>
  );
}

function Filters({ by, oneOffice, period }: { by: Group; oneOffice: boolean; period: IndicatorsOf | null }) {
  const words = useWords();
  const figures = useFigures();
  const { searchParams } = useAddress();
  const [from, setFrom] = useState<string | null>(searchParams.get('from'));
  const [to, setTo] = useState<string | null>(searchParams.get('to'));
  const [office, setOffice] = useState(searchParams.get('office') ?? '');
  const now = todayInTehran();
  const apply = (change: Record<string, string>): void => {
    const next = new URLSearchParams(searchParams);
    for (const [name, value] of Object.entries(change)) {
      if (value === '') next.delete(name);
      else next.set(name, value);
    }
    go(`/indicators?${next.toString()}`, { replace: true });
  };
  const day = (name: 'from' | 'to', typed: string, set: (typed: string) => void): void => {
    set(typed);
    const parsed = typed.length >= 8 ? parseDay(typed, now) : null;
    if (parsed && dayText(parsed) !== searchParams.get(name)) apply({ [name]: dayText(parsed) });
  };
  const month = (back: number): void => {
    const first = now.set({ day: 1 }).subtract({ months: back });
    apply({ from: dayText(first), to: dayText(back === 0 ? now : first.add({ months: 1 }).subtract({ days: 1 })) });
  };
  return (
    <search className="filters" aria-label={words.list.filters}>
      <DayField
        label={words.list.from}
        value={figures(from ?? period?.from ?? '')}
        onChange={(typed) => day('from', typed, setFrom)}
        help=""
      />
      <DayField label={words.list.to} value={figures(to ?? period?.to ?? '')} onChange={(typed) => day('to', typed, setTo)} help="" />
      <Select label={words.indicators.by} value={by} onChange={(value) => apply({ by: value })} options={words.indicators.groups} />
      {oneOffice ? null : (
        <Field
          label={words.people.columns.office}
          value={office}
          onChange={setOffice}
          onBlur={() => apply({ office: office.trim() })}
          figures
          optional
          maxLength={20}
        />
      )}
      <Button className="button small bare" onPress={() => month(0)}>
        {words.indicators.thisMonth}
      </Button>
      <Button className="button small bare" onPress={() => month(1)}>
        {words.indicators.lastMonth}
      </Button>
    </search>
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(share > 0.995 && share < 1 ? 1 : 0)}%`;

/** The settlements behind a figure: the same period and office, only what was counted. */
function settlementsOf(of: Pick<IndicatorsOf, 'from' | 'to' | 'office'>, more: Record<string, string> = {}): string {
  return `/settlements?${new URLSearchParams({ from: of.from, to: of.to, ...(of.office !== null && { office: of.office }), ...more }).toString()}`;
}

function Cards({ all, of }: { all: One; of: IndicatorsOf }) {
  const words = useWords();
  const { operator } = useSession();
  const figures = useFigures();
  const { cards } = words.indicators;
  const share = (value: number | null): string => (value === null ? words.none : figures(percent(value)));
  const n = (value: number): string => figures(grouped(value));
  return (
    <ul className="cards plain">
      <li className="panel">
        <h2>{cards.k1}</h2>
        <p className="big">
          <Num>{share(all.k1.share)}</Num>
        </p>
        <p className="quiet">
          {cards.k1Of(n(all.k1.onTime), n(all.k1.requests))}
          {words.and}
          {cards.median}: <Num>{all.k1.medianMs === null ? words.none : clockText(all.k1.medianMs)}</Num>
        </p>
        {all.k1.requests > all.k1.onTime ? (
          <Link to={settlementsOf(of, { only: 'late' })}>{cards.lateOnes(n(all.k1.requests - all.k1.onTime))}</Link>
        ) : null}
      </li>
      <li className="panel">
        <h2>{cards.k2}</h2>
        <p className="big">
          <Num>{share(all.k2.share)}</Num>
        </p>
        <p className="quiet">{cards.k2Of(n(all.k2.inTime), n(all.k2.due))}</p>
        {of.risks.unsent > 0 && operator.role === 'supervisor' ? <Link to="/unsent">{words.unsent.title}</Link> : null}
      </li>
      <li className="panel">
        <h2>{cards.k3}</h2>
        <p className="big">
          <Num>{share(all.k3.share)}</Num>
        </p>
        <p className="quiet">{cards.k3Of(n(all.k3.correct), n(all.k3.announced))}</p>
        {all.k3.announced > all.k3.correct ? (
          <Link to={settlementsOf(of, { only: 'withError' })}>{cards.withError(n(all.k3.announced - all.k3.correct))}</Link>
        ) : null}
      </li>
      <li className="panel">
        <h2>{cards.k4}</h2>
        <p className="big">
          <Num>{n(all.k4.corrections)}</Num>
        </p>
        <p className="quiet">{cards.k4Of(n(all.k4.withdrawn))}</p>
      </li>
      <li className="panel">
        <h2>{cards.k5}</h2>
        <p className="big">
          <Num>{n(all.k5)}</Num>
        </p>
        <p className="quiet">{cards.lateEntries(n(all.k1.lateEntries))}</p>
        {all.k5 > 0 ? <Link to={settlementsOf(of)}>{words.nav.settlements}</Link> : null}
      </li>
    </ul>
  );
}

/** What the plan calls risks, as they stand. */
function Risks({ of }: { of: IndicatorsOf }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { risks } = words.indicators;
  const rows: [string, number, string | null][] = [
    [risks.lateEntries, of.risks.lateEntries, settlementsOf(of, { only: 'lateEntry' })],
    [risks.lateEntryDays, of.risks.lateEntryDays, null],
    [risks.outages, of.risks.outages, null],
    [risks.staleFeeds, of.risks.staleFeeds, operator.role === 'approver' ? null : '/cycles'],
    [risks.onStaleData, of.risks.onStaleData, null],
    [risks.unsent, of.risks.unsent, operator.role === 'supervisor' ? '/unsent' : null],
    [risks.unsentLate, of.risks.unsentLate, operator.role === 'supervisor' ? '/unsent' : null],
    [risks.overdueTasks, of.risks.overdueTasks, '/tasks?whose=all&state=overdue'],
  ];
  return (
    <section className="panel" aria-labelledby="risks-title">
      <h2 id="risks-title">{risks.title}</h2>
      <dl className="facts">
        {rows.map(([name, count, to]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Badge tone={count > 0 ? 'warn' : 'good'}>{figures(grouped(count))}</Badge>{' '}
              {count > 0 && to !== null ? <Link to={to}>{words.indicators.show}</Link> : null}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The silences that were noticed, the newest first. */
function Outages({ of }: { of: IndicatorsOf }) {
  const words = useWords();
  const figures = useFigures();
  const { outages } = words.indicators;
  const { columns } = outages;
  return (
    <div className="panel stacked">
      <h2>
        {outages.title}{' '}
        {of.outages.length < of.risks.outages ? <span className="quiet">({outages.latest(figures(of.outages.length))})</span> : null}
      </h2>
      <p className="quiet">{outages.help}</p>
      <Scroll label={outages.title}>
        <table>
          <thead>
            <tr>
              {[columns.office, columns.day, columns.from, columns.to].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col" className="end">
                {columns.minutes}
              </th>
            </tr>
          </thead>
          <tbody>
            {of.outages.map(({ office, from, to, minutes }) => (
              <tr key={`${office} ${from}`}>
                <th scope="row">{office === EVERYWHERE ? outages.everywhere : <bdi>{words.office(figures(office))}</bdi>}</th>
                <td>
                  <Num>{figures(dayOfInstant(from))}</Num>
                </td>
                <td>
                  <Num>{figures(timeOfInstant(from))}</Num>
                </td>
                <td>{to === null ? <Badge tone="warn">{outages.lasting}</Badge> : <Num>{figures(timeOfInstant(to))}</Num>}</td>
                <td className="end">{figures(grouped(minutes))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

interface Grouped {
  items: readonly One[];
  of: IndicatorsOf;
  by: Group;
  nameOf: (group: string) => string;
}

/** The settlements of one group; a cycle's stand in no filter of the list. */
function drill({ of, by }: Pick<Grouped, 'of' | 'by'>, group: string, more: Record<string, string> = {}): string | null {
  switch (by) {
    case 'day':
      return settlementsOf({ ...of, from: group, to: group }, more);
    case 'month': {
      const first = parseDay(`${group}/01`, todayInTehran());
      if (first === null) return null;
      const last = dayText(first.add({ months: 1 }).subtract({ days: 1 }));
      const from = dayText(first);
      return settlementsOf({ ...of, from: from < of.from ? of.from : from, to: last > of.to ? of.to : last }, more);
    }
    case 'office':
      return settlementsOf({ ...of, office: group }, more);
    case 'clerk':
      return settlementsOf(of, { clerk: group, ...more });
    case 'cycle':
      return null;
  }
}

function Charts({ all, items, of, by, nameOf }: Grouped & { all: One }) {
  const words = useWords();
  const { charts } = words.indicators;
  const short = (group: string): string => (by === 'day' ? group.slice(5) : nameOf(group));
  const groups = items.map(({ group }) => short(group ?? ''));
  const open =
    (more: Record<string, string> = {}) =>
    (at: number): void => {
      const to = drill({ of, by }, items[at]?.group ?? '', more);
      if (to !== null) go(to);
    };
  const counts = (values: Partial<Record<string, number>>, names: Record<string, string>): { names: string[]; values: number[] } => {
    const sorted = Object.entries(values)
      .filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0)
      .sort((a, b) => b[1] - a[1]);
    return { names: sorted.map(([name]) => names[name] ?? name), values: sorted.map(([, count]) => count) };
  };
  const causes = counts(all.k4.byCause, words.corrections.causes);
  const kinds = counts(all.k4.byKind, words.corrections.kinds);
  return (
    <div className="charts">
      <Chart
        title={charts.onTime}
        groups={groups}
        series={[{ name: charts.share, values: items.map(({ k1 }) => k1.share) }]}
        format={percent}
        top={1}
        open={open({ only: 'late' })}
      />
      <Chart
        title={charts.time}
        groups={groups}
        series={[
          { name: words.indicators.cards.median, values: items.map(({ k1 }) => k1.medianMs) },
          { name: charts.p95, values: items.map(({ k1 }) => k1.p95Ms) },
        ]}
        format={clockText}
        least={2_000}
        mark={{ at: TARGET_MS, name: charts.target }}
        open={open()}
      />
      <Chart
        title={charts.announced}
        groups={groups}
        series={[{ name: charts.number, values: items.map(({ k5 }) => k5) }]}
        format={(value) => grouped(Math.round(value))}
        open={open()}
      />
      <Chart
        title={charts.fees}
        groups={groups}
        series={[{ name: charts.share, values: items.map(({ k2 }) => k2.share) }]}
        format={percent}
        top={1}
      />
      <Chart
        title={charts.causes}
        groups={causes.names}
        series={[{ name: charts.number, values: causes.values }]}
        format={(value) => grouped(Math.round(value))}
      />
      <Chart
        title={charts.kinds}
        groups={kinds.names}
        series={[{ name: charts.number, values: kinds.values }]}
        format={(value) => grouped(Math.round(value))}
      />
    </div>
  );
}

/** Every figure of every group, to look up, to follow and to take along. */
function Figures({ items, of, by, nameOf }: Grouped) {
  const words = useWords();
  const figures = useFigures();
  const { table } = words.indicators;
  const shown = items.filter(({ k1, k2, k4, k5 }) => k1.requests + k1.lateEntries + k2.due + k4.corrections + k5 > 0);
  const save = (): void => {
    const rows = items.map(({ group, k1, k2, k3, k4, k5 }) => [
      group ?? '',
      nameOf(group ?? ''),
      k1.requests,
      k1.onTime,
      k1.share,
      k1.medianMs,
      k1.p95Ms,
      k1.atRisk,
      k1.lateEntries,
      k2.due,
      k2.inTime,
      k2.late,
      k2.share,
      k3.announced,
      k3.correct,
      k3.share,
      k4.corrections,
      k4.withdrawn,
      k5,
    ]);
    const head = [
      'group',
      'name',
      'k1.requests',
      'k1.onTime',
      'k1.share',
      'k1.medianMs',
      'k1.p95Ms',
      'k1.atRisk',
      'k1.lateEntries',
      'k2.due',
      'k2.inTime',
      'k2.late',
      'k2.share',
      'k3.announced',
      'k3.correct',
      'k3.share',
      'k4.corrections',
      'k4.withdrawn',
      'k5.announcements',
    ];
    saveFile(`indicators-${by}-${of.from}-${of.to}.csv`.replaceAll('/', ''), csvOf([head, ...rows]));
  };
  const n = (value: number) => (
    <td className="end">{value === 0 ? <span className="quiet">{figures(0)}</span> : figures(grouped(value))}</td>
  );
  const part = (value: number | null) => <td className="end">{value === null ? words.none : <Num>{percent(value)}</Num>}</td>;
  return (
    <>
      <div className="table-head spread">
        <h2>{table.title}</h2>
        <span className="badges">
          <Button className="button small" onPress={save}>
            {words.csv}
          </Button>
          <a
            className="button small"
            href={`${ROOT}/indicators?${new URLSearchParams({ from: of.from, to: of.to, by, format: 'xlsx', ...(of.office !== null && { office: of.office }) }).toString()}`}
            download
          >
            XLSX
          </a>
        </span>
      </div>
      {shown.length === 0 ? (
        <p className="empty">{words.indicators.nothing}</p>
      ) : (
        <Scroll label={table.title}>
          <table className="wide">
            <thead>
              <tr>
                <th scope="col">{words.indicators.groups[by]}</th>
                {[
                  table.announced,
                  table.onTime,
                  table.late,
                  words.indicators.cards.median,
                  table.errors,
                  table.correct,
                  table.due,
                  table.inTime,
                ].map((name) => (
                  <th key={name} scope="col" className="end">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(({ group, k1, k2, k3, k4, k5 }) => {
                const to = drill({ of, by }, group ?? '');
                const late = k1.requests - k1.onTime;
                const toLate = drill({ of, by }, group ?? '', { only: 'late' });
                return (
                  <tr key={group}>
                    <th scope="row">
                      {to === null ? (
                        <bdi>{figures(nameOf(group ?? ''))}</bdi>
                      ) : (
                        <Link to={to}>
                          <bdi>{figures(nameOf(group ?? ''))}</bdi>
                        </Link>
                      )}
                    </th>
                    {n(k5)}
                    {part(k1.share)}
                    <td className="end">
                      {late > 0 && toLate !== null ? (
                        <Link to={toLate}>{figures(late)}</Link>
                      ) : (
                        <span className={late > 0 ? 'bad-text' : 'quiet'}>{figures(late)}</span>
                      )}
                    </td>
                    <td className="end">{k1.medianMs === null ? words.none : <Num>{clockText(k1.medianMs)}</Num>}</td>
                    {n(k4.corrections)}
                    {part(k3.share)}
                    {n(k2.due)}
                    {part(k2.share)}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  );
}
