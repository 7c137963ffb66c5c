import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { Pool } from 'pg';
import type { z } from 'zod';
import type { SettlementView, problem, receiptView, settlementPage } from '../../src/api/schemas.js';
import { createTokens } from '../../src/api/tokens.js';
import { loadDemoData } from '../../src/embedded/demo.js';
import { todayInTehran } from '../../src/domain/calendar/jalali.js';
import { type Operator, type Role, type Settlement, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { DEFAULT_PAYMENT_PERIODS } from '../../src/domain/tariff/tariff.js';
import { freePort } from '../../src/embedded/ports.js';
import { type EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { createDataConverter, newEncryptionKey, readEncryptionKeys } from '../../src/temporal/encryption.js';
import { migrate } from '../../src/store/migrate.js';
import { createPool } from '../../src/store/pool.js';
import type { Opening } from '../../src/domain/outbox/cycle.js';
import { settlementState } from '../../src/workflows/messages.js';
import { testLog } from '../harness/log.js';
import { type TestTemporal, givenTemporalKeeps, testPostgres, testTemporal } from '../servers.js';
import { recordQualified } from '../store/qualified.js';

const SECRET = 'only for the tests of one machine and hour';
export const ENCRYPTION_KEYS = newEncryptionKey('test');
const MAIN = path.resolve('dist/src/main.js');
const STRUCK = path.join(__dirname, 'struck.cjs');
const STEPS = ['announce', 'checkReading', 'computeDebt', 'fetchAccount', 'issueBill', 'register', 'scheduleFee'];

/** Killed before the activity of the settlement, inside its transaction or after its commit, or halted just before it; killed or held when so many signals have arrived. */
export type WorkerStrike =
  | { how: 'kill' | 'halt'; step: 'assess' | 'issue'; of: string; when?: 'before' | 'inside' | 'after' }
  | { how: 'kill' | 'hold'; signal: string; after: number };

/** A process of ours. */
export interface Process {
  pid: number;
  /** of the API */
  port: number | null;
  /** of a worker that was given TASVIEH_METRICS_PORT */
  metricsPort: number | null;
  running(): boolean;
  /** `exit code 0`, `signal SIGKILL` */
  ended: Promise<string>;
  kill(signal: NodeJS.Signals): Promise<string>;
  tell(word: string): void;
  /** what it sent after its start */
  messages: unknown[];
}

export interface Answer {
  status: number;
  headers: Headers;
  /** of a JSON answer; expectations look at what it really holds */
  body: Body;
  bytes: Buffer;
}

type Announced = Omit<SettlementView, 'bill'> & { bill: NonNullable<SettlementView['bill']> };
type Found = z.output<typeof problem>['errors'][number];
/** What any of the calls may answer: a test knows which it made. */
export type Body = Omit<Announced, 'account' | 'errors'> &
  Pick<z.output<typeof problem>, 'code' | 'detail'> &
  Pick<z.output<typeof settlementPage>, 'items' | 'next'> &
  Pick<z.output<typeof receiptView>, 'request'> & {
    errors: Found[];
    account: { name: string };
    lastBill: { toReading: number };
  };

export type Account = { subscription: string; reading: number; name: string };
export type Stage = Awaited<ReturnType<typeof openStage>>;

/**
 * Postgres, the Temporal dev server on a file, API and worker as processes of their own, and demo subscribers. Each can be
 * killed and started again on the same port and data; `close` ends whatever still runs. A run may be given servers
 * (test/servers.ts); `ownServers` says why this stage cannot take them.
 */
export async function openStage(subscribers: number, { ownServers }: { ownServers?: string } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-e2e-'));
  const [postgresPort, temporalPort] = [await freePort(), await freePort()];
  const temporalFile = path.join(folder, 'temporal.db');
  for (const name of ['postgres.log', 'temporal.db.log']) testLog.follow(path.join(folder, name));
  const processes: Process[] = [];
  const settings: NodeJS.ProcessEnv = {};
  let postgres: EmbeddedPostgres | undefined;
  let temporal: TestTemporal | undefined;
  let connection: Connection | undefined;
  let pool: Pool | undefined;
  let worker: Process | undefined;
  let api: Process | undefined;
  const tokens = createTokens(SECRET);
  const issued = new Map<string, Promise<string>>();

  const startedServer = async <T extends { ended: Promise<string> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    void server.ended.then(() => ended.add(server));
    return server;
  };
  const ended = new Set<object>();
  const isUp = (server: object | undefined): boolean => server !== undefined && !ended.has(server);

  const upPostgres = async (): Promise<void> => {
    if (!isUp(postgres)) postgres = await startedServer(testPostgres({ dataFolder: folder, port: postgresPort, own: ownServers }));
  };
  const upTemporal = async (): Promise<void> => {
    if (!isUp(temporal)) temporal = await startedServer(testTemporal({ dataFile: temporalFile, port: temporalPort, own: ownServers }));
  };

  /** What a process or a command of ours finds in its environment. */
  const environment = (): NodeJS.ProcessEnv => ({
    ...process.env,
    TASVIEH_DATABASE_URL: postgres?.url,
    TASVIEH_TEMPORAL_ADDRESS: temporal?.address,
    TASVIEH_TEMPORAL_NAMESPACE: temporal?.namespace,
    TASVIEH_SECRET: SECRET,
    TASVIEH_ENCRYPTION_KEYS: ENCRYPTION_KEYS,
    TASVIEH_API_PORT: '0',
    TASVIEH_LOG_LEVEL: 'warn',
  });

  /** Starts a process and waits until it says that it is at work. */
  const launch = async (script: string, name: 'api' | 'worker', more: NodeJS.ProcessEnv = {}): Promise<Process> => {
    const logFile = path.join(folder, `${name}.log`);
    testLog.follow(logFile);
    const log = openSync(logFile, 'a');
    const env = { ...environment(), ...more };
    // its channel tells it when this process is gone, so that it ends even when jest is killed
    const child: ChildProcess = fork(script, [name], { env, execArgv: [], stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    const gone = new Promise<string>((resolve) =>
      child.once('exit', (code, by) => resolve(by === null ? `exit code ${code}` : `signal ${by}`)),
    );
    const made: Process = {
      pid: child.pid ?? -1,
      port: null,
      metricsPort: null,
      running: () => child.exitCode === null && child.signalCode === null,
      ended: gone,
      messages: [],
      kill(signal) {
        child.kill(signal);
        child.kill('SIGCONT'); // a halted process hears nothing else
        return gone;
      },
      tell: (word) => void child.send(word),
    };
    processes.push(made);
    await new Promise<void>((resolve, reject) => {
      child.once('message', (message: { port?: number; metricsPort?: number | null }) => {
        made.port = message.port ?? null;
        made.metricsPort = message.metricsPort ?? null;
        child.on('message', (later) => made.messages.push(later));
        resolve();
      });
      void gone.then((how) => reject(new Error(`${name} did not start (${how}): ${readFileSync(logFile, 'utf8').slice(-2000)}`)));
    });
    return made;
  };

  const close = async (): Promise<void> => {
    for (const each of processes) if (each.running()) await each.kill('SIGKILL');
    await connection?.close();
    await pool?.end();
    await temporal?.stop();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    if (!existsSync(MAIN)) throw new Error('not built: node scripts/build.mjs');
    await Promise.all([upPostgres(), upTemporal()]);
    const url = (postgres as unknown as EmbeddedPostgres).url;
    await migrate(url);
    pool = createPool(url, { applicationName: 'test' });
    await loadDemoData(pool, subscribers, new Date());
    // as in a real installation: people are recorded, and who is not qualified cannot issue
    for (const office of ['01', '02']) await recordQualified(pool, operatorOf('clerk', office));
    connection = await Connection.connect({ address: (temporal as unknown as TestTemporal).address });
  } catch (error) {
    await close();
    throw error;
  }
  const database = pool;
  const client = new Client({
    connection,
    namespace: (temporal as unknown as TestTemporal).namespace,
    dataConverter: createDataConverter(readEncryptionKeys(ENCRYPTION_KEYS)),
  });

  /** Household accounts of office 01, open, read by staff, far from the end of the counter; each is given once. */
  const { rows: accounts } = await database.query<Account>(
    `select a.subscription, a.name, b.to_reading as reading from billing.accounts a
     join lateral (select * from billing.bills where subscription = a.subscription order by to_date desc limit 1) b on true
     join lateral (select * from billing.meters where subscription = a.subscription and removed_on is null limit 1) m on true
     where a.office = '01' and a.use = 'household' and a.units = 1 and a.closed_on is null and b.reading_source = 'staff' and m.digits = 5
       and b.to_reading between 1000 and 90000 and a.subscription <> '014123456701' order by 1`,
  );

  const tokenOf = (role: Role, office: string): Promise<string> => {
    const { id: key } = operatorOf(role, office);
    const token = issued.get(key) ?? tokens.issue(operatorOf(role, office), { ttl: 3600 });
    issued.set(key, token);
    return token;
  };

  /** A call of the API, or `of` another one, with a real token (`as` null: without any); rejects when it is gone. */
  async function call(
    method: string,
    address: string,
    options: { as?: [Role, string] | null; body?: unknown; csv?: string; headers?: Record<string, string>; of?: Process } = {},
  ): Promise<Answer> {
    const { as = ['clerk', '01'], of = api } = options;
    const response = await fetch(`http://127.0.0.1:${of?.port}${address.startsWith('/readyz') ? '' : '/api/v1'}${address}`, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${await tokenOf(...as)}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.csv === undefined ? {} : { 'content-type': 'text/csv' }),
        ...options.headers,
      },
      body: options.csv ?? (options.body === undefined ? null : JSON.stringify(options.body)),
      signal: AbortSignal.timeout(30_000),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const json = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, bytes, body: (json ? JSON.parse(bytes.toString()) : {}) as Body };
  }

  return {
    client,
    pool: database,
    call,
    /** what the Temporal server keeps, as it lies on the disk */
    temporalKept: async (): Promise<Buffer> => {
      const files = [temporalFile, `${temporalFile}-wal`].filter((file) => existsSync(file));
      return files.length === 0 ? givenTemporalKeeps() : Buffer.concat(files.map((file) => readFileSync(file)));
    },
    /** where the API listens now, for streams */
    address: () => `http://127.0.0.1:${api?.port}/api/v1`,
    tokenOf,
    get postgres(): EmbeddedPostgres {
      return postgres as EmbeddedPostgres;
    },
    get temporal(): TestTemporal {
      return temporal as TestTemporal;
    },
    get worker(): Process {
      return worker as Process;
    },
    get api(): Process {
      return api as Process;
    },
    async startPostgres() {
      await upPostgres();
    },
    async startTemporal() {
      await upTemporal();
    },
    /** all that processes of the name have logged */
    logOf: (name: 'api' | 'worker'): string => readFileSync(path.join(folder, `${name}.log`), 'utf8'),
    environment,
    /** what API and worker find in their environment besides, when they start */
    settings,
    async startWorker() {
      if (!worker?.running()) worker = await launch(MAIN, 'worker', settings);
    },
    async startApi() {
      if (!api?.running()) api = await launch(MAIN, 'api', { ...settings, TASVIEH_API_PORT: String(api?.port ?? 0) });
    },
    /** One more beside the usual one. */
    startAnother: (name: 'api' | 'worker'): Promise<Process> => launch(MAIN, name, settings),
    /** A worker beside the usual one that is struck once. */
    startStruckWorker: (strike: WorkerStrike): Promise<Process> => launch(STRUCK, 'worker', { STRIKE: JSON.stringify(strike) }),
    /** An API in the place of the one that is gone. It kills itself when a call of the posting store or the messenger is done. */
    async startStruckApi(call: 'openCycle' | 'nextBatch' | 'acknowledge' | 'start') {
      api = await launch(STRUCK, 'api', {
        ...settings,
        TASVIEH_API_PORT: String(api?.port ?? 0),
        STRIKE: JSON.stringify({ how: 'kill', call }),
      });
    },
    /** Whatever a test before has killed runs again. */
    async startAll() {
      await Promise.all([upPostgres(), upTemporal()]);
      await Promise.all([this.startWorker(), this.startApi()]);
    },
    /** Ends everything in order, as Ctrl-C does, and copies what the servers keep under a name. */
    async backUp(name: string) {
      await Promise.all([api, worker].map(async (each) => each?.running() && each.kill('SIGTERM')));
      await Promise.all([temporal?.stop(), postgres?.stop()]);
      const backup = path.join(folder, 'backups', name);
      mkdirSync(backup, { recursive: true });
      execFileSync('cp', ['-a', ...KEPT_BY.postgres(folder), ...KEPT_BY.temporal(folder), backup]);
    },
    /** What is there is gone; each server gets what it kept under a name, and everything runs again. */
    async restore(names: { postgres: string; temporal: string }) {
      await Promise.all([api, worker].map(async (each) => each?.running() && each.kill('SIGKILL')));
      await Promise.all([temporal?.stop(), postgres?.stop()]);
      for (const server of ['postgres', 'temporal'] as const) {
        for (const lost of KEPT_BY[server](folder)) rmSync(lost, { recursive: true });
        execFileSync('cp', ['-a', ...KEPT_BY[server](path.join(folder, 'backups', names[server])), folder]);
      }
      await this.startAll();
    },
    /** An account that nobody has used yet. */
    account(): Account {
      const account = accounts.shift();
      if (!account) throw new Error('no account left');
      return account;
    },
    close,
  };
}

/** What each server keeps in a folder. */
const KEPT_BY = {
  postgres: (folder: string): string[] => [path.join(folder, 'postgres')],
  temporal: (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /^temporal\.db(-wal|-shm)?$/.test(name))
      .map((name) => path.join(folder, name)),
};

/** Who calls as a role of an office. */
function operatorOf(role: Role, office: string): Operator {
  return { id: `${role}-${office}`, name: 'مریم رضایی', role, office };
}

/** The request of a usual settlement today, with what a test changes. */
export function requestFor(
  account: Pick<Account, 'subscription' | 'reading' | 'name'>,
  change: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    subscription: account.subscription,
    settlementDate: todayInTehran(new Date()),
    reading: account.reading + 40,
    readingSource: 'staff',
    purpose: 'balance',
    applicant: { kind: 'owner', name: account.name, nationalId: '0932833810' },
    documents: [],
    confirmations: ['HIGH_CONSUMPTION', 'LOW_CONSUMPTION', 'ZERO_CONSUMPTION'].map((code) => ({ code, reason: 'بررسی شد' })),
    ...change,
  };
}

/** Billing's word that the cycle opened which the settlement's postings wait for. */
export function openingOf({ postings: [posting] }: Body): Opening {
  if (!posting?.cycle || !posting.dueOn) throw new Error('no cycle');
  return { eventId: `open-${posting.cycle}`, cycle: posting.cycle, closesOn: posting.dueOn };
}

export function idOf(account: { subscription: string }): string {
  return `${account.subscription}-${todayInTehran(new Date()).replaceAll('/', '')}`;
}

/** What `ask` answers as soon as it answers something; bounded. */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | false | null | undefined>): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
    } catch (error) {
      // servers come and go here
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < deadline);
  throw new Error(`never came: ${what}`, { cause: last });
}

