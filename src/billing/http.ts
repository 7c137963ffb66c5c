import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { AccountSnapshot, Cycle, LedgerPayment } from '../domain/settlement/account.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { PostingBatch } from '../domain/outbox/outbox.js';
import { type Read, readAccount, readHits, readReceipt, readTimetable } from './answers.js';
import { BillingAnswerError, BillingRefusedError, BillingUnavailableError } from './errors.js';
import type { AccountHit, BillingPort } from './port.js';
import { plainQuery } from './search.js';

export interface HttpBillingOptions {
  /** where the contract's paths begin, without a slash at the end */
  baseUrl: string;
  /** the machine's token; it goes to `baseUrl` and nowhere else */
  token: string;
  /** the longest that one attempt may take, ms; default 5,000 */
  timeoutMs?: number;
  /** who calls, asked at each call; default: 1,700 ms and an id of its own */
  caller?: () => BillingCaller;
}

export interface BillingCaller {
  /** ms for the call with all its attempts */
  limitMs: number;
  /** stands in both systems' logs, the same for all attempts */
  correlationId: string;
}

export type BillingState = 'ok' | 'unreachable' | 'refused';

export interface HttpBilling extends Required<Omit<BillingPort, 'feeds'>> {
  /** Whether it answers and takes the token, asked once and for half a second. */
  state(): Promise<BillingState>;
}

const ATTEMPTS = 3;
const ATTEMPT_MS = 5_000;
/** under the 2 s that a quick step has */
const CALL_MS = 1_700;
const STATE_MS = 500;
/** Of what is left of a call an attempt may take so much: one lost answer leaves time for another. */
const SHARE = 2 / 3;
const FIRST_PAUSE_MS = 100;
/** An attempt shorter than this would only add load. */
const LEAST_ATTEMPT_MS = 100;
/** Temporal takes 2 MB a payload, and a subscriber has some ten kilobytes. */
const LARGEST_ANSWER = 1_000_000;

interface Call {
  method: 'GET' | 'PUT';
  /** as in the contract, for messages: no number of a subscriber */
  route: string;
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * The company's billing system by its calls (docs/billing-system.md). Every call may be repeated: what may pass is tried
 * again inside the caller's time, with jittered pauses. Throws BillingUnavailableError, BillingRefusedError or
 * BillingAnswerError; whoever calls for a waiting settlement may come back after any of them.
 */
export function createHttpBilling({ baseUrl, token, timeoutMs = ATTEMPT_MS, caller = anyone }: HttpBillingOptions): HttpBilling {
  const attempt = async ({ method, path, body, headers }: Call, correlationId: string, ms: number): Promise<Answer> => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error(`no answer in ${Math.round(ms)} ms`)), ms);
    try {
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'x-correlation-id': correlationId, ...headers },
        body: body ?? null,
        // another address would get the token
        redirect: 'manual',
        signal: abort.signal,
      });
      return { status: response.status, headers: response.headers, text: await boundedText(response) };
    } finally {
      clearTimeout(timer);
    }
  };

  /** What `read` makes of a 200 or 201. Only what may pass is asked again, and only in the caller's time. */
  const ask = async <T>(call: Call, read: (json: unknown) => Read<T>): Promise<T> => {
    const { limitMs, correlationId } = caller();
    const where = `${call.method} ${call.route} (correlation ${correlationId})`;
    const end = performance.now() + limitMs;
    for (let tried = 1; ; tried++) {
      const left = end - performance.now();
      const outcome = await attempt(call, correlationId, Math.min(timeoutMs, tried === ATTEMPTS ? left : left * SHARE)).catch(whyNone);
      if ('text' in outcome && outcome.status < 500 && outcome.status !== 429) return result(where, outcome, read);
      const asked = 'text' in outcome ? pauseAsked(outcome) : 0;
      const pauseMs = Math.max(asked ?? 0, jittered(tried));
      if (asked === null || tried === ATTEMPTS || performance.now() + pauseMs + LEAST_ATTEMPT_MS > end) {
        throw new BillingUnavailableError(`${where}: ${'text' in outcome ? `status ${outcome.status}` : outcome.why}, ${tried} attempts`);
      }
      await pause(pauseMs);
    }
  };

  return {
    async account(subscription: string, today: JalaliDate, reported: readonly LedgerPayment[] = []): Promise<AccountSnapshot | null> {
      const asked = new URLSearchParams({ today });
      for (const { reference } of reported) asked.append('reported', reference);
      const path = `/accounts/${encodeURIComponent(subscription)}?${asked.toString()}`;
      try {
        return await ask({ method: 'GET', route: '/accounts/{subscription}', path }, (json) =>
          readAccount(json, { subscription, today, reported }),
        );
      } catch (error) {
        // by its code: a 404 of something on the way must not make a subscriber unknown
        if (error instanceof BillingRefusedError && error.status === 404 && error.code === 'ACCOUNT_NOT_FOUND') return null;
        throw error;
      }
    },

    async findAccounts({ query, office, limit, after }): Promise<AccountHit[]> {
      const search = new URLSearchParams({ query: plainQuery(query), limit: String(limit) });
      if (office !== null) search.set('office', office);
      if (after !== null) search.set('after', after);
      return ask({ method: 'GET', route: '/accounts', path: `/accounts?${search.toString()}` }, (json) =>
        readHits(json, { office, limit, after }),
      );
    },

    async timetable({ series, from, to }): Promise<Cycle[]> {
      const search = new URLSearchParams({ from, to });
      if (series !== null) search.set('series', series);
      return ask({ method: 'GET', route: '/cycles', path: `/cycles?${search.toString()}` }, (json) =>
        readTimetable(json, { series, from, to }),
      );
    },

    async submitBatch({ cycle, batch, count, sum, frozenAt, items }: PostingBatch): Promise<void> {
      // field by field: what else the store may know of a posting is not billing's
      const sent: PostingBatch = {
        cycle,
        batch,
        count,
        sum,
        frozenAt,
        items: items.map(({ posting, kind, subscription, settlement, amount, detail }) => ({
          posting,
          kind,
          subscription,
          settlement,
          amount,
          detail,
        })),
      };
      await ask(
        {
          method: 'PUT',
          route: '/cycles/{cycle}/batches/{batch}',
          path: `/cycles/${encodeURIComponent(cycle)}/batches/${batch}`,
          body: JSON.stringify(sent),
          headers: { 'content-type': 'application/json', 'idempotency-key': `${cycle}/${batch}` },
        },
        (json) => readReceipt(json, sent),
      );
    },

    async state(): Promise<BillingState> {
      const outcome = await attempt({ method: 'GET', route: '/health', path: '/health' }, caller().correlationId, STATE_MS).catch(whyNone);
      if (!('text' in outcome) || outcome.status >= 500) return 'unreachable';
      return outcome.status < 300 ? 'ok' : 'refused';
    },
  };
}

