import type { Activities } from '../../src/activities/index.js';
import { createBillPrinter } from '../../src/document/bill.js';
import { type JalaliDate, addDays } from '../../src/domain/calendar/jalali.js';
import type { Bill, Settlement, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import type { Step } from '../../src/domain/tariff/tariff.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { verifyBills } from '../../src/operations/verify.js';
import { load } from '../billing/database.js';
import { readPdfs } from '../document/read-pdf.js';
import { T1, tariff } from '../domain/sample.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { subscriber, walk } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
const ago = (days: number): JalaliDate => addDays(today(), -days);
const every = (change: object = {}) => [{ from: ago(1000), to: null, ...change }];
/** One season, so that a usual consumption is usual at any time of the year. */
const OURS = tariff({
  version: 'ours',
  from: ago(1000),
  levy: every({ percent: '10' }) as never,
  vat: every({ percent: '9', base: ['gas'] }) as never,
});
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
  await createTariffStore(database.pool).publish(OURS, 'a', 'b');
}, 120_000);
afterAll(() => database?.stop());

const order = (
  subscription: string,
  daysAgo: number,
  reading: number | null,
  change: Partial<SettlementOrder['facts']> = {},
): SettlementOrder => orderFor(subscription, reading, { settlementDate: ago(daysAgo), ...change });
const settle = (of: SettlementOrder) => walk(activities, of, `run-${of.id}-${of.facts.reading}`);
async function stored(id: string): Promise<Settlement> {
  const settlement = await createSettlementStore(database.pool).get(id, { office: null });
  if (!settlement) throw new Error(`no settlement ${id}`);
  return settlement;
}
const rowOf = async (id: string) => (await database.pool.query('select * from app.bills where settlement_id = $1', [id])).rows;
const ledger = (bill: Bill | null) =>
  bill?.lines.flatMap(({ code, amount }) => (['PREVIOUS_DEBT', 'PAYMENT'].includes(code) ? [[code, amount]] : []));
const printer = createBillPrinter();

describe('case 14: a date before the last bill’s end', () => {
  const subscription = '014900000501';
  test('is refused with the reason, no negative period, nothing issued', async () => {
    await subscriber(database.pool, subscription, 40);
    const asked = order(subscription, 50, 990);
    const { bill, findings } = await settle(asked);
    expect(bill).toBeNull();
    expect(findings).toMatchObject([{ code: 'READING_DATE_BEFORE_LAST', severity: 'error' }]);
    for (const part of [ago(50), ago(40), '1000', '990', 'ابطال و صدور دوباره را از سرپرست']) expect(findings[0]!.message).toContain(part);
    expect(await stored(asked.id)).toMatchObject({ status: 'rejected', bill: null, errors: [{ code: 'READING_DATE_BEFORE_LAST' }] });
    expect(await rowOf(asked.id)).toEqual([]);
    // the balance of the ledger has no period and is told
    expect((await settle(order(subscription, 51, null))).bill).toMatchObject({ days: 0, total: 100_000 });
  });
  test('before an earlier settlement likewise, until a supervisor cancels that one', async () => {
    const first = order(subscription, 10, 1_030);
    expect((await settle(first)).bill).toMatchObject({ days: 30 });
    const refused = await settle(order(subscription, 20, 1_020));
    expect(refused.bill).toBeNull();
    for (const part of [ago(10), '1030']) expect(refused.findings[0]!.message).toContain(part);
    await database.pool.query(`update app.settlements set status = 'cancelled' where id = $1`, [first.id]);
    expect((await settle(order(subscription, 20, 1_020))).bill).toMatchObject({
      days: 20,
      consumption: '20',
      previousReading: { reading: 1_000, on: ago(40) },
    });
  });
});

describe('case 16: two bands, and what a reading’s source makes of the bill', () => {
  // the last bill: 100 m³ in 60 days; 40 days of that are 67: high above 133, outer above 333; the meter passes 5,760
  test.each<[number, string[], boolean]>([
    [1_067, [], true],
    [1_133, [], true],
    [1_134, ['HIGH_CONSUMPTION'], true],
    [1_333, ['HIGH_CONSUMPTION'], true],
    [1_334, ['OUTSIDE_OUTER_BAND'], false],
    [6_760, ['OUTSIDE_OUTER_BAND'], false],
    [6_761, ['ABOVE_METER_CAPACITY'], false],
  ])('%d: %j', async (reading, codes, issued) => {
    const subscription = `01490000${reading}`;
    await subscriber(database.pool, subscription, 40);
    const asked = order(subscription, 0, reading);
    // the clerk alone: with the confirmation's reason, else not
    const silent = await settle({ ...asked, id: `${asked.id}-9`, facts: { ...asked.facts, confirmations: [] } });
    expect(silent.findings.map(({ code }) => code)).toEqual(codes);
    expect(silent.bill === null).toBe(codes.length > 0);
    if (codes.length === 0) return;
    expect((await settle(asked)).bill !== null).toBe(issued);
    if (issued) return;
    // the supervisor opens the outer band, never the meter's capacity
    await createOverrideStore(database.pool).record(
      asked.id,
      { code: 'OUTSIDE_OUTER_BAND', reason: 'دوباره خوانده شد', reading },
      { id: 's1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' },
    );
    expect((await settle(asked)).bill !== null).toBe(codes[0] === 'OUTSIDE_OUTER_BAND');
  });

  test('read by staff the bill says definitive, declared or estimated it says on account', async () => {
    const sources = ['staff', 'declared', 'estimated'] as const;
    const pdfs: Uint8Array[] = [];
    for (const [i, readingSource] of sources.entries()) {
      const subscription = `01490000051${i}`;
      await subscriber(database.pool, subscription, 40);
      const asked = order(subscription, 0, 1_060, { readingSource });
      expect((await settle(asked)).bill?.definitive).toBe(readingSource === 'staff');
      pdfs.push(printer.bill({ settlement: await stored(asked.id), copy: false, void: false }));
    }
    const said = readPdfs(pdfs)
      .map(({ pages }) => pages[0]!.lines.join('\n'))
      .map((text) => [/صورتحساب قطعی است/.test(text), text.includes('الحساب است')]);
    expect(said).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
  });
});

