import { addDays, todayInTehran } from '../../src/domain/calendar/jalali.js';
import type { CycleCounts, Outcome } from '../../src/domain/outbox/outbox.js';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import type { PostingBatch } from '../../src/domain/outbox/outbox.js';
import { seedWaiting } from '../store/waiting.js';
import { type Body, type Stage, idOf, openStage, oracle, requestFor, until } from './stage.js';

// One cycle from its opening to billing's acknowledgement; each test goes on where the one before it left off.

const SETTLEMENTS = 30;
/** Ended settlements that an older cycle left behind: nobody but the next cycle moves them on. */
const LEFT_BEHIND = 4;
/** Two postings each: the fee, and reading and amounts. */
const DUE = SETTLEMENTS * 2 + LEFT_BEHIND;
const SERIES = '12';
const OLD = `${SERIES}-1404-99`;
const BILLING = ['billing', '01'] as const;
const SECONDS = 60;

let stage: Stage;
let settlements: Body[];
let cycle: string;
let closesOn: string;
let batch: PostingBatch;

beforeAll(async () => {
  stage = await openStage(400, { ownServers: 'it kills Temporal while a cycle is opened' });
  await stage.startAll();
  const accounts = Array.from({ length: SETTLEMENTS }, () => stage.account());
  await stage.pool.query('update billing.accounts set series = $1 where subscription = any($2)', [
    SERIES,
    accounts.map(({ subscription }) => subscription),
  ]);
  const asked = accounts.map(async (account) => {
    await stage.call('POST', '/settlements', { body: requestFor(account) });
    return until(`${idOf(account)} announced`, SECONDS, async () => {
      const { body } = await stage.call('GET', `/settlements/${idOf(account)}`);
      return body.status === 'announced' && body.postings.length > 0 && body;
    });
  });
  settlements = await Promise.all(asked);
  const [first] = settlements[0]?.postings ?? [];
  [cycle, closesOn] = [first?.cycle ?? '', first?.dueOn ?? ''];
  const today = todayInTehran(new Date());
  await stage.pool.query(
    'insert into billing.cycles (cycle, series, from_date, to_date, closes_on, issues_on, objection_days) values ($1, $2, $3, $4, $5, $6, 10)',
    [OLD, SERIES, addDays(today, -70), addDays(today, -12), addDays(today, -10), addDays(today, -5)],
  );
  await seedWaiting(
    stage.pool,
    accounts.slice(0, LEFT_BEHIND).map(({ subscription }) => ({
      id: `${subscription}-seeded`,
      subscription,
      series: SERIES,
      settlementDate: addDays(today, -13),
      cycle: OLD,
      dueOn: addDays(today, -10),
      status: 'settled',
      kinds: ['fee'],
    })),
  );
}, 120_000);
afterAll(() => stage?.close());
afterEach(async () => {
  // the seeded ones are postings without a story
  expect((await oracle(stage)).filter((fault) => !fault.includes('-seeded'))).toEqual([]);
});

const opening = () =>
  stage.call('POST', `/billing/cycles/${cycle}/opening`, { as: [...BILLING], body: { eventId: `open-${cycle}`, closesOn } });
const fetched = async (query = ''): Promise<PostingBatch> =>
  (await stage.call('GET', `/billing/cycles/${cycle}/postings${query}`, { as: [...BILLING] })).body as unknown as PostingBatch;
const counts = async (of: string): Promise<{ state: string; counts: CycleCounts } | undefined> => {
  const { body } = await stage.call('GET', `/billing/cycles?series=${SERIES}`, { as: [...BILLING] });
  return (body.items as unknown as { cycle: string; state: string; counts: CycleCounts }[]).find((each) => each.cycle === of);
};
const NOTHING: CycleCounts = { due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 };
/** What one call came to that its API did not live to answer; then the API runs again as `next` makes it. */
async function lost(call: Promise<unknown>, next: () => Promise<void>): Promise<void> {
  const answer = call.then(
    () => 'an answer',
    () => 'no answer',
  );
  expect(await stage.api.ended).toBe('signal SIGKILL');
  expect(await answer).toBe('no answer');
  await next();
}
/** How often each settlement was told of the opening. */
const openings = (): Promise<number[]> =>
  Promise.all(
    settlements.map(async ({ id }) => {
      const { events } = await stage.client.workflow.getHandle(settlementWorkflowId(id)).fetchHistory();
      return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'billingCycleOpened').length;
    }),
  );
/** How often what was told has had its effect: `[times, settlements and postings]`. */
async function heard(kind: string): Promise<[number, number]> {
  const { rows } = await stage.pool.query<{ times: number; once: number }>(
    `select count(*)::integer as times, count(distinct settlement_id || coalesce(data->>'posting', ''))::integer as once from app.events where kind = $1`,
    [kind],
  );
  return [rows[0]?.times ?? 0, rows[0]?.once ?? 0];
}

