import fc from 'fast-check';
import type { Pool } from 'pg';
import { INDICATOR_GROUPS, type IndicatorGroup, indicators } from '../../src/domain/quality/indicators.js';
import { addDays, jalali, startOfDayInTehran, todayInTehran } from '../../src/domain/calendar/jalali.js';
import { createIndicatorStore } from '../../src/store/indicators.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { startDatabase } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let pool: Pool;
beforeAll(async () => {
  database = await startDatabase(1);
  pool = database.pool;
  // 600 requests over 1405/05/20 to 1405/07/20, by chance but always the same
  await pool.query('select setseed(0.42)');
  await pool.query(`
    with r as (select n, lpad(n::text, 12, '0') || '-14050601' as id, '2026-08-11T00:00:00Z'::timestamptz + random() * interval '62 days' as received, random() as a, random() as b, random() as c
      from generate_series(1, 600) n order by n)
    insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, revision, received_at, announced_at, elapsed_ms, within_target,
      at_risk_at, breached_at, late_entry, facts, operator, warnings)
    select id, lpad(n::text, 12, '0'), '1405/06/01', '0' || (1 + n % 3), 'clerk-' || n % 7, 'run', case when a < 0.05 then 'rejected' when a < 0.08 then 'received' else 'settled' end, 1,
      received, case when a >= 0.08 then received + (b * b * interval '10 minutes') end, case when a >= 0.08 then floor(b * b * 600000)::bigint end, case when a >= 0.08 then b * b <= 0.5 end,
      case when b * b > 0.25 then received + interval '150 seconds' end, case when b * b > 0.5 or (a >= 0.05 and a < 0.08) then received + interval '5 minutes' end,
      c < 0.1, '{}', '{}', case when c > 0.9 then '[{"code": "STALE_FEED"}]'::jsonb else '[]' end from r`);
  await pool.query(`
    insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, reported_by, reported_at, due_at)
    select s.id, g.n, (array['reading','name','date','payment'])[1 + floor(random() * 4)::integer], (array['clerk','applicant','feed'])[1 + floor(random() * 3)::integer], 'x',
      case when random() < 0.3 then 'withdrawn' else 'issued' end, 'clerk', '{}', s.received_at + random() * interval '9 days', s.received_at
    from app.settlements s cross join generate_series(1, 2) g(n) where s.announced_at is not null and random() < 0.12`);
  await pool.query(`
    insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status)
    select s.id || '/' || k.kind, s.id, k.kind, 1, '12-1405-0' || (1 + floor(random() * 3)::integer), '1405/0' || (5 + floor(random() * 3)::integer) || '/25', 1, '{}',
      case when random() < 0.7 then 'taken' else 'handedOver' end
    from app.settlements s cross join (values ('settlement'), ('fee')) k(kind) where s.announced_at is not null order by s.id, k.kind`);
  await pool.query(`
    insert into app.posting_moves (posting, from_cycle, to_cycle, why, due_on)
    select posting, '12-1405-00', cycle, 'late', '1405/06/02' from app.postings where random() < 0.2 order by posting`);
}, 120_000);
afterAll(() => database?.stop());

interface Raw {
  settlements: {
    id: string;
    office: string;
    clerk: string;
    received_at: string;
    announced_at: string | null;
    elapsed_ms: number | null;
    within_target: boolean | null;
    at_risk_at: string | null;
    breached_at: string | null;
    late_entry: boolean;
  }[];
  corrections: { settlement_id: string; kind: string; cause: string; status: string; reported_at: string }[];
  postings: { posting: string; settlement_id: string; cycle: string; due_on: string; status: string }[];
  moves: { posting: string; from_cycle: string | null; why: string; due_on: string }[];
}
async function raw(): Promise<Raw> {
  const all = async (table: string) => (await pool.query(`select * from app.${table}`)).rows;
  return {
    settlements: await all('settlements'),
    corrections: await all('corrections'),
    postings: await all('postings'),
    moves: await all('posting_moves order by at'),
  };
}

