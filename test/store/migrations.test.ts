import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runner } from 'node-pg-migrate';
import type { Pool } from 'pg';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import type { Operator } from '../../src/domain/settlement/settlement.js';
import { freePort } from '../../src/embedded/ports.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { createCorrectionStore } from '../../src/store/corrections.js';
import { createCorrectiveActionStore } from '../../src/store/corrective-actions.js';
import { migrate } from '../../src/store/migrate.js';
import { createPool } from '../../src/store/pool.js';
import { createSettlementStore } from '../../src/store/settlements.js';

// Databases that earlier versions left, with rows of their time, brought to the schema of now.
const MIGRATIONS = path.resolve('src/store/migrations');
const numbers = readdirSync(MIGRATIONS).map((name) => Number(name.slice(0, 3)));

let folder: string;
let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-migrations-'));
  server = await startPostgres({ dataFolder: path.join(folder, 'data'), port: await freePort() });
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A database of its own, brought to where only the migrations that `are` were there. */
async function databaseOf(name: string, are: (number: number) => boolean): Promise<{ url: string; pool: Pool }> {
  const admin = createPool(server.url, { applicationName: 'test', max: 1 });
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).toString();
  const dir = mkdtempSync(path.join(folder, 'migrations-'));
  for (const file of readdirSync(MIGRATIONS))
    if (are(Number(file.slice(0, 3)))) copyFileSync(path.join(MIGRATIONS, file), path.join(dir, file));
  const quiet = () => undefined;
  await runner({
    databaseUrl: url,
    dir,
    direction: 'up',
    migrationsTable: 'migrations',
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  return { url, pool: createPool(url, { applicationName: 'test', max: 2 }) };
}

const ANNOUNCED = '123004567801-14050901';
const REJECTED = '123004567802-14050901';
const CANCELLED = '123004567803-14050901';
const SUPERVISOR: Operator = { id: 's-1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' };
const CLERK = { id: 'c-1', name: 'مریم رضایی', role: 'clerk', office: '01' };
const FINDINGS = [
  { code: 'READING_BELOW_PREVIOUS', field: 'reading', severity: 'error', message: 'رقم علی کریمی کمتر است' },
  { code: 'DOCUMENT_MISSING', field: 'documents', severity: 'error', message: 'مدرک نیست' },
];

/** What the version before the event log wrote: announced, handed over, corrected, paid back and taken; rejected; cancelled. */
async function oldRows(pool: Pool): Promise<void> {
  const at = '2026-11-22T06:30:00.123456Z';
  const facts = {
    reading: 1030,
    readingSource: 'staff',
    purpose: 'balance',
    applicant: { kind: 'owner', name: 'علی کریمی', nationalId: '0932833810' },
  };
  const settlement = (id: string, change: Record<string, unknown>) => {
    const row = {
      id,
      subscription: id.slice(0, 12),
      settlement_date: '1405/09/01',
      office: '01',
      clerk: 'c-1',
      run_id: `run-${id}`,
      status: 'announced',
      revision: 1,
      received_at: at,
      late_entry: false,
      facts,
      operator: CLERK,
      warnings: [],
      errors: [],
      ...change,
    };
    const columns = Object.keys(row);
    const values = Object.values(row).map((value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value));
    return pool.query(
      `insert into app.settlements (${columns.join(', ')}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`,
      values,
    );
  };
  await settlement(ANNOUNCED, {
    status: 'handedOver',
    revision: 2,
    announced_at: at,
    elapsed_ms: 900,
    within_target: true,
    delivery: { deliveredTo: 'علی کریمی', channel: 'counter', at: '2026-11-22T07:00:00.000Z' },
  });
  await settlement(REJECTED, { status: 'rejected', revision: 0, errors: FINDINGS });
  await settlement(CANCELLED, {
    status: 'cancelled',
    announced_at: at,
    elapsed_ms: 400_000,
    within_target: false,
    breached_at: at,
    cancellation: { by: 's-1', reason: 'اشتراک علی کریمی نبود', at: '2026-11-22T08:00:00.000Z' },
  });
  for (const [id, revision, number, voided] of [
    [ANNOUNCED, 1, '01-1405-000001', true],
    [ANNOUNCED, 2, '01-1405-000002', false],
    [CANCELLED, 1, '01-1405-000003', true],
  ] as const) {
    await pool.query(
      'insert into app.bills (settlement_id, revision, number, issued_at, bill, inputs, total, payable, carry, void) values ($1, $2, $3, $4, $5, $6, 48645, 48000, 645, $7)',
      [
        id,
        revision,
        number,
        at,
        JSON.stringify({ number, total: 48645, payments: [] }),
        JSON.stringify({ facts, snapshot: { payments: [] } }),
        voided,
      ],
    );
  }
  await pool.query(
    'insert into app.steps (settlement_id, run_id, name, revision, started_at, ended_at, attempts) values ($1, $2, $3, 0, $4, $4, 2)',
    [ANNOUNCED, `run-${ANNOUNCED}`, 'register', at],
  );
  for (const [posting, id, kind, status] of [
    ['fee', ANNOUNCED, 'fee', 'taken'],
    ['settlement', ANNOUNCED, 'settlement', 'replaced'],
    ['settlement/2', ANNOUNCED, 'settlement', 'refused'],
    ['fee', CANCELLED, 'fee', 'cancelled'],
  ] as const) {
    await pool.query(
      `insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, times_late, bill_serial) values ($1, $2, $3, $5, '12-1405-05', '1405/09/27', 49000, '{}', $4, 1, 'B-1')`,
      [`${id}/${posting}`, id, kind, status, posting === 'settlement/2' ? 2 : 1],
    );
  }
  await pool.query(
    `insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, owner_user, reported_by, reported_at, due_at, submitted_by, submission, verified_by, revision, note)
     values ($1, 1, 'reading', 'clerk', 'رقم علی کریمی', 'issued', 'clerk', 'c-1', $2, $3, $3, $4, '{"comparison": {"difference": -5, "noChange": false}}', $2, 2, 'درست شد')`,
    [ANNOUNCED, JSON.stringify(SUPERVISOR), at, JSON.stringify(CLERK)],
  );
  await pool.query(
    `insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, reported_by, reported_at, due_at) values ($1, 2, 'other', 'system', 'رد شد', 'referred', 'supervisor', '{"id": "billing"}', $2, $2)`,
    [ANNOUNCED, at],
  );
  await pool.query(
    `insert into app.refunds (settlement_id, amount, reason, requested_by, requested_at) values ($1, 7, 'علی کریمی خواست', $2, $3)`,
    [ANNOUNCED, JSON.stringify(SUPERVISOR), at],
  );
  await pool.query(
    `insert into app.overrides (settlement_id, code, reading, reason, by, role, at) values ($1, 'OUTSIDE_OUTER_BAND', 1030, 'علی کریمی نشان داد', $2, 'supervisor', $3)`,
    [ANNOUNCED, JSON.stringify(SUPERVISOR), at],
  );
  const events: [string, string, unknown][] = [
    [ANNOUNCED, 'received', {}],
    [ANNOUNCED, 'delivered', { deliveredTo: 'علی کریمی', channel: 'counter' }],
    [ANNOUNCED, 'taken', { posting: `${ANNOUNCED}/fee`, billSerial: 'B-1', nameOnBill: 'پروین صداقت' }],
    [ANNOUNCED, 'refused', { posting: `${ANNOUNCED}/settlement/2`, reason: 'نام علی کریمی ناخوانا' }],
    [ANNOUNCED, 'correctionVerified', { n: 1, by: 's-1', note: 'علی کریمی درست گفت' }],
    [ANNOUNCED, 'paid', { reference: 'R-1', amount: 5 }],
    [REJECTED, 'rejected', FINDINGS],
    [CANCELLED, 'cancelled', { by: 's-1', reason: 'اشتراک علی کریمی نبود', at: '2026-11-22T08:00:00.000Z' }],
  ];
  for (const [id, kind, data] of events)
    await pool.query('insert into app.events (settlement_id, kind, key, at, data) values ($1, $2, $3, $4, $5)', [
      id,
      kind,
      '1',
      at,
      JSON.stringify(data),
    ]);
}

test('before the event log: persons go beside the log, and each settlement’s story begins with how it stood', async () => {
  const { url, pool } = await databaseOf('before_017', (number) => number < 17);
  try {
    await oldRows(pool);
    const ran = await migrate(url);
    expect(ran.map((name) => Number(name.slice(0, 3)))).toEqual(numbers.filter((number) => number >= 17).sort((a, b) => a - b));
    const { rows } = await pool.query<{ id: string; kind: string; data: unknown; person: unknown }>(
      `select e.settlement_id as id, e.kind, e.data, p.data as person from app.events e left join app.event_persons p on p.event = e.seq where e.kind <> 'carriedOver' order by e.seq`,
    );
    expect(rows).toEqual([
      { id: ANNOUNCED, kind: 'received', data: {}, person: null },
      { id: ANNOUNCED, kind: 'delivered', data: { channel: 'counter' }, person: { deliveredTo: 'علی کریمی' } },
      { id: ANNOUNCED, kind: 'taken', data: { posting: `${ANNOUNCED}/fee`, billSerial: 'B-1' }, person: { nameOnBill: 'پروین صداقت' } },
      { id: ANNOUNCED, kind: 'refused', data: { posting: `${ANNOUNCED}/settlement/2` }, person: { reason: 'نام علی کریمی ناخوانا' } },
      { id: ANNOUNCED, kind: 'correctionVerified', data: { n: 1, by: 's-1' }, person: { note: 'علی کریمی درست گفت' } },
      { id: ANNOUNCED, kind: 'paid', data: { reference: 'R-1', amount: 5 }, person: null },
      { id: REJECTED, kind: 'rejected', data: { errors: ['READING_BELOW_PREVIOUS', 'DOCUMENT_MISSING'] }, person: null },
      {
        id: CANCELLED,
        kind: 'cancelled',
        data: { by: 's-1', at: '2026-11-22T08:00:00.000Z' },
        person: { reason: 'اشتراک علی کریمی نبود' },
      },
    ]);
    // no name is left in the log itself
    expect((await pool.query(`select count(*)::integer as named from app.events e where e::text ~ 'کریمی|صداقت'`)).rows).toEqual([
      { named: 0 },
    ]);

    const { rows: carried } = await pool.query<{ id: string; changed: Record<string, Record<string, unknown>> }>(
      `select settlement_id as id, changed from app.events where kind = 'carriedOver' order by 1`,
    );
    expect(carried.map(({ id }) => id)).toEqual([ANNOUNCED, REJECTED, CANCELLED]);
    expect(carried[0]?.changed).toMatchObject({
      settlement: {
        status: 'handedOver',
        revision: 2,
        reading: 1030,
        receivedAt: '2026-11-22T06:30:00.123456Z',
        delivery: { channel: 'counter', at: '2026-11-22T07:00:00.000Z' },
      },
      steps: { register: { attempts: 2 } },
      bills: { 1: { number: '01-1405-000001', void: true }, 2: { number: '01-1405-000002', void: false, total: 48645 } },
      postings: {
        [`${ANNOUNCED}/fee`]: { status: 'taken', billSerial: 'B-1', amount: 49000 },
        [`${ANNOUNCED}/settlement/2`]: { status: 'refused', timesLate: 1 },
      },
      corrections: {
        1: { status: 'issued', reportedBy: 's-1', difference: -5, verifiedBy: 's-1', revision: 2 },
        2: { status: 'referred', owner: { role: 'supervisor', user: null } },
      },
      refund: { amount: 7, requestedBy: 's-1', confirmedBy: null },
      overrides: { 'OUTSIDE_OUTER_BAND/1030': { by: 's-1' } },
    });
    expect(carried[1]?.changed).toMatchObject({
      settlement: { status: 'rejected', errors: ['READING_BELOW_PREVIOUS', 'DOCUMENT_MISSING'] },
    });
    expect(carried[2]?.changed).toMatchObject({ settlement: { status: 'cancelled', cancellation: { by: 's-1' }, withinTarget: false } });

    // the story goes on from there
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
    // and nobody rewrites it
    for (const sql of ['update app.events set data = data', 'delete from app.events', 'truncate app.events cascade'])
      await expect(pool.query(sql)).rejects.toThrow(/append-only/);
  } finally {
    await pool.end();
  }
});

test('before 030: the acts of corrective actions lose their texts to where they can be erased', async () => {
  const { url, pool } = await databaseOf('before_030', (number) => number < 30);
  try {
    const by = JSON.stringify({ id: 'q-1', name: 'زهرا امینی', role: 'quality' });
    const at = '2026-11-22T06:30:00.000Z';
    await pool.query(
      `insert into app.corrective_actions (scope, subject, office, month, opened_at, opened_by, reason, status, version) values ('other', 'شکایت', '*', '1405/09', $1, $2, 'یک', 'held', 2)`,
      [at, by],
    );
    const acts = [
      { act: 'call', on: '1405/09/08', participants: ['مریم'] },
      { act: 'minutes', minutes: 'علی کریمی آمد', cause: 'شتاب' },
    ];
    for (const [i, act] of acts.entries())
      await pool.query('insert into app.corrective_action_events (n, version, act, by, at) values (1, $1, $2, $3, $4)', [
        i + 1,
        JSON.stringify(act),
        by,
        at,
      ]);
    expect((await migrate(url)).map((name) => Number(name.slice(0, 3)))).toContain(30);
    const { rows } = await pool.query(
      'select e.act, t.data from app.corrective_action_events e left join app.corrective_action_texts t using (n, version) order by version',
    );
    expect(rows).toEqual([
      { act: { act: 'call', on: '1405/09/08' }, data: { participants: ['مریم'] } },
      { act: { act: 'minutes' }, data: { minutes: 'علی کریمی آمد', cause: 'شتاب' } },
    ]);
    await expect(pool.query('update app.corrective_action_events set act = act')).rejects.toThrow(/append-only/);
    // the same by hand is the same one still; two that were erased are two
    const store = createCorrectiveActionStore(pool);
    const same = {
      scope: 'other',
      subject: 'شکایت',
      office: '*',
      month: '1405/09',
      openedAt: at,
      errors: null,
      threshold: null,
      openedBy: JSON.parse(by),
      reason: 'یک',
    } as const;
    expect(await store.open(same)).toMatchObject({ opened: false, action: { n: 1 } });
    expect(await store.open({ ...same, reason: 'دو' })).toMatchObject({ opened: true, action: { n: 2 } });
    await pool.query(`update app.corrective_actions set subject = '', reason = ''`);
    expect(await migrate(url)).toEqual([]);
  } finally {
    await pool.end();
  }
});
