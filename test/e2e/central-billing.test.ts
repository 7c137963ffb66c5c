import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow';
import { addDays, todayInTehran } from '../../src/domain/calendar/jalali.js';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { type CentralSystem, demoLedger, startCentralSystem } from '../billing/central-system.js';
import { emptied } from '../billing/database.js';
import { type Account, type Answer, type Body, type Stage, idOf, openStage, oracle, requestFor, until } from './stage.js';

const SUBSCRIBERS = 300;
const TOKEN = 'of-the-billing-system';
const SECONDS = 60;

let stage: Stage;
let central: CentralSystem;
let folder: string;
/** What was computed from the files, before they were gone. */
const byFiles = new Map<string, Body['bill']>();
let accounts: Account[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-token-'));
  const token = path.join(folder, 'token');
  writeFileSync(token, `${TOKEN}\n`);
  const today = todayInTehran(new Date());
  stage = await openStage(SUBSCRIBERS);
  central = await startCentralSystem({ token: TOKEN, asOf: today, feeds: demoLedger(SUBSCRIBERS, today) });
  await stage.startAll();
  accounts = Array.from({ length: 8 }, () => stage.account());
  for (const account of accounts) {
    const { status, body } = await stage.call('POST', '/settlements/preview', { body: requestFor(account) });
    expect([status, body.errors]).toEqual([200, []]);
    byFiles.set(account.subscription, body.bill);
  }
  // from here on there is nothing to read but the central system
  await emptied(stage.pool);
  await Promise.all([stage.worker.kill('SIGTERM'), stage.api.kill('SIGTERM')]);
  Object.assign(stage.settings, { TASVIEH_BILLING_URL: central.url, TASVIEH_BILLING_TOKEN_FILE: token });
  await stage.startAll();
}, 120_000);
afterAll(async () => {
  await central?.stop();
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  expect(await oracle(stage)).toEqual([]);
});

const settle = (account: Account, change: Record<string, unknown> = {}): Promise<Answer> =>
  stage.call('POST', '/settlements', { body: requestFor(account, change) });
const show = async (account: Account) => (await stage.call('GET', `/settlements/${idOf(account)}`)).body;
const next = (): Account => {
  const account = accounts.shift();
  if (!account) throw new Error('no account left');
  return account;
};
const announced = (id: string) =>
  until(`${id} announced`, SECONDS, async () => {
    const { body } = await stage.call('GET', `/settlements/${id}`);
    return body.status === 'announced' && body.postings.length > 0 && body;
  });
/** Asked for and announced, in the same call or, on a loaded machine, soon after it. */
const settled = async (account: Account, change: Record<string, unknown> = {}) => {
  const { status, body } = await settle(account, change);
  expect([200, 201, 202]).toContain(status);
  return announced(body.id);
};
/** Ready, whatever billing's state: the probes have half a second to a second, which a loaded machine may need. */
const readyWith = (billing: string) =>
  until(`ready, billing ${billing}`, SECONDS, async () => {
    const { status, body } = await stage.call('GET', '/readyz');
    return status === 200 && isDeepStrictEqual(body, { ready: true, checks: { postgres: 'ok', temporal: 'ok', worker: 'ok', billing } });
  });

/** The failure of the pending activity, as the Temporal UI shows it. */
const pending = (account: Account) =>
  until('seen in Temporal', SECONDS, async () => {
    const { raw } = await stage.client.workflow.getHandle(settlementWorkflowId(idOf(account))).describe();
    const activity = raw.pendingActivities?.find(({ lastFailure }) => lastFailure);
    // encrypted as all texts of failures are: the UI decrypts it by the API
    const failure = await decodeOptionalFailureToOptionalError(stage.client.options.loadedDataConverter, activity?.lastFailure);
    return (
      activity && { step: activity.activityType?.name, type: activity.lastFailure?.applicationFailureInfo?.type, message: failure?.message }
    );
  });

