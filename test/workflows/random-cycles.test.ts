import { Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { type Opening, billingCycleWorkflowId, endOfDay } from '../../src/domain/outbox/cycle.js';
import { currentCorrection } from '../../src/domain/correction/correction.js';
import { type JalaliDate, addDays, todayInTehran, yearOf } from '../../src/domain/calendar/jalali.js';
import { type Outcome, isOpen } from '../../src/domain/outbox/outbox.js';
import {
  type Operator,
  type Posting,
  type Settlement,
  type SettlementOrder,
  settlementWorkflowId,
} from '../../src/domain/settlement/settlement.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import { createPaymentStore } from '../../src/store/payments.js';
import type { PostingBatch } from '../../src/domain/outbox/outbox.js';
import { type PostingStore, createPostingStore } from '../../src/store/postings.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import {
  TASK_QUEUE,
  approveCorrection,
  cancelSettlement,
  confirmDelivery,
  paymentReceived,
  reportError,
  settlementState,
  submitCorrection,
  verifyCorrection,
  withdrawCorrection,
} from '../../src/workflows/messages.js';
import { announce, endWorkers, orderFor, realActivities, startDatabase, timeSkippingServer, today, withWorker } from './stage.js';

// Random orders of what billing and people do, against billing's books: whatever came in whatever order, in the end each
// amount is charged once. A failure prints the seed; TASVIEH_TEST_SEED=… runs it again, TASVIEH_TEST_ORDERS=200 runs more.
const SEED = Number(process.env['TASVIEH_TEST_SEED'] ?? Date.now() % 2 ** 31);
const ORDERS = Number(process.env['TASVIEH_TEST_ORDERS'] ?? 2);
const SETTLEMENTS = 3;
/** Two are for the random part, the others for what it leaves. */
const CYCLES = 6;
/** of a cycle: short, since each looks at itself four times a day */
const DAYS = 8;

const person = (id: string, role: Operator['role']): Operator => ({ id, name: id, role, office: '01' });
const [SUPERVISOR, SECOND_SUPERVISOR, APPROVER, BILLING] = [
  person('supervisor-1', 'supervisor'),
  person('supervisor-2', 'supervisor'),
  person('approver-1', 'approver'),
  person('billing', 'billing'),
];
const NEW_NAME = 'علی کریمی';

const KINDS = [
  'open',
  'open',
  'open',
  'fetch',
  'fetch',
  'fetch',
  'take',
  'take',
  'refuse',
  'retract',
  'repeat',
  'correct',
  'correct',
  'withdraw',
  'cancel',
  'pay',
  'deliver',
  'pass',
] as const;
interface Command {
  kind: (typeof KINDS)[number];
  /** which settlement, batch or posting: taken modulo of what there is */
  pick: number;
}
const commands = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), pick: fc.nat(1_000_000) }), { minLength: 15, maxLength: 40 });

/** What billing knows: the batches that it fetched and what it said of their postings. Nothing of Tasvieh. */
class Books {
  readonly batches: PostingBatch[] = [];
  readonly #words = new Map<string, 'taken' | 'refused'>();

