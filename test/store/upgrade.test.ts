import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runner } from 'node-pg-migrate';
import type { Pool } from 'pg';
import { jalali } from '../../src/domain/calendar/jalali.js';
import type { Operator } from '../../src/domain/settlement/settlement.js';
import { freePort } from '../../src/embedded/ports.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import { createCorrectionStore } from '../../src/store/corrections.js';
import { createIndicatorStore } from '../../src/store/indicators.js';
import { migrate } from '../../src/store/migrate.js';
import { createPool } from '../../src/store/pool.js';
import { createSettlementStore } from '../../src/store/settlements.js';

// A database that an earlier version left, with rows as that version wrote them, migrated to the schema of now.
const MIGRATIONS = path.resolve('src/store/migrations');
const files = readdirSync(MIGRATIONS).sort();
const numberOf = (file: string) => Number(file.slice(0, 3));
/** The last migration of the first version. */
const FIRST_VERSION = 11;

const ANNOUNCED = '123004567801-14050901';
const REJECTED = '123004567802-14050901';
const CANCELLED = '123004567803-14050901';
const SUPERVISOR: Operator = { id: 's-1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' };
const CLERK = { id: 'c-1', name: 'مریم رضایی', role: 'clerk', office: '01' };
const AT = '2026-11-22T06:30:00.123456Z';

