import { createReadStream } from 'node:fs';
import { Command } from 'commander';
import type { Pool } from 'pg';
import { cubicMetres, date, oneOf, whole } from './arguments.js';
import { ConfigError, type Config, encryptionKeys, readConfig, signingSecret } from '../config.js';
import { FEED_KINDS, type FeedKind } from '../domain/settlement/account.js';
import { checkBillId, checkPayment, barcode, makeBillId, makePaymentId } from '../domain/bill/bill-id.js';
import { decimal } from '../domain/fraction.js';
import { gasPrice } from '../domain/bill/gas-price.js';
import { type JalaliDate, daysBetween } from '../domain/calendar/jalali.js';
import { ROLES, type Role } from '../domain/settlement/settlement.js';
import { latinDigits } from '../domain/text.js';
import { embeddedDatabaseUrl } from '../embedded/servers.js';
import { addAuditCommand } from './audit.js';
import { derivedEncryptionKey, newEncryptionKey, readEncryptionKeys } from '../temporal/encryption.js';
import { addFeeResolutionCommand } from './fee-resolution.js';
import type { ListedBill } from '../operations/late-decree.js';
import type { Running, ServedConfig } from '../process/processes.js';
import { addHistoriesCommand } from './histories.js';
import { addPersonCommand } from './person.js';
import { addPersonDataCommand } from './person-data.js';
import { Refusal } from '../refusal.js';
import { addTariffCommand } from './tariff.js';
import { tariffOfFile } from './tariff-file.js';
import type { VerifiedBill } from '../operations/verify.js';
import { version } from '../../package.json';

