import type { Pool } from 'pg';
import type { CorrectionCause, CorrectionKind } from '../domain/correction/correction.js';
import {
  type IndicatorCounts,
  type IndicatorGroup,
  type IndicatorQuery,
  NOTHING_COUNTED,
  QUANTILES,
  type RiskCounts,
  quantileOf,
} from '../domain/quality/indicators.js';
import { type JalaliDate, addDays, daysBetween, fromGregorian, startOfDayInTehran, toGregorian } from '../domain/calendar/jalali.js';
import { inTransaction } from './pool.js';

export type IndicatorStore = ReturnType<typeof createIndicatorStore>;

/** Outages are counted by their definition (domain/outage.ts) from the signs (presences.ts). */
export type CountedRisks = Omit<RiskCounts, 'outages' | 'outageMinutes'>;

type Grouped<R> = R & { group: string | null };

/** Counts by the database; what they mean is in domain/indicators.ts. */
export function createIndicatorStore(pool: Pool) {
  const within = ({ from, to }: Pick<IndicatorQuery, 'from' | 'to'>): [string, string] => [
    startOfDayInTehran(from),
    startOfDayInTehran(addDays(to, 1)),
  ];

  return {
    /** The counts of each group that has any (of each day or month), in the group's order; one row of group null without one. */
    async counts(query: IndicatorQuery): Promise<{ group: string | null; counts: IndicatorCounts }[]> {
      const { from, to, office, by } = query;
      const periods = by === 'day' || by === 'month' ? periodsOf(from, to, by) : null;
      const rows = <R>(sql: string): Promise<Grouped<R>[]> =>
        counted(pool, sql, [...within(query), office, ...(by === 'month' && periods ? [periods.firsts] : [])]);
      const [measured, k2, k4] = await Promise.all([
        rows<
          Omit<IndicatorCounts, 'due' | 'taken' | 'corrections' | 'withdrawn' | 'byKind' | 'byCause' | 'medianMs' | 'p95Ms'> & {
            n: number;
            at: number[] | null;
          }
        >(
          // several read the rows at once, which an exact quantile would prevent: it is taken from each group's list after that
          `select g."group"::text, g.requests, g."onTime", g."atRisk", g."lateEntries", g."lateEntriesOnTime", g.announcements, g."announcedWithError", coalesce(cardinality(g.elapsed), 0) as n,
             (select percentile_disc(${placesOf('cardinality(g.elapsed)')}) within group (order by ms)::float8[] from unnest(g.elapsed) ms) as at
           from (select ${groupAt(by, 'm.received_on')} as "group",
               count(*) filter (where not m.late_entry and (m.announced or m.breached)) as requests,
               count(*) filter (where not m.late_entry and m.within_target) as "onTime",
               count(*) filter (where not m.late_entry and m.at_risk) as "atRisk",
               count(*) filter (where m.late_entry and m.announced) as "lateEntries",
               count(*) filter (where m.late_entry and m.within_target) as "lateEntriesOnTime",
               count(*) filter (where m.announced) as announcements,
               count(*) filter (where m.announced and m.errors > 0) as "announcedWithError",
               array_agg(m.elapsed_ms) filter (where not m.late_entry and m.elapsed_ms is not null) as elapsed
             from app.measures m where m.received_at >= $1 and m.received_at < $2 and ($3::text is null or m.office = $3) group by 1 offset 0) g`,
        ),
        counted<Pick<IndicatorCounts, 'due' | 'taken'>>(
          pool,
          `select ${groupDue(by)} as "group", sum(d.due)::bigint as due, sum(d.taken)::bigint as taken
           from app.dues d where d.due_on between $1 and $2 and ($3::text is null or d.office = $3) group by 1 having sum(d.due) <> 0`,
          [from, to, office],
        ),
        rows<{ kind: CorrectionKind; cause: CorrectionCause; corrections: number; withdrawn: number }>(
          `select (${groupAt(by, `(c.reported_at at time zone 'Asia/Tehran')::date`)})::text as "group", c.kind, c.cause,
             count(*) filter (where c.status <> 'withdrawn') as corrections, count(*) filter (where c.status = 'withdrawn') as withdrawn
           from app.corrections c
             -- one look for each of the few, not all settlements over again
             cross join lateral (select * from app.measures of where of.settlement_id = c.settlement_id offset 0) m
           where c.reported_at >= $1 and c.reported_at < $2 and ($3::text is null or m.office = $3) group by 1, 2, 3`,
        ),
      ]);
      const groups = new Map<string | null, IndicatorCounts>(
        (periods?.names ?? (by === null ? [null] : [])).map((name) => [name, NOTHING_COUNTED]),
      );
      const so = (group: string | null): IndicatorCounts => groups.get(group) ?? NOTHING_COUNTED;
      /** days and months come as the database knows them */
      const named = (group: string | null): string | null => {
        if (by === 'day') return fromGregorian(group ?? '');
        return by === 'month' ? (periods?.names[Number(group) - 1] ?? null) : group;
      };
      for (const { group, n, at, ...of } of measured) {
        const [medianMs = null, p95Ms = null] =
          at === null ? [] : QUANTILES.map((share, i) => quantileOf(share, n, at[2 * i] as number, at[2 * i + 1] as number));
        groups.set(named(group), { ...so(named(group)), ...of, medianMs, p95Ms });
      }
      for (const { group, ...of } of k2) groups.set(group, { ...so(group), ...of });
      for (const { group, kind, cause, corrections, withdrawn } of k4) {
        const { byKind, byCause, ...of } = so(named(group));
        groups.set(named(group), {
          ...of,
          corrections: of.corrections + corrections,
          withdrawn: of.withdrawn + withdrawn,
          byKind: { ...byKind, [kind]: (byKind[kind] ?? 0) + corrections },
          byCause: { ...byCause, [cause]: (byCause[cause] ?? 0) + corrections },
        });
      }
      return [...groups].map(([group, of]) => ({ group, counts: of })).sort((a, b) => ((a.group ?? '') < (b.group ?? '') ? -1 : 1));
    },

    /** The risks: of the period, and what is unsent and overdue now. */
    async risks(query: Omit<IndicatorQuery, 'by'>): Promise<CountedRisks> {
      const { rows } = await pool.query<CountedRisks>(
        `select l.slips as "lateEntries", l.days as "lateEntryDays",
           (select count(*) from app.settlements s where s.received_at >= $1 and s.received_at < $2 and ($3::text is null or s.office = $3)
             and s.announced_at is not null and s.warnings @> '[{"code": "STALE_FEED"}]') as "onStaleData",
           u.unsent, u."unsentLate",
           (select count(*) from app.tasks t where t.closed_at is null and t.due_at < now() and ($3::text is null or t.office = $3)) as "overdueTasks"
         from (select count(*) as unsent, count(*) filter (where p.times_late > 0) as "unsentLate" from app.postings p
           where p.status in ('waiting', 'handedOver', 'late', 'refused') and ($3::text is null or p.office = $3)) as u,
          (select count(*) as slips, count(distinct (s.office, (s.received_at at time zone 'Asia/Tehran')::date)) as days
           from app.settlements s where s.received_at >= $1 and s.received_at < $2 and ($3::text is null or s.office = $3) and s.late_entry) as l`,
        [...within(query), query.office],
      );
      return rows[0] as CountedRisks;
    },

    /** Adds up what became due and was taken since the last time, in pages; answers how many changes there were. Figures stay as they are. */
    async sumDues(page = 20_000): Promise<number> {
      for (let sum = 0; ;) {
        const { rows } = await pool.query<{ changes: number }>('select app.sum_dues($1) as changes', [page]);
        const changes = rows[0]?.changes ?? 0;
        sum += changes;
        if (changes < page) return sum;
      }
    },

    /** What is kept for the indicators and does not agree with the rows it tells of: settlements, and sums of what was due. */
    async drift(): Promise<{ settlements: string[]; dues: number }> {
      const { rows } = await pool.query<{ settlements: string[]; dues: number }>(
        `select coalesce((select array_agg(settlement_id order by settlement_id) from (select settlement_id from (table app.measures except table app.measures_due) kept
             union select settlement_id from (table app.measures_due except table app.measures) due) m), '{}') as settlements,
           (select count(*) from (select due_on, cycle, office, clerk, sum(due)::integer as due, sum(taken)::integer as taken from app.dues group by 1, 2, 3, 4 having sum(due) <> 0 or sum(taken) <> 0) kept
             full join app.dues_due d using (due_on, cycle, office, clerk) where (kept.due, kept.taken) is distinct from (d.due, d.taken)) as dues`,
      );
      return rows[0] as { settlements: string[]; dues: number };
    },

    /** All that is kept for the indicators anew from the rows; who writes waits for it. */
    async measureAnew(): Promise<void> {
      await inTransaction(pool, async (client) => {
        // all rows are read: a database that knows nothing of its tables yet, as after a restore, must not look each one up
        await client.query(`set local enable_nestloop = off; set local work_mem = '128MB'`);
        await client.query('select app.measure_anew()');
      });
    },
  };
}

