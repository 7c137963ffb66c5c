import { STEP_NAMES, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { billingCycleOpened } from '../../src/workflows/messages.js';
import { type Account, type Answer, type Body, type Stage, idOf, openStage, openingOf, oracle, requestFor, until } from './stage.js';

/** A lost worker is noticed when its workflow task times out, after 10 s; its cached workflows after 10 s more. */
const TAKEN_OVER_S = 60;
/** The polls of a halted worker stay open for a minute and take tasks that it cannot do, 10 s each. */
const HALTED_POLLS_S = 120;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(400, { ownServers: 'it kills both servers' });
}, 60_000);
afterAll(() => stage?.close());
beforeEach(() => stage.startAll());
afterEach(async () => {
  expect(await oracle(stage)).toEqual([]);
});

const settle = (account: Account, change: Record<string, unknown> = {}): Promise<Answer> =>
  stage.call('POST', '/settlements', { body: requestFor(account, change) });
const show = (account: Account): Promise<Answer> => stage.call('GET', `/settlements/${idOf(account)}`);
const run = (account: Account) => stage.client.workflow.getHandle(settlementWorkflowId(idOf(account)));
const announced = (account: Account, seconds = TAKEN_OVER_S) =>
  until(`${idOf(account)} announced`, seconds, async () => {
    const { status, body } = await show(account);
    return status === 200 && body.status === 'announced' && body.postings.length > 0 && body;
  });
const receipt = async (account: Account) => (await stage.call('POST', '/requests', { body: { subscription: account.subscription } })).body;

interface Committed {
  number: string | null;
  bills: number;
  announcedAt: string | null;
  fees: number;
  counter: number;
}
async function committed(account: Account): Promise<Committed> {
  const { rows } = await stage.pool.query<Committed>(
    `select (select min(number) from app.bills where settlement_id = s.id) as number, (select count(*) from app.bills where settlement_id = s.id) as bills,
       announced_at as "announcedAt", (select count(*) from app.postings where settlement_id = s.id and kind = 'fee') as fees,
       (select coalesce(sum(last), 0)::integer from app.bill_numbers) as counter
     from app.settlements s where id = $1`,
    [idOf(account)],
  );
  return rows[0] as Committed;
}
const counter = async (): Promise<number> =>
  (await stage.pool.query<{ sum: number }>('select coalesce(sum(last), 0)::integer as sum from app.bill_numbers')).rows[0]?.sum ?? 0;

test('a worker killed before, inside or after the transaction of an activity: another one finds all of it or nothing, and goes on', async () => {
  await stage.worker.kill('SIGTERM');
  const struck: { account: Account; left: Committed | undefined }[] = [];
  const before = await counter();
  const moments = [
    { step: 'assess', when: 'before' },
    { step: 'assess', when: 'after' },
    { step: 'issue', when: 'before' },
    { step: 'issue', when: 'inside' },
    { step: 'issue', when: 'after' },
  ] as const;
  for (const moment of moments) {
    const account = stage.account();
    const worker = await stage.startStruckWorker({ how: 'kill', of: idOf(account), ...moment });
    const answer = settle(account);
    expect(await worker.ended).toBe('signal SIGKILL');
    const left = await committed(account);
    const issued = moment.step === 'issue' && moment.when === 'after';
    if (issued) expect(left).toMatchObject({ bills: 1, announcedAt: expect.any(String), fees: 1 });
    else expect(left).toBeUndefined();
    struck.push({ account, left });
    // the clerk is told where to look, or already sees what was announced when it was in time
    const { status, headers, body } = await answer;
    expect(issued ? ['200 announced', '202 received'] : ['202 received']).toContain(`${status} ${body.status}`);
    expect(headers.get('location')).toBe(`/api/v1/settlements/${idOf(account)}`);
  }
  await stage.startWorker();
  for (const { account, left } of struck) {
    const settlement = await announced(account);
    if (left) expect(await committed(account)).toEqual({ ...left, counter: expect.any(Number) });
    expect(await committed(account)).toMatchObject({ number: settlement.bill.number, bills: 1, fees: 1 });
    await until(
      'the workflow has gone on',
      TAKEN_OVER_S,
      async () =>
        (await stage.call('POST', `/settlements/${idOf(account)}/delivery`, { body: { deliveredTo: account.name, channel: 'counter' } }))
          .status === 200,
    );
    expect((await settle(account)).body.bill.number).toBe(settlement.bill.number);
  }
  expect(await counter()).toBe(before + struck.length);
}, 180_000);

