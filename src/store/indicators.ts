import type { Pool } from 'pg';
import type { CorrectionCause, CorrectionKind } from '../domain/correction.js';
import { type IndicatorCounts, type IndicatorGroup, type IndicatorQuery, NOTHING_COUNTED, type RiskCounts } from '../domain/indicators.js';
import { type JalaliDate, addDays, daysBetween, startOfDayInTehran } from '../domain/jalali.js';
import { inTransaction } from './pool.js';

export type IndicatorStore = ReturnType<typeof createIndicatorStore>;

type Grouped<R> = R & { group: string | null };

/** Counts by the database; what they mean is in domain/indicators.ts. */
export function createIndicatorStore(pool: Pool) {
  const within = ({ from, to }: Pick<IndicatorQuery, 'from' | 'to'>): [string, string] => [startOfDayInTehran(from), startOfDayInTehran(addDays(to, 1))];

  return {
    /** The counts of each group that has any (of each day or month), in the group's order; one row of group null without one. */
    async counts(query: IndicatorQuery): Promise<{ group: string | null; counts: IndicatorCounts }[]> {
      const { from, to, office, by } = query;
      const periods = by === 'day' || by === 'month' ? periodsOf(from, to, by) : null;
      const rows = async <R>(sql: string, groups = '1'): Promise<Grouped<R>[]> =>
        counted(pool, `${sql} group by ${groups}`, [...within(query), office, ...(periods ? [periods.names, periods.starts] : [])]);
      const ofPeriod = `s.received_at >= $1 and s.received_at < $2 and ($3::text is null or s.office = $3)`;
      const first = by === 'cycle' ? FIRST_CYCLE : '';
      const [announced, times, errors, k2, k4] = await Promise.all([
        rows<Partial<IndicatorCounts>>(
          `select ${groupAt(by, 's.received_at')} as "group",
             count(*) filter (where not s.late_entry and (s.announced_at is not null or s.breached_at is not null)) as requests,
             count(*) filter (where not s.late_entry and s.within_target) as "onTime",
             count(*) filter (where not s.late_entry and s.at_risk_at is not null) as "atRisk",
             count(*) filter (where s.late_entry and s.announced_at is not null) as "lateEntries",
             count(*) filter (where s.late_entry and s.within_target) as "lateEntriesOnTime",
             count(*) filter (where s.announced_at is not null) as announcements
           from app.settlements s ${first} where ${ofPeriod}`,
        ),
        // apart: what is counted can be counted by several at once, what is sorted cannot
        rows<{ at: [number, number] }>(
          // as an expression: in the order of an index by office a year would be read row by row
          `select ${groupAt(by, 's.received_at')} || '' as "group", percentile_cont(array[0.5, 0.95]) within group (order by s.elapsed_ms) as at
           from app.settlements s ${first} where ${ofPeriod} and not s.late_entry and s.elapsed_ms is not null`,
        ),
        rows<Pick<IndicatorCounts, 'announcedWithError'>>(
          `select ${groupAt(by, 's.received_at')} as "group", count(*) as "announcedWithError"
           from (select distinct settlement_id from app.corrections where status <> 'withdrawn' and reported_at >= $1) e join app.settlements s on s.id = e.settlement_id ${first}
           where ${ofPeriod} and s.announced_at is not null`,
        ),
        counted<Pick<IndicatorCounts, 'due' | 'taken'>>(
          pool,
          // a posting is due once in each cycle that it was to be taken in
          `select "group", sum(due)::bigint as due, sum(taken)::bigint as taken
           from (select ${groupDue(by, 'p.cycle', 'p.due_on')} as "group", count(*) as due, count(*) as taken from app.postings p
               where p.status = 'taken' and p.due_on between $1 and $2 and ($3::text is null or p.office = $3) group by 1
             union all
             select ${groupDue(by, 'm.from_cycle', 'm.due_on')}, count(*), 0 from app.posting_moves m join app.postings p using (posting)
               where m.why = 'late' and m.due_on between $1 and $2 and ($3::text is null or p.office = $3) group by 1) as d group by 1`,
          [from, to, office],
        ),
        rows<{ kind: CorrectionKind; cause: CorrectionCause; corrections: number; withdrawn: number }>(
          `select ${groupAt(by, 'c.reported_at')} as "group", c.kind, c.cause,
             count(*) filter (where c.status <> 'withdrawn') as corrections, count(*) filter (where c.status = 'withdrawn') as withdrawn
           from app.corrections c join app.settlements s on s.id = c.settlement_id ${first}
           where c.reported_at >= $1 and c.reported_at < $2 and ($3::text is null or s.office = $3)`,
          '1, 2, 3',
        ),
      ]);
      const groups = new Map<string | null, IndicatorCounts>((periods?.names ?? (by === null ? [null] : [])).map((name) => [name, NOTHING_COUNTED]));
      const so = (group: string | null): IndicatorCounts => groups.get(group) ?? NOTHING_COUNTED;
      const quantiles = times.map(({ group, at: [medianMs, p95Ms] }) => ({ group, medianMs: Math.round(medianMs), p95Ms: Math.round(p95Ms) }));
      for (const { group, ...counts } of [...announced, ...quantiles, ...errors, ...k2]) groups.set(group, { ...so(group), ...counts });
      for (const { group, kind, cause, corrections, withdrawn } of k4) {
        const { byKind, byCause, ...counts } = so(group);
        groups.set(group, {
          ...counts,
          corrections: counts.corrections + corrections,
          withdrawn: counts.withdrawn + withdrawn,
          byKind: { ...byKind, [kind]: (byKind[kind] ?? 0) + corrections },
          byCause: { ...byCause, [cause]: (byCause[cause] ?? 0) + corrections },
        });
      }
      return [...groups].map(([group, counts]) => ({ group, counts })).sort((a, b) => ((a.group ?? '') < (b.group ?? '') ? -1 : 1));
    },

    /** The risks: of the period, and what is unsent and overdue now. */
    async risks(query: Omit<IndicatorQuery, 'by'>): Promise<RiskCounts> {
      const { rows } = await pool.query<RiskCounts>(
        `select l.slips as "lateEntries", l.outages,
           (select count(*) from app.settlements s where s.received_at >= $1 and s.received_at < $2 and ($3::text is null or s.office = $3)
             and s.announced_at is not null and s.warnings @> '[{"code": "STALE_FEED"}]') as "onStaleData",
           u.unsent, u."unsentLate",
           (select count(*) from app.tasks t where t.closed_at is null and t.due_at < now() and ($3::text is null or t.office = $3)) as "overdueTasks"
         from (select count(*) as unsent, count(*) filter (where p.times_late > 0) as "unsentLate" from app.postings p join app.settlements s on s.id = p.settlement_id
           where p.status in ('waiting', 'handedOver', 'late', 'refused') and ($3::text is null or s.office = $3)) as u,
          (select count(*) as slips, count(distinct (s.office, (s.received_at at time zone 'Asia/Tehran')::date)) as outages
           from app.settlements s where s.received_at >= $1 and s.received_at < $2 and ($3::text is null or s.office = $3) and s.late_entry) as l`,
        [...within(query), query.office],
      );
      return rows[0] as RiskCounts;
    },
  };
}