  /** Items with their batches, each posting in the last batch that brought it. */
  items(): Map<string, { batch: PostingBatch; settlement: string; amount: number; kind: string }> {
    return new Map(this.batches.flatMap((batch) => batch.items.map(({ posting, ...item }) => [posting, { batch, ...item }])));
  }
  say({ posting, outcome }: Outcome): void {
    if (outcome === 'retracted') this.#words.delete(posting);
    // taken is taken until it is retracted
    else if (this.#words.get(posting) !== 'taken') this.#words.set(posting, outcome);
  }
  word(posting: string): 'taken' | 'refused' | null {
    return this.#words.get(posting) ?? null;
  }
  /** What the subscriber of a settlement is charged, by kind of posting. */
  charged(settlement: string): Record<string, number[]> {
    const kinds: Record<string, number[]> = {};
    for (const [posting, item] of this.items()) {
      if (item.settlement === settlement && this.word(posting) === 'taken') (kinds[item.kind] ??= []).push(item.amount);
    }
    return kinds;
  }
  /** Whether billing may be working on something of it: then it is not as if it had not been issued. */
  holds(settlement: string): boolean {
    return [...this.items()].some(([posting, item]) => item.settlement === settlement && this.word(posting) !== 'refused');
  }
}

let database: Awaited<ReturnType<typeof startDatabase>>;
let postings: PostingStore;
let env: TestWorkflowEnvironment;
/** waits without skipping time: only `env.sleep` does */
let client: Client;
let accounts: { subscription: string; reading: number }[];

beforeAll(async () => {
  database = await startDatabase(Math.max(100, lists.length * SETTLEMENTS * 9));
  postings = createPostingStore(database.pool);
  ({ rows: accounts } = await database.pool.query(
    `select a.subscription, b.to_reading as reading from billing.accounts a
     join lateral (select * from billing.bills where subscription = a.subscription order by to_date desc limit 1) b on true
     where a.office = '01' and a.use = 'household' and a.closed_on is null and b.reading_source = 'staff' order by 1`,
  ));
}, 300_000);
afterAll(() => database?.stop());
beforeEach(async () => {
  env = await timeSkippingServer();
  client = new Client({ connection: env.connection });
});
afterEach(async () => {
  await endWorkers();
  await env.teardown();
});

const handle = (id: string) => client.workflow.getHandle(settlementWorkflowId(id));
async function until(what: string, holds: () => Promise<unknown>): Promise<void> {
  let last: unknown;
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    last = await holds();
    if (last === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}: ${JSON.stringify(last)}`);
}

/** One run: a series with its timetable, some announced settlements, billing, and what random commands make of them. */
async function stageOf(series: string) {
  const now = async (): Promise<JalaliDate> => todayInTehran(new Date(await env.currentTimeMs()));
  const timetable = Array.from({ length: CYCLES }, (_, i) => {
    const toDate = addDays(today(), 3 + DAYS * i);
    return { cycle: `${series}-${yearOf(toDate)}-0${i + 1}`, toDate, closesOn: addDays(toDate, 2) };
  });
  for (const { cycle, toDate, closesOn } of timetable) {
    await database.pool.query(
      'insert into billing.cycles (cycle, series, from_date, to_date, closes_on, issues_on, objection_days) values ($1, $2, $3, $4, $5, $6, 2)',
      [cycle, series, addDays(toDate, -DAYS), toDate, closesOn, addDays(closesOn, 1)],
    );
  }
  const books = new Books();
  const orders: SettlementOrder[] = [];
  /** total of the last revision; null: cancelled */
  const totals = new Map<string, number | null>();
  const fees = new Map<string, number[]>();
  const paid = new Map<string, Set<string>>();
  for (let i = 0; i < SETTLEMENTS; i++) {
    const account = accounts.shift();
    if (!account) throw new Error('no account left');
    const order = orderFor(
      account.subscription,
      account.reading + 40,
      i === 0 ? { newSubscriber: { name: NEW_NAME, nationalId: '0932833810', from: today() } } : {},
    );
    await database.pool.query('update billing.accounts set series = $1 where subscription = $2', [series, account.subscription]);
    const { bill } = await announce(client, order);
    if (!bill) throw new Error('not announced');
    orders.push(order);
    totals.set(order.id, bill.total);
    fees.set(order.id, bill.fee ? [bill.fee.amount] : []);
    paid.set(order.id, new Set());
  }
  const ids = orders.map(({ id }) => id);
  let events = 0;
  let last: { eventId: string; batch: PostingBatch; items: Outcome[] } | null = null;

  const stored = async (id: string): Promise<Settlement> =>
    (await createSettlementStore(database.pool).get(id, { office: null })) as Settlement;
  const current = async () => {
    const day = await now();
    const cycle = timetable.find(({ closesOn }) => closesOn >= day);
    if (!cycle) throw new Error('the timetable is at its end');
    return cycle;
  };
  /** Null when the settlement says no, or has ended. */
  async function asked<T>(act: Promise<T>): Promise<T | null> {
    try {
      return await act;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      if (
        error instanceof WorkflowUpdateFailedError &&
        error.cause instanceof ApplicationFailure &&
        ['NOT_ALLOWED_NOW', 'POSTINGS_TAKEN'].includes(error.cause.type ?? '')
      )
        return null;
      throw error;
    }
  }

  const open = async (): Promise<void> => {
    const { cycle, closesOn } = await current();
    const opened: Opening = { eventId: `open-${cycle}`, cycle, closesOn };
    await postings.openCycle({ ...opened, by: BILLING });
    const messenger = createMessenger(client, { taskQueue: TASK_QUEUE });
    await messenger.start('billingCycle', billingCycleWorkflowId(cycle), { opened, closesAt: endOfDay(closesOn) }, cycle);
  };
  const fetch = async (): Promise<boolean> => {
    const { cycle } = await current();
    if ((await postings.openedCycles([cycle])).length === 0) return false;
    await until(`${cycle} is handed over`, async () => {
      const waiting = (await mine()).filter(
        (posting) => posting.cycle === cycle && (posting.status === 'waiting' || posting.status === 'late'),
      );
      return waiting.length === 0 || waiting;
    });
    const batch = await postings.nextBatch(cycle);
    if (!batch || books.batches.some((known) => known.cycle === cycle && known.batch === batch.batch)) return false;
    expect([batch.count, batch.sum]).toEqual([batch.items.length, batch.items.reduce((sum, { amount }) => sum + amount, 0)]);
    for (const { posting } of batch.items) {
      // of one cycle only what billing refused comes again
      if (books.batches.some((known) => known.cycle === cycle && known.items.some((item) => item.posting === posting)))
        expect(said.get(posting)).toContain('refused');
    }
    books.batches.push(batch);
    return true;
  };
  /** all that was said of a posting */
  const said = new Map<string, string[]>();
  const acknowledge = async (batch: PostingBatch, items: Outcome[]): Promise<void> => {
    last = { eventId: `ack-${series}-${++events}`, batch, items };
    items.forEach((item) => {
      books.say(item);
      said.set(item.posting, [...(said.get(item.posting) ?? []), item.outcome]);
    });
    await send(last, 'recorded');
  };
  const send = async (
    { eventId, batch: { cycle, batch, count, sum }, items }: NonNullable<typeof last>,
    kind: 'recorded' | 'same',
  ): Promise<void> => {
    expect(await postings.acknowledge({ eventId, cycle, batch, count, sum, items }, BILLING)).toEqual({ kind });
    const messenger = createMessenger(client, { taskQueue: TASK_QUEUE });
    await messenger.start('acknowledgement', `acknowledgement/${eventId}`, { eventId, cycle }, eventId);
    await client.workflow.getHandle(`acknowledgement/${eventId}`).result();
  };
  const word = (posting: string, outcome: Outcome['outcome']): Outcome =>
    outcome === 'taken'
      ? { posting, outcome, billSerial: 'B-1', nameOnBill: NEW_NAME }
      : outcome === 'refused'
        ? { posting, outcome, reason: 'نادرست' }
        : { posting, outcome };
  /** Says one thing of some of what it holds in one of its batches. */
  const say = async (outcome: Outcome['outcome'], pick: number, which: (posting: string) => boolean): Promise<void> => {
    const batch = books.batches[pick % books.batches.length];
    const items = batch?.items.filter(({ posting }, i) => which(posting) && (pick >> (i % 20)) % 2 === 0) ?? [];
    if (batch && items.length > 0)
      await acknowledge(
        batch,
        items.map(({ posting }) => word(posting, outcome)),
      );
  };

  /** The open error, or a new one, is mended by another reading, or none. */
  const correct = async (order: SettlementOrder, pick: number): Promise<void> => {
    const { id } = order;
    const update = handle(id);
    const standing = currentCorrection((await stored(id)).corrections);
    const owner = { role: 'supervisor' as const, user: null };
    const n =
      standing?.n ??
      (
        await asked(
          update.executeUpdate(reportError, {
            args: [{ kind: 'reading', cause: 'clerk', description: 'خطا', by: SUPERVISOR, referTo: owner }],
          }),
        )
      )?.n;
    if (n === undefined) return;
    const reading = (accountReading.get(id) ?? 0) + 20 + (pick % 50);
    if (!(await asked(update.executeUpdate(submitCorrection, { args: [{ n, by: SUPERVISOR, corrected: { reading }, basis: 'first' }] }))))
      return;
    let view = await asked(update.executeUpdate(verifyCorrection, { args: [{ n, by: SECOND_SUPERVISOR, accepted: true, note: null }] }));
    if (view?.corrections.find((each) => each.n === n)?.status === 'verified')
      view = await asked(update.executeUpdate(approveCorrection, { args: [{ n, by: APPROVER, accepted: true, note: null }] }));
    if (view?.bill && totals.get(id) !== null) totals.set(id, view.bill.total);
  };
  const accountReading = new Map(orders.map(({ id, facts }) => [id, (facts.reading ?? 0) - 40]));
  const withdraw = async ({ id }: SettlementOrder): Promise<void> => {
    const n = currentCorrection((await stored(id)).corrections)?.n;
    if (n !== undefined) await asked(handle(id).executeUpdate(withdrawCorrection, { args: [{ n, by: SUPERVISOR, note: null }] }));
  };
  const cancel = async ({ id }: SettlementOrder): Promise<void> => {
    const before = await stored(id);
    const answer = await asked(handle(id).executeUpdate(cancelSettlement, { args: [{ reason: 'اشتباه', by: SUPERVISOR }] }));
    if (before.status === 'cancelled' || before.status === 'settled') return;
    if (books.holds(id)) expect({ id, cancelled: answer !== null }).toEqual({ id, cancelled: false });
    if (![...books.items().values()].some(({ settlement }) => settlement === id))
      expect({ id, cancelled: answer !== null }).toEqual({ id, cancelled: true });
    if (answer) totals.set(id, null);
  };
  const pay = async ({ id, facts }: SettlementOrder, pick: number): Promise<void> => {
    const { bill } = await stored(id);
    const slip = bill?.payments[0];
    if (!slip) return;
    // of few references, so that some come twice
    const reference = `R-${id}-${pick % 3}`;
    const report = { reference, subscription: facts.subscription, paymentId: slip.paymentId, amount: 1_000 + (pick % 3), paidOn: today() };
    const { kind } = await createPaymentStore(database.pool).record({ ...report, eventId: reference }, '01', {
      id: 'billing',
      office: '01',
    });
    // a correction gives another slip: then the same reference says something else, and the first stands
    expect(paid.get(id)?.has(reference) ? ['same', 'differs'] : ['recorded']).toContain(kind);
    paid.get(id)?.add(reference);
    await createMessenger(client, { taskQueue: TASK_QUEUE }).signal(settlementWorkflowId(id), paymentReceived.name, {
      eventId: reference,
      reference,
    });
  };
  const deliver = ({ id, clerk }: SettlementOrder) =>
    asked(handle(id).executeUpdate(confirmDelivery, { args: [{ deliveredTo: NEW_NAME, channel: 'counter', by: clerk }] }));
  const pass = async (pick: number): Promise<void> => {
    const { closesOn } = await current();
    await env.sleep(Date.parse(endOfDay(closesOn)) - (await env.currentTimeMs()) + 60_000);
    // half of what follows comes while the postings still move on
    if (pick % 2 > 0) return;
    await until(`what ${closesOn} closed has moved on`, async () => {
      const behind = (await mine()).filter((posting) => isOpen(posting) && posting.dueOn !== null && posting.dueOn <= closesOn);
      return behind.length === 0 || behind;
    });
  };

  let passed = 0;
  async function act({ kind, pick }: Command): Promise<void> {
    const order = orders[pick % orders.length] as SettlementOrder;
    switch (kind) {
      case 'open':
        return open();
      case 'fetch':
        return void (await fetch());
      case 'take':
        return say('taken', pick, (posting) => books.word(posting) !== 'taken');
      case 'refuse':
        return say('refused', pick, (posting) => books.word(posting) === null);
      case 'retract':
        return say('retracted', pick, (posting) => books.word(posting) === 'taken');
      case 'repeat':
        return last ? send(last, 'same') : undefined;
      case 'correct':
        return correct(order, pick);
      case 'withdraw':
        return withdraw(order);
      case 'cancel':
        return cancel(order);
      case 'pay':
        return pay(order, pick);
      case 'deliver':
        return void (await deliver(order));
      case 'pass':
        return passed++ < 2 ? pass(pick) : undefined;
    }
  }

  const mine = async (): Promise<(Posting & { settlement: string })[]> => {
    const all = await Promise.all(
      ids.map(async (id) => (await postings.of(id)).postings.map((posting) => ({ ...posting, settlement: id }))),
    );
    return all.flat();
  };
  const openTasks = async (id: string): Promise<string[]> =>
    (
      await database.pool.query<{ kind: string }>('select kind from app.tasks where settlement_id = $1 and closed_at is null', [id])
    ).rows.map(({ kind }) => kind);

  /** Whatever was left is done: corrections end, billing works through its tasks and takes the rest in one more cycle. */
  async function finish(): Promise<void> {
    for (const order of orders) await deliver(order);
    await pass(1);
    await open();
    await until('every word is heard', async () => {
      const unheard = (await mine()).filter(({ posting, status }) => books.word(posting) === 'taken' && isOpen({ status }));
      return unheard.length === 0 || unheard;
    });
    // billing took what is replaced or cancelled by now: it is told, and takes its word back
    const standing = await mine();
    for (const { posting, settlement } of standing.filter(
      ({ posting, status }) => books.word(posting) === 'taken' && (status === 'replaced' || status === 'cancelled'),
    )) {
      expect({ posting, tasks: await openTasks(settlement) }).toEqual({
        posting,
        tasks: expect.arrayContaining([expect.stringMatching(/^(postingAfterEnd|postingWithdrawn)$/)]),
      });
      await acknowledge(books.items().get(posting)?.batch as PostingBatch, [word(posting, 'retracted')]);
    }
    const { cycle } = await current();
    await until('all is taken', async () => {
      for (const order of orders) await withdraw(order);
      await fetch();
      for (const batch of books.batches) {
        const left = (await mine()).filter(
          ({ posting, status }) =>
            batch.items.some((item) => item.posting === posting) && isOpen({ status }) && books.word(posting) !== 'taken',
        );
        if (left.length > 0)
          await acknowledge(
            batch,
            left.map(({ posting }) => word(posting, 'taken')),
          );
      }
      const rest = (await mine()).filter(isOpen);
      return rest.length === 0 || rest.map(({ posting, status, cycle: of }) => [posting, status, of, cycle]);
    });
  }

  /** What must hold in the end. */
  async function charged(): Promise<void> {
    const statuses = await mine();
    for (const id of ids) {
      const total = totals.get(id) ?? null;
      const { settlement = [], difference = [], fee = [], nameChange = [] } = books.charged(id);
      const view = await stored(id);
      const own = statuses.filter((posting) => posting.settlement === id);
      const taken = own.filter(({ status }) => status === 'taken').map(({ posting }) => posting);
      // the books and Postgres hold the same
      expect({ id, taken: [...taken].sort() }).toEqual({
        id,
        taken: [...books.items()]
          .filter(([posting, item]) => item.settlement === id && books.word(posting) === 'taken')
          .map(([posting]) => posting)
          .sort(),
      });
      if (total === null) {
        expect({ id, status: view.status, taken }).toEqual({ id, status: 'cancelled', taken: [] });
      } else {
        expect({
          id,
          total: [...settlement, ...difference].reduce((sum, amount) => sum + amount, 0),
          settlements: settlement.length,
        }).toEqual({ id, total, settlements: 1 });
        expect({ id, fee }).toEqual({ id, fee: fees.get(id) });
        expect({ id, names: nameChange.length }).toEqual({ id, names: id === ids[0] ? 1 : 0 });
        expect({ id, total: view.bill?.total }).toEqual({ id, total });
      }
      expect({ id, payments: view.payments.map(({ reference }) => reference).sort() }).toEqual({
        id,
        payments: [...(paid.get(id) ?? [])].sort(),
      });
    }
    // nothing waits for ever: after the objection days each has ended, and its workflow says what Postgres holds
    await env.sleep(`${DAYS + 5} days`);
    for (const id of ids) {
      const end = (await handle(id).result()) as Settlement;
      const view = await stored(id);
      expect({ id, status: end.status }).toEqual({ id, status: totals.get(id) === null ? 'cancelled' : 'settled' });
      expect({ id, status: view.status }).toEqual({ id, status: end.status });
    }
  }
  return { act, finish, charged, state: (id: string) => handle(id).query(settlementState) };
}

/** Each of them charged something twice, or somebody who had cancelled; `pick` 0: the first settlement, batch, and all of it. */
const FOUND: readonly (readonly Command['kind'][])[] = [
  // taken after the closing, when a correction had replaced what went on to the next cycle
  ['open', 'fetch', 'pass', 'correct', 'take'],
  ['open', 'fetch', 'pass', 'cancel', 'take'],
  // refused, replaced by its correction, and taken all the same
  ['open', 'fetch', 'refuse', 'correct', 'take'],
  ['open', 'fetch', 'refuse', 'cancel', 'take'],
];
const lists = [
  ...FOUND.map((kinds) => ({ name: kinds.join(', '), list: kinds.map((kind) => ({ kind, pick: 0 })) })),
  ...fc.sample(commands, { seed: SEED, numRuns: ORDERS }).map((list, n) => ({ name: `seed ${SEED}, list ${n}`, list })),
].map((each, n) => ({ ...each, n }));
test.each(lists)(
  '$name: each amount is charged once',
  async ({ n, name, list }) => {
    const done: string[] = [];
    try {
      await withWorker(env, realActivities(database.pool, createMessenger(client, { taskQueue: TASK_QUEUE })), async () => {
        const stage = await stageOf(`9${String(n).padStart(3, '0')}`);
        for (const command of list) {
          done.push(`${command.kind} ${command.pick}`);
          await stage.act(command);
        }
        done.push('finish');
        await stage.finish();
        await stage.charged();
      });
    } catch (error) {
      throw new Error(
        `TASVIEH_TEST_SEED=${SEED} TASVIEH_TEST_ORDERS=${ORDERS}, ${name}: ${done.join(', ')}\n${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  },
  120_000,
);
