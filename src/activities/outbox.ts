import type { BillingPort } from '../billing/port.js';
import { type Opening, nextCycle, seriesOf } from '../domain/outbox/cycle.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { Outcome } from '../domain/outbox/outbox.js';
import { afterClosing, targetOf } from '../domain/outbox/posting.js';
import type { Instant, Outbox, SettlementFacts } from '../domain/settlement/settlement.js';
import { sameName } from '../domain/text.js';
import type { PostingStore } from '../store/postings.js';

/** An outbox, and the cycle of its postings when billing has opened that already: they join it. */
export interface Targeted {
  outbox: Outbox;
  open: Opening | null;
}

/** Which settlement, and the day on which something happens to its postings (Tehran). */
export interface OutboxInput {
  id: string;
  facts: Pick<SettlementFacts, 'subscription' | 'settlementDate'>;
  at: Instant;
}

/**
 * Billing opened a cycle: what waits for it is handed over, or follows the subscriber into another series. What waits for no
 * cycle gets one as soon as the timetable holds it.
 */
export function handOver({ billing, postings }: { billing: BillingPort; postings: PostingStore }) {
  return async ({ id, facts, at, opened }: OutboxInput & { opened: Opening }): Promise<Outbox> => {
    const today = todayInTehran(new Date(at));
    const snapshot = await billing.account(facts.subscription, today);
    const cycles = snapshot?.cycles ?? [];
    const next = targetOf(nextCycle(cycles, today, facts.settlementDate));
    const leaves = snapshot !== null && snapshot.account.series !== seriesOf(opened.cycle);
    const { objectionEndsAt } = targetOf(cycles.find((each) => each.cycle === opened.cycle) ?? null);
    const outbox = await postings.handOver(id, { opened, objectionEndsAt, next, leaves });
    const waits = outbox.postings.some(({ cycle, status }) => cycle === next.cycle && (status === 'waiting' || status === 'late'));
    // a look after the commit: an opening that commits in between finds these postings, or is found here, or both
    const open = waits && next.cycle !== opened.cycle ? await postings.opened(next.cycle) : null;
    return open ? postings.handOver(id, { opened: open, objectionEndsAt: next.objectionEndsAt, next, leaves: false }) : outbox;
  };
}

export interface OutcomeInput {
  id: string;
  eventId: string;
  outcome: Outcome;
  /** place of the acknowledgement among all; null when it came alone */
  seq: number | null;
  /** the new subscriber's name that was asked for */
  newName: string | null;
  /** no workflow waits for it: the settlement stays settled */
  ended?: boolean;
}

/** The reason of a name change that billing took under another name. */
export const NAME_DIFFERS = 'NAME_DIFFERS';

/** Billing took a posting, refused it, or took its word back. A name that is not the one asked for is not taken (CR2). */
export function recordOutcome(postings: PostingStore) {
  return ({ id, eventId, outcome, seq, newName, ended = false }: OutcomeInput): Promise<Outbox> => {
    const { nameOnBill } = outcome;
    const wrongName =
      outcome.outcome === 'taken' &&
      outcome.posting.includes('/nameChange') &&
      newName !== null &&
      nameOnBill !== undefined &&
      !sameName(newName, nameOnBill);
    const word: Outcome = wrongName ? { ...outcome, outcome: 'refused', reason: `${NAME_DIFFERS}: ${nameOnBill}` } : outcome;
    return postings.recordOutcome(id, eventId, { ...word, seq }, ended);
  };
}

/** A closing day has passed: what billing has not taken is late and goes to the next cycle (K2). */
export function closeDue({ billing, postings }: { billing: BillingPort; postings: PostingStore }) {
  return async ({ id, facts, at }: OutboxInput): Promise<Targeted> => {
    const today = todayInTehran(new Date(at));
    const [outbox, snapshot] = await Promise.all([postings.of(id), billing.account(facts.subscription, today)]);
    const { settlementDate } = facts;
    const lastBill = snapshot?.lastBill ?? null;
    const covered = lastBill !== null && lastBill.toDate >= settlementDate;
    const opened = new Set((await postings.openedCycles(outbox.postings.flatMap(({ cycle }) => cycle ?? []))).map(({ cycle }) => cycle));
    const moves = outbox.postings.flatMap((posting) => {
      const move = afterClosing(posting, { today, settlementDate, cycles: snapshot?.cycles ?? [], opened, covered });
      return move ? [{ ...move, posting: posting.posting, from: posting.cycle, was: posting.status }] : [];
    });
    if (moves.length === 0) return { outbox, open: null };
    const moved = await postings.moveOn(id, moves);
    return { outbox: moved, open: await postings.opened(moves.find(({ late, cycle }) => late && cycle !== null)?.cycle ?? null) };
  };
}
