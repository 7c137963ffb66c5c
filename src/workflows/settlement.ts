import { ApplicationFailure, allHandlersFinished, condition, setHandler } from '@temporalio/workflow';
import { type Settlement, type SettlementOrder, receivedSettlement, sameFacts } from '../domain/settlement/settlement.js';
import { contained, createInbox, troubleTask } from './acts.js';
import { announceTheBalance } from './announcement.js';
import { showDetails } from './details.js';
import { expectedEnd } from './failures.js';
import { REJECTED, SETTLEMENT_EXISTS, announceBalance, settlementState } from './messages.js';
import { untilSettled } from './until-settled.js';

/** The announcement of the outstanding balance, SSS-PM-02, from the request to the end. */
export async function settlement(asked: SettlementOrder): Promise<Settlement> {
  // a correction changes the facts
  const order = { ...asked };
  const view = receivedSettlement(order);
  const inbox = createInbox(troubleTask({ subject: view.id, settlementId: view.id, office: order.clerk.office }), () => life.lookAgain());
  let rejection: ApplicationFailure | undefined;

  setHandler(settlementState, () => view);
  setHandler(
    announceBalance,
    contained(async ({ facts }: SettlementOrder) => {
      if (!sameFacts(facts, order.facts)) throw expectedEnd(SETTLEMENT_EXISTS, `settlement ${view.id} exists with other facts`, [view]);
      await condition(() => view.announcedAt !== null || rejection !== undefined);
      if (rejection) throw rejection;
      return view;
    }),
  );
  const life = untilSettled(order, view, inbox, (details) => showDetails(view, details));

  showDetails(view, 'درخواست دریافت شد');
  try {
    const issued = await announceTheBalance(order, view, inbox);
    await life.run(issued);
    return view;
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || (error.type !== REJECTED && error.type !== SETTLEMENT_EXISTS)) throw error;
    rejection = expectedEnd(error.type, error.message, error.details ?? []);
    await condition(allHandlersFinished);
    throw rejection;
  }
}
