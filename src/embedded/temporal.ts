import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SearchAttributeType } from '../temporal/namespace.js';
import { HOST, freePort, mustBeFree } from './ports.js';
import { serveReadOnlyUi } from './read-only-ui.js';
import { type EmbeddedServer, launch, privateFolder, untilAnswers } from './server.js';

export interface EmbeddedTemporal extends EmbeddedServer {
  /** host:port */
  address: string;
}

export interface TemporalOptions {
  /** See temporalExecutable. */
  executable: string;
  /** Where the server keeps its state; null = in memory. */
  dataFile: string | null;
  port: number;
  /** Where the UI is, which only looks; null = no UI. */
  uiPort: number | null;
  searchAttributes: Readonly<Record<string, SearchAttributeType>>;
  /** Besides `default`. */
  namespace?: string;
  /** Where the UI has payloads decoded. */
  uiCodecEndpoint?: string;
}

/**
 * Starts the Temporal dev server on 127.0.0.1 and waits until namespace and search attributes are there.
 * Throws when a port is in use.
 */
export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const { executable, dataFile, port, uiPort, searchAttributes, namespace = 'default', uiCodecEndpoint } = options;
  await mustBeFree(port, 'TASVIEH_TEMPORAL_PORT');
  if (uiPort !== null) await mustBeFree(uiPort, 'TASVIEH_TEMPORAL_UI_PORT');
  if (dataFile !== null) keepPrivate(path.resolve(dataFile));
  const innerUiPort = uiPort === null ? null : await freePort();

  const scratch = dataFile === null ? mkdtempSync(path.join(tmpdir(), 'tasvieh-temporal-')) : null;
  const logFile = scratch === null ? `${path.resolve(dataFile ?? '')}.log` : path.join(scratch, 'log');
  const args = [
    'server',
    'start-dev',
    '--ip',
    HOST,
    '--port',
    String(port),
    '--log-level',
    'warn',
    ...(innerUiPort === null ? ['--headless'] : ['--ui-port', String(innerUiPort), '--ui-disable-news-fetch']),
    ...(uiPort !== null && uiCodecEndpoint !== undefined ? ['--ui-codec-endpoint', uiCodecEndpoint] : []),
    ...(dataFile === null ? [] : ['--db-filename', path.resolve(dataFile)]),
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
  const server = launch('Temporal', logFile, 'SIGTERM', (log) => spawn(executable, args, { detached: true, stdio: ['ignore', log, log] }));
  if (scratch !== null) void server.ended.then(() => rmSync(scratch, { recursive: true, force: true }));
  const address = `${HOST}:${port}`;
  try {
    await untilAnswers(server, Date.now() + 30_000, () => namespaceIsReady(address, namespace, Object.keys(searchAttributes)));
    if (uiPort !== null && innerUiPort !== null) {
      const ui = await serveReadOnlyUi({ host: HOST, port: uiPort, uiPort: innerUiPort });
      void server.ended.then(() => ui.close());
    }
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { address, ...server };
}

async function namespaceIsReady(address: string, namespace: string, searchAttributes: string[]): Promise<void> {
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = searchAttributes.filter((name) => !(name in customAttributes));
      if (missing.length > 0) throw new Error(`search attributes not there yet: ${missing.join(', ')}`);
    });
  } finally {
    await connection.close();
  }
}

/** The state of a server that ran before, readable by this user alone: the file and what SQLite keeps beside it. */
function keepPrivate(dataFile: string): void {
  const folder = path.dirname(dataFile);
  privateFolder(folder);
  for (const name of readdirSync(folder)) if (name.startsWith(path.basename(dataFile))) chmodSync(path.join(folder, name), 0o600);
}
