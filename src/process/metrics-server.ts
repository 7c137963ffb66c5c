import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mayScrape } from '../api/metrics.js';
import { isLoopback } from '../config.js';

export interface ScrapeServer {
  port: number;
  close(): Promise<void>;
}

/** A worker's own small port: `/metrics` for Prometheus, `/healthz` for whoever starts it again. */
export async function serveScrapes(
  { host, port, token }: { host: string; port: number; token: string | null },
  { exposition, healthy }: { exposition: () => Promise<string>; healthy: () => Promise<boolean> },
): Promise<ScrapeServer> {
  const access = { token, loopback: isLoopback(host) };
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (req, res) => {
    const answer = (status: number, type: string, text: string): void =>
      void res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
    const path = req.url?.split('?')[0];
    if (req.method !== 'GET') return answer(405, 'text/plain', 'GET only\n');
    if (path === '/healthz')
      return void healthy().then((yes) => answer(yes ? 200 : 503, 'application/json', JSON.stringify({ status: yes ? 'ok' : 'silent' })));
    if (path !== '/metrics') return answer(404, 'text/plain', 'not found\n');
    const may = mayScrape(req, access);
    if (may !== 'yes') return answer(may === 'token' ? 401 : 403, 'text/plain', 'not allowed\n');
    return void exposition().then((text) => answer(200, 'text/plain; version=0.0.4; charset=utf-8', text));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`TASVIEH_METRICS_PORT: port ${port} cannot be had (${error.code ?? error.message})`, { cause: error })),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