/** Of `n` values in their order, as shares for percentile_disc: below and above each quantile's place (quantileOf). */
function placesOf(n: string): string {
  const nth = (round: 'floor' | 'ceil', share: number): string => `(${round}(${share} * (${n} - 1)) + 0.5) / ${n}`;
  return `array[${QUANTILES.flatMap((share) => [nth('floor', share), nth('ceil', share)]).join(', ')}]`;
}

/** What is counted over a year needs room to sort in, reads indexes from end to end, and its plan is run once. */
function counted<R>(pool: Pool, sql: string, values: unknown[]): Promise<Grouped<R>[]> {
  return inTransaction(pool, async (client) => {
    await client.query(
      `set local work_mem = '128MB'; set local jit = off; set local random_page_cost = 1.1; set local transaction_read_only = on`,
    );
    return (await client.query<Grouped<R>>(sql, values)).rows;
  });
}

/** The group of what happened on a day in Tehran, for a settlement `m`; months by the first days $4. */
function groupAt(by: IndicatorGroup | null, day: string): string {
  switch (by) {
    case null:
      return 'null::text';
    case 'day':
      return day;
    case 'month':
      return `width_bucket(${day}, $4::date[])`;
    case 'cycle':
    case 'clerk':
    case 'office':
      return `m.${by}`;
  }
}

/** The same of what is due in a cycle on a day. */
function groupDue(by: IndicatorGroup | null): string {
  switch (by) {
    case null:
      return 'null::text';
    case 'day':
      return 'd.due_on';
    case 'month':
      return 'left(d.due_on, 7)';
    case 'cycle':
    case 'clerk':
    case 'office':
      return `d.${by}`;
  }
}

/** The days `yyyy/mm/dd` or months `yyyy/mm` of a period with their first days (of the first month the period's), Gregorian. */
function periodsOf(from: JalaliDate, to: JalaliDate, by: 'day' | 'month'): { names: string[]; firsts: string[] } {
  const names: string[] = [];
  const firsts: string[] = [];
  for (let n = 0; n <= daysBetween(from, to); n++) {
    const day = addDays(from, n);
    const name = by === 'day' ? day : day.slice(0, 7);
    if (names.at(-1) === name) continue;
    names.push(name);
    firsts.push(toGregorian(day));
  }
  return { names, firsts };
}
