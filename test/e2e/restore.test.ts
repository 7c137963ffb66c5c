import { execFileSync } from 'node:child_process';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import type { Settlement } from '../../src/domain/settlement/settlement.js';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { temporalExecutable } from '../../src/embedded/binaries.js';
import { haltedWorkflows } from '../../src/temporal/halted-workflows.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { verifyBills } from '../../src/operations/verify.js';
import { type WorkflowDifference, compareWorkflows } from '../../src/operations/workflow-audit.js';
import { type Account, type Body, type Stage, idOf, openStage, oracle, requestFor, until } from './stage.js';

// The drill of docs/operations.md, "Backup": everything is lost and restored, from one stop and from two.

const SERIES = '12';
const BILLING = ['billing', '01'] as const;

let stage: Stage;
/** Announced at the first stop and handed over to the applicant before the second. */
let announced: Account;
/** With billing from before the second stop on. */
let delivered: Account;
/** An error is reported. */
let corrected: Account;
/** Asked for between the stops. */
let later: Account;
let laterBill: Body['bill'];
let cycle: { name: string; closesOn: string };

const show = async (account: Account): Promise<Body> => (await stage.call('GET', `/settlements/${idOf(account)}`)).body;
const settle = (account: Account) => stage.call('POST', '/settlements', { body: requestFor(account) });
const deliver = (account: Account) =>
  stage.call('POST', `/settlements/${idOf(account)}/delivery`, { body: { deliveredTo: account.name, channel: 'counter' } });
const open = () =>
  stage.call('POST', `/billing/cycles/${cycle.name}/opening`, {
    as: [...BILLING],
    body: { eventId: `open-${cycle.name}`, closesOn: cycle.closesOn },
  });
const stored = async (account: Account): Promise<Settlement | null> =>
  createSettlementStore(stage.pool).get(idOf(account), { office: null });
const statuses = async (): Promise<(string | undefined)[]> =>
  Promise.all([announced, delivered, corrected, later].map(async (account) => (await stored(account))?.status));
const temporal = (...args: string[]): string =>
  execFileSync(temporalExecutable() ?? '', [...args, '--address', stage.temporal.address], { encoding: 'utf8' });

async function differences(): Promise<WorkflowDifference[]> {
  const found = [];
  for await (const each of compareWorkflows(stage.client, {
    get: createSettlementStore(stage.pool).get,
    openIds: createSettlementStore(stage.pool).openIds,
    halted: (ids) => haltedWorkflows(stage.client, ids),
  }))
    found.push(each);
  return found.sort((a, b) => (a.settlement < b.settlement ? -1 : 1));
}
const named = (all: WorkflowDifference[]): [string, string, string[]][] =>
  all.map(({ settlement, what, fields }) => [settlement, what, fields.map(({ field }) => field)]);
const inOrder = (...all: [Account, string, string[]][]) =>
  all.map(([account, ...rest]) => [idOf(account), ...rest]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));

/** What must hold from whatever backup: the log and the tables agree, every bill is computed again, nothing is there twice. */
async function nothingDoubled(): Promise<void> {
  for await (const each of rebuildSettlements(stage.pool, null)) expect(each).toMatchObject({ equal: true });
  for await (const each of verifyBills(stage.pool, null)) expect(each).toMatchObject({ equal: true });
  const { rows } = await stage.pool.query(
    `select settlement_id, kind, count(*) from app.events where kind in ('received', 'issued', 'announced', 'delivered', 'scheduled', 'cycleOpened') group by 1, 2, data->>'cycle' having count(*) > 1
     union all select settlement_id, 'fee', count(*) from app.postings where kind = 'fee' group by 1 having count(*) > 1
     union all select number, 'number', count(*) from app.bills group by 1 having count(*) > 1`,
  );
  expect(rows).toEqual([]);
}

