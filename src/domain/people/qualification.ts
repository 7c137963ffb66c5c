import { type Finding, finding } from '../settlement/finding.js';
import { type JalaliDate, addDays, todayInTehran } from '../calendar/jalali.js';
import type { Operator, Role, SettlementOrder } from '../settlement/settlement.js';

/** What the plan asks of who issues (SSS-PM-02, people): all three are required. */
export const QUALIFICATIONS = ['sevenSkills', 'billingSystem', 'secondCopy'] as const;
export type QualificationCode = (typeof QUALIFICATIONS)[number];

const NAMES: Record<QualificationCode, string> = {
  sevenSkills: 'مهارت‌های هفت‌گانه رایانه',
  billingSystem: 'سامانه صورتحساب',
  secondCopy: 'نرم‌افزار نسخه دوم',
};

/** A record of one qualification of a person, both days included; validTo null = open. */
export interface Qualification {
  code: QualificationCode;
  validFrom: JalaliDate;
  validTo: JalaliDate | null;
}

export interface MissingQualification {
  code: QualificationCode;
  /** its last day, when it has lapsed */
  lastDay: JalaliDate | null;
  /** its first day, when it is recorded for later */
  firstDay: JalaliDate | null;
}

export interface LapsingQualification {
  code: QualificationCode;
  lastDay: JalaliDate;
}

/** What is recorded of an operator, read at one moment. */
export interface OperatorStanding {
  /** whether the company has recorded anybody: before its first person an unknown operator is not checked */
  managed: boolean;
  /** null: this operator is not recorded */
  person: { active: boolean; roles: Role[]; office: string } | null;
  /** in the order of their recording */
  qualifications: Qualification[];
}

/**
 * Of the records of one code (in the order of their recording) the one that counts on a day: the last recorded of those
 * that have begun. So a renewal may be recorded ahead, and a withdrawal is a later record with an earlier last day.
 */
function counting(held: readonly Qualification[], code: QualificationCode, day: JalaliDate): Qualification | undefined {
  return held.findLast((each) => each.code === code && each.validFrom <= day);
}

function holds(held: readonly Qualification[], code: QualificationCode, day: JalaliDate): boolean {
  const record = counting(held, code, day);
  return record !== undefined && (record.validTo === null || record.validTo >= day);
}

/** The required qualifications that are not in force on the day. */
export function missingQualifications(held: readonly Qualification[], day: JalaliDate): MissingQualification[] {
  return QUALIFICATIONS.filter((code) => !holds(held, code, day)).map((code) => {
    const later = held.filter((each) => each.code === code && each.validFrom > day).map((each) => each.validFrom);
    return { code, lastDay: counting(held, code, day)?.validTo ?? null, firstDay: later.sort()[0] ?? null };
  });
}

/** Those in force on the day that end without a renewal at most `days` days later, 0 = with the day itself. */
export function lapsingQualifications(held: readonly Qualification[], day: JalaliDate, days: number): LapsingQualification[] {
  return QUALIFICATIONS.filter((code) => holds(held, code, day)).flatMap((code) => {
    for (let n = 0; n <= days; n++) {
      if (!holds(held, code, addDays(day, n + 1))) return [{ code, lastDay: addDays(day, n) }];
    }
    return [];
  });
}

/**
 * The day on which the clerk of an order must be qualified: the Tehran day of the request. Of a late entry it is the day
 * of the entry, since who enters the slip now is who issues; the slip may be another one's.
 */
export function qualifyingDay({ facts, receivedAt }: SettlementOrder, today: JalaliDate): JalaliDate {
  return facts.lateEntry ? today : todayInTehran(new Date(receivedAt));
}

/** Whether the operator may issue on the day (R3), and which qualification ends at most `warnDays` days later. */
export function checkOperator(
  operator: Operator,
  { managed, person, qualifications }: OperatorStanding,
  day: JalaliDate,
  warnDays: number,
): Finding[] {
  if (!person) {
    if (!managed) return [];
    return [
      finding(
        'OPERATOR_NOT_QUALIFIED',
        'clerk',
        `برای کاربر ${operator.id} صلاحیتی ثبت نشده است. از مدیر سامانه بخواهید شما و گواهی‌های آموزشتان را ثبت کند؛ تا آن زمان این تسویه را همکار دارای صلاحیت انجام دهد.`,
      ),
    ];
  }
  // a token outlives what it says: the person may have been disabled or moved while the API could not look
  if (!person.active || !person.roles.includes(operator.role) || person.office !== operator.office) {
    return [
      finding(
        'FORBIDDEN',
        'clerk',
        `کاربر ${operator.id} اکنون این نقش را در اداره ${operator.office} ندارد. دوباره وارد شوید یا از مدیر سامانه بپرسید.`,
      ),
    ];
  }
  const missing = missingQualifications(qualifications, day);
  if (missing.length > 0) {
    return [
      finding(
        'OPERATOR_NOT_QUALIFIED',
        'clerk',
        `در ${day} صلاحیت صدور تسویه ندارید: ${missing.map(described).join('، ')}. آموزش را بگذرانید یا تمدید کنید و گواهی آن را برای ثبت به مدیر سامانه بدهید؛ تا آن زمان این تسویه را همکار دارای صلاحیت انجام دهد.`,
      ),
    ];
  }
  const lapsing = lapsingQualifications(qualifications, day, warnDays);
  if (lapsing.length === 0) return [];
  const ends = lapsing.map(({ code, lastDay }) => `«${NAMES[code]}» (تا ${lastDay})`).join('، ');
  return [
    finding(
      'QUALIFICATION_LAPSES',
      'clerk',
      `این صلاحیت‌های شما به‌زودی پایان می‌یابد: ${ends}. پیش از آن تمدید کنید؛ پس از آن نمی‌توانید تسویه صادر کنید.`,
    ),
  ];
}

function described({ code, lastDay, firstDay }: MissingQualification): string {
  const why = firstDay ? `از ${firstDay} معتبر است` : lastDay ? `تا ${lastDay} معتبر بود` : 'ثبت نشده است';
  return `«${NAMES[code]}» (${why})`;
}
