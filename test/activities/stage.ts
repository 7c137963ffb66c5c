import { MockActivityEnvironment } from '@temporalio/testing';
import type { Pool } from 'pg';
import type { Activities } from '../../src/activities/index.js';
import type { Fetched } from '../../src/activities/fetch-account.js';
import { accountView } from '../../src/domain/settlement/assessment.js';
import { blocking, overridden } from '../../src/domain/settlement/finding.js';
import type { Finding } from '../../src/domain/settlement/finding.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import type { Bill, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { load } from '../billing/database.js';
import { today } from '../workflows/stage.js';

export interface Walked {
  fetched: Fetched;
  findings: Finding[];
  /** null when a finding stood in the way */
  bill: Bill | null;
}

/** The steps of the story on the real activities, one after the other as the workflow runs them, without a server. */
export async function walk(activities: Activities, order: SettlementOrder, runId: string): Promise<Walked> {
  const env = new MockActivityEnvironment({ workflowExecution: { workflowId: `settlement/${order.id}`, runId } });
  const run = async <I, O>(step: (input: I) => Promise<{ value: O }>, input: I): Promise<O> =>
    (await env.run<[I], { value: O }, typeof step>(step, input)).value;
  await run(activities.register, { order });
  const fetched = await run(activities.fetchAccount, { order });
  const { snapshot, tariffs, fee } = fetched;
  if (!snapshot) throw new Error('no account');
  const readings = await run(activities.checkReading, { order, snapshot, tariffs });
  const { debt, findings: others } = await run(activities.computeDebt, { order, snapshot, tariffs, fee });
  const findings = overridden([...fetched.findings, ...readings, ...others], fetched.overrides, order.clerk.id);
  const errors = blocking(findings, order.facts.confirmations);
  if (errors.length > 0 || !debt) {
    await env.run(activities.reject, {
      id: order.id,
      errors,
      warnings: findings.filter(({ severity }) => severity !== 'error'),
      steps: [],
    });
    return { fetched, findings, bill: null };
  }
  const bill = await run(activities.issueBill, { order, snapshot, tariffs, fee, debt, revision: 1, steps: [] });
  const account = accountView(snapshot, order.facts.settlementDate);
  await run(activities.announce, { id: order.id, account, warnings: findings, steps: [] });
  await run(activities.scheduleFee, { order, snapshot, bill });
  return { fetched, findings, bill };
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