test('a worker halted before a step and continued after another one took over: both attempts, one bill', async () => {
  await stage.worker.kill('SIGTERM');
  const before = await counter();
  const account = stage.account();
  const halted = await stage.startStruckWorker({ how: 'halt', step: 'issue', of: idOf(account) });
  const answer = settle(account);
  await until('halted', 20, async () => halted.messages.includes('halts'));
  await stage.startWorker();
  expect((await answer).status).toBe(202);
  const settlement = await announced(account, HALTED_POLLS_S);
  void halted.kill('SIGCONT');
  await until('the late attempt', 20, async () => halted.messages.length > 1);
  // it finds what the other one issued
  expect(halted.messages).toEqual([
    'halts',
    { late: expect.objectContaining({ bill: expect.objectContaining({ number: settlement.bill.number }) }) },
  ]);
  expect(await counter()).toBe(before + 1);
  await halted.kill('SIGTERM');
}, 180_000);

test('Postgres away during a request: it is accepted, seen as pending, and announced by itself', async () => {
  const account = stage.account();
  const { request, receivedAt } = await receipt(account);
  process.kill(stage.postgres.pid, 'SIGKILL');
  await stage.postgres.ended;
  const answer = await settle(account, { request });
  expect([answer.status, answer.body.status, answer.body.receivedAt]).toEqual([202, 'received', receivedAt]);
  expect(answer.headers.get('location')).toBe(`/api/v1/settlements/${idOf(account)}`);
  // attempts come after 1, 2, 4, 8 and 10 seconds: the sixth is more than 20 s into the outage
  const pending = await until('several attempts, seen in Temporal', 60, async () => {
    const { raw } = await run(account).describe();
    const waiting = raw.pendingActivities?.filter(({ attempt }) => (attempt ?? 0) >= 6) ?? [];
    return waiting.length >= 2 && waiting;
  });
  // neither needs the other
  expect(pending.map(({ activityType }) => activityType?.name).sort()).toEqual(['assess', 'register']);
  // Temporal knows what Postgres cannot tell
  expect(await show(account)).toMatchObject({ status: 200, body: { status: 'received', receivedAt } });
  expect((await stage.call('GET', '/readyz')).body).toEqual({
    ready: false,
    checks: { postgres: 'unreachable', temporal: 'ok', worker: 'ok' },
  });
  expect((await stage.call('GET', `/accounts/${account.subscription}`)).body).toMatchObject({ status: 503, code: 'UNAVAILABLE' });

  await stage.startPostgres();
  const settlement = await announced(account);
  expect(settlement).toMatchObject({
    receivedAt,
    withinTarget: true,
    elapsedMs: Date.parse(settlement.announcedAt ?? '') - Date.parse(receivedAt),
  });
  expect(settlement.steps.map(({ name }) => name)).toEqual([...STEP_NAMES]);
  // two quick attempts came before those that Temporal counted
  expect(settlement.steps.find(({ name }) => name === 'fetchAccount')?.attempts).toBeGreaterThanOrEqual(2 + 6);
}, 120_000);

test('Temporal killed: nothing is accepted meanwhile, nothing that was acknowledged is lost', async () => {
  const waiting = [stage.account(), stage.account(), stage.account()];
  const settlements = await Promise.all(waiting.map(async (account) => (await settle(account)).body));
  await Promise.all(waiting.map((account, i) => run(account).signal(billingCycleOpened, openingOf(settlements[i] as Body))));
  process.kill(stage.temporal.pid, 'SIGKILL');
  await stage.temporal.ended;

  const account = stage.account();
  const refused = await settle(account);
  expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([503, 'UNAVAILABLE', '5']);
  expect((await stage.call('GET', '/readyz')).body).toEqual({
    ready: false,
    checks: { postgres: 'ok', temporal: 'unreachable', worker: 'unknown' },
  });
  // what was announced can still be shown and printed
  expect((await show(waiting[0] as Account)).body.bill.number).toBe(settlements[0]?.bill.number);
  expect((await stage.call('GET', `/settlements/${idOf(waiting[0] as Account)}/bill.pdf`)).status).toBe(200);

  await stage.startTemporal();
  for (const each of waiting) {
    await until('the cycle has opened', TAKEN_OVER_S, async () => (await show(each)).body.status === 'handedOver');
  }
  const runs = stage.client.workflow.list({ query: `WorkflowId = '${settlementWorkflowId(idOf(account))}'` });
  expect((await runs[Symbol.asyncIterator]().next()).done).toBe(true);
  await until('the same request is accepted', TAKEN_OVER_S, async () => (await settle(account)).status < 300);
  await announced(account);
  expect(stage.worker.running()).toBe(true);
}, 120_000);