interface OracleRow {
  id: string;
  status: string;
  announced: boolean;
  bills: { number: string; total: number; payable: number; carry: number; bill: NonNullable<Settlement['bill']> }[];
  fees: number;
  settlementPostings: number[];
  events: string[];
  steps: string[];
}

/** What is wrong in Postgres and Temporal after whatever happened, as sentences; none when all is well. */
export async function oracle({ pool, client }: Pick<Stage, 'pool' | 'client'>): Promise<string[]> {
  const faults: string[] = [];
  const { rows } = await pool.query<OracleRow>(
    `select s.id, s.status, s.announced_at is not null as announced,
       (select coalesce(json_agg(json_build_object('number', b.number, 'total', b.total, 'payable', b.payable, 'carry', b.carry, 'bill', b.bill)), '[]')
          from app.bills b where b.settlement_id = s.id and not b.void) as bills,
       (select count(*) from app.postings p where p.settlement_id = s.id and p.kind = 'fee') as fees,
       (select coalesce(json_agg(p.amount), '[]') from app.postings p where p.settlement_id = s.id and p.kind = 'settlement') as "settlementPostings",
       (select coalesce(json_agg(e.kind order by e.seq), '[]') from app.events e where e.settlement_id = s.id) as events,
       (select coalesce(json_agg(t.name order by t.name), '[]') from app.steps t where t.settlement_id = s.id and t.run_id = s.run_id) as steps
     from app.settlements s`,
  );
  for (const { id, status, announced, bills, fees, settlementPostings, events, steps } of rows) {
    const fault = (text: string): void => void faults.push(`${id} (${status}): ${text}`);
    if (status === 'received') {
      const open = await client.workflow
        .getHandle(settlementWorkflowId(id))
        .describe()
        .then(
          (description) => description.status.name === 'RUNNING',
          (error: unknown) => !(error instanceof WorkflowNotFoundError),
        );
      fault(open ? 'still waits for its announcement' : 'in limbo: no workflow moves it on');
    }
    if (!announced) {
      if (status === 'rejected' && (bills.length > 0 || fees > 0)) fault('rejected, but a bill or a fee stands');
      continue;
    }
    const [first] = bills;
    if (bills.length !== 1 || first === undefined) {
      fault(`${bills.length} valid bills`);
      continue;
    }
    const { number, total, payable, carry, bill } = first;
    if (bill.number !== number) fault(`the bill says ${bill.number}, the register ${number}`);
    if (bill.lines.reduce((sum, line) => sum + line.amount, 0) !== total) fault('the lines do not add up');
    if (payable + carry !== total || bill.total !== total || bill.payable !== payable) fault('payable and carry are not the total');
    if (bill.payments.reduce((sum, payment) => sum + payment.amount, 0) !== payable) fault('the slips do not pay the payable');
    if (fees !== (bill.fee ? 1 : 0)) fault(`${fees} fees`);
    if (settlementPostings.length !== 1 || settlementPostings[0] !== total)
      fault(`handed to billing: ${settlementPostings.join(', ')} instead of ${total}`);
    for (const kind of ['issued', 'announced', 'scheduled']) {
      const times = events.filter((each) => each === kind).length;
      if (times !== 1) fault(`${times} times ${kind}`);
    }
    if (steps.join() !== STEPS.join()) fault(`steps: ${steps.join()}`);
    // who asks the workflow must hear of the bill that Postgres holds
    const { status: run } = await client.workflow.getHandle(settlementWorkflowId(id)).describe();
    if (run.name !== 'RUNNING' && run.name !== 'COMPLETED') fault(`workflow ${run.name}`);
    else {
      const view = await client.workflow.getHandle(settlementWorkflowId(id)).query(settlementState);
      if (view.bill?.number !== number) fault(`the workflow's bill is ${String(view.bill?.number)}, Postgres holds ${number}`);
      if (view.status !== status) fault(`the workflow says ${view.status}`);
    }
  }

  const { rows: counters } = await pool.query<{ office: string; year: number; last: number; numbers: string[] }>(
    `select n.office, n.year, n.last, (select coalesce(json_agg(b.number order by b.number), '[]') from app.bills b where b.number like n.office || '-' || n.year || '-%') as numbers
     from app.bill_numbers n`,
  );
  for (const { office, year, last, numbers } of counters) {
    const expected = Array.from({ length: last }, (_, i) => `${office}-${year}-${String(i + 1).padStart(6, '0')}`);
    if (numbers.join() !== expected.join())
      faults.push(`numbers of ${office} in ${year} have gaps or repeat: ${numbers.join()} up to ${last}`);
  }
  const { rows: periods } = await pool.query<{ subscription: string; last: number; slips: number }>(
    `select p.subscription, p.last, (select coalesce(sum(json_array_length((b.bill->'payments')::json)), 0)
       from app.bills b join app.settlements s on s.id = b.settlement_id where s.subscription = p.subscription) as slips from app.payment_periods p`,
  );
  for (const { subscription, last, slips } of periods) {
    if (last - DEFAULT_PAYMENT_PERIODS.from + 1 !== slips)
      faults.push(`payment periods of ${subscription}: up to ${last} for ${slips} slips`);
  }
  const known = new Set(rows.map(({ id }) => settlementWorkflowId(id)));
  for await (const { workflowId, status } of client.workflow.list({
    query: `WorkflowType = 'settlement' and ExecutionStatus = 'Running'`,
  })) {
    if (!known.has(workflowId)) faults.push(`${workflowId} (${status.name}) is not in Postgres`);
  }
  return faults;
}
