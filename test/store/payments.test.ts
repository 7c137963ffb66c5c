import type { Activities } from '../../src/activities/index.js';
import { addDays, jalali } from '../../src/domain/calendar/jalali.js';
import { makeBillId, makePaymentId } from '../../src/domain/bill/bill-id.js';
import type { PaymentReport } from '../../src/domain/settlement/payment.js';
import type { Bill, Settlement } from '../../src/domain/settlement/settlement.js';
import { TASK_KINDS } from '../../src/domain/settlement/task.js';
import { taskParams } from '../../src/api/schemas.js';
import { type PaymentStore, createPaymentStore } from '../../src/store/payments.js';
import { inTransaction } from '../../src/store/pool.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { subscriber, walk } from '../activities/stage.js';
import { load } from '../billing/database.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
let store: PaymentStore;
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
  store = createPaymentStore(database.pool);
}, 120_000);
afterAll(() => database?.stop());

const BY = { id: 'b-1', office: '00' };
let subscribers = 0;
let reports = 0;

interface Issued {
  id: string;
  subscription: string;
  bill: Bill;
  slip: Bill['payments'][number];
}
/** A fresh subscriber's announced settlement of today. */
async function issued(): Promise<Issued> {
  const subscription = `0149000003${String(++subscribers).padStart(2, '0')}`;
  await subscriber(database.pool, subscription, 40);
  const order = orderFor(subscription, 1030);
  const { bill } = await walk(activities, order, `run-${subscription}`);
  const slip = bill?.payments[0];
  if (!bill || !slip) throw new Error('nothing to be paid');
  return { id: order.id, subscription, bill, slip };
}
function report(
  { subscription, slip }: Issued,
  change: Partial<PaymentReport & { eventId: string }> = {},
): PaymentReport & { eventId: string } {
  const n = ++reports;
  return {
    eventId: `event-${n}`,
    reference: `R-${n}`,
    subscription,
    paymentId: slip.paymentId,
    amount: slip.amount,
    paidOn: today(),
    ...change,
  };
}
const record = (of: PaymentReport & { eventId: string }) => store.record(of, '01', BY);
const view = async (id: string): Promise<Settlement> =>
  (await createSettlementStore(database.pool).get(id, { office: null })) as Settlement;
const events = async (id: string) =>
  (await database.pool.query("select key, data from app.events where settlement_id = $1 and kind = 'paid' order by seq", [id])).rows;
const tasks = async (like: string) =>
  (await database.pool.query('select id, settlement_id, office, kind, role, closed_at from app.tasks where id like $1 order by id', [like]))
    .rows;
const feed = (...rows: (PaymentReport & { countedInBill?: string })[]) =>
  load(
    database.pool,
    'payments',
    rows.map(({ reference, subscription, paymentId, amount, paidOn, countedInBill = '' }) => ({
      reference,
      subscription,
      paymentId,
      amount: String(amount),
      paidOn,
      countedInBill,
    })),
  );