/** The definitions once more, from the bare rows, one after the other. */
function recount(data: Raw, { from, to, office, by }: { from: string; to: string; office: string | null; by: IndicatorGroup | null }) {
  const settlements = data.settlements.filter((s) => office === null || s.office === office);
  const known = new Map(settlements.map((s) => [s.id, s]));
  const dayOf = (instant: string): string => todayInTehran(new Date(instant));
  const inside = (day: string): boolean => day >= from && day <= to;
  const firstCycle = (id: string): string => {
    const posting = data.postings.find((p) => p.posting === `${id}/settlement`);
    return data.moves.find((m) => m.posting === posting?.posting)?.from_cycle ?? posting?.cycle ?? '';
  };
  const groupOf = (instant: string, id: string): string | null => {
    const s = known.get(id)!;
    return by === null
      ? null
      : { day: dayOf(instant), month: dayOf(instant).slice(0, 7), cycle: firstCycle(id), clerk: s.clerk, office: s.office }[by];
  };
  const groups = new Set<string | null>();
  const mine = settlements.filter((s) => inside(dayOf(s.received_at))).map((s) => ({ ...s, group: groupOf(s.received_at, s.id) }));
  const errors = data.corrections
    .filter((c) => known.has(c.settlement_id) && inside(dayOf(c.reported_at)))
    .map((c) => ({ ...c, group: groupOf(c.reported_at, c.settlement_id) }));
  const due = [
    ...data.postings
      .filter((p) => p.status === 'taken')
      .map((p) => ({ id: p.settlement_id, cycle: p.cycle, due_on: p.due_on, taken: true })),
    ...data.moves
      .filter(({ why }) => why === 'late')
      .map((m) => ({
        id: data.postings.find((p) => p.posting === m.posting)!.settlement_id,
        cycle: m.from_cycle,
        due_on: m.due_on,
        taken: false,
      })),
  ]
    .filter((d) => known.has(d.id) && inside(d.due_on))
    .map((d) => ({
      ...d,
      group:
        by === null
          ? null
          : { day: d.due_on, month: d.due_on.slice(0, 7), cycle: d.cycle, clerk: known.get(d.id)!.clerk, office: known.get(d.id)!.office }[
              by
            ],
    }));
  for (const { group } of [...mine, ...errors, ...due]) groups.add(group);
  return [...groups]
    .sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1))
    .map((group) => {
      const s = mine.filter((each) => each.group === group);
      const timely = s.filter((each) => !each.late_entry);
      const announced = s.filter((each) => each.announced_at !== null);
      const e = errors.filter((each) => each.group === group);
      const d = due.filter((each) => each.group === group);
      const tally = (field: 'kind' | 'cause') => {
        const sums: Record<string, number> = {};
        for (const each of e) sums[each[field]] = (sums[each[field]] ?? 0) + (each.status === 'withdrawn' ? 0 : 1);
        return sums;
      };
      const fraction = (part: number, whole: number) => (whole === 0 ? null : part / whole);
      const requests = timely.filter((each) => each.announced_at !== null || each.breached_at !== null).length;
      const onTime = timely.filter((each) => each.within_target).length;
      const late = s.filter((each) => each.late_entry && each.announced_at !== null);
      const erring = new Set(
        data.corrections.filter((c) => c.status !== 'withdrawn' && dayOf(c.reported_at) >= from).map((c) => c.settlement_id),
      );
      const correct = announced.filter((each) => !erring.has(each.id)).length;
      const taken = d.filter((each) => each.taken).length;
      const atRisk = timely.filter((each) => each.at_risk_at !== null).length;
      return {
        group,
        k1: {
          requests,
          onTime,
          share: fraction(onTime, requests),
          atRisk,
          atRiskShare: fraction(atRisk, requests),
          lateEntries: late.length,
          lateEntryShare: fraction(late.filter((each) => each.within_target).length, late.length),
        },
        k2: { due: d.length, inTime: taken, late: d.length - taken, share: fraction(taken, d.length) },
        k3: { announced: announced.length, correct, share: fraction(correct, announced.length) },
        k4: {
          corrections: e.filter((each) => each.status !== 'withdrawn').length,
          withdrawn: e.filter((each) => each.status === 'withdrawn').length,
          byKind: tally('kind'),
          byCause: tally('cause'),
        },
        k5: announced.length,
      };
    });
}

const EACH_WAY = [null, ...INDICATOR_GROUPS].flatMap((by) => [null, '02'].map((office) => [by, office] as const));
test.each(EACH_WAY)('by %s, office %s: as recounted from the rows', asRecounted);

async function asRecounted(by: IndicatorGroup | null, office: string | null): Promise<void> {
  const query = { from: jalali('1405/06/01'), to: jalali('1405/07/10'), office, by };
  const counted = (await createIndicatorStore(pool).counts(query)).map(({ group, counts }) => indicators(group, counts));
  const expected = recount(await raw(), query);
  // days and months without anything are listed too
  const found = counted.filter((row) => row.group === null || expected.some(({ group }) => group === row.group));
  expect(found).toMatchObject(expected);
  expect(found).toHaveLength(expected.length);
  if (by === 'day') expect(counted).toHaveLength(41);
  if (by === 'month') expect(counted.map(({ group }) => group)).toEqual(['1405/06', '1405/07']);
}

