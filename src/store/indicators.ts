import type { Pool } from 'pg';
import type { CorrectionCause, CorrectionKind } from '../domain/correction.js';
import { type IndicatorCounts, type IndicatorGroup, type IndicatorQuery, NOTHING_COUNTED, type RiskCounts } from '../domain/indicators.js';
import { type JalaliDate, addDays, daysBetween, startOfDayInTehran } from '../domain/jalali.js';

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
      const rows = async <R>(sql: string, groups: string): Promise<Grouped<R>[]> => {
        const { rows: found } = await pool.query<Grouped<R>>(`${sql} group by ${groups}`, [...within(query), office, ...(periods ? [periods.names, periods.starts] : [])]);
        return found;
      };
      const [announced, errors, k2, k4] = await Promise.all([
        rows<Partial<IndicatorCounts>>(
          `select ${groupAt(by, 's.received_at')} as "group",
             count(*) filter (where not s.late_entry and (s.announced_at is not null or s.breached_at is not null)) as requests,
             count(*) filter (where not s.late_entry and s.within_target) as "onTime",
             count(*) filter (where not s.late_entry and s.at_risk_at is not null) as "atRisk",
             round(percentile_cont(0.5) within group (order by s.elapsed_ms) filter (where not s.late_entry))::bigint as "medianMs",
             round(percentile_cont(0.95) within group (order by s.elapsed_ms) filter (where not s.late_entry))::bigint as "p95Ms",
             count(*) filter (where s.late_entry and s.announced_at is not null) as "lateEntries",
             count(*) filter (where s.late_entry and s.within_target) as "lateEntriesOnTime",
             count(*) filter (where s.announced_at is not null) as announcements
           from app.settlements s where s.received_at >= $1 and s.received_at < $2 and ($3::text is null or s.office = $3)`,
          '1',
        ),
        rows<Pick<IndicatorCounts, 'announcedWithError'>>(
          `select ${groupAt(by, 's.received_at')} as "group", count(*) as "announcedWithError"
           from app.settlements s where s.received_at >= $1 and s.received_at < $2 and ($3::text is null or s.office = $3) and s.announced_at is not null
             and s.id in (select settlement_id from app.corrections where status <> 'withdrawn' and reported_at >= $1)`,
          '1',
        ),
        pool
          .query<Grouped<Pick<IndicatorCounts, 'due' | 'taken'>>>(
            // a posting is due once in each cycle that it was to be taken in
            `select ${groupDue(by)} as "group", count(*) as due, count(*) filter (where d.taken) as taken
             from (select settlement_id, cycle, due_on, true as taken from app.postings where status = 'taken' and due_on between $1 and $2
               union all
               select p.settlement_id, m.from_cycle, m.due_on, false from app.posting_moves m join app.postings p using (posting)
               where m.why = 'late' and m.due_on between $1 and $2) as d
             join app.settlements s on s.id = d.settlement_id where $3::text is null or s.office = $3 group by 1`,
            [from, to, office],
          )
          .then((result) => result.rows),
        rows<{ kind: CorrectionKind; cause: CorrectionCause; corrections: number; withdrawn: number }>(
          `select ${groupAt(by, 'c.reported_at')} as "group", c.kind, c.cause,
             count(*) filter (where c.status <> 'withdrawn') as corrections, count(*) filter (where c.status = 'withdrawn') as withdrawn
           from app.corrections c join app.settlements s on s.id = c.settlement_id
           where c.reported_at >= $1 and c.reported_at < $2 and ($3::text is null or s.office = $3)`,
          '1, 2, 3',
        ),
      ]);
      const groups = new Map<string | null, IndicatorCounts>((periods?.names ?? (by === null ? [null] : [])).map((name) => [name, NOTHING_COUNTED]));
      const so = (group: string | null): IndicatorCounts => groups.get(group) ?? NOTHING_COUNTED;
      for (const { group, ...counts } of [...announced, ...errors, ...k2]) groups.set(group, { ...so(group), ...counts });
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

/** The group of what happened at an instant, for a settlement `s`; days and months by their names $4 and starts $5. */
function groupAt(by: IndicatorGroup | null, instant: string): string {
  switch (by) {
    case null:
      return 'null::text';
    case 'day':
    case 'month':
      return `($4::text[])[width_bucket(${instant}, $5::timestamptz[])]`;
    case 'cycle':
      // the cycle that a settlement's amounts were first due in
      return `coalesce((select coalesce((select m.from_cycle from app.posting_moves m where m.posting = p.posting order by m.at limit 1), p.cycle)
        from app.postings p where p.posting = s.id || '/settlement'), '')`;
    case 'clerk':
      return 's.clerk';
    case 'office':
      return 's.office';
  }
}

function groupDue(by: IndicatorGroup | null): string {
  switch (by) {
    case null:
      return 'null::text';
    case 'day':
      return 'd.due_on';
    case 'month':
      return 'left(d.due_on, 7)';
    case 'cycle':
      return 'd.cycle';
    case 'clerk':
    case 'office':
      return `s.${by}`;
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