// what talks to servers is imported where it is needed: a bill id is checked without waiting for it

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The command `tasvieh`. Exit codes: 0 done, 1 refused or failed with a message, 2 wrong usage. */
export function commandLine(env: NodeJS.ProcessEnv): Command {
  const program = new Command('tasvieh')
    .description('Announcement of the outstanding gas balance (account settlement), quality plan SSS-PM-02')
    .version(version)
    .showHelpAfterError()
    .exitOverride();

  program
    .command('start')
    .description('all of it on this machine: Postgres, Temporal and its UI, demo data, API, worker')
    .action(async () => {
      const asked = untilAsked();
      const { startEverything } = await import('../embedded/start.js');
      const everything = startEverything(readConfig(env), say);
      // also while it starts: whoever presses Ctrl-C wants it to end
      await Promise.race([asked, everything.ready.then(() => asked)]).finally(() => {
        say('Ending…');
        return everything.stop();
      });
    });
  program
    .command('worker')
    .description('a worker process')
    .action(() => serve(served(env), async (config) => (await import('../process/processes.js')).runWorker(config)));
  program
    .command('api')
    .description('an API process')
    .action(() => serve(served(env), async (config) => (await import('../process/processes.js')).runApi(config)));
  program
    .command('migrate')
    .description('bring the database to the newest schema')
    .action(async () => {
      const { databaseUrl } = served(env);
      const { migrate } = await import('../store/migrate.js');
      const ran = await migrate(databaseUrl);
      say(ran.length === 0 ? 'The schema is up to date.' : `Done: ${ran.join(', ')}`);
    });
  program
    .command('temporal-namespace')
    .description('make the namespace on a Temporal server and register the search attributes; it may run again')
    .option('--retention-days <n>', 'how long a new namespace keeps ended workflows', whole, 90)
    .action(async ({ retentionDays }: { retentionDays: number }) => {
      const { temporalAddress: address, temporalNamespace: namespace } = served(env);
      const [{ Connection }, { keepNamespace }, { SEARCH_ATTRIBUTE_TYPES }] = await Promise.all([
        import('@temporalio/client'),
        import('../temporal/namespace.js'),
        import('../workflows/search-attributes.js'),
      ]);
      const connection = await Connection.connect({ address });
      try {
        const { made, registered } = await keepNamespace(connection, {
          namespace,
          retentionDays,
          searchAttributes: SEARCH_ATTRIBUTE_TYPES,
        });
        say(
          `The namespace ${namespace} ${made ? `is made and keeps ended workflows for ${retentionDays} days` : 'is there'}; ${registered.length === 0 ? 'it has every search attribute' : `registered: ${registered.join(', ')}`}.`,
        );
      } finally {
        await connection.close();
      }
    });
  program
    .command('worker-version')
    .description('let every workflow go on with the workers of a version (TASVIEH_WORKER_BUILD_ID), once one of them polls')
    .argument('[version]')
    .option('--none', 'with the workers that carry no version')
    .option('--wait <seconds>', 'for the version’s first worker', whole, 60)
    .action(async (version: string | undefined, { none = false, wait }: { none?: boolean; wait: number }, command: Command) => {
      if ((version === undefined) !== none) command.error('error: name a version, or ask for --none', { exitCode: 2 });
      const { temporalAddress: address, temporalNamespace: namespace } = served(env);
      const [{ Connection }, { setCurrentVersion }] = await Promise.all([
        import('@temporalio/client'),
        import('../temporal/worker-version.js'),
      ]);
      const connection = await Connection.connect({ address });
      try {
        const { before } = await setCurrentVersion(connection, { namespace, buildId: version ?? null, waitMs: wait * 1000 });
        say(`Workflows go on with ${version ?? 'workers without a version'}; before: ${before ?? 'workers without a version'}.`);
      } finally {
        await connection.close();
      }
    });
  program
    .command('feed')
    .description('load a CSV file of the billing system: all of it or nothing')
    .argument('<kind>', FEED_KINDS.join('|'), oneOf(FEED_KINDS))
    .argument('<file>')
    .option('--as-of <date>', 'the day up to which the data speaks', date)
    .action((kind: FeedKind, file: string, { asOf }: { asOf?: JalaliDate }) => feed(served(env), kind, file, asOf));
  program
    .command('demo-data')
    .description('synthetic subscribers, tariffs, a fee resolution and clerks for practice')
    .option('--subscribers <n>', 'how many', whole, 500)
    .action(async ({ subscribers }: { subscribers: number }) => {
      const pool = await poolOf(served(env), 'tasvieh-demo');
      try {
        const { loadDemoData, recordDemoPeople } = await import('../embedded/demo.js');
        await loadDemoData(pool, subscribers, new Date());
        await recordDemoPeople(pool);
      } finally {
        await pool.end();
      }
      say(`${subscribers} subscribers.`);
    });
  program
    .command('token')
    .description('a signed token for the API')
    .requiredOption('--role <role>', ROLES.join('|'), oneOf(ROLES))
    .requiredOption('--office <office>', 'office code')
    .requiredOption('--name <name>', 'the person, as recorded with each act')
    .option('--id <id>', 'the person’s id; the name when absent')
    .option('--hours <n>', 'valid for', whole, 12)
    .action(async ({ role, office, name, id, hours }: { role: Role; office: string; name: string; id?: string; hours: number }) => {
      const secret = signingSecret(readConfig(env));
      const { createTokens } = await import('../api/tokens.js');
      const tokens = createTokens(secret);
      say(await tokens.issue({ id: id ?? name, name, role, office }, { ttl: hours * 3600 }));
    });
  program
    .command('encryption-key')
    .description('a new key for TASVIEH_ENCRYPTION_KEYS')
    .option('--id <id>', 'its name: letters, digits, dot, dash, underscore', 'k1')
    .option('--from-secret', 'instead the key that an installation without TASVIEH_ENCRYPTION_KEYS uses')
    .action(({ id, fromSecret }: { id: string; fromSecret?: boolean }) => {
      const key = fromSecret ? derivedEncryptionKey(signingSecret(readConfig(env))) : newEncryptionKey(id);
      readEncryptionKeys(key);
      say(key);
    });
  program
    .command('settle')
    .description('settle an account over the API, as a counter does')
    .requiredOption('--subscription <number>')
    .option('--date <date>', 'settlement date, today when absent', date)
    .option('--reading <m3>', 'the counter’s figure; one more a day than the last bill’s when absent', whole)
    .option('--source <source>', 'declared|staff|estimated|none', oneOf(['declared', 'staff', 'estimated', 'none']))
    .option('--purpose <purpose>', 'balance|final', oneOf(['balance', 'final']))
    .option('--documents <codes...>', 'documents that were shown, by the tariff’s codes')
    .option('--national-id <id>', 'the applicant’s; a practice one when absent')
    .option('--office <office>', 'office of the clerk; the demo clerk’s when absent')
    .option('--api <url>', 'address of the API')
    .option('--json')
    .action(
      async ({
        office,
        nationalId,
        api,
        json,
        ...options
      }: {
        subscription: string;
        nationalId?: string;
        office?: string;
        api?: string;
        json?: boolean;
        reading?: number;
        documents?: string[];
      }) => {
        const config = readConfig(env);
        const [{ createTokens }, { DEMO_CLERK, demoClerk }, { DEMO_NATIONAL_ID, settleByApi }] = await Promise.all([
          import('../api/tokens.js'),
          import('../embedded/demo.js'),
          import('../embedded/start.js'),
        ]);
        const token = await createTokens(signingSecret(config)).issue(demoClerk(office ?? DEMO_CLERK.office), { ttl: 600 });
        const settlement = await settleByApi(api ?? `http://${config.apiHost}:${config.apiPort}`, token, {
          ...options,
          nationalId: nationalId ?? DEMO_NATIONAL_ID,
        });
        if (json) say(JSON.stringify(settlement, null, 2));
        else
          say(
            `${settlement.id}: ${settlement.bill.payable} rial to pay, ${settlement.bill.carry} carried, announced in ${settlement.elapsedMs} ms`,
          );
      },
    );
  program
    .command('verify')
    .description('recompute issued bills from their stored inputs: equal, or where they differ')
    .argument('[settlement]', 'id of a settlement: every revision of it')
    .option('--all', 'every bill of the database')
    .option('--json')
    .action(async (settlement: string | undefined, { all = false, json = false }: { all?: boolean; json?: boolean }, command: Command) => {
      if ((settlement === undefined) !== all) command.error('error: name a settlement, or ask for --all', { exitCode: 2 });
      await verify(served(env), settlement ?? null, json);
    });
  program
    .command('late-decree')
    .description(
      'bills on account under a tariff that was published late: lists their differences; posts them for the next cycle with --post',
    )
    .argument('<version>', 'the published tariff')
    .option('--post', 'post the differences; repeating it posts nothing twice')
    .option('--by <name>', 'who posts')
    .option('--confirmed-by <name>', 'the second person')
    .option('--json')
    .action((tariff: string, options: { post?: boolean; by?: string; confirmedBy?: string; json?: boolean }, command: Command) => {
      if (options.post && !(options.by && options.confirmedBy))
        command.error('error: --post needs --by and --confirmed-by', { exitCode: 2 });
      return decree(served(env), tariff, options);
    });
  program
    .command('price')
    .description('the gas price of a period, line by line')
    .requiredOption('--tariff <file>', 'tariff document (JSON)')
    .requiredOption('--from <date>', 'date of the last reading', date)
    .requiredOption('--to <date>', 'date of the reading', date)
    .requiredOption('--m3 <m3>', 'consumption', cubicMetres)
    .option('--use <use>', 'as the tariff names it', 'household')
    .option('--climate <n>', '1 to 5', whole, 1)
    .option('--units <n>', 'units behind the meter', whole, 1)
    .option('--json')
    .action(price);

  addTariffCommand(program, () => served(env).databaseUrl, say);
  addFeeResolutionCommand(program, () => served(env).databaseUrl, say);
  addPersonCommand(program, () => served(env).databaseUrl, say);
  addPersonDataCommand(program, () => served(env).databaseUrl, say);
  addAuditCommand(program, () => served(env), say);
  addHistoriesCommand(program, () => served(env), say);

  const billId = program.command('bill-id').description('bill ids, payment ids and their barcode');
  billId
    .command('check')
    .argument('<billId>')
    .argument('[paymentId]')
    .option('--json')
    .action((bill: string, payment: string | undefined, { json }: { json?: boolean }) => {
      const { valid, service } = checkBillId(bill);
      const paid = payment === undefined ? null : checkPayment(bill, payment);
      const answer = {
        valid: valid && (paid?.valid ?? true),
        service,
        ...(paid && { amountRial: paid.amountRial, barcode: paid.barcode }),
      };
      tell(answer, json);
      if (!answer.valid) process.exitCode = 1;
    });
  billId
    .command('make')
    .requiredOption('--file <digits>', 'file number, 8 digits at most')
    .requiredOption('--company <digits>', 'company, 3 digits')
    .requiredOption('--amount <rial>', 'a multiple of 1000', whole)
    .requiredOption('--year <n>', 'year; its last digit is used', whole)
    .requiredOption('--period <n>', '0 to 99', whole)
    .option('--json')
    .action(
      ({
        file,
        company,
        amount,
        year,
        period,
        json,
      }: {
        file: string;
        company: string;
        amount: number;
        year: number;
        period: number;
        json?: boolean;
      }) => {
        try {
          const bill = makeBillId({ file: latinDigits(file), company: latinDigits(company) });
          const paymentId = makePaymentId({ billId: bill, amount, yearDigit: year % 10, period });
          tell({ billId: bill, paymentId, barcode: barcode(bill, paymentId) }, json);
        } catch (error) {
          if (error instanceof RangeError) throw new Refusal(error.message);
          throw error;
        }
      },
    );
  return program;
}

