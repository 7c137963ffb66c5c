import { useSyncExternalStore } from 'react';
import type { z } from 'zod';
import type {
  accessPage,
  accountPage,
  accountView,
  comparisonView,
  correctionDetailView,
  correctionView,
  correctiveActionView,
  cyclePage,
  debtView,
  feedAnswer,
  feedsView,
  findingView,
  indicatorsView,
  lineView,
  operatorView,
  paymentView,
  personView,
  previewView,
  problem,
  receiptView,
  reportView,
  sessionOptions,
  settlementPage,
  SettlementView,
  feeResolutionsView,
  stepTableView,
  submittedView,
  tariffReviewView,
  tariffsView,
  taskView,
  termsView,
  unsentPage,
} from '../api/schemas';

/** The shapes of the API, under the words of the pages. */
export type Operator = z.input<typeof operatorView>;
export type SessionOptions = z.input<typeof sessionOptions>;
export type Role = Operator['role'];
export type FoundAccount = z.input<typeof accountPage>['items'][number];
export type AccountPage = z.input<typeof accountPage>;
export type AccountFile = z.input<typeof accountView>;
export type Receipt = z.input<typeof receiptView>;
export type Preview = z.input<typeof previewView>;
export type Debt = z.input<typeof debtView>;
export type Line = z.input<typeof lineView>;
export type Finding = z.input<typeof findingView>;
export type Settlement = SettlementView;
export type SettlementPage = z.input<typeof settlementPage>;
export type Correction = z.input<typeof correctionView>;
export type Comparison = z.input<typeof comparisonView>;
export type Submitted = z.input<typeof submittedView>;
export type CorrectionDetail = z.input<typeof correctionDetailView>;
export type CorrectiveAction = z.input<typeof correctiveActionView>;
export type Report = z.input<typeof reportView>;
export type Access = z.input<typeof accessPage>['items'][number];
export type Cycle = z.input<typeof cyclePage>['items'][number];
export type CyclePage = z.input<typeof cyclePage>;
export type Task = z.input<typeof taskView>;
export type UnsentPage = z.input<typeof unsentPage>;
export type UnsentPosting = UnsentPage['items'][number];
export type Payment = z.input<typeof paymentView>;
export type Feeds = z.input<typeof feedsView>;
export type FeedKind = Feeds['items'][number]['kind'];
export type FeedAnswer = z.input<typeof feedAnswer>;
export type IndicatorsOf = z.input<typeof indicatorsView>;
export type Indicators = IndicatorsOf['items'][number];
export type Person = z.input<typeof personView>;
export type Tariffs = z.input<typeof tariffsView>;
export type TariffProposal = Tariffs['proposals'][number];
export type Terms = z.input<typeof termsView>;
export type Requirement = TariffReview['differences'][number]['documents']['added'][number];
export type StepTable = z.input<typeof stepTableView>;
export type TariffReview = z.input<typeof tariffReviewView>;
export type FeeResolutions = z.input<typeof feeResolutionsView>;
export type FeeProposal = FeeResolutions['proposals'][number];
export type ProblemDocument = z.input<typeof problem>;
export type Found = ProblemDocument['errors'][number];

/** The API refused, and says why. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(readonly problem: ProblemDocument) {
    super(problem.title);
  }
}

/** The API did not answer, or is not able to for now: the same call may be made again. */
export class Away extends Error {
  override readonly name = 'Away';
  constructor(readonly detail: string | null) {
    super('the service is away');
  }
}

export const ROOT = '/api/v1';
const AWAY_STATUS = new Set([502, 503, 504]);

interface CallOptions {
  body?: unknown;
  /** a file in the place of a JSON body */
  csv?: Blob;
  signal?: AbortSignal;
  token?: string;
}

