import type { Pool } from 'pg';
import { jalali } from '../../src/domain/calendar/jalali.js';
import { COVERED, type Outcome } from '../../src/domain/outbox/outbox.js';
import type { Target } from '../../src/domain/outbox/posting.js';
import type { Operator, PostingStatus } from '../../src/domain/settlement/settlement.js';
import { createPool } from '../../src/store/pool.js';
import type { PostingBatch } from '../../src/domain/outbox/outbox.js';
import { type PostingStore, createPostingStore } from '../../src/store/postings.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { type Waiting, emptyOutbox, seedWaiting } from './waiting.js';

const BY: Operator = { id: 'b1', name: 'billing', role: 'billing', office: '' };
const FIVE = { cycle: '12-1405-05', dueOn: jalali('1405/09/20'), objectionEndsAt: '2027-01-04T20:30:00.000Z' };
const SIX = { cycle: '12-1405-06', dueOn: jalali('1405/11/20'), objectionEndsAt: '2027-03-05T20:30:00.000Z' };
const NOWHERE: Target = { cycle: null, dueOn: null, objectionEndsAt: null };

let database: TestDatabase;
let pool: Pool;
let store: PostingStore;
beforeAll(async () => {
  database = await testDatabase();
  pool = createPool(database.url, { applicationName: 'test', max: 12 });
  store = createPostingStore(pool);
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await database?.stop();
});
beforeEach(() => emptyOutbox(pool));

const openingOf = ({ cycle, dueOn }: typeof FIVE) => ({ eventId: `open-${cycle}`, cycle, closesOn: dueOn });
const open = (cycle = FIVE) => store.openCycle({ ...openingOf(cycle), by: BY });
const handOver = (id: string, cycle = FIVE, at: { next?: Target; leaves?: boolean } = {}) =>
  store.handOver(id, {
    opened: openingOf(cycle),
    objectionEndsAt: cycle.objectionEndsAt,
    next: at.next ?? cycle,
    leaves: at.leaves ?? false,
  });
const late = (id: string, to: Target, was: PostingStatus = 'handedOver') =>
  store.moveOn(
    id,
    ['fee', 'nameChange', 'settlement'].map((kind) => ({
      ...to,
      posting: `${id}/${kind}`,
      from: FIVE.cycle,
      was,
      status: 'late',
      reason: null,
      late: true,
    })),
  );
const waiting = (ids: readonly string[], change: Partial<Waiting> = {}) =>
  seedWaiting(
    pool,
    ids.map((id) => ({ id, cycle: FIVE.cycle, dueOn: FIVE.dueOn, ...change })),
  );
const ids = (n: number): string[] => Array.from({ length: n }, (_, i) => `S${String(i).padStart(4, '0')}`);
const statuses = async (id: string): Promise<Record<string, string>> =>
  Object.fromEntries((await store.of(id)).postings.map(({ kind, status, cycle }) => [kind, `${status} ${cycle}`]));
const events = async (id: string, kind: string): Promise<string[]> =>
  (
    await pool.query<{ key: string }>('select key from app.events where settlement_id = $1 and kind = $2 order by seq', [id, kind])
  ).rows.map(({ key }) => key.replace(/\/\d{4}-\d\d-\d\d [^/]*$/, ''));