/** The cycle that a settlement's amounts were first due in. */
const FIRST_CYCLE = `left join (select p.settlement_id, coalesce(m.cycle, p.cycle) as cycle from app.postings p
  left join (select distinct on (posting) posting, from_cycle as cycle from app.posting_moves order by posting, at) m using (posting)
  where p.kind = 'settlement' and p.revision = 1) f on f.settlement_id = s.id`;

/** What is counted over a year needs room to sort in, reads indexes from end to end, and its plan is run once. */
function counted<R>(pool: Pool, sql: string, values: unknown[]): Promise<Grouped<R>[]> {
  return inTransaction(pool, async (client) => {
    await client.query(`set local work_mem = '128MB'; set local jit = off; set local random_page_cost = 1.1; set local transaction_read_only = on`);
    return (await client.query<Grouped<R>>(sql, values)).rows;
  });
}

/** The group of what happened at an instant, for a settlement `s`; days and months by their names $4 and starts $5. */
function groupAt(by: IndicatorGroup | null, instant: string): string {
  switch (by) {
    case null:
      return 'null::text';
    case 'day':
    case 'month':
      return `($4::text[])[width_bucket(${instant}, $5::timestamptz[])]`;
    case 'cycle':
      return `coalesce(f.cycle, '')`;
    case 'clerk':
      return 's.clerk';
    case 'office':
      return 's.office';
  }
}

/** The same of a posting `p` that is due in a cycle on a day. */
function groupDue(by: IndicatorGroup | null, cycle: string, dueOn: string): string {
  switch (by) {
    case null:
      return 'null::text';
    case 'day':
      return dueOn;
    case 'month':
      return `left(${dueOn}, 7)`;
    case 'cycle':
      return cycle;
    case 'clerk':
    case 'office':
      return `p.${by}`;
  }
}

/** The days `yyyy/mm/dd` or months `yyyy/mm` of a period with the instants at which they begin (the first at the period's). */
function periodsOf(from: JalaliDate, to: JalaliDate, by: 'day' | 'month'): { names: string[]; starts: string[] } {
  const names: string[] = [];
  const starts: string[] = [];
  for (let n = 0; n <= daysBetween(from, to); n++) {
    const day = addDays(from, n);
    const name = by === 'day' ? day : day.slice(0, 7);
    if (names.at(-1) === name) continue;
    names.push(name);
    starts.push(startOfDayInTehran(day));
  }
  return { names, starts };
}
