import type { Pool } from 'pg';
import { INDICATOR_GROUPS } from '../src/domain/quality/indicators.js';
import { type JalaliDate, addDays, startOfDayInTehran, todayInTehran } from '../src/domain/calendar/jalali.js';
import { createIndicatorStore } from '../src/store/indicators.js';
import { migrate } from '../src/store/migrate.js';
import { createPool, inTransaction } from '../src/store/pool.js';
import { createSettlementStore } from '../src/store/settlements.js';

/** Two years of work: offices, clerks, series of subscribers. */
const DAYS = 730;
const OFFICES = 40;
const CLERKS = 400;
const SERIES = 12;

/** The 25th on or after a day: when its cycle closes. */
function closingDay(day: JalaliDate): string {
  const [year, month] = day.split('/').map(Number) as [number, number];
  if (day.slice(8) <= '25') return `${day.slice(0, 7)}/25`;
  return month === 12 ? `${year + 1}/01/25` : `${year}/${String(month + 1).padStart(2, '0')}/25`;
}

/** Invented settlements of the last two years with what belongs to them, by the database itself; some minutes for a million. */
async function fill(pool: Pool, count: number): Promise<void> {
  const today = todayInTehran(new Date());
  const days = Array.from({ length: DAYS }, (_, n) => addDays(today, n - DAYS + 1));
  await inTransaction(pool, async (client) => {
    // what triggers and foreign keys would do row by row is done at once below
    await client.query(`set local session_replication_role = replica; set local synchronous_commit = off; select setseed(0.42)`);
    await client.query(
      `create temp table days on commit drop as select n - 1 as n, day, starts, due_on from unnest($1::text[], $2::timestamptz[], $3::text[]) with ordinality as d(day, starts, due_on, n)`,
      [days, days.map(startOfDayInTehran), days.map(closingDay)],
    );
    await client.query(
      `insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, revision, received_at, announced_at, elapsed_ms, within_target, at_risk_at, breached_at, late_entry, facts, operator, account, warnings)
       select subscription || '-' || replace(day, '/', ''), subscription, day, office, clerk, md5(n::text),
         case when a < 0.01 then 'rejected' when a < 0.015 then 'cancelled' when due_on >= $2 then 'handedOver' else 'settled' end, 1,
         received, case when a >= 0.01 then received + ms * interval '1 millisecond' end, case when a >= 0.01 then ms end, case when a >= 0.01 then ms <= 300000 end,
         case when ms > 150000 then received + interval '150 seconds' end, case when ms > 300000 then received + interval '5 minutes' end, c < 0.005,
         jsonb_build_object('subscription', subscription, 'settlementDate', day, 'reading', 1200 + n % 1000, 'readingSource', 'declared', 'purpose', 'final', 'documents', '[]'::jsonb,
           'applicant', jsonb_build_object('kind', 'owner', 'name', 'نام ' || n, 'nationalId', '0932833810', 'mobile', '09121234567'),
           'newSubscriber', jsonb_build_object('name', 'نام نو ' || n, 'nationalId', '0932833810', 'from', day)),
         jsonb_build_object('id', clerk, 'name', clerk, 'role', 'clerk', 'office', office), jsonb_build_object('subscription', subscription, 'name', 'نام ' || n, 'address', 'نشانی ' || n),
         case when c > 0.99 then '[{"code": "STALE_FEED"}]'::jsonb else '[]' end
       from (select g.n, lpad((g.n % 700000)::text, 12, '0') as subscription, d.day, d.due_on, d.starts + interval '7 hours' + b * interval '7 hours' as received,
           lpad((g.n % $3)::text, 2, '0') as office, 'clerk-' || g.n % $4 as clerk, random() as a, floor(power(random(), 3) * 480000)::bigint as ms, random() as c
         from (select n, random() as b from generate_series(1, $1::integer) n) g join days d on d.n = g.n::bigint * $5 / ($1 + 1)) x`,
      [count, today, OFFICES, CLERKS, DAYS],
    );
    await client.query(
      `insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, reported_by, reported_at, due_at)
       select id, 1, (array['reading','name','date','payment'])[1 + floor(random() * 4)::integer], (array['clerk','applicant','feed'])[1 + floor(random() * 3)::integer], 'x',
         case when random() < 0.2 then 'withdrawn' else 'issued' end, 'clerk', '{}', received_at + random() * interval '9 days', received_at
       from app.settlements where announced_at is not null and random() < 0.02`,
    );
    await client.query(
      `insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, office, clerk)
       select s.id || '/' || k.kind, s.id, k.kind, 1, lpad((1 + right(s.subscription, 6)::integer / 1000 % $2)::text, 2, '0') || '-' || replace(left(d.due_on, 7), '/', '-'), d.due_on, 49000, '{}',
         case when s.status = 'cancelled' then 'cancelled' when d.due_on >= $1 then 'handedOver' when random() < 0.99 then 'taken' else 'late' end, s.office, s.clerk
       from app.settlements s join days d on d.day = s.settlement_date cross join (values ('settlement'), ('fee'), ('nameChange')) k(kind) where s.announced_at is not null`,
      [today, SERIES],
    );
    await client.query(
      `insert into app.posting_moves (posting, from_cycle, to_cycle, why, due_on) select posting, left(cycle, 3) || 'before', cycle, 'late', due_on from app.postings where random() < 0.01`,
    );
  });
  await pool.query('analyze');
  await createIndicatorStore(pool).measureAnew();
  await pool.query('vacuum analyze');
}

