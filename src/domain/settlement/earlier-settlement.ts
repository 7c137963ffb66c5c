import type { AccountSnapshot, CountedSum, EarlierSettlement } from './account.js';
import type { Debt } from '../bill/debt.js';
import { previousReading } from './reading.js';
import { subtractRial } from '../rial.js';
import type { Purpose, SettlementFacts } from './settlement.js';

/** An issued bill with what it was computed from. */
export interface IssuedFrom {
  bill: Pick<Debt, 'total' | 'days'> & { number: string };
  facts: Pick<SettlementFacts, 'settlementDate' | 'reading' | 'readingSource' | 'purpose'>;
  snapshot: AccountSnapshot;
}

/**
 * What a further settlement in the same cycle starts from (domain.md): the reading and date of the one before, its total,
 * and the sums that are in that total. Each names all that the ones before it counted and the ledger still tells.
 */
export function earlierSettlement({ bill, facts, snapshot }: IssuedFrom): EarlierSettlement {
  const before = snapshot.earlierSettlement?.counted;
  return {
    billNumber: bill.number,
    settlementDate: facts.settlementDate,
    previous:
      bill.days > 0 && facts.reading !== null
        ? { reading: facts.reading, on: facts.settlementDate, source: facts.readingSource }
        : previousReading(snapshot),
    total: bill.total,
    counted: {
      payments: sums(snapshot.payments),
      adjustments: sums(snapshot.adjustments),
      instalments: sums(due(snapshot.instalments, facts.purpose, before?.instalments)),
      deposits: sums(due(snapshot.deposits, facts.purpose, before?.deposits)),
    },
  };
}

function sums(entries: readonly CountedSum[]): CountedSum[] {
  return entries.map(({ reference, amount }) => ({ reference, amount }));
}

/** Instalments or deposits that a settlement counts: all at a final one; at a balance those that a final one before it counted. */
export function due<E extends CountedSum>(entries: readonly E[], purpose: Purpose, counted: readonly CountedSum[] = []): E[] {
  return purpose === 'final' ? [...entries] : entries.filter(({ reference }) => counted.some((sum) => sum.reference === reference));
}

/**
 * How the ledger differs from what an earlier settlement's total holds. `entries`: those that it does not hold; of one whose
 * sum was changed since, the difference. `gone`: what it holds though the ledger no longer tells it beside the last bill
 * (that bill counts it, as a later feed says, or it is another subscriber's): left there it would count twice.
 */
export function sinceCounted<E extends CountedSum>(
  entries: readonly E[],
  counted: readonly CountedSum[] = [],
): { entries: E[]; gone: CountedSum[] } {
  const before = new Map(counted.map(({ reference, amount }) => [reference, amount]));
  const now = new Set(entries.map(({ reference }) => reference));
  return {
    entries: entries.flatMap((entry) => {
      const sum = before.get(entry.reference);
      if (sum === undefined) return [entry];
      return entry.amount === sum ? [] : [{ ...entry, amount: subtractRial(entry.amount, sum) }];
    }),
    gone: counted.filter(({ reference, amount }) => !now.has(reference) && amount !== 0),
  };
}