test('Temporal killed while a request waits: whatever the clerk was told, asked again it is one settlement', async () => {
  await stage.worker.kill('SIGTERM');
  const account = stage.account();
  const { request, receivedAt } = await receipt(account);
  const answer = settle(account, { request });
  const started = await until('started', 20, async () => run(account).describe());
  process.kill(stage.temporal.pid, 'SIGKILL');
  await stage.temporal.ended;
  // with the server gone nobody can tell whether the start was durable
  expect([202, 503]).toContain((await answer).status);
  await stage.startTemporal();
  await stage.startWorker();
  await until('the same request is answered', TAKEN_OVER_S, async () => (await settle(account, { request })).status < 300);
  expect(await announced(account)).toMatchObject({ receivedAt });
  expect((await run(account).describe()).runId).toBe(started.runId);
}, 120_000);

test('no worker: accepted, shown as received, announced when one comes', async () => {
  await stage.worker.kill('SIGTERM');
  const account = stage.account();
  const { request, receivedAt } = await receipt(account);
  const answer = await settle(account, { request });
  expect([answer.status, answer.body.status]).toEqual([202, 'received']);
  expect(answer.headers.get('location')).toBe(`/api/v1/settlements/${idOf(account)}`);
  expect(await show(account)).toMatchObject({ status: 200, body: { status: 'received', receivedAt, bill: null } });
  await stage.startWorker();
  expect(await announced(account)).toMatchObject({ receivedAt });
}, 120_000);

test('the API killed between start and reply: the same request again finds the same settlement', async () => {
  await stage.worker.kill('SIGTERM');
  const account = stage.account();
  const { request, receivedAt } = await receipt(account);
  const lost = settle(account, { request }).then(
    ({ status }) => status,
    () => 'no answer',
  );
  const started = await until('started', 20, async () => run(account).describe());
  await stage.api.kill('SIGKILL');
  expect(await lost).toBe('no answer');

  await Promise.all([stage.startApi(), stage.startWorker()]);
  // a clerk who opens a new request must not get a later clock, let alone a second bill
  const again = await settle(account);
  expect(again.body).toMatchObject({ id: idOf(account), receivedAt });
  await announced(account);
  expect((await run(account).describe()).runId).toBe(started.runId);
  expect(await settle(account)).toMatchObject({ status: 200, body: { receivedAt } });
}, 120_000);

test('database connections cut under load: every settlement is announced once', async () => {
  const accounts = Array.from({ length: 20 }, () => stage.account());
  const before = await counter();
  let answered = false;
  // a 503 says that nothing is known yet and that the same may be sent again
  const accepted = (account: Account): Promise<Answer> =>
    until(`${idOf(account)} accepted`, TAKEN_OVER_S, async () => {
      const answer = await settle(account);
      return answer.status !== 503 && answer;
    });
  const load = Promise.all(accounts.map(accepted)).finally(() => {
    answered = true;
  });
  let cut = 0;
  while (!answered) {
    const { rowCount } = await stage.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tasvieh-%'",
    );
    cut += rowCount ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const answers = await load;
  expect(cut).toBeGreaterThan(5);
  for (const { status } of answers) expect([200, 201, 202]).toContain(status);
  const settlements = await Promise.all(accounts.map((account) => announced(account)));
  expect(new Set(settlements.map(({ bill }) => bill.number)).size).toBe(accounts.length);
  // numbers are given in the transaction that may be cut: none is lost
  expect(await counter()).toBe(before + accounts.length);
  expect(stage.worker.running() && stage.api.running()).toBe(true);
}, 120_000);
