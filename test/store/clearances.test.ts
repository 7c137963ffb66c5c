import type { Activities } from '../../src/activities/index.js';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import type { Bill, Operator, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { numberedDocuments } from '../../src/store/audit.js';
import { createClearanceStore } from '../../src/store/clearances.js';
import { createCopyStore } from '../../src/store/copies.js';
import { createCorrectionStore } from '../../src/store/corrections.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { subscriber, walk } from '../activities/stage.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
}, 120_000);
afterAll(() => database?.stop());

const CLERK: Operator = { id: 'c-1', name: 'مریم رضایی', role: 'clerk', office: '01' };
let subscribers = 0;
let references = 0;

async function issued(totalDue = 100_000): Promise<{ order: SettlementOrder; id: string; bill: Bill }> {
  const subscription = `0149000006${String(++subscribers).padStart(2, '0')}`;
  await subscriber(database.pool, subscription, 40, totalDue);
  const order = orderFor(subscription, 1030);
  const { bill } = await walk(activities, order, `run-${subscription}`);
  if (!bill) throw new Error('nothing was issued');
  return { order, id: order.id, bill };
}
const pay = ({ order, bill }: { order: SettlementOrder; bill: Bill }, amount: number) =>
  createPaymentStore(database.pool).record(
    {
      reference: `C-${++references}`,
      eventId: `C-${references}`,
      subscription: order.facts.subscription,
      paymentId: bill.payments[0]!.paymentId,
      amount,
      paidOn: today(),
    },
    '01',
    { id: 'b-1', office: '01' },
  );
const issue = (id: string, by = CLERK) => createClearanceStore(database.pool).issue(id, by);
const view = (id: string) => createSettlementStore(database.pool).get(id, { office: null });
async function agrees(id: string): Promise<void> {
  for await (const each of rebuildSettlements(database.pool, id)) expect(each).toEqual({ settlement: id, equal: true, differences: [] });
}
const cleared = async (id: string) =>
  (await database.pool.query("select at, data from app.events where settlement_id = $1 and kind = 'cleared' order by seq", [id])).rows;

test('owed: refused with what is missing; paid: one letter, numbered, the same ever after, also for ten at once', async () => {
  const settled = await issued();
  const { id, bill } = settled;
  expect(await issue(id)).toEqual({ refusal: { code: 'STILL_OWED', payable: bill.payable, paid: 0, remaining: bill.payable } });
  await pay(settled, bill.payable - 1);
  expect(await issue(id)).toEqual({ refusal: { code: 'STILL_OWED', payable: bill.payable, paid: bill.payable - 1, remaining: 1 } });
  await pay(settled, 1);
  const letters = await Promise.all(Array.from({ length: 10 }, () => issue(id)));
  const [first] = letters.map((each) => each && 'letter' in each && each.letter);
  expect(letters.map((each) => each && 'letter' in each && each.letter)).toEqual(Array(10).fill(first));
  expect(letters.filter((each) => each && 'issued' in each && each.issued)).toHaveLength(1);
  expect(first).toMatchObject({
    number: expect.stringMatching(/^M-01-\d{4}-\d{6}$/),
    bill: { number: bill.number, revision: 1 },
    paid: bill.payable,
    person: { name: expect.any(String) },
  });
  // what the ledger says later does not change it
  await database.pool.query(`update billing.accounts set name = 'نام دیگر' where subscription = $1`, [settled.order.facts.subscription]);
  expect(await issue(id, { ...CLERK, id: 'c-2' })).toEqual({ letter: first, issued: false });
  expect(await cleared(id)).toMatchObject([{ data: { number: first && first.number, revision: 1, by: 'c-1', role: 'clerk' } }]);
  expect((await view(id))?.clearance).toEqual({ number: first && first.number, issuedAt: first && first.issuedAt, by: 'c-1' });
  await agrees(id);
});

