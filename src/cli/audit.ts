import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { date } from './arguments.js';
import { type JalaliDate, LAST_DAY, addDays, startOfDayInTehran } from '../domain/calendar/jalali.js';
import { encryptionKeys } from '../config.js';
import type { ServedConfig } from '../process/processes.js';
import { Refusal } from '../refusal.js';
import { type CommandContext, withPool } from './context.js';

type Say = CommandContext['say'];

/** `audit rebuild`, `audit workflows`, `audit numbers`, `audit indicators` and `audit expire`. Exit code 1 on what does not agree. */
export function addAuditCommand(program: Command, context: CommandContext): void {
  const { say, served } = context;
  const audit = program.command('audit').description('the event log against what is stored; numbers issued, void and missing');
  const pooled = (act: (pool: Pool) => Promise<void>): Promise<void> =>
    withPool(context, 'tasvieh-audit', act, { statementTimeoutMs: 600_000 });
  audit
    .command('rebuild')
    .description('rebuild settlements from their events and compare with what is stored: equal, or where it differs')
    .argument('[settlement]', 'id of a settlement; all when absent')
    .option('--json')
    .action((settlement: string | undefined, { json = false }: { json?: boolean }) =>
      pooled((pool) => rebuild(pool, settlement ?? null, json, say)),
    );
  audit
    .command('workflows')
    .description('compare what Temporal tells of the settlements with what is stored, as after a restore; a worker must be up')
    .option('--restart <settlement>', 'let a halted one go on from its last task, as a new run with the same history')
    .option('--json')
    .action(({ json = false, restart }: { json?: boolean; restart?: string }) =>
      pooled((pool) =>
        withClient(served(), (client) =>
          restart === undefined ? workflows(client, pool, json, say) : restarted(client, pool, restart, say),
        ),
      ),
    );
  audit
    .command('numbers')
    .description('numbers of bills and clearance letters: issued, void, missing')
    .option('--from <date>', 'issued on this day or later', date)
    .option('--to <date>', 'issued on this day or earlier', date)
    .option('--json')
    .action((options: { from?: JalaliDate; to?: JalaliDate; json?: boolean }) => pooled((pool) => numbers(pool, options, say)));
  audit
    .command('indicators')
    .description('compare what is kept for the indicators with the rows it tells of')
    .option('--anew', 'make it anew first; whoever settles waits so long')
    .action(({ anew = false }: { anew?: boolean }) => pooled((pool) => indicators(pool, anew, say)));
  audit
    .command('expire')
    .description('take away what the access log has kept for its three years')
    .action(() =>
      pooled(async (pool) => {
        const { createAccessStore } = await import('../store/access-log.js');
        say(`${await createAccessStore(pool).expire()} entries of the access log have had their time.`);
      }),
    );
}

async function rebuild(pool: Pool, settlement: string | null, json: boolean, say: Say): Promise<void> {
  const { rebuildSettlements } = await import('../operations/rebuild.js');
  let checked = 0;
  const different = [];
  for await (const each of rebuildSettlements(pool, settlement)) {
    checked++;
    if (!each.equal) different.push(each);
    if (json) continue;
    if (settlement !== null || !each.equal) say(`${each.settlement}: ${each.equal ? 'equal' : 'differs'}`);
    for (const { field, log, stored } of each.differences)
      say(
        `  ${field === '' ? 'settlement' : field}: log ${JSON.stringify(log) ?? 'nothing'}, stored ${JSON.stringify(stored) ?? 'nothing'}`,
      );
  }
  if (settlement !== null && checked === 0) throw new Refusal(`${settlement}: no such settlement`);
  if (json) say(JSON.stringify({ checked, equal: checked - different.length, different }));
  else say(`${checked} settlements: ${checked - different.length} equal, ${different.length} differ.`);
  if (different.length > 0) process.exitCode = 1;
}

async function indicators(pool: Pool, anew: boolean, say: Say): Promise<void> {
  const { createIndicatorStore } = await import('../store/indicators.js');
  const store = createIndicatorStore(pool);
  if (anew) await store.measureAnew();
  const { settlements, dues } = await store.drift();
  if (settlements.length === 0 && dues === 0) return say('The indicators rest on what is stored.');
  for (const settlement of settlements) say(`${settlement}: differs`);
  say(`${settlements.length} settlements and ${dues} sums of what was due differ; --anew mends them.`);
  process.exitCode = 1;
}

