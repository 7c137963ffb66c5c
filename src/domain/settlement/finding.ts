/** What a check found. Errors stop a settlement; the others are answered, each in its own way. */
export type Severity = 'error' | 'confirm' | 'override' | 'info';

export interface Finding {
  code: FindingCode;
  severity: Severity;
  /** the request's field it concerns, dotted */
  field: string;
  /** English, for the problem's title and logs */
  title: string;
  /** Persian, for the clerk: both figures and dates, and what to do next */
  message: string;
  /** of an override finding: the supervisor who accepted it, and why */
  override?: Override | undefined;
}

/** A supervisor's acceptance of a finding of one settlement id, for the figure that was refused; null: for any. */
export interface Override {
  code: string;
  reason: string;
  by: { id: string; name: string };
  at: string;
  reading: number | null;
}

/** The clerk's or supervisor's answer to a finding that may be passed with a reason. */
export interface Confirmation {
  code: string;
  reason: string;
}

const CODES = {
  READING_BELOW_PREVIOUS: ['error', 'The reading is below the previous one'],
  METERS_OVERLAP: ['error', 'Two meters are on record as in place at once'],
  READING_BELOW_ESTIMATE: ['error', 'The reading is below the estimated previous one'],
  READING_TOO_MANY_DIGITS: ['error', 'The reading has more digits than the meter'],
  READING_DATE_IN_FUTURE: ['error', 'The settlement date is in the future'],
  READING_DATE_BEFORE_LAST: ['error', 'The settlement date is before the last reading'],
  READING_CHANGED_ON_SAME_DAY: ['error', 'Another reading stands for the same day'],
  READING_REQUIRED: ['error', 'A reading is required'],
  ABOVE_METER_CAPACITY: ['error', 'The consumption is above what the meter can pass'],
  ACCOUNT_NOT_FOUND: ['error', 'No such subscription'],
  ACCOUNT_CLOSED: ['error', 'The account is closed'],
  NO_USE_READING_CHANGED: ['error', 'The reading has changed although the gas was not used'],
  METER_NOT_READ: ['error', 'The counter could not be read'],
  METER_REVERSED: ['error', 'The meter runs backwards'],
  METER_BROKEN: ['error', 'The meter is broken'],
  METER_UNKNOWN: ['error', 'No meter is recorded for the account'],
  NO_TARIFF: ['error', 'No tariff is published for the period'],
  DOCUMENT_MISSING: ['error', 'A required document is missing'],
  NATIONAL_ID_INVALID: ['error', 'The national id is not valid'],
  MOBILE_INVALID: ['error', 'The mobile number is not valid'],
  LATE_ENTRY_TOO_OLD: ['error', 'The time on the paper slip is too long ago'],
  RECEIPT_INVALID: ['error', 'The receipt does not belong to this request'],
  OPERATOR_NOT_QUALIFIED: ['error', 'The operator is not qualified'],
  PAYMENT_PERIODS_EXHAUSTED: ['error', 'No payment id is left for this subscriber and year'],
  SETTLEMENT_EXISTS: ['error', 'A settlement with other facts exists'],
  FORBIDDEN: ['error', 'Not allowed'],
  HIGH_CONSUMPTION: ['confirm', 'Unusually high consumption'],
  LOW_CONSUMPTION: ['confirm', 'Unusually low consumption'],
  ZERO_CONSUMPTION: ['confirm', 'No consumption'],
  ROLLOVER: ['confirm', 'The counter has rolled over'],
  STALE_FEED: ['confirm', 'The fed data is old'],
  OUTSIDE_OUTER_BAND: ['override', 'The consumption is outside the outer band'],
  METER_REPLACED: ['info', 'The meter was replaced in the period'],
  ESTIMATED_LAST_READING: ['info', 'The last reading was estimated'],
  PROVISIONAL_TARIFF: ['info', 'A provisional tariff was used'],
  NO_FEE_RESOLUTION: ['info', 'No fee resolution is in force'],
  QUALIFICATION_LAPSES: ['info', 'A qualification of the operator lapses soon'],
} as const satisfies Record<string, readonly [Severity, string]>;

export type FindingCode = keyof typeof CODES;

/** A finding of `code` on `field` with its Persian message. */
export function finding(code: FindingCode, field: string, message: string): Finding {
  const [severity, title] = CODES[code];
  return { code, severity, field, title, message };
}

/** Whether a supervisor may accept the finding. */
export function isOverridable(code: string): boolean {
  return isFindingCode(code) && CODES[code][0] === 'override';
}

export function isFindingCode(code: string): code is FindingCode {
  return Object.hasOwn(CODES, code);
}

/** The findings of a request with the overrides beside those they accept; nobody accepts a finding of the own request. */
export function overridden(findings: readonly Finding[], overrides: readonly Override[], requestedBy: string): Finding[] {
  return findings.map((each) => {
    const override =
      each.severity === 'override' ? overrides.find(({ code, by }) => code === each.code && by.id !== requestedBy) : undefined;
    return override ? { ...each, override } : each;
  });
}

/** Of the findings those that stand in the way: errors, and what has not been confirmed or overridden with a reason. */
export function blocking(findings: readonly Finding[], confirmations: readonly Confirmation[]): Finding[] {
  const answered = new Set(
    confirmations.filter((confirmation) => confirmation.reason.trim() !== '').map((confirmation) => confirmation.code),
  );
  return findings.filter(
    ({ severity, code, override }) =>
      severity === 'error' || (severity === 'override' && !override) || (severity === 'confirm' && !answered.has(code)),
  );
}
