import type { LineCode } from '../bill/debt.js';
import type { PostingEntry } from '../outbox/posting.js';
import { type Rial, sumRial } from '../rial.js';
import type { LedgerPayment } from '../settlement/account.js';
import type { Bill, PostingKind } from '../settlement/settlement.js';
import { receivedSince, subtractSums, sumsByCode } from './correction.js';

type Sums = Partial<Record<LineCode, Rial>>;

/** A posting of the revisions so far that was neither replaced nor cancelled. */
export interface EarlierPosting {
  posting: string;
  kind: PostingKind;
  revision: number;
  amount: Rial;
  detail: { lines?: Sums; refund?: boolean; name?: string; nationalId?: string };
  /** whether billing holds it */
  held: boolean;
}

/**
 * What the next revision does to the outbox (plan, rework line): billing does not see a posting that it does not hold yet,
 * since it is replaced; a posting that it holds is followed by the difference. The fee is for the issue, not for its
 * correction: there is no second one. `entries` are the postings of `bill` as if it were the first; `payments` lists what
 * each revision's bill counts.
 */
export function replacements(
  settlement: string,
  bill: Pick<Bill, 'revision' | 'lines' | 'total'>,
  entries: readonly PostingEntry[],
  earlier: readonly EarlierPosting[],
  payments: ReadonlyMap<number, readonly LedgerPayment[]>,
): { replaced: string[]; added: PostingEntry[] } {
  const parts = entries.map((entry) => {
    if (entry.kind === 'settlement') return amountsReplaced(settlement, bill, entry, earlier, payments);
    if (entry.kind === 'nameChange') return nameReplaced(settlement, bill, entry, earlier);
    return NOTHING;
  });
  // a name change that is no longer requested is withdrawn while it can be
  if (!entries.some(({ kind }) => kind === 'nameChange'))
    parts.push({ replaced: ids(earlier.filter(({ kind, held }) => kind === 'nameChange' && !held)), added: [] });
  return { replaced: parts.flatMap(({ replaced }) => replaced), added: parts.flatMap(({ added }) => added) };
}

interface Change {
  replaced: string[];
  added: PostingEntry[];
}
const NOTHING: Change = { replaced: [], added: [] };

function amountsReplaced(
  settlement: string,
  bill: Pick<Bill, 'revision' | 'lines' | 'total'>,
  entry: PostingEntry,
  earlier: readonly EarlierPosting[],
  payments: ReadonlyMap<number, readonly LedgerPayment[]>,
): Change {
  const amounts = earlier.filter(({ kind, detail }) => kind === 'settlement' || (kind === 'difference' && !detail.refund));
  const held = amounts.filter((each) => each.held);
  const replaced = ids(amounts.filter((each) => !each.held));
  if (held.length === 0) {
    const replaces = amounts.at(-1)?.posting;
    return { replaced, added: [{ ...entry, posting: `${settlement}/settlement/${bill.revision}`, detail: { ...entry.detail, replaces } }] };
  }
  const before = held.reduce<Sums>((sums, { detail }) => addSums(sums, detail.lines ?? {}), {});
  // billing's ledger counts what was paid since by itself: the difference must not count it again
  const known = held.find(({ kind }) => kind === 'settlement')?.revision ?? 1;
  const received = sumRial(receivedSince(payments.get(known) ?? [], payments.get(bill.revision) ?? []).map(({ amount }) => amount));
  const lines = addSums(subtractSums(sumsByCode(bill.lines), before), received === 0 ? {} : { PAYMENT: received });
  const difference: PostingEntry = {
    ...entry,
    posting: `${settlement}/difference/${bill.revision}`,
    kind: 'difference',
    amount: sumRial([bill.total, received, ...held.map(({ amount }) => -amount)]),
    detail: { ...entry.detail, lines, replaces: held.at(-1)?.posting },
  };
  // also when no amount changes: a new reading or date must reach billing
  return { replaced, added: [difference] };
}

function nameReplaced(
  settlement: string,
  { revision }: Pick<Bill, 'revision'>,
  entry: PostingEntry,
  earlier: readonly EarlierPosting[],
): Change {
  const last = earlier.filter(({ kind }) => kind === 'nameChange').at(-1);
  if (last && last.detail.name === entry.detail['name'] && last.detail.nationalId === entry.detail['nationalId']) return NOTHING;
  const detail = { ...entry.detail, ...(last && { replaces: last.posting }) };
  return {
    replaced: last && !last.held ? [last.posting] : [],
    added: [{ ...entry, posting: `${settlement}/nameChange/${revision}`, detail }],
  };
}

function ids(postings: readonly Pick<EarlierPosting, 'posting'>[]): string[] {
  return postings.map(({ posting }) => posting);
}

function addSums(a: Sums, b: Sums): Sums {
  return subtractSums(a, Object.fromEntries(Object.entries(b).map(([code, amount]) => [code, -amount])));
}