test('median and 95th percentile, late entries left out', async () => {
  const query = { from: jalali('1405/06/01'), to: jalali('1405/07/10'), office: null, by: null };
  const [row] = await createIndicatorStore(pool).counts(query);
  const data = (await raw()).settlements
    .filter(
      (s) =>
        !s.late_entry &&
        s.elapsed_ms !== null &&
        todayInTehran(new Date(s.received_at)) >= query.from &&
        todayInTehran(new Date(s.received_at)) <= query.to,
    )
    .map((s) => s.elapsed_ms ?? 0)
    .sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = (data.length - 1) * share;
    const [low, high] = [data[Math.floor(place)] ?? 0, data[Math.ceil(place)] ?? 0];
    return Math.round(low + (high - low) * (place - Math.floor(place)));
  };
  expect(row?.counts).toMatchObject({ medianMs: at(0.5), p95Ms: at(0.95) });
});

test('the risks: late entries and stale data of the period, what is unsent now', async () => {
  const data = await raw();
  const risks = await createIndicatorStore(pool).risks({ from: jalali('1405/06/01'), to: jalali('1405/07/10'), office: null });
  const { rows } = await pool.query(
    `select count(*) from app.settlements where announced_at is not null and warnings @> '[{"code": "STALE_FEED"}]' and received_at >= $1 and received_at < $2`,
    ['2026-08-22T20:30:00Z', '2026-10-02T20:30:00Z'],
  );
  expect(risks).toMatchObject({
    unsent: data.postings.filter((p) => p.status === 'handedOver').length,
    onStaleData: Number(rows[0].count),
    overdueTasks: 0,
  });
});