let folder: string;
let server: Awaited<ReturnType<typeof startPostgres>>;
let pool: Pool;
let ran: string[];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-upgrade-'));
  server = await startPostgres({ dataFolder: path.join(folder, 'data'), port: await freePort() });
  const dir = mkdtempSync(path.join(folder, 'migrations-'));
  for (const file of files) if (numberOf(file) <= FIRST_VERSION) copyFileSync(path.join(MIGRATIONS, file), path.join(dir, file));
  const quiet = () => undefined;
  await runner({
    databaseUrl: server.url,
    dir,
    direction: 'up',
    migrationsTable: 'migrations',
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  pool = createPool(server.url, { applicationName: 'test', max: 2 });
  await rowsOfTheFirstVersion();
  ran = await migrate(server.url);
}, 120_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const insert = (table: string, row: Record<string, unknown>) => {
  const columns = Object.keys(row);
  const values = Object.values(row).map((value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value));
  return pool.query(`insert into ${table} (${columns.join(', ')}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`, values);
};

/** One settlement that was announced, handed over, corrected and taken in part; one rejected; one cancelled. */
async function rowsOfTheFirstVersion(): Promise<void> {
  const settlement = (id: string, change: Record<string, unknown>) =>
    insert('app.settlements', {
      id,
      subscription: id.slice(0, 12),
      settlement_date: '1405/09/01',
      office: '01',
      clerk: 'c-1',
      run_id: `run-${id}`,
      status: 'announced',
      revision: 1,
      received_at: AT,
      late_entry: false,
      facts: {
        reading: 1030,
        readingSource: 'staff',
        purpose: 'balance',
        applicant: { kind: 'owner', name: 'علی کریمی', nationalId: '0932833810' },
      },
      operator: CLERK,
      ...change,
    });
  await settlement(ANNOUNCED, { status: 'handedOver', revision: 2, announced_at: AT, elapsed_ms: 900, within_target: true });
  const finding = { code: 'READING_BELOW_PREVIOUS', field: 'reading', severity: 'error', message: 'رقم علی کریمی کمتر است' };
  await pool.query(`update app.settlements set delivery = $2 where id = $1`, [
    ANNOUNCED,
    JSON.stringify({ deliveredTo: 'علی کریمی', channel: 'counter', at: '2026-11-22T07:00:00.000Z' }),
  ]);
  await settlement(REJECTED, { status: 'rejected', revision: 0 });
  await pool.query(`update app.settlements set errors = $2 where id = $1`, [REJECTED, JSON.stringify([finding])]);
  await settlement(CANCELLED, { status: 'cancelled', announced_at: AT, elapsed_ms: 400_000, within_target: false, breached_at: AT });
  for (const [id, revision, number, voided] of [
    [ANNOUNCED, 1, '01-1405-000001', true],
    [ANNOUNCED, 2, '01-1405-000002', false],
    [CANCELLED, 1, '01-1405-000003', true],
  ] as const)
    await insert('app.bills', {
      settlement_id: id,
      revision,
      number,
      issued_at: AT,
      bill: { number, total: 48_645, payments: [] },
      inputs: { snapshot: { payments: [] } },
      total: 48_645,
      payable: 48_000,
      carry: 645,
      void: voided,
    });
  await insert('app.billing_cycles', {
    cycle: '12-1405-05',
    event_id: 'E-1',
    closes_on: '1405/09/27',
    opened_by: SUPERVISOR,
  });
  for (const [posting, id, kind, status] of [
    ['fee', ANNOUNCED, 'fee', 'taken'],
    ['settlement', ANNOUNCED, 'settlement', 'replaced'],
    ['settlement/2', ANNOUNCED, 'settlement', 'refused'],
    ['fee', CANCELLED, 'fee', 'cancelled'],
  ] as const)
    await insert('app.postings', {
      posting: `${id}/${posting}`,
      settlement_id: id,
      kind,
      revision: posting === 'settlement/2' ? 2 : 1,
      cycle: '12-1405-05',
      due_on: '1405/09/27',
      amount: 49_000,
      detail: {},
      status,
    });
  await insert('app.posting_moves', {
    posting: `${ANNOUNCED}/fee`,
    from_cycle: '12-1405-04',
    to_cycle: '12-1405-05',
    why: 'late',
    due_on: '1405/07/28',
  });
  for (const [n, status] of ['issued', 'referred'].entries())
    await insert('app.corrections', {
      settlement_id: ANNOUNCED,
      n: n + 1,
      kind: 'reading',
      cause: 'clerk',
      description: 'رقم علی کریمی',
      status,
      owner_role: 'supervisor',
      reported_by: SUPERVISOR,
      reported_at: AT,
      due_at: AT,
    });
  await insert('app.overrides', {
    settlement_id: ANNOUNCED,
    code: 'OUTSIDE_OUTER_BAND',
    reading: 1030,
    reason: 'علی کریمی نشان داد',
    by: SUPERVISOR,
    role: 'supervisor',
  });
  await pool.query(
    `insert into app.events (settlement_id, kind, key, at, data, changed) select id, 'received', run, $1, '{}', state
     from app.settlement_states join (select id, run_id as run from app.settlements) r using (id) order by id`,
    [AT],
  );
}

test('an upgrade runs the migrations after that version, in order and once', async () => {
  expect(ran).toEqual(files.filter((file) => numberOf(file) > FIRST_VERSION).map((file) => file.replace('.sql', '')));
  expect(await migrate(server.url)).toEqual([]);
  const { rows } = await pool.query<{ name: string }>('select name from migrations order by id');
  expect(rows.map(({ name }) => `${name}.sql`)).toEqual(files);
});

test('after an upgrade the indicators count the settlements of before it', async () => {
  const store = createIndicatorStore(pool);
  expect(await store.drift()).toEqual({ settlements: [], dues: 0 });
  const asked = { from: jalali('1405/07/01'), to: jalali('1405/09/30'), office: null };
  const [all] = await store.counts({ ...asked, by: null });
  expect(all?.counts).toMatchObject({ announcements: 2, onTime: 1, corrections: 2, due: 2, taken: 1 });
});

test('after an upgrade the log rebuilds each settlement, acts go on from there, and nobody rewrites it', async () => {
  const audited = async () => {
    const all = [];
    for await (const { settlement, equal } of rebuildSettlements(pool, null)) all.push([settlement, equal]);
    return all;
  };
  const equal = [ANNOUNCED, REJECTED, CANCELLED].map((id) => [id, true]);
  expect(await audited()).toEqual(equal);
  await createCorrectionStore(pool).decide(ANNOUNCED, 2, 'withdrawn', SUPERVISOR, 'علی کریمی درست گفت');
  await createSettlementStore(pool).settle(ANNOUNCED);
  expect(await audited()).toEqual(equal);
  expect((await createSettlementStore(pool).get(ANNOUNCED, { office: null }))?.corrections).toMatchObject([
    { status: 'issued' },
    { status: 'withdrawn' },
  ]);
  for (const sql of ['update app.events set data = data', 'delete from app.events', 'truncate app.events cascade'])
    await expect(pool.query(sql)).rejects.toThrow(/append-only/);
});
