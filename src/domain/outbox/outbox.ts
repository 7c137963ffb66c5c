import type { Rial } from '../rial.js';
import type { Instant, Posting, PostingKind, PostingStatus } from '../settlement/settlement.js';

/** A posting as it is handed to billing. */
export interface BatchItem {
  posting: string;
  kind: PostingKind;
  subscription: string;
  settlement: string;
  amount: Rial;
  detail: Record<string, unknown>;
}

/** A numbered batch of a cycle's postings, frozen: its content never changes. */
export interface PostingBatch {
  cycle: string;
  batch: number;
  frozenAt: Instant;
  count: number;
  /** of the amounts */
  sum: Rial;
  items: BatchItem[];
}

/** What billing says of one posting. */
export interface Outcome {
  posting: string;
  outcome: 'taken' | 'refused' | 'retracted';
  billSerial?: string | undefined;
  nameOnBill?: string | undefined;
  reason?: string | undefined;
}

/** An outcome as it was heard; `seq` is its acknowledgement's place among all, null when it came alone. */
export type Word = Outcome & { seq: number | null };

/**
 * Of all that billing said of one posting, in order of arrival, what stands; null when nothing does. Places count, not
 * arrivals, and a word that came alone stands behind all that were heard before it. Taken is taken until it is retracted:
 * a refusal after it says that billing has the posting already.
 */
export function standingWord(words: readonly Word[]): Word | null {
  let latest = 0;
  const placed = words.map((word) => {
    latest = Math.max(latest, word.seq ?? latest);
    return { word, place: word.seq ?? latest };
  });
  let standing: Word | null = null;
  for (const { word } of placed.sort((a, b) => a.place - b.place)) {
    if (word.outcome === 'retracted') standing = null;
    else if (standing?.outcome !== 'taken') standing = word;
  }
  return standing;
}

/** What billing's words make of a posting. */
export type Received = Pick<Posting, 'status' | 'reason'> & {
  /** whether billing holds the posting: cancelling its settlement is no longer possible, a correction adds a difference */
  held: boolean;
};

/**
 * What `word`, the one of all billing's words that applies (null: it retracted its word), makes of a posting. Billing holds what
 * it took, and what it has neither taken nor refused in the end, since it may be working on it. Null for a posting that was
 * replaced or cancelled: it stays so.
 */
export function afterOutcome(
  { status, cycle, timesLate, reason }: Pick<Posting, 'status' | 'cycle' | 'timesLate' | 'reason'>,
  word: Word | null,
): Received | null {
  if (status === 'replaced' || status === 'cancelled') return null;
  const covered = cycle === null && reason === COVERED;
  const kept = covered ? reason : null;
  if (word?.outcome === 'taken') return { status: 'taken', reason: kept, held: true };
  // one outside the cycles has its task already
  if (word?.outcome === 'refused')
    return covered ? { status: 'late', reason, held: false } : { status: 'refused', reason: word.reason ?? null, held: false };
  if (status !== 'taken' && status !== 'refused') return { status, reason: kept, held: true };
  if (cycle !== null) return { status: 'handedOver', reason: kept, held: true };
  return { status: timesLate > 0 ? 'late' : 'waiting', reason: kept, held: true };
}

/** How a cycle stands. */
export interface CycleCounts {
  /** all that was to be taken in the cycle, what has moved on since included */
  due: number;
  waiting: number;
  handedOver: number;
  taken: number;
  refused: number;
  /** not taken when the cycle closed: moved on since */
  late: number;
}

/** What a cycle came to: all that was not taken by its closing is late, whether or not it has moved on yet. */
export function reportOf(counts: CycleCounts): CycleCounts {
  const { due, taken } = counts;
  return { due, waiting: 0, handedOver: 0, taken, refused: 0, late: due - taken };
}

/** Of a posting that billing has still to take. */
export const OPEN_STATUSES = ['waiting', 'handedOver', 'late', 'refused'] as const satisfies readonly PostingStatus[];
export type OpenStatus = (typeof OPEN_STATUSES)[number];
const OPEN: ReadonlySet<PostingStatus> = new Set(OPEN_STATUSES);

/** Whether billing has still to say that it took the posting. */
export function isOpen({ status }: Pick<Posting, 'status'>): boolean {
  return OPEN.has(status);
}

/** Whether a posting is among those that a correction replaced or a cancellation took out: nothing of it is to be charged. */
export function isWithdrawn(postings: readonly Pick<Posting, 'posting' | 'status'>[], posting: string): boolean {
  return postings.some((each) => each.posting === posting && (each.status === 'replaced' || each.status === 'cancelled'));
}

/** The reason of a settlement posting that no cycle may take any more: a bill covers its dates already. */
export const COVERED = 'COVERED';

/** Whether something waits that some cycle closed without. */
export function isOverdue(postings: readonly Posting[]): boolean {
  return postings.some((posting) => isOpen(posting) && posting.timesLate > 0);
}

/** The cycle that open postings wait for; null when they wait for none. */
export function waitsFor(postings: readonly Posting[]): string | null {
  return postings.find((posting) => isOpen(posting) && posting.cycle !== null)?.cycle ?? null;
}

/** Of two states of an outbox the postings that became late or were refused in between. */
export function becameTrouble(before: readonly Posting[], after: readonly Posting[]): { late: Posting[]; refused: Posting[] } {
  const was = new Map(before.map((posting) => [posting.posting, posting]));
  return {
    late: after.filter((posting) => isOpen(posting) && posting.timesLate > (was.get(posting.posting)?.timesLate ?? 0)),
    refused: after.filter(({ posting, status }) => status === 'refused' && was.get(posting)?.status !== 'refused'),
  };
}
