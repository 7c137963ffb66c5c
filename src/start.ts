import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createTokens } from './api/tokens.js';
import { DEMO_SUBSCRIPTION } from './billing/demo.js';
import { type Config, signingSecret } from './config.js';
import { loadDemoData } from './demo.js';
import { daysBetween, jalali, todayInTehran } from './domain/jalali.js';
import type { Operator } from './domain/settlement.js';
import { type EmbeddedServer, startPostgres, startTemporal, temporalExecutable } from './embedded.js';
import { migrate } from './store/migrate.js';
import { createPool } from './store/pool.js';
import { SEARCH_ATTRIBUTE_TYPES } from './workflows/search-attributes.js';

const DEMO_SUBSCRIBERS = 500;
const RESTART_MS = 1000;
/** Valid by its check digit, of nobody. */
export const DEMO_NATIONAL_ID = '0932833810';
export const DEMO_CLERK: Operator = { id: 'demo-clerk', name: 'کارمند نمایشی', role: 'clerk', office: '01' };

/**
 * Everything on one machine: Postgres, Temporal with its UI, migrations, demo data, API and worker; settles one demo
 * account and tells where things are. Answers how to end it all; data stays in the data folder.
 */
export async function startEverything(config: Config, say: (line: string) => void): Promise<() => Promise<void>> {
  const running: { stop(): Promise<void> }[] = [];
  let stopped: Promise<void> | undefined;
  // the reverse of the start: nobody loses what he stands on
  const stop = (): Promise<void> =>
    (stopped ??= (async () => {
      for (const each of running.splice(0).reverse()) await each.stop();
    })());
  try {
    const executable = temporalExecutable();
    if (!executable) throw new Error('No Temporal server was found: set TASVIEH_TEMPORAL_BIN to the `temporal` command, or put it on the PATH.');
    const [postgres, temporal] = await all(running, [
      startPostgres({ dataFolder: config.dataFolder, port: config.postgresPort }),
      startTemporal({
        executable,
        dataFile: path.join(config.dataFolder, 'temporal', 'temporal.db'),
        port: config.temporalPort,
        uiPort: config.temporalUiPort,
        searchAttributes: SEARCH_ATTRIBUTE_TYPES,
        namespace: config.temporalNamespace,
      }),
    ]);
    await migrate(postgres.url);
    const pool = createPool(postgres.url, { applicationName: 'tasvieh-start', max: 2 });
    try {
      await loadDemoData(pool, DEMO_SUBSCRIBERS, new Date());
    } finally {
      await pool.end();
    }
    const env = {
      ...process.env,
      TASVIEH_DATABASE_URL: postgres.url,
      TASVIEH_TEMPORAL_ADDRESS: temporal.address,
      TASVIEH_SECRET: signingSecret(config),
      TASVIEH_LOG_LEVEL: process.env['TASVIEH_LOG_LEVEL'] ?? 'warn',
    };
    const children = await Promise.all(['worker', 'api'].map((name) => supervise(name, env, say, running)));
    const port = children[1]?.port ?? config.apiPort;
    const api = `http://${config.apiHost}:${port}`;
    const token = await createTokens(signingSecret(config)).issue(DEMO_CLERK, { ttl: 12 * 3600 });
    const settled = await settleDemo(api, token, config.dataFolder);
    say('');
    say(`  Settlement ${settled.id}: ${settled.payable.toLocaleString('en')} rial to pay, ${settled.status}, announced in ${settled.elapsedMs} ms`);
    say(`  Bill (PDF)     ${settled.pdf}`);
    say(`  API            ${api}/api/v1`);
    say(`  API docs       ${api}/docs`);
    say(`  Temporal UI    http://127.0.0.1:${config.temporalUiPort}/namespaces/${config.temporalNamespace}/workflows`);
    say(`  Clerk's token  ${token}`);
    say('');
    say(`  curl -H "Authorization: Bearer $TOKEN" ${api}/api/v1/accounts/${DEMO_SUBSCRIPTION}`);
    say('  Ctrl-C ends everything; the data stays.');
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for all servers; when one fails, those that did start are still known and are ended. */
async function all<T extends EmbeddedServer[]>(running: { stop(): Promise<void> }[], starting: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(starting);
  const failed = results.find((result) => result.status === 'rejected');
  for (const result of results) if (result.status === 'fulfilled') running.push(result.value);
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<EmbeddedServer>).value) as T;
}

