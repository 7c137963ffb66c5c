import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { createDataConverter, newEncryptionKey, readEncryptionKeys } from '../../src/temporal/encryption.js';
import { createHistoryArchive, exportHistories, replayHistories, settlementNamedIn } from '../../src/temporal/kept-histories.js';
import { addHistoriesCommand } from '../../src/cli/histories.js';
import { Refusal } from '../../src/refusal.js';
import { createAccessStore } from '../../src/store/access-log.js';
import { erasePersonData } from '../../src/store/erasures.js';
import { createHistoryStore } from '../../src/store/histories.js';
import { WORKFLOW_BUNDLE } from '../../src/temporal/worker.js';
import { type Account, ENCRYPTION_KEYS, type Stage, idOf, openStage, requestFor, until } from './stage.js';
import { runCommand } from '../cli/run-command.js';

// Temporal forgets what has ended; Postgres keeps it, encrypted as it is.

const NAME = 'پروانه شکیبا';
const APPLICANT = { kind: 'owner', name: NAME, nationalId: '0932833810', mobile: '09121234567' };

let stage: Stage;
let cancelled: Account;
let rejected: Account;
let open: Account;
/** The workflows that have ended, by their ids. */
let ended: string[];
beforeAll(async () => {
  stage = await openStage(60);
  await stage.startAll();
  [cancelled, rejected, open] = [stage.account(), stage.account(), stage.account()];
  const settle = (account: Account, change: Record<string, unknown> = {}) =>
    stage.call('POST', '/settlements', { body: requestFor(account, { applicant: APPLICANT, ...change }) });
  const answers = await Promise.all([settle(cancelled), settle(open), settle(rejected, { reading: rejected.reading - 10 })]);
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 422]);
  const gone = await stage.call('POST', `/settlements/${idOf(cancelled)}/cancellation`, {
    as: ['supervisor', '01'],
    body: { reason: 'درخواست مشترک' },
  });
  expect([gone.status, gone.body.status]).toEqual([200, 'cancelled']);
  // somebody who could not wait
  await stage.client.workflow.start('unheardOf', { workflowId: 'terminated', taskQueue: 'nobody' });
  await stage.client.workflow.getHandle('terminated').terminate();
  ended = ['terminated', settlementWorkflowId(idOf(cancelled)), settlementWorkflowId(idOf(rejected))].sort();
  await until('the ended ones are listed', 30, async () => (await listed()).length === ended.length);
}, 90_000);
afterAll(() => stage?.close());
afterEach(() => void (process.exitCode = undefined));

async function listed(): Promise<string[]> {
  const ids = [];
  for await (const { workflowId } of stage.client.workflow.list({ query: "ExecutionStatus != 'Running'" })) ids.push(workflowId);
  return ids.sort();
}
const store = () => createHistoryStore(stage.pool);
const kept = async (): Promise<{ id: string; status: string; settlement: string | null; keys: string[] }[]> =>
  (
    await stage.pool.query<{ id: string; status: string; settlement: string | null; keys: string[] }>(
      'select workflow_id as id, status, settlement_id as settlement, key_ids as keys from app.histories order by 1',
    )
  ).rows;

const run = (keys: string, ...args: string[]): Promise<{ code: number; out: string }> =>
  runCommand(
    addHistoriesCommand,
    {
      databaseUrl: stage.postgres.url,
      temporalAddress: stage.temporal.address,
      temporalNamespace: stage.temporal.namespace,
      encryptionKeys: keys,
    },
    ['histories', ...args],
  );

