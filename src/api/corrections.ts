import type { UpdateDefinition } from '@temporalio/common';
import type { z } from 'zod';
import type { Correction } from '../domain/correction/correction.js';
import type { Finding } from '../domain/settlement/finding.js';
import type { Operator, Settlement } from '../domain/settlement/settlement.js';
import {
  APPROVER_NEEDED,
  NOT_ALLOWED_NOW,
  NOT_THE_OWNER,
  POSTINGS_TAKEN,
  REJECTED,
  SECOND_PERSON_NEEDED,
  approveCorrection,
  cancelSettlement,
  confirmRefund,
  reportError,
  requestRefund,
  submitCorrection,
  verifyCorrection,
  withdrawCorrection,
} from '../workflows/messages.js';
import type { ApiDeps } from './deps.js';
import { Problem, problemErrors } from './problems.js';
import type { Call } from './route.js';
import type {
  cancellationRequest,
  correctionDecision,
  correctionParams,
  correctionSubmission,
  correctionWithdrawal,
  errorReport,
  refundRequest,
  settlementParams,
} from './schemas.js';
import { besideWorkflow, findSettlement, mustMoveOn } from './settlements.js';
import { viewComparison, viewCorrection, viewFacts, viewFinding, viewSettlement } from './view.js';

type OfSettlement<B> = Call<z.output<typeof settlementParams>, unknown, B>;
type OfCorrection<B> = Call<z.output<typeof correctionParams>, unknown, B>;

/** Asks the settlement's workflow; what it refuses becomes the problem of the same name, with the settlement as it stands. */
async function ask<T, A>(
  call: OfSettlement<unknown>,
  deps: ApiDeps,
  update: UpdateDefinition<T, [A]>,
  argument: A,
  eventId?: string,
): Promise<{ answer: T; before: Settlement }> {
  const { id } = call.params;
  const before = await findSettlement(call, deps);
  const outcome = await deps.temporal.act(id, update, argument, eventId);
  if (outcome.kind === 'done') return { answer: outcome.value, before };
  if (outcome.kind === 'closed') {
    await mustMoveOn(before, call, deps);
    throw new Problem('SETTLEMENT_ENDED');
  }
  const { type, details } = outcome;
  switch (type) {
    case REJECTED:
      throw new Problem('REJECTED', { errors: problemErrors((details[0] ?? []) as Finding[]) });
    case NOT_ALLOWED_NOW:
    case NOT_THE_OWNER:
    case SECOND_PERSON_NEEDED:
    case APPROVER_NEEDED:
    case POSTINGS_TAKEN:
      throw new Problem(type, { members: { settlement: viewSettlement({ ...(details[0] as Settlement), ...besideWorkflow(before) }) } });
    default:
      throw new Error(`${update.name} of ${id} failed: ${type}`);
  }
}

/** Asks and answers with the settlement as it stands afterwards. A letter is of the revision before: of a new one there is none yet. */
async function change<A>(
  call: OfSettlement<unknown>,
  deps: ApiDeps,
  update: UpdateDefinition<Settlement, [A]>,
  argument: A,
): Promise<void> {
  const { answer, before } = await ask(call, deps, update, argument);
  const beside = besideWorkflow(before);
  call.res.json(viewSettlement({ ...answer, ...beside, clearance: answer.revision === before.revision ? beside.clearance : null }));
}

/** The correction of a route; another number of the settlement is not there. */
async function mustExist(call: OfCorrection<unknown>, deps: ApiDeps): Promise<Correction> {
  const settlement = await findSettlement(call, deps);
  const correction = settlement.corrections.find(({ n }) => n === call.params.n);
  if (!correction) throw new Problem('CORRECTION_UNKNOWN');
  return correction;
}

/** GET /settlements/{id}/corrections/{n}: what there is to verify, old and new side by side; after the issue what came of it. */
export async function showCorrection(call: OfCorrection<unknown>, deps: ApiDeps) {
  const correction = await mustExist(call, deps);
  const submission = await deps.corrections.submission(call.params.id, call.params.n);
  call.res.json({
    correction: viewCorrection(correction),
    comparison: submission && viewComparison(submission.comparison),
    facts: submission && viewFacts(submission.facts),
  });
}

/** POST /settlements/{id}/corrections: an error is reported and referred to its owner. */
export async function reportAnError(call: OfSettlement<z.output<typeof errorReport>>, deps: ApiDeps) {
  const { referTo, eventId, ...report } = call.body;
  const { answer: correction } = await ask(
    call,
    deps,
    reportError,
    { ...report, by: call.operator, ...(referTo && { referTo: { role: referTo.role, user: referTo.user ?? null } }) },
    eventId,
  );
  call.res.status(201).json({ correction: correction.n });
}

/** POST …/corrections/{n}/submission: the corrected facts; old and new side by side. */
export async function submitACorrection(call: OfCorrection<z.output<typeof correctionSubmission>>, deps: ApiDeps) {
  const { basis = 'first', ...given } = call.body;
  await mustExist(call, deps);
  const corrected = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // an absent reading is read as null by its schema: only one that was sent is a correction
  if (!isSent(call.req.body, 'reading')) delete corrected['reading'];
  const { answer } = await ask(call, deps, submitCorrection, { n: call.params.n, by: call.operator, corrected, basis });
  const { correction, comparison, warnings } = answer;
  call.res.json({ correction: viewCorrection(correction), comparison: viewComparison(comparison), warnings: warnings.map(viewFinding) });
}

/** POST …/corrections/{n}/withdrawal: there was no error after all. */
export async function withdrawACorrection(call: OfCorrection<z.output<typeof correctionWithdrawal>>, deps: ApiDeps) {
  await decide(call, deps, withdrawCorrection, { n: call.params.n, by: call.operator, note: call.body.note });
}

/** POST …/corrections/{n}/verification: by another person than who submitted. */
export async function verifyACorrection(call: OfCorrection<z.output<typeof correctionDecision>>, deps: ApiDeps) {
  await decide(call, deps, verifyCorrection, {
    n: call.params.n,
    by: call.operator,
    accepted: call.body.accepted,
    note: call.body.note ?? null,
  });
}

/** POST …/corrections/{n}/approval: by the approver, above the set amount. */
export async function approveACorrection(call: OfCorrection<z.output<typeof correctionDecision>>, deps: ApiDeps) {
  await decide(call, deps, approveCorrection, {
    n: call.params.n,
    by: call.operator,
    accepted: call.body.accepted,
    note: call.body.note ?? null,
  });
}

async function decide<A extends { n: number; by: Operator }>(
  call: OfCorrection<unknown>,
  deps: ApiDeps,
  update: UpdateDefinition<Settlement, [A]>,
  decision: A,
): Promise<void> {
  await mustExist(call, deps);
  await change(call, deps, update, decision);
}

/** POST …/cancellation: everything as if it had not been issued; the number stays used. */
export async function cancelASettlement(call: OfSettlement<z.output<typeof cancellationRequest>>, deps: ApiDeps) {
  await change(call, deps, cancelSettlement, { reason: call.body.reason, by: call.operator });
}

/** POST …/refund: a credit is to be paid back; another supervisor confirms. */
export async function requestARefund(call: OfSettlement<z.output<typeof refundRequest>>, deps: ApiDeps) {
  await change(call, deps, requestRefund, { reason: call.body.reason, by: call.operator });
}

/** POST …/refund/confirmation */
export async function confirmARefund(call: OfSettlement<unknown>, deps: ApiDeps) {
  await change(call, deps, confirmRefund, { by: call.operator });
}

function isSent(body: unknown, field: string): boolean {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, field);
}