describe('by call', () => {
  test('by a slip: on record, in the view, an event; the same again changes nothing', async () => {
    const of = await issued();
    expect(await view(of.id)).toMatchObject({ payments: [], paid: { amount: 0, remaining: of.bill.payable, status: 'none' } });
    const first = report(of, { amount: of.slip.amount - 1_000 });
    expect(await record(first)).toMatchObject({
      kind: 'recorded',
      payment: { ...first, outcome: 'matched', settlement: of.id, revision: 1, ledger: null },
    });
    expect(await record(first)).toMatchObject({ kind: 'same' });
    // sent again under another name: the reference is the payment's
    expect(await record({ ...first, eventId: `${first.eventId}-again` })).toMatchObject({
      kind: 'same',
      payment: { eventId: first.eventId },
    });
    const { paymentId } = of.slip;
    const payment = {
      reference: first.reference,
      paymentId,
      amount: first.amount,
      paidOn: today(),
      revision: 1,
      outcome: 'matched',
      reportedAmount: null,
      counted: 0,
    };
    expect(await view(of.id)).toMatchObject({ payments: [payment], paid: { amount: first.amount, remaining: 1_000, status: 'partial' } });
    expect(await events(of.id)).toMatchObject([
      { data: { reference: first.reference, paymentId, amount: first.amount, paidOn: today(), revision: 1, outcome: 'matched' } },
    ]);
    expect(await record(report(of, { amount: 1_000 }))).toMatchObject({ kind: 'recorded' });
    expect((await view(of.id)).paid).toEqual({ amount: of.bill.payable, remaining: 0, status: 'paid' });
    expect(await tasks(`%.${of.id}.%`)).toEqual([]);
  });

  test('the same reference or event with other content: refused with what stands, both when there are two', async () => {
    const of = await issued();
    const [one, two] = [report(of), report(of, { amount: 1_000 })];
    await record(one);
    await record(two);
    for (const change of [
      { amount: one.amount + 1 },
      { paidOn: addDays(today(), -1) },
      { paymentId: '100000' },
      { subscription: '014900000399' },
    ]) {
      expect(await record({ ...one, ...change })).toMatchObject({ kind: 'differs', standing: [one] });
    }
    expect(await record({ ...one, reference: 'R-other' })).toMatchObject({ kind: 'differs', standing: [one] });
    expect(await record({ ...one, eventId: two.eventId })).toMatchObject({ kind: 'differs', standing: [one, two] });
    expect((await view(of.id)).payments).toHaveLength(2);
  });

  test('five at the same moment: one payment, one event, all answered with it', async () => {
    const of = await issued();
    const one = report(of);
    const unknown = report(of, { paymentId: '100000' });
    for (const each of [one, unknown]) {
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => record(each)));
      expect(answers.map(({ kind }) => kind).sort()).toEqual(['recorded', 'same', 'same', 'same', 'same']);
    }
    const others = await Promise.all([1, 2, 3].map((n) => record(report(of, { reference: 'R-raced', amount: n }))));
    expect(others.map(({ kind }) => kind).sort()).toEqual(['differs', 'differs', 'recorded']);
    expect(await events(of.id)).toHaveLength(2);
    expect(
      (
        await database.pool.query('select count(*) from app.payments where reference = any($1)', [
          [one.reference, unknown.reference, 'R-raced'],
        ])
      ).rows,
    ).toEqual([{ count: 3 }]);
  });

  test('too much: a task for the supervisor, also when two halves of it come at the same moment', async () => {
    const of = await issued();
    const halves = [report(of), report(of, { amount: 1 })];
    await Promise.all(halves.map(record));
    expect(await view(of.id)).toMatchObject({ paid: { amount: of.bill.payable + 1, remaining: 0, status: 'overpaid' } });
    const opened = await tasks(`%.${of.id}.%`);
    expect(opened).toMatchObject([{ settlement_id: of.id, office: '01', kind: 'overpaid', role: 'supervisor', closed_at: null }]);
    expect(halves.map(({ reference }) => `overpaid.${of.id}.${reference}`)).toContain(opened[0].id);
  });

  test('no slip: kept aside and listed until the ledger holds it, with a task for billing', async () => {
    const of = await issued();
    const billId = makeBillId({ file: of.subscription.slice(3, 10), company: '014' });
    const ordinary = report(of, { paymentId: makePaymentId({ billId, amount: 7_000, yearDigit: 5, period: 7 }), amount: 7_000 });
    expect(await record(ordinary)).toMatchObject({ kind: 'recorded', payment: { outcome: 'unknown', settlement: null, revision: null } });
    const nobody = report(of, { subscription: '014900099999' });
    expect(await store.record(nobody, null, BY)).toMatchObject({ payment: { outcome: 'unknown' } });
    const task = `unknownPayment.${ordinary.reference}`;
    expect(await tasks(task)).toEqual([
      { id: task, settlement_id: null, office: '01', kind: 'unknownPayment', role: 'billing', closed_at: null },
    ]);
    expect(await tasks(`unknownPayment.${nobody.reference}`)).toMatchObject([{ office: BY.office }]);

    const unknown = async (office: string | null) => {
      const references: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ outcome: 'unknown', office, limit: 1, cursor });
        references.push(...page.items.map(({ reference }) => reference));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      return references.slice(-2);
    };
    expect(await unknown(null)).toEqual([ordinary.reference, nobody.reference]);
    expect(await unknown('01')).toEqual([ordinary.reference, nobody.reference]);
    expect((await unknown('77')).at(-1)).toBe(nobody.reference);
    expect(await unknown('77')).not.toContain(ordinary.reference);

    await feed(ordinary);
    expect((await tasks(task))[0].closed_at).not.toBeNull();
    expect(await unknown(null)).not.toContain(ordinary.reference);
    expect(await record(ordinary)).toMatchObject({ kind: 'same', payment: { outcome: 'ledger', ledger: { amount: 7_000 } } });
    expect((await store.list({ outcome: 'ledger', office: null, limit: 10 })).items).toMatchObject([{ reference: ordinary.reference }]);
    // told after the ledger: nobody needs to look at it
    const later = report(of, { paymentId: ordinary.paymentId });
    await feed(later);
    expect(await record(later)).toMatchObject({ kind: 'recorded', payment: { outcome: 'ledger' } });
    expect(await tasks(`unknownPayment.${later.reference}`)).toEqual([]);
    expect((await view(of.id)).payments).toEqual([]);
  });

  test('the year digit comes again after ten years: a payment goes to the slip of its years', async () => {
    const of = await issued();
    const { rows } = await database.pool.query('select year from app.slips where settlement_id = $1', [of.id]);
    const year = Number(today().slice(0, 4));
    expect(rows).toEqual([{ year }]);
    const inTenYears = jalali(`${year + 10}/01/15`);
    expect(await record(report(of, { paidOn: inTenYears }))).toMatchObject({ payment: { outcome: 'unknown' } });
    const late = report(of, { paidOn: jalali(`${year + 8}/12/29`) });
    expect(await record(late)).toMatchObject({ payment: { outcome: 'matched' } });
    await feed(
      report(of, { reference: 'R-ten-years', paidOn: inTenYears }),
      report(of, { reference: 'R-next-year', paidOn: jalali(`${year + 1}/01/15`) }),
    );
    expect((await view(of.id)).payments.map(({ reference }) => reference)).toEqual(['R-next-year', late.reference]);
  });
});

