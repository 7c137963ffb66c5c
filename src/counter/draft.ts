import type { Settlement } from './api';
import type { CalendarDate } from '@internationalized/date';
import { dayText, instantInTehran, parseDay } from './dates';
import { latinDigits, onlyDigits } from './digits';

export type Source = Settlement['facts']['readingSource'];
export type MeterState = Settlement['facts']['meterState'];
export type Purpose = Settlement['facts']['purpose'];
export type ApplicantKind = Settlement['facts']['applicant']['kind'];

/** A request as it is being written; typed texts stay as they were typed. */
export interface Draft {
  subscription: string;
  name: string;
  /** the signed receipt of the request, and when it was given by this machine's clock */
  request: string;
  openedAt: number;
  reading: string;
  date: string;
  source: Source;
  meterState: MeterState;
  purpose: Purpose;
  applicantKind: ApplicantKind;
  applicantName: string;
  nationalId: string;
  mobile: string;
  documents: string[];
  newOwner: { on: boolean; name: string; nationalId: string; mobile: string; from: string };
  late: { on: boolean; slip: string; day: string; time: string };
  /** by the finding's code */
  reasons: Record<string, string>;
  /** it was sent and no answer has come yet: sent again after a reload */
  sent: boolean;
}

export function newDraft({
  subscription,
  name,
  request,
  today,
}: {
  subscription: string;
  name: string;
  request: string;
  today: string;
}): Draft {
  return {
    subscription,
    name,
    request,
    openedAt: Date.now(),
    reading: '',
    date: today,
    source: 'declared',
    meterState: 'normal',
    purpose: 'balance',
    applicantKind: 'owner',
    applicantName: name,
    nationalId: '',
    mobile: '',
    documents: [],
    newOwner: { on: false, name: '', nationalId: '', mobile: '', from: today },
    late: { on: false, slip: '', day: today, time: '' },
    reasons: {},
    sent: false,
  };
}

/** Whether something was typed that would be missed. */
export function isTouched({ reading, nationalId, mobile, newOwner, late }: Draft): boolean {
  return [reading, nationalId, mobile, newOwner.name, newOwner.nationalId, late.slip].some((text) => text.trim() !== '');
}

/** The settlement request of a draft as the API takes it; what is not filled in yet goes as it is, and is found there. */
export function requestOf(draft: Draft, today: CalendarDate): Record<string, unknown> {
  const day = (typed: string): string => {
    const parsed = parseDay(typed, today);
    return parsed ? dayText(parsed) : latinDigits(typed);
  };
  const { newOwner, late, mobile } = draft;
  const lateDay = parseDay(late.day, today);
  const reading = latinDigits(draft.reading).trim();
  const confirmations = Object.entries(draft.reasons)
    .filter(([, reason]) => reason.trim().length >= 3)
    .map(([code, reason]) => ({ code, reason }));
  return {
    request: draft.request,
    subscription: draft.subscription,
    settlementDate: day(draft.date),
    reading: draft.source === 'none' ? null : reading === '' ? null : reading,
    readingSource: draft.source,
    meterState: draft.source === 'none' ? 'normal' : draft.meterState,
    purpose: draft.purpose,
    applicant: {
      kind: draft.applicantKind,
      name: draft.applicantName,
      nationalId: draft.nationalId,
      ...(mobile.trim() === '' ? {} : { mobile }),
    },
    documents: draft.documents,
    ...(newOwner.on && {
      newSubscriber: {
        name: newOwner.name,
        nationalId: newOwner.nationalId,
        from: day(newOwner.from),
        ...(newOwner.mobile.trim() === '' ? {} : { mobile: newOwner.mobile }),
      },
    }),
    ...(late.on && { lateEntry: { slip: late.slip, receivedAt: (lateDay && instantInTehran(lateDay, late.time)) ?? late.time } }),
    confirmations,
  };
}

/** Whether there is enough for a computation: a figure, or a balance without one, and a day of the calendar. */
export function isComputable(draft: Draft, today: CalendarDate): boolean {
  return (draft.source === 'none' || onlyDigits(draft.reading) !== '') && parseDay(draft.date, today) !== null;
}

const KEPT = 'tasvieh-draft/';

/** The draft of a person that a reload or a power cut left behind. */
export function keptDraft(user: string): Draft | null {
  const text = localStorage.getItem(KEPT + user);
  if (text === null) return null;
  try {
    const draft = JSON.parse(text) as Draft;
    // one of another version of the page is of no use
    return typeof draft.request === 'string' && typeof draft.late.on === 'boolean' && typeof draft.sent === 'boolean' ? draft : null;
  } catch {
    return null;
  }
}

export function keepDraft(user: string, draft: Draft | null): void {
  if (draft === null) localStorage.removeItem(KEPT + user);
  else localStorage.setItem(KEPT + user, JSON.stringify(draft));
}

/** At sign-out nothing of an applicant stays on the machine. */
export function forgetDrafts(user: string): void {
  localStorage.removeItem(KEPT + user);
}
