import type { AccountSnapshot } from './account.js';
import { makeBillId } from '../bill/bill-id.js';
import { type Debt, type Fee, computeDebt } from '../bill/debt.js';
import { type Finding, type Override, finding, overridden } from './finding.js';
import { staleFeeds, staleFinding } from './freshness.js';
import { type JalaliDate, addDays, startOfDayInTehran } from '../calendar/jalali.js';
import { type Usage, checkReading, meterOn } from './reading.js';
import { serviceTermsOn } from './service-terms.js';
import type { AccountView, SettlementFacts, SettlementOrder } from './settlement.js';
import { type Tariff, gasIntervals, holdsOn, isProvisional, tariffOn } from '../tariff/tariff.js';

/** Whether the account may be settled by this operator at all; one of another office gets the same answer as one that does not exist. */
export function checkAccount(order: SettlementOrder, snapshot: AccountSnapshot | null): Finding[] {
  const { facts, clerk } = order;
  if (snapshot && (snapshot.account.office === clerk.office || clerk.role === 'admin')) return [];
  return [
    finding(
      'ACCOUNT_NOT_FOUND',
      'subscription',
      `اشتراک ${facts.subscription} در اطلاعات صورتحساب ادارهٔ شما نیست. شماره را با قبض مشتری مقایسه کنید؛ اگر درست است، مشترک به ادارهٔ خود برود.`,
    ),
  ];
}

/** A slip's time is the start of the five minutes and the day of the records: one that is absurdly old is a slip of the pen (R1). */
export function checkSlip({ facts: { lateEntry }, receivedAt }: SettlementOrder, tariffs: readonly Tariff[], today: JalaliDate): Finding[] {
  if (!lateEntry) return [];
  const earliest = addDays(today, -serviceTermsOn(tariffs, today).lateEntryWithinDays);
  if (Date.parse(receivedAt) >= Date.parse(startOfDayInTehran(earliest))) return [];
  return [
    finding(
      'LATE_ENTRY_TOO_OLD',
      'lateEntry.receivedAt',
      `زمان برگهٔ کاغذی پیش از ${earliest} است و دیگر ثبت نمی‌شود. تاریخ را از روی برگه دوباره بنویسید؛ اگر درست است، درخواست تازه‌ای باز کنید.`,
    ),
  ];
}

/** The documents that the data of the settlement date asks of this applicant, all that are missing in one finding. */
export function checkDocuments(
  { settlementDate, purpose, applicant, newSubscriber, documents }: SettlementFacts,
  tariffs: readonly Tariff[],
): Finding[] {
  const tariff = tariffOn(tariffs, settlementDate);
  if (!tariff?.requiredDocuments) return [];
  const purposes = newSubscriber ? [purpose, 'nameChange' as const] : [purpose];
  const missing = tariff.requiredDocuments
    .filter((rule) => holdsOn(tariff, rule, settlementDate))
    .filter((rule) => (rule.applicants?.includes(applicant.kind) ?? true) && rule.purposes.some((each) => purposes.includes(each)))
    .filter((rule) => !rule.anyOf.some(({ code }) => documents.includes(code)))
    .map((rule) => rule.anyOf.map(({ name }) => name).join(' یا '));
  if (missing.length === 0) return [];
  const names = [...new Set(missing)].join('، ');
  return [finding('DOCUMENT_MISSING', 'documents', `این مدارک ارائه نشده است: ${names}. مدارک را از متقاضی بگیرید و در درخواست ثبت کنید.`)];
}

export interface Assessment {
  /** null when nothing can be computed: no account of this office, an impossible reading, no tariff */
  debt: Debt | null;
  /** everything that is found, with what a supervisor accepted; `blocking` says which of it stands in the way */
  findings: Finding[];
}

/**
 * The debt of an order on the ledger and everything that is found on the way: account, reading, documents, age of the data,
 * fee, tariff. The same for the preview, the announcement and a correction. `readOn`: the day on which the ledger was read,
 * for the age of its data; `askedBy`: whose own acceptance of a finding does not count.
 */
export function assess(
  order: SettlementOrder,
  ledger: AccountSnapshot | null,
  tariffs: readonly Tariff[],
  fee: Fee | null,
  today: JalaliDate,
  overrides: readonly Override[],
  { readOn = today, askedBy = order.clerk.id }: { readOn?: JalaliDate; askedBy?: string } = {},
): Assessment {
  const { facts } = order;
  const account = checkAccount(order, ledger);
  if (!ledger || account.length > 0) return { debt: null, findings: account };
  const { usage, findings } = checkReading(ledger, facts, tariffs, today);
  findings.push(...checkDocuments(facts, tariffs));
  const stale = staleFinding(staleFeeds(ledger.feeds, serviceTermsOn(tariffs, readOn), readOn));
  if (stale) findings.push(stale);
  const debt = usage && debtOf(order, ledger, usage, tariffs, fee, findings);
  return { debt, findings: overridden(findings, overrides, askedBy) };
}

/** Adds what is found to `findings`; null when a day has no tariff. */
function debtOf(
  { facts }: SettlementOrder,
  snapshot: AccountSnapshot,
  usage: Usage,
  tariffs: readonly Tariff[],
  fee: Fee | null,
  findings: Finding[],
): Debt | null {
  if (!fee) {
    findings.push(
      finding('NO_FEE_RESOLUTION', 'settlementDate', 'برای این تاریخ مصوبه هیأت مدیره ثبت نشده است؛ هزینه صدور در صورتحساب بعدی نمی‌آید.'),
    );
  }
  const debt = computeDebt({ snapshot, facts, usage, tariffs, fee });
  if ('noTariffOn' in debt) {
    findings.push(
      finding(
        'NO_TARIFF',
        'settlementDate',
        `برای ${debt.noTariffOn} و این نوع مصرف تعرفه‌ای منتشر نشده است. انتشار تعرفه را پیگیری کنید یا مانده دفتر را اعلام کنید.`,
      ),
    );
    return null;
  }
  const intervals = gasIntervals(tariffs, usage.previous.on, usage.days > 0 ? facts.settlementDate : usage.previous.on);
  const provisional = Array.isArray(intervals) ? intervals.find(isProvisional) : undefined;
  if (provisional) {
    findings.push(
      finding(
        'PROVISIONAL_TARIFF',
        'settlementDate',
        `برای ${provisional.to} هنوز تعرفه‌ای منتشر نشده است؛ «${provisional.tariff.title}» موقتاً به کار رفت و صورتحساب علی‌الحساب است.`,
      ),
    );
  }
  return debt;
}

/** The account as it is printed on the bill. */
export function accountView({ account, meters }: AccountSnapshot, settlementDate: JalaliDate): AccountView {
  const meter = meterOn(meters, settlementDate);
  return {
    subscription: account.subscription,
    name: account.name,
    address: account.address,
    postalCode: account.postalCode,
    office: account.office,
    series: account.series,
    use: account.use,
    climate: account.climate,
    area: account.area,
    units: account.units,
    file: account.file,
    company: account.company,
    billId: makeBillId({ file: account.file, company: account.company }),
    meter: meter ? { serial: meter.serial, digits: meter.digits, capacity: meter.capacity, coefficient: meter.coefficient } : null,
  };
}
