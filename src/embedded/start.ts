import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createTokens } from '../api/tokens.js';
import { DEMO_SUBSCRIPTION } from '../billing/demo.js';
import { type Config, keptSecret, signingSecret } from '../config.js';
import { DEMO_CLERK, loadDemoData, recordDemoPeople } from './demo.js';
import { daysBetween, jalali, todayInTehran } from '../domain/calendar/jalali.js';
import { mustBeFree, startPostgres, startTemporal, temporalExecutable } from './servers.js';
import type { Operator } from '../domain/settlement/settlement.js';
import { Refusal } from '../refusal.js';
import { migrate } from '../store/migrate.js';
import { oneTimePassword } from '../store/passwords.js';
import { createPool } from '../store/pool.js';
import { SEARCH_ATTRIBUTE_TYPES } from '../workflows/search-attributes.js';

const DEMO_SUBSCRIBERS = 500;
const RESTART_MS = 1000;
const HOST = '127.0.0.1';
/** Valid by its check digit, of nobody. */
export const DEMO_NATIONAL_ID = '0932833810';

/** Everything that was started, in order; it is ended in the reverse one, so that nobody loses what he stands on. */
class Started {
  private readonly parts: { stop(): Promise<void> }[] = [];
  private ending: Promise<void> | undefined;

  get stopping(): boolean {
    return this.ending !== undefined;
  }

  /** Takes a part in; one that comes after the end was asked for is ended at once. */
  async add<P extends { stop(): Promise<void> }>(part: P): Promise<P> {
    if (this.ending) {
      await part.stop();
      throw new Refusal('ended while starting');
    }
    this.parts.push(part);
    return part;
  }

  stop(): Promise<void> {
    return (this.ending ??= (async () => {
      for (let part = this.parts.pop(); part; part = this.parts.pop()) await part.stop();
    })());
  }
}

/**
 * Everything on one machine: Postgres, Temporal with its UI, migrations, demo data, API and worker; settles one demo
 * account and tells where things are. What ends unasked is started again; data stays in the data folder.
 */
export function startEverything(config: Config, say: (line: string) => void): { ready: Promise<void>; stop(): Promise<void> } {
  const started = new Started();
  return { ready: start(config, say, started), stop: () => started.stop() };
}

async function start(config: Config, say: (line: string) => void, started: Started): Promise<void> {
  const executable = temporalExecutable();
  if (!executable)
    throw new Refusal('No Temporal server was found: set TASVIEH_TEMPORAL_BIN to the `temporal` command, or put it on the PATH.');
  await mustBeFree(config.apiPort, 'TASVIEH_API_PORT');
  // the UI of this machine shows what is encrypted without a sign-in of its own: whoever may open it may see the practice's data
  const codecKey = randomBytes(16).toString('hex');
  const servers = await Promise.allSettled([
    keepRunning('Postgres', () => startPostgres({ dataFolder: config.dataFolder, port: config.postgresPort }), say, started),
    keepRunning(
      'Temporal',
      () =>
        startTemporal({
          executable,
          dataFile: path.join(config.dataFolder, 'temporal', 'temporal.db'),
          port: config.temporalPort,
          uiPort: config.temporalUiPort,
          ...(config.apiPort > 0 && { uiCodecEndpoint: `http://${HOST}:${config.apiPort}/api/v1/codec/${codecKey}` }),
          searchAttributes: SEARCH_ATTRIBUTE_TYPES,
          namespace: config.temporalNamespace,
        }),
      say,
      started,
    ),
  ]);
  const [postgres, temporal] = servers;
  // both are waited for, so that the one that did start is known and ended
  if (postgres.status === 'rejected') throw postgres.reason;
  if (temporal.status === 'rejected') throw temporal.reason;
  const { url } = postgres.value;
  const password = keptSecret(path.join(config.dataFolder, 'practice-password'), oneTimePassword);
  await migrate(url);
  const pool = createPool(url, { applicationName: 'tasvieh-start', max: 2 });
  let people: Operator[];
  try {
    await loadDemoData(pool, DEMO_SUBSCRIBERS, new Date());
    people = await recordDemoPeople(pool, password);
  } finally {
    await pool.end();
  }
  const uiUrl = `http://${HOST}:${config.temporalUiPort}`;
  const env = {
    ...process.env,
    TASVIEH_DATABASE_URL: url,
    TASVIEH_TEMPORAL_ADDRESS: temporal.value.address,
    TASVIEH_SECRET: signingSecret(config),
    TASVIEH_TEMPORAL_UI_URL: config.temporalUiUrl ?? uiUrl,
    TASVIEH_PRACTICE_CODEC_KEY: codecKey,
    // read already: one value only
    TASVIEH_SECRET_FILE: '',
    TASVIEH_LOG_LEVEL: process.env['TASVIEH_LOG_LEVEL'] ?? 'warn',
  };
  const [, apiProcess] = await Promise.all(['worker', 'api'].map((name) => keepRunning(name, () => launch(name, env), say, started)));
  const api = `http://${config.apiHost}:${apiProcess?.port ?? config.apiPort}`;
  const token = await createTokens(signingSecret(config)).issue(DEMO_CLERK, { ttl: 12 * 3600 });
  say('');
  if (config.billing) {
    // whom it knows and whether it answers now is not ours to say
    say(`  Accounts are asked of the billing system at ${config.billing.url}`);
  } else {
    const settled = await settleDemo(api, token, config.dataFolder);
    say(`  Settlement ${settled.id}: ${settled.payable.toLocaleString('en')} rial to pay, announced in ${settled.elapsedMs} ms`);
    say(`  Bill (PDF)     ${settled.pdf}`);
  }
  say(`  Counter page   ${api}/`);
  say(`  Sign in as     ${people.map(({ id }) => id).join(', ')}`);
  say(`  Password       ${password}  (for practice, the same for all)`);
  say(`  API            ${api}/api/v1`);
  say(`  API docs       ${api}/docs`);
  say(`  Temporal UI    ${uiUrl}/namespaces/${config.temporalNamespace}/workflows`);
  say(`  Clerk's token  ${token}`);
  say('');
  say(`  curl -H "Authorization: Bearer $TOKEN" ${api}/api/v1/accounts/${DEMO_SUBSCRIPTION}`);
  say('  Ctrl-C ends everything; the data stays.');
}