/** The content of an answer that came, or the error that it is. */
function result<T>(where: string, { status, headers, text }: Answer, read: (json: unknown) => Read<T>): T {
  if (status !== 200 && status !== 201) {
    const code = problemCode(headers, text);
    throw new BillingRefusedError(`${where}: status ${status} ${code ?? 'without a problem document'}`, status, code);
  }
  const json = parsed(text);
  const answer: Read<T> = json === undefined ? { ok: false, faults: ['the answer: NOT_JSON'] } : read(json);
  if (answer.ok) return answer.value;
  throw new BillingAnswerError(`${where}: ${answer.faults.join('; ')}`, answer.faults);
}

function anyone(): BillingCaller {
  return { limitMs: CALL_MS, correlationId: randomUUID() };
}

/** Why no whole answer came: the connection, its end in the middle, the time. */
function whyNone(error: unknown): { why: string } {
  if (error instanceof BillingAnswerError) throw error;
  const { cause, message } = error as Error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return { why: typeof code === 'string' ? code : message };
}

async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  // leaving the loop early ends the connection
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new BillingAnswerError(`an answer of more than ${LARGEST_ANSWER} bytes`, ['the answer: TOO_LARGE']);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** ms that billing wants to be left alone; null when it may not be asked again now. 502, 503 and 504 pass, 429 when it says so. */
function pauseAsked({ status, headers }: Answer): number | null {
  if (status !== 429 && (status < 502 || status > 504)) return null;
  const asked = headers.get('retry-after');
  if (asked === null) return status === 429 ? null : 0;
  const ms = /^[0-9]+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** Half to the whole of 100 ms, doubled with each attempt: callers that failed together do not come back together. */
function jittered(tried: number): number {
  return FIRST_PAUSE_MS * 2 ** (tried - 1) * (0.5 + Math.random() / 2);
}

/** undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function problemCode(headers: Headers, text: string): string | null {
  if (!(headers.get('content-type') ?? '').startsWith('application/problem+json')) return null;
  const problem = parsed(text);
  const code = typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : null;
  return typeof code === 'string' && /^[A-Z_]{1,60}$/.test(code) ? code : null;
}
