import type { Posting, PostingStatus } from './settlement.js';

/** What billing says of one posting. */
export interface Outcome {
  posting: string;
  outcome: 'taken' | 'refused' | 'retracted';
  billSerial?: string | undefined;
  nameOnBill?: string | undefined;
  reason?: string | undefined;
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

/** Of a posting that billing has still to take. */
export const OPEN_STATUSES = ['waiting', 'handedOver', 'late', 'refused'] as const satisfies readonly PostingStatus[];
export type OpenStatus = (typeof OPEN_STATUSES)[number];
const OPEN: ReadonlySet<PostingStatus> = new Set(OPEN_STATUSES);

/** Whether billing has still to say that it took the posting. */
export function isOpen({ status }: Pick<Posting, 'status'>): boolean {
  return OPEN.has(status);
}

/** The reason of a settlement posting that no cycle may take any more: a bill covers its dates already. */
export const COVERED = 'COVERED';

/** Of two states of an outbox the postings that became late or were refused in between. */
export function becameTrouble(before: readonly Posting[], after: readonly Posting[]): { late: Posting[]; refused: Posting[] } {
  const was = new Map(before.map((posting) => [posting.posting, posting]));
  return {
    late: after.filter((posting) => isOpen(posting) && posting.timesLate > (was.get(posting.posting)?.timesLate ?? 0)),
    refused: after.filter(({ posting, status }) => status === 'refused' && was.get(posting)?.status !== 'refused'),
  };
}
