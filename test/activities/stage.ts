import { MockActivityEnvironment } from '@temporalio/testing';
import type { Pool } from 'pg';
import type { Activities } from '../../src/activities/index.js';
import type { Assessed } from '../../src/activities/assess.js';
import type { Finding } from '../../src/domain/settlement/finding.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import type { Bill, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { load } from '../billing/database.js';
import { today } from '../workflows/stage.js';

export interface Walked {
  assessed: Assessed;
  /** errors first */
  findings: Finding[];
  /** null when a finding stood in the way */
  bill: Bill | null;
}

/** The steps of the story on the real activities, one after the other as the workflow runs them, without a server. */
export async function walk(activities: Activities, order: SettlementOrder, runId: string): Promise<Walked> {
  const env = new MockActivityEnvironment({ workflowExecution: { workflowId: `settlement/${order.id}`, runId } });
  const run = <I, O>(step: (input: I) => Promise<O>, input: I): Promise<O> => env.run<[I], O, typeof step>(step, input);
  const assessed = await run(activities.assess, { order });
  const { basis, errors, warnings, steps } = assessed;
  const findings = [...errors.filter(({ severity }) => severity === 'error'), ...warnings];
  if (!basis) {
    await run(activities.reject, { order, errors, warnings, steps });
    return { assessed, findings, bill: null };
  }
  const { bill, announcedAt } = await run(activities.issue, { order, basis, warnings, steps });
  if (bill.fee === null) await run(activities.reportNoFee, { id: order.id, at: announcedAt });
  return { assessed, findings, bill };
}

/** A subscriber of the demo's office with one bill that ended `days` ago at 1000, and no other history. */
export async function subscriber(pool: Pool, subscription: string, days: number, totalDue = 100_000): Promise<void> {
  const toDate = addDays(today(), -days);
  await load(pool, 'accounts', [{ subscription, file: subscription.slice(4) }]);
  await load(pool, 'meters', [{ subscription, serial: `M${subscription}` }]);
  await load(pool, 'bills', [
    {
      subscription,
      serial: 'B1',
      issuedOn: toDate,
      fromDate: addDays(toDate, -60),
      toDate,
      fromReading: '900',
      toReading: '1000',
      totalDue: String(totalDue),
    },
  ]);
}