describe('a void revision', () => {
  async function reissued(of: Issued, counted: { reference: string; amount: number }[]): Promise<void> {
    await database.pool.query('update app.bills set void = true where settlement_id = $1', [of.id]);
    const inputs = { snapshot: { payments: counted } };
    await database.pool.query(
      `insert into app.bills (settlement_id, revision, number, issued_at, bill, inputs, total, payable, carry) values ($1, 2, $1, now(), $2, $3, 20000, 20000, 0)`,
      [of.id, JSON.stringify({ ...of.bill, revision: 2 }), JSON.stringify(inputs)],
    );
    await database.pool.query('update app.settlements set revision = 2 where id = $1', [of.id]);
  }

  test('what the new total counts is not counted again; what comes later by the old slip is flagged and counts', async () => {
    const of = await issued();
    const before = report(of);
    await record(before);
    await reissued(of, [before]);
    expect(await view(of.id)).toMatchObject({
      payments: [{ reference: before.reference, revision: 1, outcome: 'void', amount: before.amount, counted: before.amount }],
      paid: { amount: 0, remaining: 20_000, status: 'none' },
    });
    const after = report(of, { amount: 5_000 });
    expect(await record(after)).toMatchObject({ payment: { outcome: 'void', settlement: of.id, revision: 1 } });
    expect((await view(of.id)).paid).toEqual({ amount: 5_000, remaining: 15_000, status: 'partial' });
    expect(await tasks(`%.${of.id}.%`)).toMatchObject([
      { id: `voidPayment.${of.id}.${after.reference}`, kind: 'voidPayment', role: 'supervisor', settlement_id: of.id },
    ]);
    expect((await store.list({ outcome: 'void', office: null, limit: 10 })).items.map(({ reference }) => reference)).toEqual([
      before.reference,
      after.reference,
    ]);
    // the ledger's word of the first: the total has counted 1,000 too much
    await feed({ ...before, amount: before.amount - 1_000 });
    expect(await view(of.id)).toMatchObject({
      payments: [{ reportedAmount: before.amount }, {}],
      paid: { amount: 4_000, remaining: 16_000 },
    });
  });

  test('a cancelled settlement has no sum to be paid; the payment stays with it, flagged', async () => {
    const of = await issued();
    await database.pool.query("update app.settlements set status = 'cancelled' where id = $1", [of.id]);
    const one = report(of);
    expect(await record(one)).toMatchObject({ payment: { outcome: 'void' } });
    expect(await view(of.id)).toMatchObject({ paid: null, payments: [{ reference: one.reference, outcome: 'void' }] });
    expect(await tasks(`%.${of.id}.%`)).toMatchObject([{ kind: 'voidPayment' }]);
  });
});