/** The least and the median of five, after one that is not counted. */
async function timed(ask: () => Promise<unknown>): Promise<{ least: number; median: number }> {
  await ask();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await ask();
    times.push((performance.now() - start) / 1000);
  }
  times.sort((a, b) => a - b);
  return { least: times[0] as number, median: times[2] as number };
}

export interface IndicatorFigure {
  name: string;
  /** seconds */
  least: number;
  median: number;
  /** of the same run: the settlements of the period counted, and nothing else, s */
  floor: number;
  n: number;
}

/** Every way of asking for the indicators over `count` settlements of two years, and for the settlements behind them, beside their bare count. */
export async function benchIndicators(databaseUrl: string, count: number): Promise<IndicatorFigure[]> {
  await migrate(databaseUrl);
  const filling = createPool(databaseUrl, { applicationName: 'bench indicators', max: 1, statementTimeoutMs: 3_600_000 });
  const pool = createPool(databaseUrl, { applicationName: 'bench indicators', statementTimeoutMs: 120_000 });
  try {
    process.stderr.write(`bench: ${count.toLocaleString('en')} settlements are invented\n`);
    await fill(filling, count);
    const store = createIndicatorStore(pool);
    const settlements = createSettlementStore(pool);
    const today = todayInTehran(new Date());
    const all = { from: addDays(today, -DAYS + 1), to: today, office: null };
    const month = { ...all, from: addDays(today, -30) };
    const listed = { from: startOfDayInTehran(all.from), to: startOfDayInTehran(addDays(all.to, 1)), limit: 50 };
    const asked: [string, () => Promise<unknown>][] = [
      ...[null, ...INDICATOR_GROUPS].map((by): [string, () => Promise<unknown>] => [
        `indicators of two years by ${by ?? 'nothing'}`,
        () => store.counts({ ...all, by }),
      ]),
      ['indicators of two years and an office by clerk', () => store.counts({ ...all, office: '07', by: 'clerk' })],
      ['indicators of a month by office', () => store.counts({ ...month, by: 'office' })],
      ['risks of two years', () => store.risks(all)],
      ...(['late', 'withError', 'lateEntry'] as const).map((only): [string, () => Promise<unknown>] => [
        `settlements behind a figure, ${only}`,
        () => settlements.list({ ...listed, only }),
      ]),
      ['settlements behind a clerk’s figure', () => settlements.list({ ...listed, clerk: 'clerk-7', only: 'late' })],
    ];
    const figures: IndicatorFigure[] = [];
    for (const [name, ask] of asked) {
      const { least, median } = await timed(ask);
      const floor = await timed(() =>
        pool.query('select count(*) from app.settlements where received_at >= $1', [startOfDayInTehran(all.from)]),
      );
      figures.push({ name, least, median, floor: floor.median, n: count });
    }
    return figures;
  } finally {
    await pool.end();
    await filling.end();
  }
}
