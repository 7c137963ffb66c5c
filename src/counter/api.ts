import { useSyncExternalStore } from 'react';
import { serverSaid } from './clock';
import { fromProxy } from './proxy';
import { ROOT } from './root';
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
type ApiProblem = z.input<typeof problem>;
/** What the API says, or the page for a proxy that answered in its place. */
export type ProblemDocument = Omit<ApiProblem, 'code'> & { code: ApiProblem['code'] | 'PROXY' };
export type Found = ApiProblem['errors'][number];

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

const AWAY_STATUS = new Set([502, 503, 504]);

interface CallOptions {
  body?: unknown;
  /** a file in the place of a JSON body */
  csv?: Blob;
  signal?: AbortSignal;
  token?: string;
}

/** Whoever waits for longer than this learns whether the service is there at all. */
const SILENT_MS = 6_000;
/** A call is given up after this; a file after as long as the API takes one. */
const CALL_MS = 120_000;
const FILE_MS = 30 * 60_000;
/** A file over a slow line may crowd out the question whether the service is there. */
const FILE_MISSED = 4;

/** A call of the API by the page's session. Throws Refused, Away, or the signal's abort. */
export async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { body, csv, signal, token }: CallOptions = {},
): Promise<{ status: number; value: T }> {
  let response: Response;
  let json: unknown;
  const limit = timeLimit(csv === undefined ? { ms: CALL_MS, missed: 1 } : { ms: FILE_MS, missed: FILE_MISSED }, signal);
  try {
    response = await fetch(`${ROOT}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(csv === undefined ? {} : { 'content-type': 'text/csv' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: csv ?? (body === undefined ? null : JSON.stringify(body)),
      signal: limit.signal,
    });
    serverSaid(response.headers.get('date'));
    json = await readJson(response);
  } catch (error) {
    if (signal?.aborted) throw error;
    setReachable(false);
    throw new Away(null);
  } finally {
    limit.end();
  }
  if (response.status === 504 && !isProblem(json)) {
    // a proxy waited for too long: either the service is away, or this one call takes its time
    await probe();
    if (reachable) throw new Refused(fromProxy(504));
  }
  if (AWAY_STATUS.has(response.status)) {
    setReachable(false);
    throw new Away(isProblem(json) ? json.detail : null);
  }
  setReachable(true);
  // a page of a proxy that asks for its own sign-in, say
  if (response.ok && (response.headers.get('content-type') ?? '').includes('html')) throw new Refused(fromProxy(response.status));
  if (response.ok) return { status: response.status, value: json as T };
  if (!isProblem(json)) throw new Refused(fromProxy(response.status));
  if (response.status === 401 && json.code === 'UNAUTHENTICATED') for (const hear of signedOut) hear();
  throw new Refused(json);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call<T>('GET', path, signal ? { signal } : {})).value;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return (await call<T>('POST', path, { body })).value;
}

/**
 * Makes a call that may be repeated until it is answered: again whenever the service is back. `away` is called when an
 * attempt had no answer. Throws what the call throws but Away, and the signal's reason.
 */
export async function untilAnswered<T>(make: () => Promise<T>, signal: AbortSignal, away?: () => void): Promise<T> {
  for (;;) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof Away) || signal.aborted) throw error;
      away?.();
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      await back(signal);
    }
  }
}

/** Resolves once the service is there; rejects when `signal` is aborted. */
function back(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (!reachable && !signal.aborted) return;
      watchers.delete(look);
      signal.removeEventListener('abort', look);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    watchers.add(look);
    signal.addEventListener('abort', look);
    look();
  });
}

/** Aborts with `given`, after `ms`, and earlier when the service was asked `missed` times whether it is there and did not answer. */
function timeLimit({ ms, missed }: { ms: number; missed: number }, given?: AbortSignal): { signal: AbortSignal; end: () => void } {
  const limit = new AbortController();
  const abort = (): void => limit.abort();
  given?.addEventListener('abort', abort);
  if (given?.aborted) abort();
  const last = setTimeout(abort, ms);
  let silent = 0;
  const watch = setInterval(() => {
    void probe().then((answers) => {
      silent = answers ? 0 : silent + 1;
      if (silent >= missed) abort();
    });
  }, SILENT_MS);
  const end = (): void => {
    clearTimeout(last);
    clearInterval(watch);
    given?.removeEventListener('abort', abort);
  };
  return { signal: limit.signal, end };
}

async function readJson(response: Response): Promise<unknown> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return null;
  try {
    return (await response.json()) as unknown;
  } catch (error) {
    // an answer that broke off is none
    if (!(error instanceof SyntaxError)) throw error;
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

const AGAIN_MS = 1_500;
/** A little more than a slow office line needs. */
const PROBE_MS = 2_500;
let reachable = true;
let again: ReturnType<typeof setTimeout> | undefined;
let probing: Promise<boolean> | null = null;
const watchers = new Set<() => void>();

/** While the service is away it is asked again and again, so that the page goes on by itself. */
function setReachable(now: boolean): void {
  if (!now) again ??= setTimeout(() => void probe(), AGAIN_MS);
  if (reachable === now) return;
  reachable = now;
  for (const watcher of [...watchers]) watcher();
}

/** Whether the service answers at all, if only that it cannot work; many calls that wait are one question. */
function probe(): Promise<boolean> {
  clearTimeout(again);
  again = undefined;
  probing ??= fetch('/readyz', { signal: AbortSignal.timeout(PROBE_MS), cache: 'no-store' })
    .then(
      ({ ok }) => ({ answers: true, ok }),
      () => ({ answers: false, ok: false }),
    )
    .then(({ answers, ok }) => {
      probing = null;
      setReachable(ok);
      return answers;
    });
  return probing;
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