interface Child {
  port: number | null;
  stop(): Promise<void>;
}

/** Runs one of our processes and starts it again when it ends unasked. Its channel tells it when this process is gone. */
async function supervise(name: string, env: NodeJS.ProcessEnv, say: (line: string) => void, running: { stop(): Promise<void> }[]): Promise<Child> {
  let stopping = false;
  let child: ChildProcess;
  const launch = (): Promise<number | null> =>
    new Promise((resolve, reject) => {
      // a group of its own: a Ctrl-C at the terminal is for this process, which ends the others in order
      child = fork(path.join(__dirname, 'main.js'), [name], { env, detached: true, execArgv: ['--enable-source-maps'] });
      child.once('message', (message: { port?: number }) => resolve(message.port ?? null));
      child.once('exit', (code, signal) => {
        reject(new Error(`${name} ended (${signal ?? code})`));
        if (stopping) return;
        say(`  ${name} ended (${signal ?? code}), starting again`);
        setTimeout(() => {
          if (!stopping) launch().catch(() => undefined);
        }, RESTART_MS);
      });
    });
  running.push({
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  });
  return { port: await launch(), stop: async () => undefined };
}

interface DemoSettlement {
  id: string;
  payable: number;
  status: string;
  elapsedMs: number;
  pdf: string;
}

/** Settles the demo account over the API as a counter would; on the same day again it is the same settlement. */
async function settleDemo(api: string, token: string, dataFolder: string): Promise<DemoSettlement> {
  const settlement = await settleByApi(api, token, { subscription: DEMO_SUBSCRIPTION, nationalId: DEMO_NATIONAL_ID });
  const pdf = path.join(dataFolder, 'bills', `${settlement.id}.pdf`);
  mkdirSync(path.dirname(pdf), { recursive: true });
  const response = await fetch(`${api}/api/v1/settlements/${settlement.id}/bill.pdf`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`The bill could not be printed: ${await response.text()}`);
  writeFileSync(pdf, Buffer.from(await response.arrayBuffer()));
  return { ...settlement, payable: settlement.bill.payable, pdf };
}

interface AnnouncedSettlement {
  id: string;
  status: string;
  elapsedMs: number;
  bill: { payable: number; total: number; carry: number };
}

export interface SettleOptions {
  subscription: string;
  /** of the applicant, who is taken for the owner */
  nationalId: string;
  date?: string;
  /** m³; absent: one more a day than the last bill's, so that the same day gives the same figure */
  reading?: number;
  source?: string;
  purpose?: string;
  confirm?: string[];
}

/** Opens a request and settles it over the API; waits when the announcement takes longer. Throws with the problem's text. */
export async function settleByApi(api: string, token: string, options: SettleOptions): Promise<AnnouncedSettlement> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const call = async (method: string, url: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await fetch(`${api}/api/v1${url}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const json = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(json, null, 2)}`);
    return { status: response.status, json };
  };
  const { subscription } = options;
  const { json: receipt } = await call('POST', '/requests', { subscription });
  const { json: known } = await call('GET', `/accounts/${subscription}`);
  const lastBill = known['lastBill'] as { toReading: number; toDate: string } | null;
  const account = known['account'] as { name: string };
  const settlementDate = options.date ?? todayInTehran(new Date());
  const usual = lastBill ? lastBill.toReading + daysBetween(jalali(lastBill.toDate), jalali(settlementDate)) : 0;
  const request = {
    request: receipt['request'],
    subscription,
    settlementDate,
    reading: options.source === 'none' ? null : (options.reading ?? usual),
    readingSource: options.source ?? 'declared',
    purpose: options.purpose ?? 'balance',
    applicant: { kind: 'owner', name: account.name, nationalId: options.nationalId },
    documents: [],
    confirmations: (options.confirm ?? ['HIGH_CONSUMPTION', 'LOW_CONSUMPTION', 'ZERO_CONSUMPTION']).map((code) => ({ code, reason: 'settled from the command line' })),
  };
  const answer = await call('POST', '/settlements', request);
  let settlement = answer.json as unknown as AnnouncedSettlement;
  for (let left = 60; settlement.bill === null || settlement.bill === undefined; left--) {
    if (left === 0) throw new Error(`Settlement ${settlement.id} is not announced yet; it goes on by itself.`);
    await pause(500);
    settlement = (await call('GET', `/settlements/${settlement.id}`)).json as unknown as AnnouncedSettlement;
  }
  return settlement;
}
