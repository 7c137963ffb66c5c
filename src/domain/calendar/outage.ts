import { type JalaliDate, addDays, startOfDayInTehran, todayInTehran } from './jalali.js';
import type { ServiceTerms } from '../settlement/service-terms.js';
import type { Instant } from '../settlement/settlement.js';
import { hoursOn } from './working-calendar.js';

/** In the place of an office: the system itself. */
export const EVERYWHERE = '*';

/** A stretch of time without a gap in its signs: of an office's people, or of the system (`*`), which gives one each minute. */
export interface Presence {
  office: string;
  from: Instant;
  to: Instant;
}

/**
 * Signs that are so far apart are of two stretches, ms. A page that is open gives one each minute: a browser that holds
 * it back, a restart and a call that failed once are no gap.
 */
export const SIGN_GAP_MS = 3 * 60_000;

/** For so long an office is expected after its last sign: one that was closed for good has no outages after that, days. */
export const EXPECTED_DAYS = 30;

/** A silence in an office's working hours that was noticed (plan, R1). */
export interface Outage {
  /** `*`: the system itself was away, for every office */
  office: string;
  from: Instant;
  /** null: it lasts */
  to: Instant | null;
  /** whole minutes of working hours; of an office without those in which the system itself was away */
  minutes: number;
}

/** What is counted of outages (RiskCounts). */
export function outageCounts(outages: readonly Outage[]): { outages: number; outageMinutes: number } {
  return { outages: outages.length, outageMinutes: outages.reduce((sum, { minutes }) => sum + minutes, 0) };
}

type Span = [from: number, to: number];

/**
 * The outages of days, both included, as known at `now`; the earliest first. Silence is that nobody of an office who is
 * signed in reached the system: a page that is open does each minute, at work or not. Why, is not known: no power, no
 * line, or nobody there. Each working day is looked at for itself, within its opening hours, from the first sign that
 * there ever was; `termsOn` tells the hours, and from how many minutes on a silence counts.
 */
export function outagesOf(
  presences: readonly Presence[],
  { from, to, now }: { from: JalaliDate; to: JalaliDate; now: Instant },
  termsOn: (day: JalaliDate) => Pick<ServiceTerms, 'outageAfterMinutes' | 'openingHours' | 'daysOff'>,
): Outage[] {
  const byOffice = new Map<string, Span[]>();
  for (const { office, ...of } of presences)
    byOffice.set(office, [...(byOffice.get(office) ?? []), [Date.parse(of.from), Date.parse(of.to)]]);
  const [first] = presences.map((each) => each.from).sort();
  if (first === undefined) return [];
  const at = Date.parse(now);
  const outages: Outage[] = [];
  const begins = todayInTehran(new Date(first));
  const ends = todayInTehran(new Date(at));
  for (let day = from < begins ? begins : from; day <= to && day <= ends; day = addDays(day, 1)) {
    const terms = termsOn(day);
    const hours = hoursOn(day, terms);
    if (hours === null) continue;
    const midnight = Date.parse(startOfDayInTehran(day));
    const [opens, closes] = [midnight + hours.from * 60_000, Math.min(midnight + hours.to * 60_000, at)];
    const away = silences(byOffice.get(EVERYWHERE) ?? [], [opens, closes], Infinity);
    for (const [office, stretches] of byOffice) {
      const silent = office === EVERYWHERE ? away : silences(stretches, [opens, closes], EXPECTED_DAYS * 86_400_000);
      for (const [start, end] of silent) {
        const unheard =
          office === EVERYWHERE ? 0 : away.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, end) - Math.max(a, start)), 0);
        const minutes = Math.floor((end - start - unheard) / 60_000);
        if (minutes < terms.outageAfterMinutes) continue;
        outages.push({ office, from: new Date(start).toISOString(), to: end === at ? null : new Date(end).toISOString(), minutes });
      }
    }
  }
  return outages.sort((a, b) => (a.from + a.office < b.from + b.office ? -1 : 1));
}

/** The parts of a window in which no stretch lies, after the first one and at most `expected` ms after the one before. */
function silences(stretches: readonly Span[], [opens, closes]: Span, expected: number): Span[] {
  const found: Span[] = [];
  const sorted = [...stretches].sort((a, b) => a[0] - b[0]);
  let heard = -Infinity;
  for (const [from, to] of [...sorted, [Infinity, Infinity] as Span]) {
    const start = Math.max(opens, heard);
    const end = Math.min(closes, from, heard + expected);
    if (heard > -Infinity && end > start) found.push([start, end]);
    heard = Math.max(heard, to);
  }
  return found;
}
