import { FEED_KINDS, type FeedKind, type FeedState } from './account.js';
import { type Finding, finding } from './finding.js';
import { type JalaliDate, daysBetween } from '../calendar/jalali.js';
import type { ServiceTerms } from './service-terms.js';

/** A feed whose data is older than the company allows (plan, R2). */
export interface StaleFeed {
  kind: FeedKind;
  /** the day up to which its data speaks; null: it never came */
  asOf: JalaliDate | null;
  /** age in days */
  days: number | null;
}

const NAMES: Record<FeedKind, string> = {
  accounts: 'مشترکین',
  meters: 'کنتورها',
  bills: 'صورتحساب‌ها',
  payments: 'پرداخت‌ها',
  adjustments: 'اصلاح‌های حساب',
  instalments: 'اقساط',
  deposits: 'ودیعه‌ها',
  cycles: 'جدول زمان‌بندی',
};

/**
 * The feeds that are stale on `day`: as-of dates older than the terms allow. A kind without terms is never stale. Of
 * feeds that never came only the bills count: a company may have no instalments, but not no bills.
 */
export function staleFeeds(
  feeds: readonly FeedState[],
  { staleAfterDays }: Pick<ServiceTerms, 'staleAfterDays'>,
  day: JalaliDate,
): StaleFeed[] {
  return FEED_KINDS.flatMap((kind): StaleFeed[] => {
    const allowed = staleAfterDays[kind];
    if (allowed === undefined) return [];
    const feed = feeds.find((each) => each.kind === kind);
    if (!feed) return kind === 'bills' ? [{ kind, asOf: null, days: null }] : [];
    const days = daysBetween(feed.asOf, day);
    return days > allowed ? [{ kind, asOf: feed.asOf, days }] : [];
  });
}

/** One finding of all stale feeds that a debt rests on, to be confirmed with a reason; null when all are fresh. */
export function staleFinding(stale: readonly StaleFeed[]): Finding | null {
  // the timetable tells when a posting is due, not what is owed
  const feeds = stale.filter(({ kind }) => kind !== 'cycles');
  if (feeds.length === 0) return null;
  return finding(
    'STALE_FEED',
    'subscription',
    `این داده‌ها به‌روز نیست: ${feeds.map(staleText).join('، ')}. پرداخت یا قبض تازه ممکن است در مانده نیامده باشد. داده تازه را از واحد صورتحساب بخواهید، یا آخرین قبض و رسیدهای متقاضی را ببینید و با دلیل تأیید کنید.`,
  );
}

/** `پرداخت‌ها تا 1405/08/01 (34 روز پیش)` */
export function staleText({ kind, asOf, days }: StaleFeed): string {
  return asOf === null ? `${NAMES[kind]} هنوز دریافت نشده` : `${NAMES[kind]} تا ${asOf} (${days} روز پیش)`;
}
