import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Activities } from '../../src/activities/index.js';
import type { Bill, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import { type VerifiedBill, verifyBills } from '../../src/operations/verify.js';
import { load } from '../billing/database.js';
import { subscriber, walk } from '../activities/stage.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
let settled: { order: SettlementOrder; bill: Bill }[];
beforeAll(async () => {
  database = await startDatabase(60);
  activities = realActivities(database.pool);
  settled = [];
  const settle = async (order: SettlementOrder): Promise<void> => {
    const { bill, findings } = await walk(activities, order, `run-${order.id}`);
    if (!bill) throw new Error(`${order.id}: ${findings.map(({ code }) => code).join()}`);
    settled.push({ order, bill });
  };
  const { rows } = await database.pool.query<{ subscription: string; reading: number }>(
    `select a.subscription, b.to_reading as reading from billing.accounts a
     join lateral (select * from billing.bills where subscription = a.subscription order by to_date desc limit 1) b on true
     where a.office = '01' and a.closed_on is null and b.reading_source <> 'estimated' order by 1 limit 10`,
  );
  for (const { subscription, reading } of rows)
    await settle(orderFor(subscription, reading + 40, { purpose: subscription.endsWith('1') ? 'final' : 'balance' }));
  await subscriber(database.pool, '014900000301', 40, 200_000_000_000);
  await settle(orderFor('014900000301', 1030, { settlementDate: addDays(today(), -10) }));
  await load(database.pool, 'payments', [{ subscription: '014900000301', reference: 'V1', amount: '5000' }]);
  // in the same cycle, after a payment; the sums need several slips
  await settle(orderFor('014900000301', 1040));
}, 120_000);
afterAll(() => database?.stop());

async function verified(id: string | null): Promise<VerifiedBill[]> {
  const all: VerifiedBill[] = [];
  for await (const each of verifyBills(database.pool, id)) all.push(each);
  return all;
}
/** Changes a stored bill, looks, and puts it back. */
async function tampered<T>(id: string, set: string, look: () => Promise<T>): Promise<T> {
  const { rows } = await database.pool.query('select bill, inputs, total, carry from app.bills where settlement_id = $1', [id]);
  await database.pool.query(`update app.bills set ${set} where settlement_id = $1`, [id]);
  try {
    return await look();
  } finally {
    await database.pool.query('update app.bills set bill = $2, inputs = $3, total = $4, carry = $5 where settlement_id = $1', [
      id,
      JSON.stringify(rows[0].bill),
      JSON.stringify(rows[0].inputs),
      rows[0].total,
      rows[0].carry,
    ]);
  }
}

test('every bill of the database is what its inputs give, whatever the ledger says now', async () => {
  await load(database.pool, 'payments', [{ subscription: '014900000301', reference: 'V2', amount: '7000' }]);
  const all = await verified(null);
  expect(all).toHaveLength(settled.length);
  expect(all.filter(({ equal }) => !equal)).toEqual([]);
  expect(settled.at(-1)!.bill.payments.length).toBeGreaterThan(2);
});

test('a line that was changed is named, and no other; put back, it is equal again', async () => {
  const { order, bill } = settled[0]!;
  const at = bill.lines.findIndex(({ code }) => code === 'VAT');
  const [found] = await tampered(order.id, `bill = jsonb_set(bill, '{lines,${at},amount}', '7')`, () => verified(order.id));
  expect(found).toEqual({
    settlement: order.id,
    revision: 1,
    number: bill.number,
    equal: false,
    differences: [{ line: at + 1, code: 'VAT', field: 'amount', issued: 7, computed: bill.lines[at]!.amount }],
  });
  expect(await verified(order.id)).toMatchObject([{ equal: true }]);
});

test.each<[string, string, object]>([
  ['a line taken away', `bill = bill #- '{lines,0}'`, { line: 1, field: 'line', issued: null }],
  [
    'a line put in',
    `bill = jsonb_set(bill, '{lines}', bill->'lines' || '[{"code":"PAYMENT","amount":-5}]')`,
    { code: 'PAYMENT', field: 'line', issued: -5, computed: null },
  ],
  ['the total', `bill = jsonb_set(bill, '{total}', '5')`, { line: null, field: 'total', issued: 5 }],
  ['the sums beside the bill', 'total = total + 1, carry = carry + 1', { field: 'stored.total' }],
  ['a slip’s amount', `bill = jsonb_set(bill, '{payments,0,amount}', '1000')`, { field: 'payments' }],
  ['a slip’s id', `bill = jsonb_set(bill, '{payments,0,paymentId}', '"48593"')`, { field: 'payments.0.paymentId' }],
  ['the bill id', `bill = jsonb_set(bill, '{billId}', '"1234567014326"')`, { field: 'billId' }],
  [
    'the reading it was computed from',
    `inputs = jsonb_set(inputs, '{facts,reading}', to_jsonb((inputs->'facts'->>'reading')::int + 1))`,
    { field: 'quantity' },
  ],
  [
    'an impossible reading',
    `inputs = jsonb_set(inputs, '{facts,reading}', '0')`,
    { field: 'inputs', computed: expect.stringContaining('READING_') },
  ],
  ['a tariff that is not on record', `inputs = jsonb_set(inputs, '{tariffs}', '["none"]')`, { field: 'inputs.tariffs', issued: ['none'] }],
  ['inputs without a snapshot', `inputs = inputs - 'snapshot'`, { field: 'inputs' }],
])('%s is found', async (_, set, difference) => {
  const { order } = settled.at(-1)!;
  const all = await tampered(order.id, set, () => verified(null));
  expect(all.filter(({ equal }) => !equal).map(({ settlement }) => settlement)).toEqual([order.id]);
  expect(all.find(({ equal }) => !equal)?.differences).toContainEqual(expect.objectContaining(difference));
});

describe('tasvieh verify', () => {
  function tasvieh(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TASVIEH_'))),
      TASVIEH_DATABASE_URL: database.postgres.url,
      TASVIEH_TEMPORAL_ADDRESS: '127.0.0.1:1',
      TASVIEH_SECRET: 'only for the tests of the command line, 32 at least',
    };
    const child = spawn(process.execPath, [path.resolve('dist/src/main.js'), 'verify', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    });
    const outcome = { code: null as number | null, out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.err += text));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ ...outcome, code }));
    });
  }

  test('equal: 0; a difference: 1 with its line; no such settlement: 1; neither or both: 2', async () => {
    const { order, bill } = settled[0]!;
    expect(await tasvieh(order.id)).toEqual({
      code: 0,
      err: '',
      out: `${order.id} r1 (${bill.number}): equal\n1 bills: 1 equal, 0 differ.\n`,
    });
    expect(await tasvieh('--all')).toEqual({ code: 0, err: '', out: `${settled.length} bills: ${settled.length} equal, 0 differ.\n` });
    await tampered(order.id, `bill = jsonb_set(bill, '{lines,0,amount}', '7')`, async () => {
      const told = await tasvieh('--all');
      expect([told.code, told.err]).toEqual([1, '']);
      expect(told.out).toContain(
        `${order.id} r1 (${bill.number}): differs\n  line 1 ${bill.lines[0]!.code}, amount: issued 7, computed ${bill.lines[0]!.amount}\n`,
      );
      const { code, out } = await tasvieh(order.id, '--json');
      expect([code, JSON.parse(out)]).toMatchObject([
        1,
        { checked: 1, equal: 0, different: [{ settlement: order.id, differences: [{ line: 1, issued: 7 }] }] },
      ]);
    });
    expect(await tasvieh('014900000999-14050904')).toMatchObject({ code: 1, err: expect.stringContaining('no bill is issued') });
    expect(await tasvieh()).toMatchObject({ code: 2, out: '' });
    expect(await tasvieh(order.id, '--all')).toMatchObject({ code: 2, out: '' });
  });
});