function price(options: {
  tariff: string;
  from: JalaliDate;
  to: JalaliDate;
  m3: string;
  use: string;
  climate: number;
  units: number;
  json?: boolean;
}): void {
  if (daysBetween(options.from, options.to) < 1) throw new Refusal(`--to ${options.to} is not after --from ${options.from}`);
  if (options.units < 1) throw new Refusal('--units must be at least 1');
  const tariff = tariffOfFile(options.tariff);
  const result = gasPrice({
    tariffs: [tariff],
    after: options.from,
    until: options.to,
    consumption: decimal(options.m3),
    use: options.use,
    climate: options.climate,
    units: options.units,
  });
  if ('noTariffOn' in result) throw new Refusal(`No rate for ${options.use} in climate ${options.climate} on ${result.noTariffOn}`);
  const lines = result.lines.map(({ season, days, rialPerM3, m3, rial }) => ({ season, days, rialPerM3, m3, rial }));
  if (options.json) return say(JSON.stringify({ days: result.days, lines, gasPriceRial: result.gasPriceRial }));
  for (const line of lines) say(`${line.season}  ${line.days} days  ${line.m3} m³ × ${line.rialPerM3} = ${line.rial}`);
  say(`${result.days} days, ${result.gasPriceRial} rial`);
}

async function feed(config: ServedConfig, kind: FeedKind, file: string, asOf: JalaliDate | undefined): Promise<void> {
  const { loadFeed } = await import('../billing/feed.js');
  const pool = await poolOf(config, 'tasvieh-feed');
  const terminal = process.stderr.isTTY;
  try {
    const result = await loadFeed(pool, kind, createReadStream(file), {
      ...(asOf && { asOf }),
      ...(terminal && { onRows: (rows: number) => void process.stderr.write(`\r${rows} rows`) }),
    });
    if (terminal) process.stderr.write('\r');
    if (result.ok)
      return say(`${kind}: ${result.rows} rows, ${result.inserted} new, ${result.updated} changed, ${result.unchanged} unchanged.`);
    for (const fault of result.faults) say(`row ${fault.row}, ${fault.column}: ${fault.code} ${fault.message}`);
    throw new Refusal(`${kind}: nothing was loaded, ${result.faults.length} faults.`);
  } finally {
    await pool.end();
  }
}

