import type { AccountSnapshot, CountedSum, EarlierSettlement } from './account.js';
import type { Debt } from './debt.js';
import { previousReading } from './reading.js';
import type { SettlementFacts } from './settlement.js';

/** An issued bill with what it was computed from. */
export interface IssuedFrom {
  bill: Pick<Debt, 'total' | 'days'> & { number: string };
  facts: Pick<SettlementFacts, 'settlementDate' | 'reading' | 'readingSource' | 'purpose'>;
  snapshot: AccountSnapshot;
}

/**
 * What a further settlement in the same cycle starts from (domain.md): the reading and date of the one before, its total,
 * and the sums that are in that total. Those of a chain add up: each names all that the ones before it counted.
 */
export function earlierSettlement({ bill, facts, snapshot }: IssuedFrom): EarlierSettlement {
  const before = snapshot.earlierSettlement?.counted;
  const final = facts.purpose === 'final';
  return {
    billNumber: bill.number,
    settlementDate: facts.settlementDate,
    previous:
      bill.days > 0 && facts.reading !== null ? { reading: facts.reading, on: facts.settlementDate, source: facts.readingSource } : previousReading(snapshot),
    total: bill.total,
    counted: {
      payments: counted(before?.payments, snapshot.payments),
      adjustments: counted(before?.adjustments, snapshot.adjustments),
      // at a balance instalments and deposits stay where they are
      instalments: counted(before?.instalments, final ? snapshot.instalments : []),
      deposits: counted(before?.deposits, final ? snapshot.deposits : []),
    },
  };
}

/** What the ledger tells now stands before what an earlier settlement saw of the same reference. */
function counted(before: readonly CountedSum[] = [], now: readonly CountedSum[]): CountedSum[] {
  const sums = new Map([...before, ...now].map(({ reference, amount }) => [reference, amount]));
  return [...sums].map(([reference, amount]) => ({ reference, amount }));
}

/** The entries that are not in the earlier settlement's total; of one that was changed since, the difference. */
export function notYetCounted<E extends CountedSum>(entries: readonly E[], counted: readonly CountedSum[] = []): E[] {
  const sums = new Map(counted.map(({ reference, amount }) => [reference, amount]));
  return entries.flatMap((entry) => {
    const before = sums.get(entry.reference);
    if (before === undefined) return [entry];
    return entry.amount === before ? [] : [{ ...entry, amount: entry.amount - before }];
  });
}
