import type { Pool } from 'pg';
import { INDICATOR_GROUPS } from '../src/domain/indicators.js';
import { addDays, startOfDayInTehran, todayInTehran } from '../src/domain/jalali.js';
import { createIndicatorStore } from '../src/store/indicators.js';
import { migrate } from '../src/store/migrate.js';
import { createPool } from '../src/store/pool.js';

/** A year of work: offices, clerks, cycles, and how many of the settlements had an error. */
const DAYS = 365;
const OFFICES = 40;
const CLERKS = 400;

/** Invented settlements of the last year with what belongs to them, by the database itself; minutes for a million. */
async function fill(pool: Pool, count: number): Promise<void> {
  const first = startOfDayInTehran(addDays(todayInTehran(new Date()), -DAYS + 1));
  await pool.query('select setseed(0.42)');
  await pool.query(
    `with r as (select n, lpad(n::text, 12, '0') || '-14050601' as id, $2::timestamptz + (n * ($3 * 86400.0 / $1)) * interval '1 second' as received, random() as a, random() as b, random() as c from generate_series(1, $1::integer) n)
     insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, revision, received_at, announced_at, elapsed_ms, within_target, at_risk_at, breached_at, late_entry, facts, operator, warnings)
     select id, lpad(n::text, 12, '0'), '1405/06/01', lpad((n % $4)::text, 2, '0'), 'clerk-' || n % $5, 'run', 'settled', 1, received, received + b * b * b * interval '8 minutes', floor(b * b * b * 480000)::bigint,
       b * b * b <= 0.625, case when b * b * b > 0.31 then received end, case when b * b * b > 0.625 then received end, c < 0.005, '{}', '{}', case when c > 0.99 then '[{"code": "STALE_FEED"}]'::jsonb else '[]' end from r`,
    [count, first, DAYS, OFFICES, CLERKS],
  );
  await pool.query(
    `insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, reported_by, reported_at, due_at)
     select id, 1, (array['reading','name','date','payment'])[1 + floor(random() * 4)::integer], (array['clerk','applicant','feed'])[1 + floor(random() * 3)::integer], 'x',
       case when random() < 0.2 then 'withdrawn' else 'issued' end, 'clerk', '{}', received_at + random() * interval '9 days', received_at
     from app.settlements where random() < 0.02`,
  );
  await pool.query(
    `insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status)
     select s.id || '/' || k.kind, s.id, k.kind, 1, '12-1405-' || lpad((1 + extract(doy from s.received_at)::integer / 31)::text, 2, '0'), '1405/' || lpad((1 + extract(doy from s.received_at)::integer / 31)::text, 2, '0') || '/25', 1, '{}',
       case when random() < 0.97 then 'taken' else 'handedOver' end
     from app.settlements s cross join (values ('settlement'), ('fee'), ('nameChange')) k(kind)`,
  );
  await pool.query(`insert into app.posting_moves (posting, from_cycle, to_cycle, why, due_on) select posting, '12-1405-00', cycle, 'late', '1405/06/02' from app.postings where random() < 0.01`);
  await pool.query('vacuum analyze');
}

async function median(ask: () => Promise<unknown>): Promise<number> {
  await ask();
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await ask();
    times.push((performance.now() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[1] as number;
}

export interface IndicatorFigure {
  name: string;
  seconds: number;
  /** of the same run: the settlements of the period counted, and nothing else */
  floor: number;
  n: number;
}

/** Every way of asking for the indicators over `count` settlements of a year, beside their bare count: median of three, the first one not counted. */
export async function benchIndicators(databaseUrl: string, count: number): Promise<IndicatorFigure[]> {
  await migrate(databaseUrl);
  const filling = createPool(databaseUrl, { applicationName: 'bench indicators', max: 1, statementTimeoutMs: 3_600_000 });
  const pool = createPool(databaseUrl, { applicationName: 'bench indicators', statementTimeoutMs: 120_000 });
  try {
    process.stderr.write(`bench: ${count.toLocaleString('en')} settlements are invented\n`);
    await fill(filling, count);
    const store = createIndicatorStore(pool);
    const today = todayInTehran(new Date());
    const year = { from: addDays(today, -DAYS + 1), to: today, office: null };
    const month = { ...year, from: addDays(today, -30) };
    const asked: [string, () => Promise<unknown>][] = [
      ...[null, ...INDICATOR_GROUPS].map((by): [string, () => Promise<unknown>] => [`indicators of a year by ${by ?? 'nothing'}`, () => store.counts({ ...year, by })]),
      ['indicators of a year and office by clerk', () => store.counts({ ...year, office: '07', by: 'clerk' })],
      ['indicators of a month by office', () => store.counts({ ...month, by: 'office' })],
      ['risks of a year', () => store.risks(year)],
    ];
    const figures: IndicatorFigure[] = [];
    for (const [name, ask] of asked) {
      const seconds = await median(ask);
      const floor = await median(() => pool.query('select count(*) from app.settlements where received_at >= $1', [startOfDayInTehran(year.from)]));
      figures.push({ name, seconds, floor, n: count });
    }
    return figures;
  } finally {
    await pool.end();
    await filling.end();
  }
}
