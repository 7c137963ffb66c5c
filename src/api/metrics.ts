import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';

/** Who may scrape: whoever holds the token; without one, only this machine where nobody else reaches the port. */
export interface ScrapeAccess {
  token: string | null;
  /** the port listens on this machine alone */
  loopback: boolean;
}

/** What a proxy adds: a request with one of them may come from anywhere. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip', 'via'];

export function mayScrape(req: Pick<IncomingMessage, 'headers'>, { token, loopback }: ScrapeAccess): 'yes' | 'token' | 'no' {
  if (token === null) return loopback && FORWARDED.every((header) => req.headers[header] === undefined) ? 'yes' : 'no';
  const [, given = ''] = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '') ?? [];
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token)) ? 'yes' : 'token';
}

/** GET /metrics: for Prometheus, not for the offices. */
export async function tellMetrics({ req, res }: Call, { metrics }: ApiDeps): Promise<void> {
  const may = mayScrape(req, metrics.access);
  if (may !== 'yes') throw new Problem(may === 'token' ? 'UNAUTHENTICATED' : 'FORBIDDEN');
  res.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.exposition());
}