/** A call of the API by the page's session. Throws Refused, Away, or the signal's abort. */
export async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { body, csv, signal, token }: CallOptions = {},
): Promise<{ status: number; value: T }> {
  let response: Response;
  try {
    response = await fetch(`${ROOT}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(csv === undefined ? {} : { 'content-type': 'text/csv' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: csv ?? (body === undefined ? null : JSON.stringify(body)),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    setReachable(false);
    throw new Away(null);
  }
  const json = await readJson(response);
  if (AWAY_STATUS.has(response.status)) {
    setReachable(false);
    throw new Away(isProblem(json) ? json.detail : null);
  }
  setReachable(true);
  if (response.ok) return { status: response.status, value: json as T };
  if (!isProblem(json)) throw new Away(null);
  if (response.status === 401 && json.code === 'UNAUTHENTICATED') for (const hear of signedOut) hear();
  throw new Refused(json);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call<T>('GET', path, signal ? { signal } : {})).value;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return (await call<T>('POST', path, { body })).value;
}

async function readJson(response: Response): Promise<unknown> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return null;
  try {
    return (await response.json()) as unknown;
  } catch {
    return null;
  }
}

function isProblem(json: unknown): json is ProblemDocument {
  return typeof json === 'object' && json !== null && 'code' in json && 'errors' in json;
}

const signedOut = new Set<() => void>();

/** Calls `hear` whenever an answer says that the session is over; returns the way to stop that. */
export function onSignedOut(hear: () => void): () => void {
  signedOut.add(hear);
  return () => signedOut.delete(hear);
}

// ---- whether the service answers -----------------------------------------------------------------------------------

const PROBE_MS = 1500;
let reachable = true;
let probing: ReturnType<typeof setTimeout> | undefined;
const watchers = new Set<() => void>();

function setReachable(now: boolean): void {
  if (!now) probing ??= setTimeout(() => void probe(), PROBE_MS);
  if (reachable === now) return;
  reachable = now;
  for (const watcher of watchers) watcher();
}

/** While the service is away it is asked again and again, so that the page goes on by itself. */
async function probe(): Promise<void> {
  probing = undefined;
  try {
    const response = await fetch('/readyz', { signal: AbortSignal.timeout(5000) });
    setReachable(response.ok);
  } catch {
    setReachable(false);
  }
}

/** False while the service does not answer. */
export function useReachable(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => reachable,
  );
}

/** The document of a settlement; `copy` carries the mark المثنی. */
export function billAddress(id: string, options: { revision?: number; copy?: boolean; receipt?: boolean } = {}): string {
  const query = new URLSearchParams();
  if (options.revision !== undefined) query.set('revision', String(options.revision));
  if (options.copy) query.set('copy', 'true');
  if (options.receipt) query.set('paper', 'receipt');
  const text = query.toString();
  return `${ROOT}/settlements/${id}/bill.pdf${text === '' ? '' : `?${text}`}`;
}

/** The clearance letter of a settlement: asking for it issues it. */
export function clearanceAddress(id: string): string {
  return `${ROOT}/settlements/${id}/clearance.pdf`;
}

const REOPEN_MS = 2000;

export interface Happening {
  seq: number;
  kind: string;
  at: string;
}

/**
 * Follows a settlement's server-sent events, of whatever kind, until `stop` or their end. A broken or refused stream
 * is asked for again where it broke off. (An EventSource would have to know every kind, and gives up on a refusal.)
 */
export function follow(id: string, hear: (event: Happening) => void): () => void {
  const stopped = new AbortController();
  let last = 0;
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        const response = await fetch(`${ROOT}/settlements/${id}/events`, {
          headers: last > 0 ? { 'last-event-id': String(last) } : {},
          signal: stopped.signal,
        });
        if (response.status === 204) return;
        if (response.ok && response.body) {
          for await (const { kind, seq, data } of events(response.body)) {
            if (kind === 'end') return;
            if (seq <= last) continue;
            last = seq;
            hear({ seq, kind, at: (JSON.parse(data) as { at: string }).at });
          }
        }
      } catch {
        // asked for again below
      }
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  };
  void run();
  return () => stopped.abort();
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<{ kind: string; seq: number; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const),
      );
      const kind = fields.get('event');
      if (kind !== undefined) yield { kind, seq: Number(fields.get('id') ?? 0), data: fields.get('data') ?? '{}' };
    }
  }
}