async function withClient(config: ServedConfig, act: (client: Client) => Promise<void>): Promise<void> {
  const [{ Client, Connection }, { createDataConverter, readEncryptionKeys }] = await Promise.all([
    import('@temporalio/client'),
    import('../temporal/encryption.js'),
  ]);
  const connection = await Connection.connect({ address: config.temporalAddress });
  try {
    await act(
      new Client({
        connection,
        namespace: config.temporalNamespace,
        dataConverter: createDataConverter(readEncryptionKeys(encryptionKeys(config))),
      }),
    );
  } finally {
    await connection.close();
  }
}

async function workflows(client: Client, pool: Pool, json: boolean, say: Say): Promise<void> {
  const [{ compareWorkflows }, { haltedWorkflows }, { createSettlementStore }] = await Promise.all([
    import('../operations/workflow-audit.js'),
    import('../temporal/halted-workflows.js'),
    import('../store/settlements.js'),
  ]);
  const different = [];
  for await (const each of compareWorkflows(client, {
    ...createSettlementStore(pool),
    halted: (open) => haltedWorkflows(client, open),
  })) {
    different.push(each);
    if (json) continue;
    say(`${each.settlement}: ${WHAT[each.what]}${each.halt ? ` (${each.halt})` : ''}`);
    for (const { field, workflow, stored } of each.fields)
      say(`  ${field}: workflow ${JSON.stringify(workflow)}, stored ${JSON.stringify(stored)}`);
  }
  if (json) say(JSON.stringify({ different }));
  else say(different.length === 0 ? 'Temporal and Postgres agree.' : `${different.length} settlements differ.`);
  if (different.length > 0) process.exitCode = 1;
}

async function restarted(client: Client, pool: Pool, id: string, say: Say): Promise<void> {
  const [{ haltOf, restartWorkflow }, { needsWorkflow }, { createSettlementStore }] = await Promise.all([
    import('../temporal/halted-workflows.js'),
    import('../domain/settlement/halt.js'),
    import('../store/settlements.js'),
  ]);
  const settlement = await createSettlementStore(pool).get(id, { office: null });
  if (!settlement) throw new Refusal(`${id}: no such settlement`);
  if (!needsWorkflow(settlement)) throw new Refusal(`${id} is ${settlement.status}: nothing is left to do for a workflow.`);
  // its steps are bound to the run that received it, until the balance is announced
  if (settlement.status === 'received')
    throw new Refusal(`${id} was not announced yet: see "a settlement has halted" in docs/operations.md.`);
  const halt = await haltOf(client, id);
  if (halt === null) throw new Refusal(`${id}: its workflow runs.`);
  const run = await restartWorkflow(client, id, `restarted by an operator: ${halt}`);
  if (run === null) throw new Refusal(`${id}: Temporal holds no run that got past its first task.`);
  say(`${id} goes on as run ${run}.`);
}

const WHAT = {
  notStored: 'Temporal knows it, Postgres does not',
  noWorkflow: 'open in Postgres, and no workflow moves it on',
  differs: 'one of the two is behind',
};

async function numbers(pool: Pool, { from, to, json }: { from?: JalaliDate; to?: JalaliDate; json?: boolean }, say: Say): Promise<void> {
  const { numberedDocuments } = await import('../store/audit.js');
  const found = await numberedDocuments(pool, {
    from: from ? startOfDayInTehran(from) : null,
    to: to && to < LAST_DAY ? startOfDayInTehran(addDays(to, 1)) : null,
  });
  if (json) say(JSON.stringify({ from: from ?? null, to: to ?? null, numbers: found }));
  else {
    for (const { document, office, year, issued, first, last, void: voided, missing } of found) {
      say(
        `${document}, office ${office}, ${year}: ${issued} issued${issued > 0 ? ` (${first} to ${last})` : ''}, ${voided.length} void, ${missing.reduce((sum, { count }) => sum + count, 0)} missing`,
      );
      for (const number of voided) say(`  void ${number}`);
      for (const gap of missing) say(`  missing ${gap.from}${gap.count > 1 ? ` to ${gap.to}` : ''}`);
    }
    if (found.length === 0) say('No numbers were given.');
  }
  if (found.some(({ missing }) => missing.length > 0)) process.exitCode = 1;
}
