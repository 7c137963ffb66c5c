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
    .option('--json')
    .action(({ json = false }: { json?: boolean }) => pooled((pool) => workflows(pool, served(), json, say)));
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

async function workflows(pool: Pool, config: ServedConfig, json: boolean, say: Say): Promise<void> {
  const [
    { Client, Connection },
    { compareWorkflows },
    { createSettlementStore },
    { openSettlements },
    { createDataConverter, readEncryptionKeys },
  ] = await Promise.all([
    import('@temporalio/client'),
    import('../operations/workflow-audit.js'),
    import('../store/settlements.js'),
    import('../store/audit.js'),
    import('../temporal/encryption.js'),
  ]);
  const connection = await Connection.connect({ address: config.temporalAddress });
  const different = [];
  try {
    const client = new Client({
      connection,
      namespace: config.temporalNamespace,
      dataConverter: createDataConverter(readEncryptionKeys(encryptionKeys(config))),
    });
    for await (const each of compareWorkflows(client, { get: createSettlementStore(pool).get, openIds: () => openSettlements(pool) })) {
      different.push(each);
      if (json) continue;
      say(`${each.settlement}: ${WHAT[each.what]}`);
      for (const { field, workflow, stored } of each.fields)
        say(`  ${field}: workflow ${JSON.stringify(workflow)}, stored ${JSON.stringify(stored)}`);
    }
  } finally {
    await connection.close();
  }
  if (json) say(JSON.stringify({ different }));
  else say(different.length === 0 ? 'Temporal and Postgres agree.' : `${different.length} settlements differ.`);
  if (different.length > 0) process.exitCode = 1;
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