beforeAll(async () => {
  stage = await openStage(60, { ownServers: 'it puts both servers back to earlier days' });
  await stage.startAll();
  [announced, delivered, corrected, later] = [stage.account(), stage.account(), stage.account(), stage.account()];
  await stage.pool.query('update billing.accounts set series = $1 where subscription = any($2)', [
    SERIES,
    [announced, delivered, corrected, later].map(({ subscription }) => subscription),
  ]);
  for (const account of [announced, delivered, corrected]) expect((await settle(account)).status).toBe(201);
  expect((await deliver(delivered)).status).toBe(200);
  const reported = await stage.call('POST', `/settlements/${idOf(corrected)}/corrections`, {
    as: ['supervisor', '01'],
    body: { kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد' },
  });
  expect(reported.status).toBe(201);
  const [posting] = (await show(delivered)).postings;
  cycle = { name: posting?.cycle ?? '', closesOn: posting?.dueOn ?? '' };
  await stage.backUp('first');
  await stage.startAll();

  expect((await deliver(announced)).status).toBe(200);
  const asked = await settle(later);
  expect(asked.status).toBe(201);
  laterBill = asked.body.bill;
  expect((await open()).status).toBe(201);
  await until('all are handed over', 30, async () => (await statuses()).every((status) => status === 'handedOver'));
  expect(await oracle(stage)).toEqual([]);
  expect(await differences()).toEqual([]);
  await stage.backUp('second');
}, 120_000);
afterAll(() => stage?.close());

test('both from one stop: as it was, and everything goes on', async () => {
  await stage.restore({ postgres: 'second', temporal: 'second' });
  expect(await differences()).toEqual([]);
  expect(await oracle(stage)).toEqual([]);
  expect((await settle(later)).body.bill).toEqual(laterBill);
  expect((await deliver(later)).status).toBe(200);
  await nothingDoubled();
}, 60_000);

test('Temporal older than Postgres: steps are repeated without harm, and what has no workflow is named', async () => {
  await stage.restore({ postgres: 'second', temporal: 'first' });
  expect(named(await differences())).toEqual(
    inOrder(
      [announced, 'differs', ['status', 'delivered', 'postings']],
      [delivered, 'differs', ['status', 'postings']],
      [corrected, 'differs', ['status', 'postings']],
      [later, 'noWorkflow', []],
    ),
  );
  // what was asked for since is asked for again, as it is on record
  const before = await stored(announced);
  expect((await deliver(announced)).body.delivery).toEqual(before?.delivery);
  expect((await open()).status).toBe(200);
  // Postgres holds them as handed over already, so the opening tells nobody: they are told by hand
  const opened = JSON.stringify({ eventId: `open-${cycle.name}`, cycle: cycle.name, closesOn: cycle.closesOn });
  for (const account of [announced, delivered, corrected])
    temporal('workflow', 'signal', '--workflow-id', settlementWorkflowId(idOf(account)), '--name', 'billingCycleOpened', '--input', opened);
  await until('they caught up', 30, async () => (await differences()).length === 1);
  expect(named(await differences())).toEqual(inOrder([later, 'noWorkflow', []]));
  expect(await stored(announced)).toEqual(before);
  // it stands in Postgres: it is shown and printed, is with billing, and is not settled a second time
  const again = await settle(later);
  expect(again).toMatchObject({ status: 409, body: { code: 'SETTLEMENT_HALTED', settlement: { bill: laterBill } } });
  expect((await show(later)).postings.map(({ status }) => status)).toEqual(['handedOver', 'handedOver']);
  expect(named(await differences())).toEqual(inOrder([later, 'noWorkflow', []]));
  await nothingDoubled();
}, 60_000);

test('Postgres older than Temporal: what is lost is named, and mended from the workflows', async () => {
  await stage.restore({ postgres: 'first', temporal: 'second' });
  expect(await statuses()).toEqual(['announced', 'delivered', 'announced', undefined]);
  expect(named(await differences())).toEqual(
    inOrder(
      [announced, 'differs', ['status', 'delivered', 'postings']],
      [delivered, 'differs', ['status', 'postings']],
      [corrected, 'differs', ['status', 'postings']],
      [later, 'notStored', ['status', 'revision', 'bill', 'payable', 'postings']],
    ),
  );
  // a settlement that Postgres does not know is done again by its own workflow, as of its receipt
  temporal('workflow', 'reset', '--workflow-id', settlementWorkflowId(idOf(later)), '--type', 'FirstWorkflowTask', '--reason', 'restored');
  await until(
    'it is stored',
    30,
    async () => (await stored(later))?.status === 'announced' || (await stored(later))?.status === 'handedOver',
  );
  expect((await stored(later))?.bill).toMatchObject({ number: laterBill.number, payable: laterBill.payable });
  // billing opens its cycle once more; the workflows look at their postings again
  expect((await open()).status).toBe(201);
  for (const account of [announced, delivered, corrected, later])
    temporal('workflow', 'signal', '--workflow-id', settlementWorkflowId(idOf(account)), '--name', 'outboxChanged');
  await until('with billing again', 30, async () => (await statuses()).every((status) => status === 'handedOver'));
  // only who took the bill over is lost: the workflow knows it
  const left = await until('the rest', 30, async () => {
    const all = await differences();
    return all.length === 1 && all;
  });
  expect(named(left)).toEqual(inOrder([announced, 'differs', ['delivered']]));
  await nothingDoubled();
}, 60_000);
