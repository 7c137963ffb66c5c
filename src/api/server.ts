import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import type { OpenStreams } from './events.js';

export interface Listening {
  port: number;
  /** Stops accepting, ends event streams, waits for requests; what is not done after `graceMs` is cut off. */
  close(options?: { graceMs?: number }): Promise<void>;
}

const GRACE_MS = 10_000;
/** Headers come at once or not at all. */
const HEADERS_MS = 10_000;
/** The longest feed over a slow line; JSON bodies have a shorter limit of their own. */
const REQUEST_MS = 30 * 60_000;
/** Longer than usual proxies keep theirs, or they would meet a closed connection. */
const KEEP_ALIVE_MS = 65_000;

/** Opens the port; an Error that names TASVIEH_API_PORT when it cannot be had. `port` 0 = any free one. */
export async function listen(app: Express, { host, port }: { host: string; port: number }): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5_000,
    },
    app,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, port)));
    server.listen(port, host, resolve);
  });
  let closing: Promise<void> | null = null;
  return {
    port: (server.address() as AddressInfo).port,
    close: ({ graceMs = GRACE_MS } = {}) => (closing ??= shutDown(server, app, graceMs)),
  };
}

async function shutDown(server: Server, app: Express, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  (app.locals['streams'] as OpenStreams).close();
  // a connection that finished its request during the shutdown would stay open for its keep-alive time
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await closed;
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}

function explained(error: NodeJS.ErrnoException, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(`port ${port} is in use: set TASVIEH_API_PORT to a free one`, { cause: error });
    case 'EACCES':
      return new Error(`port ${port} is not allowed to this user: set TASVIEH_API_PORT to one above 1023`, { cause: error });
    default:
      return error;
  }
}
