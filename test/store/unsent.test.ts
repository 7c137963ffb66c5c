import { type SettlementOrder, settlementId } from '../../src/domain/settlement/settlement.js';
import { createPostingStore } from '../../src/store/postings.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { type UnsentFilter, type UnsentStore, createUnsentStore } from '../../src/store/unsent.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { facts, on, order as orderOf } from '../domain/sample.js';

let db: TestDatabase;
let store: UnsentStore;
/** office, clerk, status, cycle, last day, times late, of one posting each */
const ROWS = [
  ['01', 'c1', 'waiting', '12-1405-06', '1405/09/27', 0],
  ['01', 'c1', 'handedOver', '12-1405-05', '1405/07/27', 0],
  ['01', 'c2', 'late', '12-1405-06', '1405/09/27', 1],
  ['01', 'c2', 'waiting', null, null, 0],
  ['02', 'c3', 'refused', '13-1405-06', '1405/09/20', 2],
  ['02', 'c3', 'taken', '13-1405-05', '1405/07/20', 0],
  ['02', 'c3', 'replaced', '13-1405-05', '1405/07/20', 0],
  ['02', 'c3', 'cancelled', '13-1405-05', '1405/07/20', 0],
] as const;
const ids: string[] = [];

beforeAll(async () => {
  db = await testDatabase();
  store = createUnsentStore(db.pool);
  for (const [n, [office, clerk, status, cycle, dueOn, timesLate]] of ROWS.entries()) {
    const subscription = String(123_000_000_000 + n);
    const settlementDate = on('1405/07/01');
    const order: SettlementOrder = {
      ...orderOf(facts('1405/07/01', null, { subscription }), { id: clerk, office }),
      id: settlementId(subscription, settlementDate),
    };
    await createSettlementStore(db.pool).register(order, 'run-1');
    await db.pool.query('update app.settlements set account = $2 where id = $1', [order.id, JSON.stringify({ name: `نام ${n}` })]);
    const posting = `${order.id}/fee`;
    await createPostingStore(db.pool).schedule(
      order.id,
      'run-1',
      1,
      [
        {
          posting,
          kind: 'fee',
          amount: 49_000 + n,
          cycle,
          dueOn: dueOn && on(dueOn),
          status: 'waiting',
          timesLate: 0,
          reason: null,
          billSerial: null,
          detail: {},
          objectionEndsAt: null,
        },
      ],
      [],
    );
    await db.pool.query('update app.postings set status = $2, times_late = $3 where posting = $1', [posting, status, timesLate]);
    ids.push(posting);
  }
}, 120_000);
afterAll(() => db?.stop());

const of = async (filter: UnsentFilter) => (await store.page({ ...filter, limit: 100 })).items.map(({ posting }) => ids.indexOf(posting));

test('plan R4: everything that billing has not taken, by the last day, undated ones at the end', async () => {
  expect(await of({})).toEqual([1, 4, 0, 2, 3]);
  expect(await store.counts({})).toEqual({ waiting: 2, handedOver: 1, late: 1, refused: 1 });
});

test('what it is, of which settlement, whose, and how often late', async () => {
  const { items } = await store.page({ office: '02', limit: 10 });
  expect(items).toEqual([
    {
      posting: ids[4],
      kind: 'fee',
      settlement: '123000000004-14050701',
      subscription: '123000000004',
      subscriber: 'نام 4',
      office: '02',
      clerk: { id: 'c3', name: 'متصدی' },
      amount: 49_004,
      status: 'refused',
      cycle: '13-1405-06',
      dueOn: '1405/09/20',
      timesLate: 2,
      reason: null,
    },
  ]);
});

test.each<[string, UnsentFilter, number[], Partial<Awaited<ReturnType<UnsentStore['counts']>>>]>([
  ['an office', { office: '01' }, [1, 0, 2, 3], { waiting: 2, handedOver: 1, late: 1, refused: 0 }],
  ['a clerk, at the end of the shift', { office: '01', clerk: 'c2' }, [2, 3], { waiting: 1, late: 1 }],
  ['a cycle', { cycle: '12-1405-06' }, [0, 2], { waiting: 1, late: 1, handedOver: 0 }],
  ['due before a day', { dueBefore: on('1405/09/27') }, [1, 4], { waiting: 0 }],
  ['all together', { office: '01', clerk: 'c1', cycle: '12-1405-05', dueBefore: on('1405/07/28') }, [1], { handedOver: 1, waiting: 0 }],
  ['nobody', { clerk: 'c9' }, [], { waiting: 0, handedOver: 0, late: 0, refused: 0 }],
])('%s', async (_, filter, found, counts) => {
  expect(await of(filter)).toEqual(found);
  expect(await store.counts(filter)).toMatchObject(counts);
});

test('pages: each once, in the same order; a cursor of elsewhere lists from the beginning', async () => {
  for (const limit of [1, 2, 4, 5]) {
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.page({ limit, cursor });
      seen.push(...page.items.map(({ posting }) => ids.indexOf(posting)));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual([1, 4, 0, 2, 3]);
  }
  for (const cursor of ['x', Buffer.from('1405/09/27 \u0000').toString('base64url')])
    expect((await store.page({ limit: 10, cursor })).items).toHaveLength(5);
});
