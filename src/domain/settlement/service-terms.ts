import type { FeedKind } from './account.js';
import type { JalaliDate } from '../calendar/jalali.js';
import type { Rial } from '../rial.js';
import { type Dated, type Tariff, holdsOn, tariffOn } from '../tariff/tariff.js';
import { DEFAULT_DAYS_OFF, DEFAULT_OPENING_HOURS, type DayOff, type OpeningHours } from '../calendar/working-calendar.js';

/** What the company has set for its own service: deadlines and thresholds, with validity. */
export interface ServiceTerms {
  /** R2: a feed whose as-of date is older than so many days is stale; a kind that is absent is never stale */
  staleAfterDays: Partial<Record<FeedKind, number>>;
  /** R4: reminders so many days before the closing date, the earliest first; empty: none */
  remindDaysBeforeClosing: number[];
  correction: {
    /** from the referral to the submission, and again from the submission to the verification */
    dueHours: number;
    /** after so many of them the one who has it is reminded */
    remindHours: number;
    /** above this difference of the totals, by magnitude, the approver is asked too */
    approvalAbove: Rial;
  };
  /** R5: a task that is overdue by so many hours goes to the supervisor */
  escalateAfterHours: number;
  correctiveAction: {
    /** so many errors of one settlement, clerk, cause or office in a Jalali month start a corrective action */
    perSettlement: number;
    perClerk: number;
    perCause: number;
    perOffice: number;
    /** from the action to the judgement of its effect */
    effectAfterDays: number;
    /** from the start to the meeting */
    meetingDueDays: number;
  };
  /** R3: a qualification that lapses within so many days is warned of */
  qualificationWarnDays: number;
  /** R1: so many minutes of working hours without a sign of an office, or of the system, are noticed as an outage (outage.ts) */
  outageAfterMinutes: number;
  /** R1: a paper slip may be entered so many days after the request; an older time is a slip of the pen */
  lateEntryWithinDays: number;
  /** when offices are open on working days */
  openingHours: readonly OpeningHours[];
  /** the working calendar: what offices have to do is not due on these days, and its hours do not run on them */
  daysOff: readonly DayOff[];
}

/** Terms of a tariff document from a day on; what is left out is that of DEFAULT_SERVICE_TERMS. */
export type ServiceRule = Dated & {
  // feeds, reminders, opening hours and days off stand whole where they are given: nothing in a list means never
  [Group in keyof ServiceTerms]?: Group extends 'correction' | 'correctiveAction' ? Partial<ServiceTerms[Group]> : ServiceTerms[Group];
};

/** A decision of this project, not of a decree: a tariff document may set its own. */
export const DEFAULT_SERVICE_TERMS: ServiceTerms = {
  // bills come once a cycle, payments daily, the timetable once a year
  staleAfterDays: { accounts: 30, meters: 30, bills: 45, payments: 3, adjustments: 10, instalments: 10, deposits: 30, cycles: 365 },
  remindDaysBeforeClosing: [3, 1],
  correction: { dueHours: 24, remindHours: 12, approvalAbove: 5_000_000 },
  escalateAfterHours: 24,
  correctiveAction: { perSettlement: 2, perClerk: 3, perCause: 5, perOffice: 10, effectAfterDays: 30, meetingDueDays: 7 },
  qualificationWarnDays: 30,
  outageAfterMinutes: 60,
  lateEntryWithinDays: 30,
  openingHours: DEFAULT_OPENING_HOURS,
  daysOff: DEFAULT_DAYS_OFF,
};

/** The terms in force on a day: of the day's tariff the last rule of its list that holds; what it leaves out is the default's. */
export function serviceTermsOn(tariffs: readonly Tariff[], date: JalaliDate): ServiceTerms {
  const tariff = tariffOn(tariffs, date);
  const rule = tariff?.service?.findLast((each) => holdsOn(tariff, each, date));
  if (!rule) return DEFAULT_SERVICE_TERMS;
  const { from: _from, to: _to, ...terms } = rule;
  return {
    ...DEFAULT_SERVICE_TERMS,
    ...terms,
    correction: { ...DEFAULT_SERVICE_TERMS.correction, ...terms.correction },
    correctiveAction: { ...DEFAULT_SERVICE_TERMS.correctiveAction, ...terms.correctiveAction },
  };
}