/** A process of ours: `ended` tells how it ended. */
interface Part {
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts a part and starts it again whenever it ends unasked, until everything is stopped. */
async function keepRunning<P extends Part>(
  name: string,
  startPart: () => Promise<P>,
  say: (line: string) => void,
  started: Started,
): Promise<P> {
  let part = await startPart();
  const again = async (): Promise<void> => {
    for (;;) {
      const how = await part.ended;
      if (started.stopping) return;
      say(`  ${name} ended (${how}), starting again`);
      for (;;) {
        await pause(RESTART_MS);
        if (started.stopping) return;
        try {
          part = await startPart();
          break;
        } catch (error) {
          say(`  ${name}: ${(error as Error).message}`);
        }
      }
      // the stop came while it started
      if (started.stopping) return void (await part.stop());
    }
  };
  await started.add({ stop: () => part.stop() });
  void again();
  return part;
}

/** Runs `tasvieh <name>` in a process of its own. Its channel tells it when this process is gone. */
async function launch(name: string, env: NodeJS.ProcessEnv): Promise<Part & { port: number | null }> {
  // a group of its own: a Ctrl-C at the terminal is for this process, which ends the others in order
  const child = fork(path.join(__dirname, '../main.js'), [name], { env, detached: true, execArgv: [] });
  const ended = new Promise<string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`)),
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  const ready = new Promise<number | null>((resolve) =>
    child.once('message', (message: { port?: number }) => resolve(message.port ?? null)),
  );
  const port = await Promise.race([ready, ended.then((how) => Promise.reject(new Refusal(`${name} ended (${how}) before it was ready`)))]);
  return { port, ended, stop };
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
  if (!response.ok) throw new Refusal(`The bill could not be printed: ${await response.text()}`);
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
  /** codes of the documents that were shown */
  documents?: string[];
  confirm?: string[];
}

/** Opens a request and settles it over the API; waits when the announcement takes longer. Throws with the problem's text. */
export async function settleByApi(api: string, token: string, options: SettleOptions): Promise<AnnouncedSettlement> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const call = async (method: string, url: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await fetch(`${api}/api/v1${url}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const json = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Refusal(`${method} ${url}: ${JSON.stringify(json, null, 2)}`);
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
    documents: options.documents ?? [],
    confirmations: (options.confirm ?? ['HIGH_CONSUMPTION', 'LOW_CONSUMPTION', 'ZERO_CONSUMPTION', 'STALE_FEED']).map((code) => ({
      code,
      reason: 'settled from the command line',
    })),
  };
  const answer = await call('POST', '/settlements', request);
  let settlement = answer.json as unknown as AnnouncedSettlement;
  for (let left = 60; settlement.bill === null || settlement.bill === undefined; left--) {
    if (left === 0) throw new Refusal(`Settlement ${settlement.id} is not announced yet; it goes on by itself.`);
    await pause(500);
    settlement = (await call('GET', `/settlements/${settlement.id}`)).json as unknown as AnnouncedSettlement;
  }
  return settlement;
}