async function decree(
  config: ServedConfig,
  tariff: string,
  options: { post?: boolean; by?: string; confirmedBy?: string; json?: boolean },
): Promise<void> {
  const [{ Client, Connection }, { createPostgresBilling }, { lateDecree }, { createMessenger }, { createDataConverter }] =
    await Promise.all([
      import('@temporalio/client'),
      import('../billing/postgres.js'),
      import('../operations/late-decree.js'),
      import('../temporal/messenger.js'),
      import('../temporal/encryption.js'),
    ]);
  const pool = await poolOf(config, 'tasvieh-decree');
  const connection = options.post ? await Connection.connect({ address: config.temporalAddress }) : null;
  const listed: ListedBill[] = [];
  try {
    const posting = connection && {
      by: options.by ?? '',
      confirmedBy: options.confirmedBy ?? '',
      billing: createPostgresBilling(pool),
      messenger: createMessenger(
        new Client({
          connection,
          namespace: config.temporalNamespace,
          dataConverter: createDataConverter(readEncryptionKeys(encryptionKeys(config))),
        }),
        { taskQueue: config.taskQueue },
      ),
    };
    for await (const bill of lateDecree(pool, tariff, posting)) {
      listed.push(bill);
      if (options.json) continue;
      const { settlement, number, difference, none, posted } = bill;
      say(
        `${settlement} (${number}): ${difference ? `${difference.before} → ${difference.after}, ${difference.amount} rial` : `no debt: ${none}`}${posted ? ', posted' : ''}`,
      );
    }
  } finally {
    await connection?.close();
    await pool.end();
  }
  const sum = listed.reduce((total, { difference }) => total + (difference?.amount ?? 0), 0);
  if (options.json) say(JSON.stringify({ tariff, count: listed.length, sum, bills: listed }));
  else say(`${listed.length} bills, ${sum} rial${options.post ? '' : '; nothing was posted'}.`);
  if (listed.some(({ none }) => none !== null)) process.exitCode = 1;
}