const rows = async <T>(sql: string): Promise<T[]> => (await pool.query(sql)).rows as T[];
/** Opens the cycle with settlements that are handed over. */
async function handedOver(n: number): Promise<string[]> {
  const all = ids(n);
  await waiting(all);
  await open();
  for (const id of all) await handOver(id);
  return all;
}
const batchOf = async (cycle = FIVE): Promise<PostingBatch> => {
  const batch = await store.nextBatch(cycle.cycle);
  if (!batch) throw new Error('no batch');
  return batch;
};
const acknowledge = (
  batch: PostingBatch,
  eventId: string,
  items: Outcome[],
  change: Partial<{ cycle: string; batch: number; count: number; sum: number }> = {},
) => store.acknowledge({ eventId, cycle: batch.cycle, batch: batch.batch, count: batch.count, sum: batch.sum, items, ...change }, BY);
/** Another transaction holds what `lock` selects while `act` begins; answers what both come to. */
async function whileLocked<T>(lock: string, act: () => Promise<T>, meanwhile: string): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(lock);
    const acting = act();
    for (;;) {
      const { rowCount } = await pool.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`);
      if (rowCount) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await client.query(meanwhile);
    await client.query('commit');
    return await acting;
  } finally {
    client.release();
  }
}

describe('openCycle', () => {
  test('recorded once, by many at the same moment: all see the same', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => open()));
    expect(new Set(all.map(({ openedAt }) => openedAt)).size).toBe(1);
    expect(await store.openedCycles([FIVE.cycle, SIX.cycle])).toEqual([all[0]]);
    expect(all[0]).toMatchObject({ ...openingOf(FIVE), closedAt: null });
  });
  test('another event, or the same event for another cycle: what stands is told', async () => {
    await open();
    expect(await store.openCycle({ ...openingOf(FIVE), eventId: 'other', by: BY })).toMatchObject(openingOf(FIVE));
    expect(await store.openCycle({ ...openingOf(SIX), eventId: openingOf(FIVE).eventId, by: BY })).toMatchObject(openingOf(FIVE));
    expect(await rows('select cycle from app.billing_cycles')).toEqual([{ cycle: FIVE.cycle }]);
  });
  test('opened answers an open cycle only', async () => {
    expect(await store.opened(FIVE.cycle)).toBeNull();
    await open();
    expect(await store.opened(FIVE.cycle)).toEqual(openingOf(FIVE));
    expect(await store.opened(null)).toBeNull();
    const report = { due: 1, waiting: 0, handedOver: 0, taken: 1, refused: 0, late: 0 };
    await store.closeCycle(FIVE.cycle, report);
    await store.closeCycle(FIVE.cycle, { ...report, taken: 0 });
    expect(await store.opened(FIVE.cycle)).toBeNull();
    expect(await rows('select report from app.billing_cycles')).toEqual([{ report }]);
  });
});

describe('schedule', () => {
  test('postings stand once, whatever is repeated, and an open cycle is found', async () => {
    await waiting(['S1'], { kinds: [] });
    const posting = {
      posting: 'S1/fee',
      kind: 'fee' as const,
      ...FIVE,
      amount: 49_000,
      status: 'waiting' as const,
      timesLate: 0,
      reason: null,
      billSerial: null,
      detail: {},
    };
    expect((await store.schedule('S1', 'run-S1', 1, [posting], [])).open).toBeNull();
    await open();
    const again = await store.schedule('S1', 'run-S1', 1, [{ ...posting, amount: 1 }], []);
    expect(again.open).toEqual(openingOf(FIVE));
    expect(again.outbox.postings).toMatchObject([{ posting: 'S1/fee', amount: 49_000, status: 'waiting' }]);
    expect(await events('S1', 'scheduled')).toEqual(['run-S1']);
  });
});

describe('handOver', () => {
  test('once, however often and by however many at the same moment', async () => {
    await waiting(['S1']);
    await open();
    const all = await Promise.all(Array.from({ length: 6 }, () => handOver('S1')));
    for (const { postings, closesAt, objectionEndsAt } of all) {
      expect(postings.map(({ status }) => status)).toEqual(['handedOver', 'handedOver', 'handedOver']);
      expect([closesAt, objectionEndsAt]).toEqual(['2026-12-11T20:30:00.000Z', FIVE.objectionEndsAt]);
    }
    expect(await events('S1', 'cycleOpened')).toEqual([openingOf(FIVE).eventId]);
    expect(await rows('select status from app.settlements')).toEqual([{ status: 'handedOver' }]);
  });
  test('what waits for another cycle stays; nothing to hand over leaves no event', async () => {
    await waiting(['S1'], { cycle: SIX.cycle, dueOn: SIX.dueOn });
    await open();
    await handOver('S1', FIVE, { next: SIX });
    expect(await statuses('S1')).toEqual({
      fee: `waiting ${SIX.cycle}`,
      nameChange: `waiting ${SIX.cycle}`,
      settlement: `waiting ${SIX.cycle}`,
    });
    expect(await events('S1', 'cycleOpened')).toEqual([]);
    expect(await rows('select status from app.settlements')).toEqual([{ status: 'delivered' }]);
  });
  test('a cycle that has closed meanwhile takes nothing', async () => {
    await waiting(['S1']);
    await open();
    await store.closeCycle(FIVE.cycle, { due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 });
    await handOver('S1');
    expect((await statuses('S1'))['fee']).toBe(`waiting ${FIVE.cycle}`);
  });
  test('the closing day is that of the opening, whatever the timetable says by now', async () => {
    await waiting(['S1'], { dueOn: '1405/10/01' });
    await open();
    expect((await handOver('S1')).postings.map(({ dueOn }) => dueOn)).toEqual([FIVE.dueOn, FIVE.dueOn, FIVE.dueOn]);
  });

  describe('without a cycle', () => {
    beforeEach(() => waiting(['S1'], { cycle: null, dueOn: null }));
    test('it joins the opened one when that is its next', async () => {
      await open();
      await handOver('S1');
      expect((await statuses('S1'))['fee']).toBe(`handedOver ${FIVE.cycle}`);
      expect(await rows('select * from app.posting_moves')).toEqual([]);
    });
    test('it waits for its next when the opened one ends before its date', async () => {
      await open();
      await handOver('S1', FIVE, { next: SIX });
      expect((await store.of('S1')).postings[0]).toMatchObject({ status: 'waiting', cycle: SIX.cycle, dueOn: SIX.dueOn });
    });
    test('it goes on waiting while the timetable holds none', async () => {
      await open();
      await handOver('S1', FIVE, { next: NOWHERE });
      expect((await statuses('S1'))['fee']).toBe('waiting null');
    });
    test('what a bill covers joins nothing', async () => {
      await pool.query(`update app.postings set status = 'late', reason = $1, times_late = 1 where kind = 'settlement'`, [COVERED]);
      await open();
      await handOver('S1');
      expect(await statuses('S1')).toEqual({
        fee: `handedOver ${FIVE.cycle}`,
        nameChange: `handedOver ${FIVE.cycle}`,
        settlement: 'late null',
      });
    });
  });

  describe('the subscriber has left the series', () => {
    const OTHER = { ...SIX, cycle: '13-1405-06' };
    test('its postings wait for the new one’s cycle, with their history', async () => {
      await waiting(['S1']);
      await open();
      for (let i = 0; i < 2; i++) await handOver('S1', FIVE, { next: OTHER, leaves: true });
      expect(await statuses('S1')).toEqual({
        fee: `waiting ${OTHER.cycle}`,
        nameChange: `waiting ${OTHER.cycle}`,
        settlement: `waiting ${OTHER.cycle}`,
      });
      expect(await rows('select from_cycle, to_cycle, why, count(*) from app.posting_moves group by 1, 2, 3')).toEqual([
        { from_cycle: FIVE.cycle, to_cycle: OTHER.cycle, why: 'series', count: 3 },
      ]);
      // it was not late for the cycle that it left
      expect((await store.counts([FIVE.cycle])).get(FIVE.cycle)).toMatchObject({ due: 0, late: 0 });
    });
    test('without a timetable for the new one they wait for any', async () => {
      await waiting(['S1']);
      await open();
      await handOver('S1', FIVE, { next: NOWHERE, leaves: true });
      expect((await store.of('S1')).closesAt).toBeNull();
      expect((await statuses('S1'))['fee']).toBe('waiting null');
    });
    test('what was handed over stays where billing has it', async () => {
      await handedOver(1);
      await handOver('S0000', FIVE, { next: OTHER, leaves: true });
      expect((await statuses('S0000'))['fee']).toBe(`handedOver ${FIVE.cycle}`);
    });
  });
});

describe('waitingFor', () => {
  test('pages by id, each once; also what waits for none in its series; nothing that is handed over or outside', async () => {
    await waiting(['A', 'B', 'C']);
    await waiting(['D'], { cycle: null, dueOn: null });
    await waiting(['E'], { cycle: null, dueOn: null, series: '13' });
    await waiting(['F'], { cycle: SIX.cycle, dueOn: SIX.dueOn });
    await open();
    await handOver('B');
    const page = (after: string | null) => store.waitingFor(FIVE.cycle, '12', after, 2);
    expect(await page(null)).toEqual(['A', 'C']);
    expect(await page('C')).toEqual(['D']);
    expect(await page('D')).toEqual([]);
    await pool.query(`update app.postings set status = 'late', reason = $1 where settlement_id = 'D'`, [COVERED]);
    expect(await page('C')).toEqual([]);
  });
});

describe('nextBatch', () => {
  test('two at the same moment: one batch, the same content, and the same when asked again', async () => {
    const all = await handedOver(4);
    const batches = await Promise.all(Array.from({ length: 4 }, () => store.nextBatch(FIVE.cycle)));
    for (const batch of batches) expect(batch).toEqual(batches[0]);
    expect(batches[0]).toMatchObject({ cycle: FIVE.cycle, batch: 1, count: 12, sum: 4 * (49_000 + 118_467) });
    expect(batches[0]?.items.map(({ posting }) => posting)).toEqual(
      all.flatMap((id) => [`${id}/fee`, `${id}/nameChange`, `${id}/settlement`]),
    );
    expect(batches[0]?.items[1]).toEqual({
      posting: 'S0000/nameChange',
      kind: 'nameChange',
      subscription: '000000000000',
      settlement: 'S0000',
      amount: 0,
      detail: { name: 'سارا احمدی' },
    });
    expect(await store.batch(FIVE.cycle, 1)).toEqual(batches[0]);
    expect(await rows('select count(*) from app.posting_batches')).toEqual([{ count: 1 }]);
  });

  test('frozen: what happens to its postings afterwards does not change it', async () => {
    await handedOver(2);
    const batch = await batchOf();
    await store.recordOutcome('S0000', 'e1', { posting: 'S0000/fee', outcome: 'taken', billSerial: 'B', seq: 1 });
    await late('S0001', SIX);
    await pool.query(`update app.postings set amount = 1, detail = '{}'`);
    expect(await store.nextBatch(FIVE.cycle)).toEqual(batch);
    expect(await store.batch(FIVE.cycle, 1)).toEqual(batch);
  });

  test('what comes later goes into the next one, once the first is acknowledged; each posting is in one', async () => {
    const all = await handedOver(2);
    const first = await batchOf();
    await waiting(['S9']);
    await handOver('S9');
    expect(await store.nextBatch(FIVE.cycle)).toEqual(first);
    // a word about one item is a word about the batch: billing has it
    await acknowledge(first, 'a1', [{ posting: 'S0000/fee', outcome: 'taken', billSerial: 'B' }]);
    const second = await batchOf();
    expect(second).toMatchObject({ batch: 2, count: 3 });
    expect(second.items.map(({ settlement }) => settlement)).toEqual(['S9', 'S9', 'S9']);
    await acknowledge(second, 'a2', [{ posting: 'S9/fee', outcome: 'taken', billSerial: 'B' }]);
    expect(await store.nextBatch(FIVE.cycle)).toBeNull();
    expect(all).toHaveLength(2);
  });

  test('no more than a batch holds', async () => {
    await handedOver(3);
    const small = createPostingStore(pool, { batchSize: 4 });
    const items: string[] = [];
    const sizes: number[] = [];
    for (let batch = await small.nextBatch(FIVE.cycle); batch; batch = await small.nextBatch(FIVE.cycle)) {
      sizes.push(batch.count);
      items.push(...batch.items.map(({ posting }) => posting));
      expect(batch.sum).toBe(batch.items.reduce((sum, { amount }) => sum + amount, 0));
      await acknowledge(batch, `a${batch.batch}`, [{ posting: batch.items[0]?.posting ?? '', outcome: 'taken' }]);
    }
    expect(sizes).toEqual([4, 4, 1]);
    expect(new Set(items).size).toBe(9);
  });

  test('nothing waits: no batch and no number', async () => {
    await waiting(['S1']);
    await open();
    expect(await store.nextBatch(FIVE.cycle)).toBeNull();
    await handOver('S1');
    expect((await batchOf()).batch).toBe(1);
  });

  test('a closed cycle gives what it gave, and no new one', async () => {
    const report = { due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 };
    await handedOver(1);
    const batch = await batchOf();
    await waiting(['S9']);
    await handOver('S9');
    await store.closeCycle(FIVE.cycle, report);
    expect(await store.nextBatch(FIVE.cycle)).toEqual(batch);
    await acknowledge(batch, 'a1', [{ posting: 'S0000/fee', outcome: 'taken' }]);
    expect(await store.nextBatch(FIVE.cycle)).toBeNull();
  });

  test('a posting that moves on while the batch is made is in none, and free for the next cycle’s', async () => {
    await handedOver(2);
    const batch = await whileLocked(
      `select from app.postings where posting = 'S0000/fee' for update`,
      () => store.nextBatch(FIVE.cycle),
      `update app.postings set cycle = '${SIX.cycle}', due_on = '${SIX.dueOn}', status = 'late', times_late = 1 where posting = 'S0000/fee'`,
    );
    expect(batch?.items.map(({ posting }) => posting)).not.toContain('S0000/fee');
    expect(batch?.count).toBe(5);
    await open(SIX);
    await handOver('S0000', SIX);
    expect((await batchOf(SIX)).items.map(({ posting }) => posting)).toEqual(['S0000/fee']);
  });

  test('batches and moves at the same moment end without a deadlock', async () => {
    const all = await handedOver(12);
    const small = createPostingStore(pool, { batchSize: 7 });
    await Promise.all([
      ...all.map((id) => late(id, SIX)),
      (async () => {
        for (let batch = await small.nextBatch(FIVE.cycle); batch; batch = await small.nextBatch(FIVE.cycle)) {
          await acknowledge(batch, `a${batch.batch}`, [{ posting: batch.items[0]?.posting ?? '', outcome: 'taken' }]);
        }
      })(),
    ]);
    await open(SIX);
    for (const id of all) await handOver(id, SIX);
    expect((await batchOf(SIX)).count).toBe(36);
  });
});

describe('acknowledge', () => {
  let batch: PostingBatch;
  const taken = (posting: string): Outcome => ({ posting, outcome: 'taken', billSerial: 'B-1' });
  const acknowledgements = () => rows<{ event_id: string }>('select event_id from app.acknowledgements order by seq');
  beforeEach(async () => {
    await handedOver(2);
    batch = await batchOf();
  });

  test('recorded with its place; the same event again is the same, also at the same moment', async () => {
    const items = [taken('S0000/fee'), taken('S0000/settlement')];
    const all = await Promise.all(Array.from({ length: 5 }, () => acknowledge(batch, 'a1', items)));
    expect(all.map(({ kind }) => kind).sort()).toEqual(['recorded', 'same', 'same', 'same', 'same']);
    expect(await acknowledgements()).toEqual([{ event_id: 'a1' }]);
    const first = await store.acknowledged('a1', 0, 1);
    expect(first.items).toEqual([{ ...taken('S0000/fee'), settlement: 'S0000' }]);
    expect(await store.acknowledged('a1', 1, 1)).toEqual({
      seq: first.seq,
      items: [{ ...taken('S0000/settlement'), settlement: 'S0000' }],
    });
    expect((await store.acknowledged('a1', 2, 1)).items).toEqual([]);
    await acknowledge(batch, 'a2', [taken('S0001/fee')]);
    expect((await store.acknowledged('a2', 0, 9)).seq).toBeGreaterThan(first.seq);
  });

  test.each<[string, Outcome[], Parameters<typeof acknowledge>[3]]>([
    ['another outcome', [{ ...taken('S0000/fee'), outcome: 'refused', reason: 'x' }], {}],
    ['another bill', [{ ...taken('S0000/fee'), billSerial: 'B-2' }], {}],
    ['one item more', [taken('S0000/fee'), taken('S0001/fee')], {}],
  ])('the same event with %s is refused', async (_, items, change) => {
    await acknowledge(batch, 'a1', [taken('S0000/fee')]);
    expect(await acknowledge(batch, 'a1', items, change)).toEqual({ kind: 'otherContent' });
    expect((await store.acknowledged('a1', 0, 9)).items).toHaveLength(1);
  });

  test.each([
    ['count', { count: 5 }],
    ['sum', { sum: 1 }],
  ])('a wrong %s: nothing is kept, also with a known event', async (_, change) => {
    const wrong = { kind: 'controlTotal', count: batch.count, sum: batch.sum };
    expect(await acknowledge(batch, 'a1', [taken('S0000/fee')], change)).toEqual(wrong);
    expect(await acknowledgements()).toEqual([]);
    await acknowledge(batch, 'a1', [taken('S0000/fee')]);
    expect(await acknowledge(batch, 'a1', [taken('S0000/fee')], change)).toEqual(wrong);
  });

  test('one stranger: nothing of it is kept', async () => {
    await waiting(['S9']);
    await handOver('S9');
    expect(await acknowledge(batch, 'a1', [taken('S0000/fee'), taken('S9/fee'), taken('nobody')])).toEqual({
      kind: 'strangers',
      at: [1, 2],
    });
    expect(await acknowledgements()).toEqual([]);
    expect(await store.nextBatch(FIVE.cycle)).toEqual(batch);
  });

  test.each([
    ['number', { batch: 2 }],
    ['cycle', { cycle: SIX.cycle }],
  ])('no such %s', async (_, change) => expect(await acknowledge(batch, 'a1', [taken('S0000/fee')], change)).toEqual({ kind: 'noBatch' }));

  test('one event for two batches at the same moment: one of them stands', async () => {
    await acknowledge(batch, 'a0', [taken('S0000/fee')]);
    await waiting(['S9']);
    await handOver('S9');
    const second = await batchOf();
    const both = await Promise.all([acknowledge(batch, 'a1', [taken('S0001/fee')]), acknowledge(second, 'a1', [taken('S9/fee')])]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['otherContent', 'recorded']);
    expect(await acknowledgements()).toEqual([{ event_id: 'a0' }, { event_id: 'a1' }]);
  });
});

describe('recordOutcome', () => {
  const FEE = 'S0000/fee';
  let n = 0;
  const say = (outcome: Outcome['outcome'], seq: number | null, change: Partial<Outcome> = {}) =>
    store.recordOutcome('S0000', `e${++n}`, {
      posting: FEE,
      outcome,
      seq,
      ...(outcome === 'taken' && { billSerial: `B-${seq}` }),
      ...(outcome === 'refused' && { reason: `R-${seq}` }),
      ...change,
    });
  const fee = async () => {
    const [row] = await rows<Record<string, unknown>>(
      `select status, reason, bill_serial, name_on_bill, taken_at is not null as timed, cycle, held from app.postings where posting = '${FEE}'`,
    );
    return row;
  };
  const others = async () => rows(`select distinct status from app.postings where posting <> '${FEE}'`);
  beforeEach(() => handedOver(1));

  test('taken: with bill and name, once, and only this one', async () => {
    const word = { posting: FEE, outcome: 'taken', billSerial: 'B-1', nameOnBill: 'علی', seq: 1 } as const;
    await Promise.all(Array.from({ length: 4 }, () => store.recordOutcome('S0000', 'e', word)));
    expect(await fee()).toMatchObject({ status: 'taken', reason: null, bill_serial: 'B-1', name_on_bill: 'علی', timed: true });
    expect(await events('S0000', 'taken')).toEqual(['e']);
    expect(await others()).toEqual([{ status: 'handedOver' }]);
  });
  test('a posting of another settlement, or of none, changes nothing', async () => {
    await store.recordOutcome('S0000', 'e', { posting: 'S0001/fee', outcome: 'taken', seq: 1 });
    expect(await events('S0000', 'taken')).toEqual([]);
    expect(await others()).toEqual([{ status: 'handedOver' }]);
  });
  test('refused, retracted, taken in another bill', async () => {
    await say('refused', 1);
    expect(await fee()).toMatchObject({ status: 'refused', reason: 'R-1', timed: false });
    await say('retracted', 2);
    expect(await fee()).toMatchObject({ status: 'handedOver', reason: null });
    await say('taken', 3);
    expect(await fee()).toMatchObject({ status: 'taken', bill_serial: 'B-3' });
    await say('retracted', 4);
    expect(await fee()).toMatchObject({ status: 'handedOver', bill_serial: null, timed: false });
  });
  test('billing holds it from its batch on, unless it refused it in the end, in whatever order its words arrive', async () => {
    expect(await fee()).toMatchObject({ status: 'handedOver', held: false });
    await batchOf();
    expect(await fee()).toMatchObject({ status: 'handedOver', held: true });
    await say('refused', 2);
    expect(await fee()).toMatchObject({ status: 'refused', held: false });
    await say('retracted', 1);
    expect(await fee()).toMatchObject({ status: 'refused', held: false });
    await say('retracted', 3);
    expect(await fee()).toMatchObject({ status: 'handedOver', held: true });
  });
  test('the retraction with the later place arrives first', async () => {
    await say('retracted', 2);
    await say('taken', 1);
    expect(await fee()).toMatchObject({ status: 'handedOver', bill_serial: null });
    await say('taken', 3);
    expect(await fee()).toMatchObject({ status: 'taken', bill_serial: 'B-3' });
  });
  test('a refusal of what is taken already is kept in the history and changes nothing, whichever came first', async () => {
    await say('taken', 1);
    await say('refused', 2);
    expect(await fee()).toMatchObject({ status: 'taken', bill_serial: 'B-1', reason: null });
    expect(await events('S0000', 'refused')).toHaveLength(1);
    await store.recordOutcome('S0000', 'x1', { posting: 'S0000/settlement', outcome: 'refused', reason: 'R', seq: 2 });
    await store.recordOutcome('S0000', 'x2', { posting: 'S0000/settlement', outcome: 'taken', billSerial: 'B', seq: 1 });
    expect((await statuses('S0000'))['settlement']).toBe(`taken ${FIVE.cycle}`);
  });
  test('taken before it was handed over: the word of billing counts', async () => {
    await waiting(['S9']);
    await store.recordOutcome('S9', 'e', { posting: 'S9/fee', outcome: 'taken', billSerial: 'B', seq: 1 });
    await handOver('S9');
    expect(await statuses('S9')).toEqual({
      fee: `taken ${FIVE.cycle}`,
      nameChange: `handedOver ${FIVE.cycle}`,
      settlement: `handedOver ${FIVE.cycle}`,
    });
  });
  test('what is replaced or cancelled stays so', async () => {
    await pool.query(`update app.postings set status = 'cancelled' where posting = $1`, [FEE]);
    await say('taken', 1);
    expect(await fee()).toMatchObject({ status: 'cancelled' });
  });

  describe('after its cycle has closed', () => {
    test('taken late: it is not in the next cycle’s batch', async () => {
      await batchOf();
      await late('S0000', SIX);
      await say('taken', 1);
      await open(SIX);
      await handOver('S0000', SIX);
      expect(await fee()).toMatchObject({ status: 'taken', bill_serial: 'B-1' });
      expect((await batchOf(SIX)).items.map(({ posting }) => posting)).toEqual(['S0000/nameChange', 'S0000/settlement']);
    });
    test('taken while it stands in the next cycle’s batch too: billing books an id once, and so do we', async () => {
      await batchOf();
      await late('S0000', SIX);
      await open(SIX);
      await handOver('S0000', SIX);
      const second = await batchOf(SIX);
      expect(second.items).toHaveLength(3);
      await say('taken', 1);
      await say('refused', 2, { reason: 'در دورهٔ پیش آمد' });
      expect(await fee()).toMatchObject({ status: 'taken', bill_serial: 'B-1' });
    });
    test('taken and retracted: handed over again, in the batch of the cycle where it waits', async () => {
      await batchOf();
      await late('S0000', SIX);
      await say('taken', 1);
      await say('retracted', 2);
      expect(await fee()).toMatchObject({ status: 'handedOver', cycle: SIX.cycle });
      await open(SIX);
      await handOver('S0000', SIX);
      expect((await batchOf(SIX)).items).toHaveLength(3);
    });
    test.each([
      ['taken', 'retracted'],
      ['retracted', 'taken'],
    ] as const)('without a next cycle, %s then %s: it waits for one', async (first, second) => {
      await late('S0000', NOWHERE);
      await say(first, first === 'taken' ? 1 : 2);
      await say(second, second === 'taken' ? 1 : 2);
      expect(await fee()).toMatchObject({ status: 'late', cycle: null, reason: null });
      expect(await store.waitingFor(SIX.cycle, '12', null, 9)).toEqual(['S0000']);
    });
    test('one that a bill covers stays outside, whatever is said and taken back', async () => {
      await store.moveOn('S0000', [
        { ...NOWHERE, posting: FEE, from: FIVE.cycle, was: 'handedOver', status: 'late', reason: COVERED, late: true },
      ]);
      for (const [outcome, status] of [
        ['refused', 'late'],
        ['taken', 'taken'],
        ['retracted', 'late'],
      ] as const) {
        await say(outcome, null);
        expect(await fee()).toMatchObject({ status, reason: COVERED, cycle: null });
      }
      await open(SIX);
      await handOver('S0000', SIX);
      expect(await fee()).toMatchObject({ status: 'late', cycle: null });
    });
  });
});

describe('moveOn', () => {
  test('late once, however often and by however many: one move, one event, free of its batch', async () => {
    await handedOver(1);
    await batchOf();
    await Promise.all(Array.from({ length: 4 }, () => late('S0000', SIX)));
    expect((await store.of('S0000')).postings.map(({ timesLate, status, cycle, dueOn }) => [timesLate, status, cycle, dueOn])).toEqual(
      Array(3).fill([1, 'late', SIX.cycle, SIX.dueOn]),
    );
    expect(await events('S0000', 'late')).toEqual(['fee', 'nameChange', 'settlement'].map((kind) => `S0000/${kind}/${FIVE.cycle}`));
    expect(await rows('select count(*) from app.posting_moves')).toEqual([{ count: 3 }]);
    expect((await store.of('S0000')).objectionEndsAt).toBe(SIX.objectionEndsAt);
    expect(await rows('select count(*) from app.postings where batch is not null')).toEqual([{ count: 0 }]);
  });
  test('what changed since it was read stays: a word of billing that came in between counts', async () => {
    await handedOver(1);
    await store.recordOutcome('S0000', 'e1', { posting: 'S0000/fee', outcome: 'taken', billSerial: 'B', seq: 1 });
    await store.recordOutcome('S0000', 'e2', { posting: 'S0000/settlement', outcome: 'refused', reason: 'R', seq: 1 });
    await late('S0000', SIX);
    expect(await statuses('S0000')).toEqual({
      fee: `taken ${FIVE.cycle}`,
      nameChange: `late ${SIX.cycle}`,
      settlement: `refused ${FIVE.cycle}`,
    });
  });
  test('without a next cycle the objection days stay those of the old one', async () => {
    await handedOver(1);
    expect(await late('S0000', NOWHERE)).toMatchObject({ closesAt: null, objectionEndsAt: FIVE.objectionEndsAt });
  });
  test('a closing that the timetable moved is no lateness', async () => {
    await waiting(['S1']);
    const later = { ...FIVE, dueOn: jalali('1405/09/25') };
    await store.moveOn('S1', [
      { ...later, posting: 'S1/fee', from: FIVE.cycle, was: 'waiting', status: 'waiting', reason: null, late: false },
    ]);
    expect((await store.of('S1')).postings[0]).toMatchObject({ status: 'waiting', cycle: FIVE.cycle, dueOn: '1405/09/25', timesLate: 0 });
    expect(await events('S1', 'late')).toEqual([]);
    expect(await rows('select * from app.posting_moves')).toEqual([]);
  });
});

test('leftBehind: what ended settlements have in cycles that closed, opened or not', async () => {
  await waiting(['A', 'B'], { status: 'settled' });
  await waiting(['C']);
  await waiting(['D'], { status: 'settled', cycle: null, dueOn: null });
  await store.recordOutcome('B', 'e', { posting: 'B/fee', outcome: 'refused', reason: 'R', seq: 1 }, true);
  expect(await store.leftBehind(FIVE.dueOn)).toEqual([]);
  expect(await store.leftBehind(jalali('1405/09/21'))).toEqual(['A', 'B']);
  await late('A', SIX, 'waiting');
  expect(await store.leftBehind(jalali('1405/09/21'))).toEqual(['B']);
});

test('counts: due is all that was to be taken, also what has moved on since', async () => {
  const all = await handedOver(4);
  await waiting(['S9']);
  await store.recordOutcome('S0000', 'e1', { posting: 'S0000/fee', outcome: 'taken', billSerial: 'B', seq: 1 });
  await store.recordOutcome('S0000', 'e2', { posting: 'S0000/settlement', outcome: 'refused', reason: 'R', seq: 1 });
  await late('S0001', SIX);
  await pool.query(`update app.postings set status = 'cancelled' where settlement_id = 'S0002'`);
  const counts = await store.counts([FIVE.cycle, SIX.cycle, 'none']);
  expect(all).toHaveLength(4);
  expect(counts.get(FIVE.cycle)).toEqual({ due: 12, waiting: 3, handedOver: 4, taken: 1, refused: 1, late: 3 });
  expect(counts.get(SIX.cycle)).toEqual({ due: 3, waiting: 3, handedOver: 0, taken: 0, refused: 0, late: 0 });
  expect(counts.get('none')).toEqual({ due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 });
});
