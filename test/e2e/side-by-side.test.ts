import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import type { PostingBatch } from '../../src/domain/outbox/outbox.js';
import { type Account, type Answer, type Process, type Stage, idOf, openStage, openingOf, oracle, requestFor, until } from './stage.js';

// Two workers and two APIs on one database and one Temporal; each test goes on where the one before it left off.

const SETTLEMENTS = 30;
const SERIES = '12';
const BILLING: ['billing', '01'] = ['billing', '01'];
/** A lost worker is noticed when its workflow task times out, after 10 s; its cached workflows after 10 s more. */
const TAKEN_OVER_S = 60;

let stage: Stage;
let second: { worker: Process; api: Process };
let accounts: Account[];
beforeAll(async () => {
  stage = await openStage(400);
  const started = await Promise.all([stage.startAll(), stage.startAnother('worker'), stage.startAnother('api')]);
  second = { worker: started[1], api: started[2] };
  accounts = Array.from({ length: SETTLEMENTS }, () => stage.account());
  await stage.pool.query('update billing.accounts set series = $1 where subscription = any($2)', [
    SERIES,
    accounts.map(({ subscription }) => subscription),
  ]);
}, 120_000);
afterAll(() => stage?.close());
afterEach(async () => {
  expect(await oracle(stage)).toEqual([]);
});

const settle = (account: Account, of: Process): Promise<Answer> => stage.call('POST', '/settlements', { of, body: requestFor(account) });
const announced = (account: Account) =>
  until(`${idOf(account)} announced`, TAKEN_OVER_S, async () => {
    const { body } = await stage.call('GET', `/settlements/${idOf(account)}`, { of: second.api });
    return body.status === 'announced' && body.postings.length > 0 && body;
  });
/** The processes that had a hand in the runs, as Temporal noted them. */
async function hands(of: Account[]): Promise<Set<string>> {
  const identities = await Promise.all(
    of.map(async (account) => {
      const { events } = await stage.client.workflow.getHandle(settlementWorkflowId(idOf(account))).fetchHistory();
      return (events ?? []).map((event) => event.workflowTaskCompletedEventAttributes?.identity ?? '');
    }),
  );
  return new Set(identities.flat().map((identity) => identity.split('@')[0] ?? ''));
}

test('asked of both APIs at the same moment, each settlement is announced once, and both workers have a hand in them', async () => {
  const half = accounts.slice(0, SETTLEMENTS / 2);
  const answers = await Promise.all(half.map((account) => Promise.all([settle(account, stage.api), settle(account, second.api)])));
  const bills = await Promise.all(half.map(announced));
  for (const [n, pair] of answers.entries()) {
    // 202 where this machine was too slow for the three seconds
    for (const { status } of pair) expect([200, 201, 202]).toContain(status);
    expect(pair.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
    for (const { status, body } of pair) if (status !== 202) expect(body.bill.number).toBe(bills[n]?.bill.number);
  }
  const worked = await hands(half);
  for (const { pid } of [stage.worker, second.worker]) expect(worked).toContain(String(pid));
}, 120_000);

test('one worker and one API killed in the middle: the others announce the rest, each once', async () => {
  const half = accounts.slice(SETTLEMENTS / 2);
  const lost = half.map((account) => settle(account, stage.api).catch(() => 'no answer' as const));
  const kept = half.map((account) => settle(account, second.api));
  await Promise.race(kept);
  await Promise.all([stage.worker.kill('SIGKILL'), stage.api.kill('SIGKILL')]);
  const answers = await Promise.all(kept);
  await Promise.all(lost);
  for (const { status } of answers) expect([200, 201, 202]).toContain(status);
  const bills = await Promise.all(accounts.map(announced));
  expect(new Set(bills.map(({ bill }) => bill.number)).size).toBe(SETTLEMENTS);
  // whoever got no answer asks again, of the one that is left
  const again = await Promise.all(half.map((account) => settle(account, second.api)));
  expect(again.map(({ status, body }) => [status, body.bill.number])).toEqual(
    bills.slice(SETTLEMENTS / 2).map(({ bill }) => [200, bill.number]),
  );
}, 120_000);

test('a cycle opened and its batch fetched by both APIs at once: everyone is told once, and both give the same batch', async () => {
  await Promise.all([stage.startApi(), stage.startWorker()]);
  const { body } = await stage.call('GET', `/settlements/${idOf(accounts[0] as Account)}`);
  const opening = openingOf(body);
  const { cycle } = opening;
  const both = <T>(act: (of: Process) => Promise<T>): Promise<T[]> => Promise.all([act(stage.api), act(second.api)]);
  const openings = await both((of) =>
    stage.call('POST', `/billing/cycles/${cycle}/opening`, {
      of,
      as: BILLING,
      body: { eventId: opening.eventId, closesOn: opening.closesOn },
    }),
  );
  for (const { status } of openings) expect([200, 201]).toContain(status);
  const due =
    (await stage.pool.query<{ n: number }>('select count(*)::integer as n from app.postings where cycle = $1', [cycle])).rows[0]?.n ?? 0;
  expect(due).toBe(SETTLEMENTS * 2);
  await until(
    'all are handed over',
    TAKEN_OVER_S,
    async () => (await stage.pool.query("select from app.postings where cycle = $1 and status = 'waiting'", [cycle])).rowCount === 0,
  );
  const batches = await both(
    async (of) => (await stage.call('GET', `/billing/cycles/${cycle}/postings`, { of, as: BILLING })).body as unknown as PostingBatch,
  );
  expect(batches[0]).toMatchObject({ cycle, batch: 1, count: due });
  expect(batches[1]).toEqual(batches[0]);
  const { rows } = await stage.pool.query<{ times: number }>(
    "select count(*)::integer as times from app.events where kind = 'cycleOpened' group by settlement_id",
  );
  expect(rows).toEqual(Array.from({ length: SETTLEMENTS }, () => ({ times: 1 })));
}, 120_000);
