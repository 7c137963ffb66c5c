import { todayInTehran } from '../domain/calendar/jalali.js';
import { endOfDay, nextCycle } from '../domain/outbox/cycle.js';
import { postingsOf } from '../domain/outbox/posting.js';
import { accountView, assess } from '../domain/settlement/assessment.js';
import type { Finding } from '../domain/settlement/finding.js';
import {
  type AccountView,
  type Bill,
  type Instant,
  type SettlementOrder,
  type StepTime,
  TARGET_MS,
} from '../domain/settlement/settlement.js';
import { type Announced, type IssueStore } from '../store/issue.js';
import type { PostingStore } from '../store/postings.js';
import { LedgerChangedError, PaymentPeriodsExhaustedError, SettlementExistsError } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';
import type { AssessedBasis } from './assess.js';
import { draftOf, periodsExhausted } from './bill-draft.js';
import type { Targeted } from './outbox.js';
import { type EarlierAttempts, finalFailure, runId, stepTimes } from './step.js';

export interface IssueInput {
  order: SettlementOrder;
  basis: AssessedBasis;
  warnings: Finding[];
  /** times of the steps before, stored in the same transaction */
  steps: StepTime[];
}

/** The announcement as it is on record, and what waits for billing. */
export interface Issued extends Announced, Targeted {
  bill: Bill;
  account: AccountView;
  steps: StepTime[];
  /** 24:00 of today: the bill should be handed over by then */
  dayEndsAt: Instant;
}

/**
 * Steps 1 and 5 to 7, in one transaction: the request is registered, the bill issued with its number and payment ids, the
 * balance announced (here the five minutes stop), fee, reading and name put into the outbox for the subscriber's next cycle.
 * A second attempt finds all of it or nothing.
 */
export function issue({ issues, postings, tariffs }: { issues: IssueStore; postings: PostingStore; tariffs: TariffStore }) {
  return async ({ order, basis, warnings, steps: before }: IssueInput, earlier?: EarlierAttempts): Promise<Issued> => {
    const steps = stepTimes(earlier);
    const { on, ...inputs } = basis;
    const { snapshot } = inputs;
    const today = todayInTehran(new Date());
    const cycle = nextCycle(snapshot.cycles, today, order.facts.settlementDate);
    const account = accountView(snapshot, order.facts.settlementDate);
    try {
      const { bill, announced, times } = await steps.run('register', async () => {
        const documents = await tariffs.tariffs(inputs.tariffs);
        const { debt } = assess(order, snapshot, documents, inputs.fee, on, []);
        if (!debt) throw new Error(`no debt of ${order.id}`);
        return issues.issue({
          order,
          runId: runId(),
          draft: draftOf({ order, inputs: { ...inputs, facts: order.facts }, debt, revision: 1, documents }),
          account,
          warnings,
          targetMs: TARGET_MS,
          entries: (issued) => postingsOf(order, issued, cycle, snapshot.earlierSettlement),
          steps: { before, end: steps.end, times: steps.times },
        });
      });
      // a look after the commit: an opening that commits in between finds these postings, or is found here, or both
      const [outbox, open] = await Promise.all([postings.of(order.id), postings.opened(cycle?.cycle ?? null)]);
      return { bill, account, ...announced, steps: times, outbox, open, dayEndsAt: endOfDay(today) };
    } catch (error) {
      if (error instanceof SettlementExistsError) throw finalFailure('SETTLEMENT_EXISTS', error.message, [error.settlement]);
      if (error instanceof PaymentPeriodsExhaustedError) throw periodsExhausted(error, order.facts);
      // no retry of this activity mends it: the account must be fetched again
      if (error instanceof LedgerChangedError) throw finalFailure('LEDGER_CHANGED', error.message);
      throw error;
    }
  };
}