async function verify(config: ServedConfig, settlement: string | null, json: boolean): Promise<void> {
  const [{ countIssuedBills }, { verifyBills }] = await Promise.all([
    import('../store/issued-bills.js'),
    import('../operations/verify.js'),
  ]);
  const pool = await poolOf(config, 'tasvieh-verify');
  const terminal = process.stderr.isTTY;
  const different: VerifiedBill[] = [];
  let checked = 0;
  try {
    const all = terminal && settlement === null ? await countIssuedBills(pool) : 0;
    for await (const bill of verifyBills(pool, settlement)) {
      checked++;
      if (!bill.equal) different.push(bill);
      if (all > 0 && checked % 100 === 0) process.stderr.write(`\r${checked} of ${all} bills`);
      if (json) continue;
      if (all > 0 && !bill.equal) process.stderr.write('\r');
      if (settlement !== null || !bill.equal)
        say(`${bill.settlement} r${bill.revision} (${bill.number}): ${bill.equal ? 'equal' : 'differs'}`);
      for (const { line, code, field, issued, computed } of bill.differences) {
        say(
          `  ${line === null ? 'bill' : `line ${line} ${code}`}, ${field}: issued ${JSON.stringify(issued)}, computed ${JSON.stringify(computed)}`,
        );
      }
    }
    if (all > 0) process.stderr.write('\r');
  } finally {
    await pool.end();
  }
  if (settlement !== null && checked === 0) throw new Refusal(`${settlement}: no bill is issued`);
  if (json) say(JSON.stringify({ checked, equal: checked - different.length, different }));
  else say(`${checked} bills: ${checked - different.length} equal, ${different.length} differ.`);
  if (different.length > 0) process.exitCode = 1;
}

function tell(answer: Record<string, unknown>, json: boolean | undefined): void {
  if (json) say(JSON.stringify(answer));
  else for (const [key, value] of Object.entries(answer)) say(`${key}: ${String(value)}`);
}

/** The configuration of a process beside running servers: those of production, or what `start` keeps in the data folder. */
function served(env: NodeJS.ProcessEnv): ServedConfig {
  const config: Config = readConfig(env);
  const databaseUrl = config.databaseUrl ?? embeddedDatabaseUrl(config.dataFolder, config.postgresPort);
  if (databaseUrl === null) {
    // the secret is asked for as soon as the addresses are there: told now, not in a second round
    throw new ConfigError([
      'TASVIEH_DATABASE_URL: missing',
      'TASVIEH_TEMPORAL_ADDRESS: missing',
      ...(config.secret === null ? ['TASVIEH_SECRET: missing'] : []),
      `(or run \`tasvieh start\` first: ${config.dataFolder} holds no database)`,
    ]);
  }
  return { ...config, databaseUrl, temporalAddress: config.temporalAddress ?? `127.0.0.1:${config.temporalPort}` };
}

async function poolOf({ databaseUrl }: ServedConfig, applicationName: string): Promise<Pool> {
  const { createPool } = await import('../store/pool.js');
  return createPool(databaseUrl, { applicationName, max: 2 });
}

/** Runs a process until it is told to stop: by a signal, or because the one that started it is gone. */
async function serve(
  config: ServedConfig,
  run: (config: ServedConfig) => Promise<Running & { port?: number; metricsPort?: number | null }>,
): Promise<void> {
  const asked = untilAsked();
  const running = await run(config);
  process.send?.({ port: running.port, metricsPort: running.metricsPort });
  await Promise.race([asked, running.ended]);
  await running.stop();
  if (process.connected) process.disconnect();
}

function untilAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    if (process.send) process.on('disconnect', () => resolve());
  });
}