test.each([
  [undefined, 'k5'],
  ['late', 'late'],
  ['withError', 'withError'],
  ['lateEntry', 'lateEntries'],
] as const)('the settlements behind a figure (%s), page after page: each once, as many as were counted', async (only, figure) => {
  const days = { from: jalali('1405/06/01'), to: jalali('1405/07/10') };
  const [row] = (await createIndicatorStore(pool).counts({ ...days, office: '02', by: null })).map(({ group, counts }) =>
    indicators(group, counts),
  );
  const { k1, k3, k5 } = row!;
  const store = createSettlementStore(pool);
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({
      only,
      office: '02',
      from: startOfDayInTehran(days.from),
      to: startOfDayInTehran(addDays(days.to, 1)),
      limit: 7,
      cursor,
    });
    found.push(...page.items.filter(({ announcedAt }) => only !== undefined || announcedAt !== null).map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(new Set(found).size).toBe(found.length);
  expect(found).toHaveLength(
    { k5, late: k1.requests - k1.onTime, withError: k3.announced - k3.correct, lateEntries: k1.lateEntries }[figure],
  );
});

const AGREES = { settlements: [], dues: 0 };

test('what is kept agrees with the rows; what was changed behind its back is named, and made anew', async () => {
  const store = createIndicatorStore(pool);
  expect(await store.drift()).toEqual(AGREES);
  await pool.query(`set session_replication_role = replica; update app.settlements set elapsed_ms = elapsed_ms + 1 where id = (select min(id) from app.settlements where announced_at is not null);
    update app.postings set status = 'handedOver' where posting = (select min(posting) from app.postings where status = 'taken'); set session_replication_role = origin`);
  const { settlements, dues } = await store.drift();
  expect([settlements, dues]).toEqual([[expect.stringMatching(/-14050601$/)], 1]);
  // as an upgrade fills it
  await store.measureAnew();
  expect(await store.drift()).toEqual(AGREES);
  await asRecounted('cycle', null);
});

/** What may happen to settlement $1, in whatever order; `k` chooses among cycles, clerks and postings. */
const CHANGES: Record<string, (k: number) => string> = {
  received: (
    k,
  ) => `insert into app.settlements as s (id, subscription, settlement_date, office, clerk, run_id, status, received_at, late_entry, facts, operator)
    values ($1, left($1, 12), '1405/06/01', '0${1 + (k % 3)}', 'clerk-${k}', 'run', 'received', '2026-08-30T08:00:00Z'::timestamptz + ${k} * interval '77 hours', ${k === 3}, '{}', '{}')
    on conflict (id) do update set office = excluded.office, clerk = excluded.clerk, received_at = excluded.received_at, late_entry = excluded.late_entry, at_risk_at = null, breached_at = null where s.status = 'rejected'`,
  rejected: () => `update app.settlements set status = 'rejected' where id = $1 and status = 'received'`,
  announced: (
    k,
  ) => `update app.settlements set status = 'announced', announced_at = coalesce(announced_at, received_at + interval '1 minute'), elapsed_ms = coalesce(elapsed_ms, ${k * 100_000}),
    within_target = coalesce(within_target, ${k < 3}) where id = $1 and status = 'received'`,
  atRisk: () => `update app.settlements set at_risk_at = coalesce(at_risk_at, clock_timestamp()) where id = $1`,
  breached: () => `update app.settlements set breached_at = coalesce(breached_at, clock_timestamp()) where id = $1`,
  erased: () => `update app.settlements set facts = '{"erased": true}' where id = $1`,
  error: (
    k,
  ) => `insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, reported_by, reported_at, due_at)
    select id, ${k}, 'reading', 'clerk', 'x', 'reported', 'clerk', '{}', received_at + interval '${k} days', received_at from app.settlements where id = $1 on conflict do nothing`,
  withdrawn: (k) => `update app.corrections set status = 'withdrawn' where settlement_id = $1 and n = ${k}`,
  issued: (k) => `update app.corrections set status = 'issued' where settlement_id = $1 and n = ${k} and status <> 'withdrawn'`,
  scheduled: (k) => `insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status)
    select id || '/' || x.kind, id, x.kind, 1, ${k === 0 ? 'null, null' : `'12-1405-0${k}', '1405/06/1${k}'`}, 1, '{}', 'waiting' from app.settlements, (values ('settlement'), ('fee')) x(kind) where id = $1 on conflict do nothing`,
  revised: (k) => `insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status)
    select id || '/settlement/' || ${k}, id, 'settlement', ${2 + k}, '12-1405-09', '1405/06/19', 1, '{}', 'waiting' from app.settlements where id = $1 on conflict do nothing`,
  placed: (k) => `update app.postings set cycle = '12-1405-0${k}', due_on = '1405/06/1${k}' where settlement_id = $1 and cycle is null`,
  taken: (k) => `update app.postings set status = 'taken' where posting = $1 || '${k < 2 ? '/settlement' : '/fee'}'`,
  retracted: (k) =>
    `update app.postings set status = 'handedOver' where posting = $1 || '${k < 2 ? '/settlement' : '/fee'}' and status = 'taken'`,
  replaced: () => `update app.postings set status = 'replaced' where settlement_id = $1 and status <> 'taken'`,
  late: (
    k,
  ) => `with was as (select posting, cycle, due_on from app.postings where settlement_id = $1 and revision = 1 and status <> 'taken' order by posting for update),
    p as (update app.postings p set cycle = '12-1405-0${k + 1}', due_on = '1405/07/0${k + 1}' from was where p.posting = was.posting)
    insert into app.posting_moves (posting, from_cycle, to_cycle, why, due_on) select posting, cycle, '12-1405-0${k + 1}', '${k === 4 ? 'series' : 'late'}', due_on from was on conflict do nothing`,
  gone: () => `delete from app.postings p where settlement_id = $1 and revision > 1`,
  summed: () => 'select app.sum_dues(3) where $1::text is not null',
};

test('whatever happens, by several at once: what is kept agrees, and the indicators with a recount', async () => {
  const change = fc.record({
    what: fc.constantFrom(...Object.keys(CHANGES)),
    whose: fc.integer({ min: 1, max: 4 }),
    k: fc.integer({ min: 0, max: 4 }),
  });
  const happened = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 30, maxLength: 80, size: 'max' }),
      fc.string({ minLength: 10, maxLength: 10, unit: fc.constantFrom(...'0123456789') }),
      async (changes, batch) => {
        const id = (whose: number): string => `7${batch}${whose}-14050601`;
        const happens = async (what: string, whose: number, k: number): Promise<void> => {
          const { rowCount } = await pool.query((CHANGES[what] as (k: number) => string)(k), [id(whose)]);
          if (rowCount) happened.add(what);
        };
        for (const first of ['received', 'announced', 'scheduled']) for (const whose of [1, 2, 3]) await happens(first, whose, whose - 1);
        // three at a time, as workers do; what waits for a lock goes on after it
        for (let n = 0; n < changes.length; n += 3) {
          await Promise.all(changes.slice(n, n + 3).map(({ what, whose, k }) => happens(what, whose, k)));
        }
        expect(await createIndicatorStore(pool).drift()).toEqual(AGREES);
      },
    ),
    { seed: 42, numRuns: 12, endOnFailure: true },
  );
  expect([...happened].sort()).toEqual(Object.keys(CHANGES).sort());
  for (const way of EACH_WAY) await asRecounted(...way);
  // added up, and made anew, they are the same
  const store = createIndicatorStore(pool);
  await pool.query(
    `update app.postings set status = 'taken' where posting in (select posting from app.postings where status = 'handedOver' and due_on < '1405/07/01' order by posting limit 25)`,
  );
  expect(await store.sumDues(7)).toBeGreaterThanOrEqual(25);
  expect((await pool.query('select count(*) from app.dues where not summed')).rows).toEqual([{ count: 0 }]);
  expect(await store.sumDues()).toBe(0);
  expect(await store.drift()).toEqual(AGREES);
  await asRecounted('cycle', null);
  await store.measureAnew();
  expect(await store.drift()).toEqual(AGREES);
  await asRecounted('month', '02');
}, 120_000);
