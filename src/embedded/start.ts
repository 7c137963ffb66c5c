import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTokens } from '../api/tokens.js';
import { DEMO_SUBSCRIPTION } from '../billing/demo.js';
import { type Config, keptSecret, signingSecret } from '../config.js';
import { DEMO_CLERK, DEMO_NATIONAL_ID, loadDemoData, recordDemoPeople } from './demo.js';
import { temporalExecutable } from './binaries.js';
import { mustBeFree } from './ports.js';
import { startPostgres } from './postgres.js';
import { privateFolder } from './server.js';
import { startTemporal } from './temporal.js';
import { type Part, Started, keepRunning } from './keep-running.js';
import { settleByApi } from './settle-by-api.js';
import type { Operator } from '../domain/settlement/settlement.js';
import { Refusal } from '../refusal.js';
import { migrate } from '../store/migrate.js';
import { oneTimePassword } from '../store/passwords.js';
import { createPool } from '../store/pool.js';
import { SEARCH_ATTRIBUTE_TYPES } from '../workflows/search-attributes.js';

const DEMO_SUBSCRIBERS = 500;
const HOST = '127.0.0.1';

/**
 * Everything on one machine: Postgres, Temporal with its UI, migrations, demo data, API and worker; settles one demo
 * account and prints where things are. A part that ends by itself is started again; data stays in the data folder.
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
  privateFolder(path.dirname(pdf));
  const response = await fetch(`${api}/api/v1/settlements/${settlement.id}/bill.pdf`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Refusal(`The bill could not be printed: ${await response.text()}`);
  writeFileSync(pdf, Buffer.from(await response.arrayBuffer()), { mode: 0o600 });
  return { ...settlement, payable: settlement.bill.payable, pdf };
}