test('nothing to pay needs no payment; an open error, a cancellation and an unknown settlement are refused', async () => {
  const credit = await issued(-900_000);
  expect(await issue(credit.id)).toMatchObject({ issued: true, letter: { paid: 0, payments: [], bill: { payable: 0 } } });
  const corrections = createCorrectionStore(database.pool);
  const at = new Date().toISOString();
  await corrections.report(credit.id, 1, 'referred', {
    kind: 'other',
    cause: 'system',
    description: 'x',
    by: CLERK,
    owner: { role: 'supervisor', user: null },
    at,
    dueAt: at,
  });
  expect(await issue(credit.id)).toEqual({ refusal: { code: 'CORRECTION_OPEN', n: 1 } });
  await corrections.decide(credit.id, 1, 'withdrawn', CLERK, null);
  expect(await issue(credit.id)).toMatchObject({ issued: false });
  await corrections.cancel(credit.id, 'اشتباه', CLERK, at);
  expect(await issue(credit.id)).toEqual({ refusal: { code: 'NOT_ALLOWED_NOW' } });
  expect(await issue('014900000699-14050904')).toBeNull();
  await agrees(credit.id);
});

test('numbers follow one another; a gap, a void one and a missing last one are named', async () => {
  const three = [await issued(-1_000_000), await issued(-1_000_000), await issued(-1_000_000)];
  const numbers: string[] = [];
  for (const { id } of three) {
    const outcome = await issue(id);
    if (outcome && 'letter' in outcome) numbers.push(outcome.letter.number);
  }
  const nth = numbers.map((number) => Number(number.split('-').at(-1)));
  expect(nth).toEqual([nth[0]!, nth[0]! + 1, nth[0]! + 2]);
  const all = () => numberedDocuments(database.pool, { from: null, to: null });
  for (const { missing } of await all()) expect(missing).toEqual([]);
  const bills = three.map(({ bill }) => bill.number);
  await createCorrectionStore(database.pool).cancel(three[0]!.id, 'اشتباه', CLERK, new Date().toISOString());
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    // two that are gone, one of them the last
    await client.query('delete from app.clearances where settlement_id = any($1)', [[three[1]!.id, three[2]!.id]]);
    for (const table of ['steps', 'postings', 'slips', 'bills'])
      await client.query(`delete from app.${table} where settlement_id = any($1)`, [[three[1]!.id, three[2]!.id]]);
    await client.query('commit');
  } finally {
    client.release();
  }
  const [bill, clearance] = await all();
  expect(bill).toMatchObject({
    document: 'bill',
    office: '01',
    void: expect.arrayContaining([bills[0]]),
    missing: [{ from: bills[1], to: bills[2], count: 2 }],
  });
  expect(clearance).toMatchObject({
    document: 'clearance',
    office: '01',
    void: expect.arrayContaining([numbers[0]]),
    missing: [{ from: numbers[1], to: numbers[2], count: 2 }],
  });
  // of a period only its own numbers count
  const [tomorrow] = await numberedDocuments(database.pool, { from: new Date(Date.now() + 86_400_000).toISOString(), to: null });
  expect(tomorrow).toBeUndefined();
  const [until] = await numberedDocuments(database.pool, { from: null, to: new Date(Date.now() + 86_400_000).toISOString() });
  expect(until).toMatchObject({ document: 'bill', missing: [] });
});

test('reprints are counted one by one, each revision by itself, in the view and in the log', async () => {
  const { id } = await issued();
  const copies = createCopyStore(database.pool);
  const numbers = await Promise.all(Array.from({ length: 6 }, (_, i) => copies.record(id, 1, { ...CLERK, id: `c-${i}` })));
  expect([...numbers].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await view(id))?.copies).toMatchObject(
    Array.from({ length: 6 }, (_, i) => ({ revision: 1, n: i + 1, by: expect.stringMatching(/^c-\d$/), at: expect.any(String) })),
  );
  const { rows } = await database.pool.query(
    "select data->'n' as n from app.events where settlement_id = $1 and kind = 'copied' order by seq",
    [id],
  );
  expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6]);
  await expect(copies.record(id, 2, CLERK)).rejects.toThrow();
  await agrees(id);
});