describe('by the feed', () => {
  test('the same as by call: view, event, task; sent twice it changes nothing', async () => {
    const of = await issued();
    const one = report(of, { amount: of.slip.amount + 1, paymentId: of.slip.paymentId.padStart(13, '0') });
    const stranger = await issued();
    const rows = [
      one,
      report(stranger, { paymentId: '' }),
      report(stranger, { paymentId: of.slip.paymentId === stranger.slip.paymentId ? '100000' : of.slip.paymentId }),
    ];
    const result = await feed(...rows);
    expect(result).toMatchObject({ ok: true, inserted: 3, payments: { paid: [{ settlement: of.id, reference: one.reference }] } });
    expect(await view(of.id)).toMatchObject({
      payments: [{ reference: one.reference, paymentId: of.slip.paymentId, amount: one.amount, outcome: 'matched', reportedAmount: null }],
      paid: { status: 'overpaid' },
    });
    expect((await view(stranger.id)).payments).toEqual([]);
    expect(await events(of.id)).toMatchObject([{ data: { reference: one.reference, amount: one.amount } }]);
    expect(await tasks(`%.${of.id}.%`)).toMatchObject([{ id: `overpaid.${of.id}.${one.reference}` }]);
    expect(await feed(...rows)).toMatchObject({ payments: { paid: [] } });
    expect(await feed({ ...one, countedInBill: 'B9' })).toMatchObject({ payments: { paid: [] } });
    expect(await events(of.id)).toHaveLength(1);
    // nothing of a refused file is taken
    expect(await feed(report(of), report(of, { subscription: '014900099999' }))).toMatchObject({ ok: false });
    expect((await view(of.id)).payments).toHaveLength(1);
  });

  test('one reference is one payment; the ledger’s sum stands and the difference is visible', async () => {
    const of = await issued();
    const one = report(of);
    await record(one);
    expect(await store.reported(of.subscription)).toEqual([
      { reference: one.reference, paidOn: today(), amount: one.amount, paymentId: of.slip.paymentId },
    ]);
    // the same sum is no news
    expect(await feed(one)).toMatchObject({ payments: { paid: [] } });
    expect(await view(of.id)).toMatchObject({ payments: [{ amount: one.amount, reportedAmount: null }], paid: { status: 'paid' } });
    expect(await store.reported(of.subscription)).toEqual([]);
    const corrected = { ...one, amount: one.amount - 500 };
    expect(await feed(corrected)).toMatchObject({ payments: { paid: [{ settlement: of.id, reference: one.reference }] } });
    expect(await view(of.id)).toMatchObject({
      payments: [{ amount: corrected.amount, reportedAmount: one.amount }],
      paid: { remaining: 500, status: 'partial' },
    });
    expect((await events(of.id)).map(({ data }) => [data.amount, data.reportedAmount])).toEqual([
      [one.amount, undefined],
      [corrected.amount, one.amount],
    ]);
    expect(await record(one)).toMatchObject({
      kind: 'same',
      payment: { amount: one.amount, ledger: { amount: corrected.amount, paidOn: today() } },
    });
  });

  test('a ledger row without a payment id leaves the reported one; with another’s it goes there', async () => {
    const [of, other] = [await issued(), await issued()];
    const [one, two] = [report(of), report(of, { amount: 1_000 })];
    await record(one);
    await record(two);
    expect(
      await feed({ ...one, paymentId: '', amount: 3_000 }, { ...two, subscription: other.subscription, paymentId: other.slip.paymentId }),
    ).toMatchObject({
      payments: {
        paid: expect.arrayContaining([
          expect.objectContaining({ settlement: of.id, reference: one.reference }),
          expect.objectContaining({ settlement: other.id, reference: two.reference }),
        ]),
      },
    });
    expect((await view(of.id)).payments).toMatchObject([{ reference: one.reference, amount: 3_000, reportedAmount: one.amount }]);
    expect((await view(other.id)).payments).toMatchObject([{ reference: two.reference, amount: 1_000 }]);
  });

  test('reported after the ledger told it: recorded, one payment, no second event', async () => {
    const of = await issued();
    const one = report(of);
    await feed(one);
    expect(await record({ ...one, amount: 1 })).toMatchObject({
      kind: 'recorded',
      payment: { outcome: 'matched', amount: 1, ledger: { amount: one.amount } },
    });
    expect(await view(of.id)).toMatchObject({ payments: [{ amount: one.amount, reportedAmount: 1 }], paid: { status: 'paid' } });
    expect(await events(of.id)).toHaveLength(1);
    expect(await store.reported(of.subscription)).toEqual([]);
  });

  test('a feed waits for a payment of the same settlement that is being recorded: together they are too much', async () => {
    const of = await issued();
    const half = report(of);
    const waiting = async () => {
      const { rows } = await database.pool.query(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%app.settlements%for update'",
      );
      return rows[0].count > 0;
    };
    const { fed } = await inTransaction(database.pool, async (client) => {
      await client.query('select from app.settlements where id = $1 for update', [of.id]);
      await client.query(
        `insert into app.payments (reference, event_id, subscription, payment_id, amount, paid_on, settlement_id, revision, recorded_by) values ($1, $1, $2, $3, 1, $4, $5, 1, 'b')`,
        ['R-half', of.subscription, half.paymentId, today(), of.id],
      );
      const fed = feed(half);
      for (let left = 100; !(await waiting()); left--) {
        if (left === 0) throw new Error('the feed did not wait');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return { fed };
    });
    expect(await fed).toMatchObject({ payments: { paid: [{ settlement: of.id }] } });
    expect(await tasks(`%.${of.id}.%`)).toMatchObject([{ id: `overpaid.${of.id}.${half.reference}` }]);
  });

  test('calls and feeds of the same payments at the same moment: each once', async () => {
    const all = [await issued(), await issued(), await issued()];
    const payments = all.flatMap((of) => [report(of), report(of, { amount: 1_000 })]);
    const answers = await Promise.all([
      ...payments.map(record),
      feed(...payments),
      ...payments.map(record),
      feed(...[...payments].reverse()),
    ]);
    expect(answers.filter((answer) => 'kind' in answer && answer.kind === 'recorded')).toHaveLength(payments.length);
    for (const of of all) {
      expect((await view(of.id)).payments).toHaveLength(2);
      expect((await view(of.id)).paid).toMatchObject({ status: 'overpaid', amount: of.bill.payable + 1_000 });
      expect(await events(of.id)).toHaveLength(2);
      expect((await tasks(`overpaid.${of.id}.%`)).length).toBeGreaterThan(0);
    }
  });
});

test('a list of settlements shows what each was paid', async () => {
  const of = await issued();
  await record(report(of));
  const { items } = await createSettlementStore(database.pool).list({ subscription: of.subscription, limit: 5 });
  expect(items.map(({ id, paid }) => [id, paid?.status])).toEqual([[of.id, 'paid']]);
  const reported = await store.list({ outcome: 'matched', office: '01', limit: 200 });
  expect(reported.items.at(-1)).toMatchObject({ settlement: of.id });
  expect(new Set(reported.items.map(({ outcome }) => outcome))).toEqual(new Set(['matched']));
});

test('every task that payments opened is of a kind that lists know, under an id that an address carries', async () => {
  const of = await issued();
  await store.record(report(of, { subscription: '014900099999', reference: 'بانک/۱۲ الف%' }), null, BY);
  const opened = await tasks('%');
  expect([...new Set(opened.map(({ kind }) => kind))].sort()).toEqual(['overpaid', 'unknownPayment', 'voidPayment']);
  expect(TASK_KINDS).toEqual(expect.arrayContaining(['overpaid', 'unknownPayment', 'voidPayment']));
  expect(opened.filter(({ id }) => !taskParams.safeParse({ id }).success)).toEqual([]);
  expect(opened.map(({ id }) => id)).toContain('unknownPayment.بانک%2F۱۲%20الف%25');
});