test('the API killed after the record of an opening, worker and Temporal killed in mid fan-out: everyone is told, nobody twice', async () => {
  await stage.worker.kill('SIGTERM');
  const early = await stage.startStruckWorker({ how: 'kill', signal: 'billingCycleOpened', after: 10 });

  await stage.api.kill('SIGTERM');
  await stage.startStruckApi('openCycle');
  await lost(opening(), () => stage.startStruckApi('start'));
  // recorded, and nobody has been told
  expect(await counts(cycle)).toEqual(
    expect.objectContaining({ state: 'open', counts: { ...NOTHING, due: SETTLEMENTS * 2, waiting: SETTLEMENTS * 2 } }),
  );
  await lost(opening(), () => stage.startApi());
  expect((await opening()).status).toBe(200);

  expect(await early.ended).toBe('signal SIGKILL');
  expect((await openings()).reduce((sum, n) => sum + n, 0)).toBe(10);
  const late = await stage.startStruckWorker({ how: 'hold', signal: 'billingCycleOpened', after: 8 });
  await until('the fan-out goes on', SECONDS, async () => late.messages.includes('holds'));
  expect((await openings()).filter((times) => times === 0).length).toBeGreaterThanOrEqual(SETTLEMENTS - 18);
  process.kill(stage.temporal.pid, 'SIGKILL');
  await stage.temporal.ended;
  late.tell('go on');
  await stage.startTemporal();

  const told = await until('all are handed over', SECONDS, async () => {
    const now = await counts(cycle);
    return now?.counts.handedOver === DUE && now;
  });
  expect(told).toEqual(expect.objectContaining({ state: 'open', counts: { ...NOTHING, due: DUE, handedOver: DUE } }));
  expect((await counts(OLD))?.counts).toEqual({ ...NOTHING, due: LEFT_BEHIND, late: LEFT_BEHIND });
  // whoever was told again heard it once
  expect(Math.min(...(await openings()))).toBeGreaterThan(0);
  expect(await heard('cycleOpened')).toEqual([SETTLEMENTS + LEFT_BEHIND, SETTLEMENTS + LEFT_BEHIND]);
  expect(late.running()).toBe(true);
}, 180_000);

test('the API killed when a batch is frozen: asked again it is the same, and holds each posting once', async () => {
  await stage.api.kill('SIGTERM');
  await stage.startStruckApi('nextBatch');
  await lost(fetched(), () => stage.startApi());
  batch = await fetched();
  expect(batch).toMatchObject({ cycle, batch: 1, count: DUE, sum: batch.items.reduce((sum, { amount }) => sum + amount, 0) });
  expect(batch.items).toHaveLength(DUE);
  expect(await fetched('?batch=1')).toEqual(batch);
  const { rows } = await stage.pool.query<{ posting: string }>('select posting from app.postings where cycle = $1 order by posting', [
    cycle,
  ]);
  expect(batch.items.map(({ posting }) => posting).sort()).toEqual(rows.map(({ posting }) => posting).sort());
  const { rows: frozen } = await stage.pool.query('select batch from app.posting_batches');
  expect(frozen).toEqual([{ batch: 1 }]);
}, 60_000);

test('the API killed between acceptance and answer of an acknowledgement: sent again it is carried once', async () => {
  const refused = settlements[0]?.id ?? '';
  const silent = settlements[1]?.id ?? '';
  const items = batch.items
    .filter(({ settlement }) => settlement !== silent)
    .map(({ posting, settlement, kind }): Outcome =>
      settlement === refused && kind === 'fee'
        ? { posting, outcome: 'refused', reason: 'مصوبه نیامده است' }
        : { posting, outcome: 'taken', billSerial: 'B-1' },
    );
  const acknowledge = (eventId = 'ack-1') =>
    stage.call('POST', `/billing/cycles/${cycle}/acknowledgements`, {
      as: [...BILLING],
      body: { eventId, batch: batch.batch, count: batch.count, sum: batch.sum, items },
    });
  await stage.api.kill('SIGTERM');
  await stage.startStruckApi('acknowledge');
  await lost(acknowledge(), () => stage.startStruckApi('start'));
  await lost(acknowledge(), () => stage.startApi());
  expect((await acknowledge()).status).toBe(200);

  const taken = DUE - 3;
  await until('all is carried', SECONDS, async () => (await counts(cycle))?.counts.taken === taken);
  await until('the refusal is an error with an owner', SECONDS, async () =>
    (await stage.call('GET', `/settlements/${refused}`)).body.corrections.some(({ status }) => status === 'referred'),
  );
  expect((await counts(cycle))?.counts).toEqual({ ...NOTHING, due: DUE, taken, handedOver: 2, refused: 1 });
  expect(await heard('taken')).toEqual([taken, taken]);
  expect(await heard('refused')).toEqual([1, 1]);
  expect((await fetched()).count).toBe(0);
}, 60_000);
