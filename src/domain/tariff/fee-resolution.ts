import type { JalaliDate } from '../calendar/jalali.js';
import type { Rial } from '../rial.js';
import { isSlip } from './tariff-review.js';

/** A resolution of the board (تصویب هیأت مدیره): the issuing fee of a settlement, from a day on. */
export interface FeeResolution {
  /** as on the document; printed on the bill */
  number: string;
  resolvedOn: JalaliDate;
  amount: Rial;
  from: JalaliDate;
  /** last day; null = until further notice */
  to: JalaliDate | null;
  illustrative: boolean;
}

export interface ResolutionFinding {
  code: 'NO_NUMBER' | 'NO_AMOUNT' | 'TURNED_ROUND' | 'RESOLVED_IN_FUTURE' | 'SLIP_OF_TEN' | 'BEFORE_RESOLUTION' | 'HOLDS_TOO';
  message: string;
}

export interface ResolutionReview {
  /** what cannot be */
  faults: ResolutionFinding[];
  /** what is unlikely: to be said again before it is recorded */
  doubts: ResolutionFinding[];
  /** what whoever records it should know */
  notes: ResolutionFinding[];
}

/** A resolution beside those on record, in the order of their recording, as it would stand among them. */
export function reviewResolution(resolution: FeeResolution, recorded: readonly FeeResolution[], today: JalaliDate): ResolutionReview {
  const { number, resolvedOn, amount, from, to } = resolution;
  const faults: ResolutionFinding[] = [];
  if (number === '') faults.push({ code: 'NO_NUMBER', message: 'A resolution has a number.' });
  if (amount < 1) faults.push({ code: 'NO_AMOUNT', message: 'The amount is at least 1 rial; without a fee no resolution is recorded.' });
  if (to !== null && to < from) faults.push({ code: 'TURNED_ROUND', message: `It ends (${to}) before it starts (${from}).` });
  if (resolvedOn > today) faults.push({ code: 'RESOLVED_IN_FUTURE', message: `Nothing was resolved on ${resolvedOn}: today is ${today}.` });

  const before =
    inForceOn(from, recorded) ??
    recorded
      .filter((each) => each.from <= from)
      .sort((a, b) => (a.from < b.from ? -1 : 1))
      .at(-1);
  const doubts: ResolutionFinding[] =
    before && isSlip(amount, before.amount)
      ? [
          {
            code: 'SLIP_OF_TEN',
            message: `${amount} rial is about ten times or a tenth of the ${before.amount} of ${before.number} before it: toman for rial?`,
          },
        ]
      : [];
  const notes: ResolutionFinding[] =
    from < resolvedOn
      ? [
          {
            code: 'BEFORE_RESOLUTION',
            message: `It holds from ${from}, before it was resolved (${resolvedOn}); settlements announced without a fee stay without.`,
          },
        ]
      : [];
  for (const other of recorded.filter((each) => meet(each, resolution))) {
    const stands = inForceOn(latest(other.from, from), [other, resolution]) === resolution ? resolution : other;
    notes.push({
      code: 'HOLDS_TOO',
      message: `${other.number} (${other.amount} rial, ${period(other)}) holds on some of its days too; where both do, ${stands.number} stands.`,
    });
  }
  return { faults, doubts, notes };
}

/** The resolution of a day: of several that hold the one with the latest first day, then the latest resolved, then the last recorded. */
function inForceOn(date: JalaliDate, recorded: readonly FeeResolution[]): FeeResolution | undefined {
  let stands: FeeResolution | undefined;
  for (const each of recorded) {
    if (each.from > date || (each.to !== null && each.to < date)) continue;
    if (!stands || each.from > stands.from || (each.from === stands.from && each.resolvedOn >= stands.resolvedOn)) stands = each;
  }
  return stands;
}

export function period({ from, to }: Pick<FeeResolution, 'from' | 'to'>): string {
  return `${from} to ${to ?? 'further notice'}`;
}

function meet(a: FeeResolution, b: FeeResolution): boolean {
  return (a.to === null || b.from <= a.to) && (b.to === null || a.from <= b.to);
}

function latest(a: JalaliDate, b: JalaliDate): JalaliDate {
  return a > b ? a : b;
}
