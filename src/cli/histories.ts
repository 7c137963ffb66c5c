import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { encryptionKeys } from '../config.js';
import type { ServedConfig } from '../process/processes.js';
import { Refusal } from '../refusal.js';
import { type CommandContext, withPool } from './context.js';

type Say = CommandContext['say'];

/** `histories export`, `histories show` and `histories replay`. */
export function addHistoriesCommand(program: Command, context: CommandContext): void {
  const { say, served } = context;
  const histories = program.command('histories').description('what ended workflows did, kept in Postgres beyond the retention of Temporal');
  const pooled = (act: (pool: Pool, config: ServedConfig) => Promise<void>): Promise<void> =>
    withPool(context, 'tasvieh-histories', (pool) => act(pool, served()));
  histories
    .command('export')
    .description(
      'keep what has ended since the last export, as the workflow historyExport does every night; repeating it keeps nothing twice',
    )
    .option('--json')
    .action(({ json = false }: { json?: boolean }) => pooled((pool, config) => exportNow(pool, config, json, say)));
  histories
    .command('show')
    .description('one kept history, decrypted with the configured keys; that it was looked at is in the access log')
    .argument('<workflow>', 'id of the workflow, such as settlement/014123456701-14050904')
    .option('--run <id>', 'a run of it; the latest when absent')
    .option('--json')
    .action((workflowId: string, { run, json = false }: { run?: string; json?: boolean }) =>
      pooled((pool, config) => show(pool, config, workflowId, run ?? null, json, say)),
    );
  histories
    .command('replay')
    .description('replay kept histories on the workflows of this version; exit code 1 when one does not follow')
    .argument('[workflow]', 'id of a workflow: every kept run of it')
    .option('--all', 'every kept history')
    .option('--json')
    .action((workflowId: string | undefined, { all = false, json = false }: { all?: boolean; json?: boolean }, command: Command) => {
      if ((workflowId === undefined) !== all) command.error('error: name a workflow, or ask for --all', { exitCode: 2 });
      return pooled((pool, config) => replay(pool, config, workflowId ?? null, json, say));
    });
}

async function exportNow(pool: Pool, config: ServedConfig, json: boolean, say: Say): Promise<void> {
  const [{ Client, Connection }, { createHistoryStore }, { exportHistories }, { createDataConverter, readEncryptionKeys }] =
    await Promise.all([
      import('@temporalio/client'),
      import('../store/histories.js'),
      import('../temporal/kept-histories.js'),
      import('../temporal/encryption.js'),
    ]);
  const connection = await Connection.connect({ address: config.temporalAddress });
  try {
    // histories stay encrypted; the memos of what schedules started are decrypted while listing
    const client = new Client({
      connection,
      namespace: config.temporalNamespace,
      dataConverter: createDataConverter(readEncryptionKeys(encryptionKeys(config))),
    });
    const report = await exportHistories({ client, store: createHistoryStore(pool) });
    if (json) say(JSON.stringify(report));
    else
      say(
        `${report.kept} histories kept${report.gone > 0 ? `, ${report.gone} were gone already` : ''}; all that ended until ${report.until} is kept.`,
      );
  } finally {
    await connection.close();
  }
}

async function show(pool: Pool, config: ServedConfig, workflowId: string, runId: string | null, json: boolean, say: Say): Promise<void> {
  const [{ createHistoryStore }, { createAccessStore }, { readableEvents }, { UnknownKeyError, createPayloadCodec, readEncryptionKeys }] =
    await Promise.all([
      import('../store/histories.js'),
      import('../store/access-log.js'),
      import('../temporal/kept-histories.js'),
      import('../temporal/encryption.js'),
    ]);
  const kept = await createHistoryStore(pool).of(workflowId, runId);
  if (kept === null) throw new Refusal(`${workflowId}: no history is kept`);
  const { history, settlement, ...run } = kept;
  if (history === null) throw new Refusal(`${workflowId}: erased with a person's data`);
  const events = await readableEvents(history, createPayloadCodec(readEncryptionKeys(encryptionKeys(config)))).catch((error: unknown) => {
    throw error instanceof UnknownKeyError ? new Refusal(`${error.message}: list it in TASVIEH_ENCRYPTION_KEYS`) : error;
  });
  const { username } = userInfo();
  await createAccessStore(pool).append([
    {
      at: new Date().toISOString(),
      by: { id: username, name: username, role: 'admin', office: '' },
      call: 'histories show',
      subscriptions: settlement === null ? [] : [settlement.slice(0, 12)],
      settlement,
      requestId: '',
    },
  ]);
  if (json) return say(JSON.stringify({ ...run, settlement, events }, null, 2));
  say(`${run.workflowId} (${run.type}, run ${run.runId}): ${run.status}, ${run.startedAt} to ${run.closedAt}, ${run.events} events`);
  for (const { id, at, type, attributes } of events) say(`${id}  ${at}  ${type}  ${JSON.stringify(attributes)}`);
}

async function replay(pool: Pool, config: ServedConfig, workflowId: string | null, json: boolean, say: Say): Promise<void> {
  const [{ DefaultLogger, Runtime }, { createHistoryStore }, { replayHistories }, { createDataConverter, readEncryptionKeys }] =
    await Promise.all([
      import('@temporalio/worker'),
      import('../store/histories.js'),
      import('../temporal/kept-histories.js'),
      import('../temporal/encryption.js'),
    ]);
  try {
    // each fault is told below
    Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
  } catch {
    // this process has one already
  }
  let replayed = 0;
  const failed = [];
  for await (const { workflowId: id, runId, error } of replayHistories(
    createHistoryStore(pool).each(workflowId),
    createDataConverter(readEncryptionKeys(encryptionKeys(config))),
  )) {
    replayed++;
    if (!error) continue;
    failed.push({ workflowId: id, runId, error: error.name, message: error.message });
    if (!json) say(`${id} (run ${runId}): ${error.name}: ${error.message}`);
  }
  if (workflowId !== null && replayed === 0) throw new Refusal(`${workflowId}: no history is kept`);
  if (json) say(JSON.stringify({ replayed, failed }));
  else say(`${replayed} histories: ${replayed - failed.length} follow this version, ${failed.length} do not.`);
  if (failed.length > 0) process.exitCode = 1;
}