test('an export that is cut off goes on where it was; what is kept is kept once, encrypted, and nothing of what is open', async () => {
  const ending = new AbortController();
  const first = exportHistories(
    { client: stage.client, store: store() },
    { onRun: () => void ending.abort(new Error('cut off')), ending: ending.signal },
  );
  await expect(first).rejects.toThrow('cut off');
  const before = await kept();
  expect(before.length).toBeLessThan(ended.length);

  const archive = createHistoryArchive({ client: stage.client, store: store() });
  expect(await archive.exportEnded({})).toEqual({ until: expect.any(String), kept: ended.length - before.length, gone: 0 });
  expect(await archive.exportEnded({})).toMatchObject({ kept: 0, gone: 0 });
  expect(await kept()).toEqual(
    [
      { id: 'terminated', status: 'TERMINATED', settlement: null, keys: [] },
      { id: settlementWorkflowId(idOf(cancelled)), status: 'COMPLETED', settlement: idOf(cancelled), keys: ['test'] },
      { id: settlementWorkflowId(idOf(rejected)), status: 'FAILED', settlement: idOf(rejected), keys: ['test'] },
    ].sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
  for await (const { history } of store().each(null))
    expect(gunzipSync(history).toString()).not.toMatch(
      new RegExp(`${APPLICANT.nationalId}|${NAME}|${Buffer.from(NAME).toString('base64').slice(0, -4)}`),
    );
});

test('the nightly workflow keeps what has ended since', async () => {
  const handle = stage.client.schedule.getHandle('historyExport');
  await until('the schedule', 30, () => handle.describe());
  await stage.pool.query('delete from app.histories where settlement_id is null');
  await handle.trigger();
  const action = await until('its run', 30, async () => (await handle.describe()).info.recentActions[0]?.action);
  expect(await stage.client.workflow.getHandle(action.workflow.workflowId, action.workflow.firstExecutionRunId).result()).toMatchObject({
    kept: 1,
    gone: 0,
  });
  expect((await kept()).map(({ id }) => id)).toEqual(ended);
});

test('shown with the keys alone, and that somebody looked is on record', async () => {
  const id = settlementWorkflowId(idOf(cancelled));
  const { out } = await run(ENCRYPTION_KEYS, 'show', id);
  expect(out).toMatch(
    new RegExp(`^${id} \\(settlement, run [0-9a-f-]{36}\\): COMPLETED, .* events\n1  .*  WORKFLOW_EXECUTION_STARTED  .*${NAME}`),
  );
  expect(out).toContain('درخواست مشترک');
  const { events } = JSON.parse((await run(ENCRYPTION_KEYS, 'show', id, '--json')).out) as { events: { type: string }[] };
  expect(events.at(-1)?.type).toBe('WORKFLOW_EXECUTION_COMPLETED');
  const looks = (await createAccessStore(stage.pool).list({ subscription: cancelled.subscription, limit: 10 })).items.filter(
    ({ call }) => call === 'histories show',
  );
  expect(looks).toHaveLength(2);
  expect(looks[0]).toMatchObject({ settlement: idOf(cancelled) });
  await expect(run(newEncryptionKey('other'), 'show', id)).rejects.toThrow(/key test.*TASVIEH_ENCRYPTION_KEYS/);
  await expect(run(ENCRYPTION_KEYS, 'show', 'settlement/unknown')).rejects.toThrow(Refusal);
});

test('replayed on this code they follow; on code that takes another step the settlements do not, and are named', async () => {
  // the terminated one is of no workflow of ours
  await stage.pool.query('delete from app.histories where settlement_id is null');
  const { code, out } = await run(ENCRYPTION_KEYS, 'replay', '--all');
  expect([code, out]).toEqual([0, `${ended.length - 1} histories: ${ended.length - 1} follow this version, 0 do not.`]);
  await expect(run(ENCRYPTION_KEYS, 'replay', settlementWorkflowId(idOf(open)))).rejects.toThrow(Refusal);

  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-replay-'));
  try {
    const changed = path.join(folder, 'bundle.js');
    writeFileSync(changed, readFileSync(WORKFLOW_BUNDLE, 'utf8').replaceAll(`'assess'`, `'assessOther'`));
    const faults = [];
    for await (const { workflowId, error } of replayHistories(
      store().each(null),
      createDataConverter(readEncryptionKeys(ENCRYPTION_KEYS)),
      changed,
    ))
      faults.push([workflowId, error?.name]);
    expect(faults.sort()).toEqual(ended.filter((id) => id !== 'terminated').map((id) => [id, 'DeterminismViolationError']));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('with a person’s data goes what is kept of the settlement, and an export does not bring it back', async () => {
  const by = { by: 'الف', confirmedBy: 'ب', reason: 'حکم' };
  expect(await erasePersonData(stage.pool, { whose: { subscription: rejected.subscription }, ...by })).toEqual([idOf(rejected)]);
  const id = settlementWorkflowId(idOf(rejected));
  const erased = await store().of(id, null);
  expect(erased).toMatchObject({ status: 'FAILED', history: null });
  await expect(run(ENCRYPTION_KEYS, 'show', id)).rejects.toThrow(/erased/);
  await stage.pool.query('delete from app.histories where workflow_id = $1', [id]);
  expect((await run(ENCRYPTION_KEYS, 'export')).out).toMatch(/^\d+ histories kept; all that ended until/);
  expect(await store().of(id, null)).toEqual(erased);
});

test('a settlement is known by the ids of its workflows', () => {
  expect(settlementNamedIn('settlement/014123456701-14050904')).toBe('014123456701-14050904');
  expect(settlementNamedIn('task/deliver.014123456701-14050904')).toBe('014123456701-14050904');
  expect(settlementNamedIn('billingCycle/12-1405-06')).toBeNull();
  expect(settlementNamedIn('task/staleFeed.payments-14050904')).toBeNull();
});