test('case 22: paying the old bill after the settlement changes nothing of it, and counts once', async () => {
  const subscription = '014900000521';
  await subscriber(database.pool, subscription, 40);
  const first = order(subscription, 10, 1_030);
  const { bill } = await settle(first);
  const before = await rowOf(first.id);
  const pays = (countedInBill: string) =>
    load(database.pool, 'payments', [{ subscription, reference: 'OLD1', amount: '100000', paidOn: ago(9), countedInBill }]);
  const next = (n: number) => settle({ ...order(subscription, 5, null), id: `${order(subscription, 5, null).id}-${n}` });

  expect(await pays('')).toMatchObject({ ok: true, inserted: 1 });
  expect(await rowOf(first.id)).toEqual(before);
  for await (const verified of verifyBills(database.pool, first.id)) expect(verified).toMatchObject({ equal: true });
  const second = await next(2);
  expect(ledger(second.bill)).toEqual([
    ['PREVIOUS_DEBT', bill!.total],
    ['PAYMENT', -100_000],
  ]);
  expect(second.bill!.total).toBe(bill!.total - 100_000);
  // again: the second's total holds it already
  const third = await next(3);
  expect(ledger(third.bill)).toEqual([['PREVIOUS_DEBT', second.bill!.total]]);
  // billing says now that the old bill had counted it: it was taken off twice, and is given back once
  expect(await pays('B1')).toMatchObject({ ok: true, updated: 1 });
  const fourth = await next(4);
  expect(ledger(fourth.bill)).toEqual([
    ['PREVIOUS_DEBT', second.bill!.total],
    ['PAYMENT', 100_000],
  ]);
  expect((await next(5)).bill!.total).toBe(bill!.total);
  expect(await rowOf(first.id)).toEqual(before);
});

test('case 23: after a tariff change the reprint is equal in every amount, in its PDF too', async () => {
  const subscription = '014900000531';
  const other = '014900000532';
  for (const each of [subscription, other]) await subscriber(database.pool, each, 40);
  const asked = order(subscription, 0, 1_060);
  const { bill } = await settle(asked);
  const issued = await stored(asked.id);
  const original = printer.bill({ settlement: issued, copy: false, void: false });

  const doubled = T1.map((step): Step => ({ ...step, rialPerM3: 2 * step.rialPerM3 }));
  const changed = { ...OURS, version: 'doubled', gas: [{ ...OURS.gas[0]!, steps: doubled }], levy: [] };
  await createTariffStore(database.pool).publish(changed, 'a', 'b');
  const now = await settle(order(other, 0, 1_060));
  const sum = (of: Bill | null, code: string) => of?.lines.reduce((all, line) => (line.code === code ? all + line.amount : all), 0);
  // the same account would be charged otherwise now
  expect(sum(now.bill, 'GAS_STEP')).toBe(2 * sum(bill, 'GAS_STEP')!);
  expect(sum(now.bill, 'GAS_LEVY')).toBe(0);

  expect((await stored(asked.id)).bill).toEqual(issued.bill);
  const again = printer.bill({ settlement: await stored(asked.id), copy: false, void: false });
  expect(Buffer.from(again).equals(original)).toBe(true);
  const copy = printer.bill({ settlement: await stored(asked.id), copy: 777, void: false });
  const [first, second] = readPdfs([original, copy]);
  const figures = (text: string) => text.match(/[0-9۰-۹][0-9۰-۹٬٫/:-]*/g) ?? [];
  expect(figures(first!.text).length).toBeGreaterThan(60);
  // but for the reprint's own number
  expect(figures(second!.text).filter((figure) => figure !== '۷۷۷')).toEqual(figures(first!.text));
  expect(second!.barcodes).toEqual(first!.barcodes);
  for (const { amount } of bill!.lines) expect(second!.text).toContain(Math.abs(amount).toLocaleString('fa-IR'));
  expect([first, second].map((each) => each!.text.includes('المثن'))).toEqual([false, true]);
  for await (const verified of verifyBills(database.pool, asked.id)) expect(verified).toMatchObject({ equal: true });
});

test('case 33: a name that looks like a formula or markup goes from the feed to the PDF as it is', async () => {
  const names = ['=1+1', '-2+3', '@SUM(A1)', `=cmd|' /C calc'!A0`, '<script>alert(1)</script>', '#import "x" *bold* $a$'];
  const pdfs: Uint8Array[] = [];
  for (const [i, name] of names.entries()) {
    const subscription = `01490000054${i}`;
    await subscriber(database.pool, subscription, 40);
    expect(await load(database.pool, 'accounts', [{ subscription, file: subscription.slice(4), name }])).toMatchObject({
      ok: true,
      updated: 1,
    });
    const asked = order(subscription, 0, 1_060);
    await settle(asked);
    const settlement = await stored(asked.id);
    expect(settlement.account?.name).toBe(name);
    pdfs.push(printer.bill({ settlement, copy: false, void: false }));
  }
  const read = readPdfs(pdfs);
  expect(names.filter((name, i) => !read[i]!.text.includes(name))).toEqual([]);
});