test('a settlement has the amounts that it has by files', async () => {
  await readyWith('ok');
  const account = next();
  const before = central.calls.length;
  const found = await stage.call('GET', `/accounts?query=${account.subscription}`);
  expect(found.body.items).toEqual([expect.objectContaining({ subscription: account.subscription, name: account.name })]);
  expect((await stage.call('GET', `/accounts/${account.subscription}`)).body.lastBill.toReading).toBe(account.reading);

  const body = await settled(account);
  expect(body.bill).toMatchObject(byFiles.get(account.subscription) as object);
  expect(body.bill.lines.length).toBeGreaterThan(3);
  expect(body.postings.map(({ kind, cycle }) => [kind, cycle])).toEqual(
    expect.arrayContaining([['settlement', expect.stringMatching(/^1[123]-1\d{3}-\d\d$/)]]),
  );
  // search and account for the page, and the step's own look, found in the log by its run and activity
  const calls = central.calls.slice(before);
  expect(calls.length).toBeGreaterThanOrEqual(3);
  const { runId } = await stage.client.workflow.getHandle(settlementWorkflowId(idOf(account))).describe();
  expect(calls.at(-1)?.headers['x-correlation-id']).toMatch(new RegExp(`^${runId}/.+`));
});

test('a second settlement goes on from the first, which billing does not know', async () => {
  const account = next();
  const yesterday = addDays(todayInTehran(new Date()), -1);
  const first = await settled(account, { settlementDate: yesterday, reading: account.reading + 39 });
  const second = await settled(account);
  expect(second.bill.previousReading).toEqual({ reading: account.reading + 39, on: yesterday });
  expect(second.bill.lines.find(({ code }) => code === 'PREVIOUS_DEBT')?.amount).toBe(first.bill.total);
});

test('an answer that got lost is asked for again: one bill', async () => {
  const account = next();
  central.fail('cut');
  const { bill } = await settled(account);
  expect(bill).toMatchObject(byFiles.get(account.subscription) as object);
});

test('the central system away: accepted, waiting, announced by itself', async () => {
  const account = next();
  await central.stop();
  await readyWith('unreachable');
  expect((await stage.call('GET', `/accounts/${account.subscription}`)).body).toMatchObject({
    status: 503,
    code: 'UNAVAILABLE',
    detail: expect.stringContaining('سامانهٔ صدور قبض'),
  });
  const { status, body, headers } = await settle(account);
  expect([status, body.status]).toEqual([202, 'received']);
  expect(headers.get('location')).toBe(`/api/v1/settlements/${idOf(account)}`);
  expect(await pending(account)).toMatchObject({
    step: 'assess',
    type: 'BillingUnavailableError',
    message: expect.stringMatching(/^fetchAccount: .*ECONNREFUSED/),
  });
  expect(await show(account)).toMatchObject({ status: 'received', bill: null });

  await central.start();
  const settlement = await announced(idOf(account));
  expect(settlement.bill).toMatchObject(byFiles.get(account.subscription) as object);
  expect(settlement.steps.find(({ name }) => name === 'fetchAccount')?.attempts).toBeGreaterThanOrEqual(3);
  await readyWith('ok');
});

test('a wrong answer is never a debt: it waits, names the field, and goes on when it is mended', async () => {
  const account = next();
  central.fail('wrong-field', 1000);
  const { status } = await settle(account);
  expect(status).toBe(202);
  expect(await pending(account)).toMatchObject({
    step: 'assess',
    type: 'BillingAnswerError',
    message: expect.stringMatching(/^fetchAccount: .*lastBill\.totalDue/),
  });
  expect((await stage.call('GET', `/accounts/${account.subscription}`)).body).toMatchObject({ status: 502, code: 'BILLING_FAULT' });
  expect(await show(account)).toMatchObject({ status: 'received', bill: null });
  central.fail('wrong-field', 0);
  expect((await announced(idOf(account))).bill).toMatchObject(byFiles.get(account.subscription) as object);
});

test('a slow central system is waited for', async () => {
  const account = next();
  // later than a quick step waits, earlier than a durable one gives up
  central.fail('late', 1000);
  const { status } = await settle(account);
  expect(status).toBe(202);
  expect((await announced(idOf(account))).bill).toMatchObject(byFiles.get(account.subscription) as object);
  central.fail('late', 0);
});

test('whom billing does not know is refused', async () => {
  const stranger = { subscription: '099999999999', reading: 1, name: 'نامعلوم' };
  const { status, body } = await settle(stranger);
  expect([status, body.code]).toEqual([422, 'REJECTED']);
  expect(body.errors).toEqual([expect.objectContaining({ code: 'ACCOUNT_NOT_FOUND' })]);
});
