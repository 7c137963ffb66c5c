import type { Pool } from 'pg';
import type { Messenger } from '../activities/messenger.js';
import type { BillingPort } from '../billing/port.js';
import { nextCycle } from '../domain/outbox/cycle.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { type DecreeDifference, decreeDifference } from '../domain/tariff/late-decree.js';
import { targetOf } from '../domain/outbox/posting.js';
import { settlementWorkflowId } from '../domain/settlement/settlement.js';
import { cleanText, sameName } from '../domain/text.js';
import { Refusal } from '../refusal.js';
import { type ProvisionalBill, postDifference, provisionalBills } from '../store/late-decree.js';
import { createTariffStore } from '../store/tariffs.js';

export interface ListedBill {
  settlement: string;
  number: string;
  office: string;
  /** null with `none`: the inputs give no debt under the new tariffs, a person must look */
  difference: DecreeDifference | null;
  none: string | null;
  /** a posting of this run or of an earlier one of the same tariff stands */
  posted: boolean;
}

/** Who posts and who confirms it: two persons. */
export interface Posting {
  by: string;
  confirmedBy: string;
  billing: BillingPort;
  messenger: Messenger;
}

/**
 * The supervised run after a decree that came late: bills on account that the published `version` concerns, with the
 * difference that it makes. With `posting` each difference becomes a posting of the subscriber's next cycle, once,
 * however often the run is repeated; bills stay as they were issued.
 */
export async function* lateDecree(pool: Pool, version: string, posting: Posting | null, now = new Date()): AsyncGenerator<ListedBill> {
  const store = createTariffStore(pool);
  const versions = await store.versions();
  if (!versions.includes(version)) throw new Refusal(`No tariff ${version} is published.`);
  if (posting) {
    if (cleanText(posting.by) === '' || cleanText(posting.confirmedBy) === '')
      throw new Refusal('Both who posts and who confirms must be named.');
    if (sameName(posting.by, posting.confirmedBy))
      throw new Refusal(`${posting.by} cannot confirm the own posting: a second person is needed.`);
  }
  const tariffs = await store.tariffs(versions);
  const tariff = tariffs[versions.indexOf(version)];
  if (!tariff) throw new Refusal(`No tariff ${version} is published.`);
  for await (const bill of provisionalBills(pool, tariff.from)) {
    const result = decreeDifference(bill, tariffs);
    if ('none' in result) {
      yield { ...named(bill), difference: null, none: result.none, posted: false };
      continue;
    }
    const standing = bill.posted.some((each) => each.tariff === version);
    if (result.amount === 0 && !standing) continue;
    if (posting && !standing) await post(pool, bill, result, version, posting, now);
    // told again also when it stands: an earlier run may have ended between the two
    if (posting && bill.open) await posting.messenger.signal(settlementWorkflowId(bill.settlement), 'outboxChanged', undefined);
    yield { ...named(bill), difference: result, none: null, posted: standing || posting !== null };
  }
}

async function post(
  pool: Pool,
  bill: ProvisionalBill,
  { amount, lines }: DecreeDifference,
  version: string,
  { by, confirmedBy, billing }: Posting,
  now: Date,
): Promise<void> {
  const today = todayInTehran(now);
  const snapshot = await billing.account(bill.subscription, today);
  await postDifference(
    pool,
    bill.settlement,
    {
      posting: `${bill.settlement}/difference/decree-${version}`,
      kind: 'difference',
      amount,
      ...targetOf(nextCycle(snapshot?.cycles ?? [], today, bill.inputs.facts.settlementDate)),
      status: 'waiting',
      timesLate: 0,
      reason: null,
      billSerial: null,
      detail: { decree: version, billNumber: bill.number, lines },
    },
    { id: by },
    confirmedBy,
  );
}

function named({ settlement, number, office }: ProvisionalBill): Pick<ListedBill, 'settlement' | 'number' | 'office'> {
  return { settlement, number, office };
}
