import { z } from 'zod';
import { FEED_KINDS } from '../domain/settlement/account.js';
import { normalId } from '../domain/bill/bill-id.js';
import { CORRECTION_CAUSES, CORRECTION_KINDS } from '../domain/correction/correction.js';
import { ACTION_SCOPES, ACTION_STATUSES } from '../domain/correction/corrective-action.js';
import { isFindingCode, isOverridable } from '../domain/settlement/finding.js';
import { INDICATOR_GROUPS } from '../domain/quality/indicators.js';
import { parseJalali, parseMonth } from '../domain/calendar/jalali.js';
import { mobile, nationalId, userName } from '../domain/people/person.js';
import { QUALIFICATIONS } from '../domain/people/qualification.js';
import { METER_STATES } from '../domain/settlement/reading.js';
import { ROLES, STEP_NAMES } from '../domain/settlement/settlement.js';
import { OPEN_STATUSES } from '../domain/outbox/outbox.js';
import { PURPOSES_WITH_DOCUMENTS } from '../domain/tariff/tariff.js';
import { HALTS } from '../domain/settlement/halt.js';
import { TASK_KINDS } from '../domain/settlement/task.js';
import { parseDayOff } from '../domain/tariff/terms-change.js';
import { cleanText, latinDigits, wholeNumber, nameLettersLost } from '../domain/text.js';
import { WEEKDAYS } from '../domain/calendar/working-calendar.js';
import { PROBLEM_CODES } from './problems.js';

/**
 * Every shape that enters or leaves the API. The same schemas validate requests, are checked against the answers in
 * the contract test, and make the OpenAPI document.
 */

// ---- what comes in -------------------------------------------------------------------------------------------------

/** A schema whose output is `read(input)`; null is the finding `code` with its Persian message. */
function coded<T>(schema: z.ZodString, code: string, message: string, read: (text: string) => T | null) {
  return schema.transform((text, context): T => {
    const value = read(text);
    if (value !== null) return value;
    context.issues.push({ code: 'custom', message, input: text, params: { code } });
    return z.NEVER;
  });
}

/** An id as somebody else made it: any letters, but nothing that does not show (the joiners are spelling). */
const SHOWN = '(?:[^\\s/\\p{Cc}\\p{Cf}\\p{Cs}]|[\\u200c\\u200d])';

/** Control characters and lone surrogates: a database cannot store them and no name holds them. */
function isPlain(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u.test(text);
}

/** What cleanText takes out; white space and the joiners stay. */
const INVISIBLE = /(?![\t-\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/u;

/** Every text of a JSON value, names of fields included, with where it is. */
function* textsWithin(value: unknown, path: PropertyKey[] = []): Generator<[PropertyKey[], string]> {
  if (typeof value === 'string') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    yield [[...path, name], name];
    yield* textsWithin(child, [...path, name]);
  }
}

function text(max: number, min = 1) {
  return coded(
    z.string().max(max),
    'TEXT_INVALID',
    min > 1 ? `متن درست نیست. دست‌کم ${min} نویسهٔ خوانا بنویسید.` : 'متن خالی است یا نویسهٔ نادرست دارد. آن را دوباره بنویسید.',
    (typed) => {
      if (!isPlain(typed)) return null;
      const clean = cleanText(typed);
      return clean.length < min ? null : clean;
    },
  );
}

const subscription = coded(
  z
    .string()
    .max(40)
    .meta({ description: 'شمارهٔ اشتراک، 12 digits of any of the three scripts', examples: ['014123456701'] }),
  'SUBSCRIPTION_INVALID',
  'شمارهٔ اشتراک ۱۲ رقم است. آن را از روی قبض بنویسید.',
  (typed) => {
    const digits = latinDigits(typed).replace(/[\s-]/g, '');
    return /^[0-9]{12}$/.test(digits) ? digits : null;
  },
);

const date = coded(
  z
    .string()
    .max(20)
    .meta({ description: 'Jalali date, digits of any of the three scripts', examples: ['1405/09/04'] }),
  'DATE_INVALID',
  'تاریخ درست نیست. آن را به شمسی و به شکل ۱۴۰۵/۰۹/۰۴ بنویسید.',
  parseJalali,
);

const instant = coded(
  z
    .string()
    .max(40)
    .meta({ format: 'date-time', description: 'ISO 8601 with its offset', examples: ['2026-11-25T06:30:00Z'] }),
  'INSTANT_INVALID',
  'زمان درست نیست. آن را به شکل ISO 8601 با اختلاف ساعت بنویسید، مانند 2026-11-25T10:00:00+03:30.',
  (typed) => {
    const latin = latinDigits(typed.trim());
    if (!z.iso.datetime({ offset: true }).safeParse(latin).success) return null;
    return new Date(latin).toISOString();
  },
);

const nationalIdOf = coded(
  z
    .string()
    .max(40)
    .meta({ description: 'کد ملی, 10 digits', examples: ['0932833810'] }),
  'NATIONAL_ID_INVALID',
  'کد ملی درست نیست. ده رقم آن را از روی کارت ملی دوباره وارد کنید.',
  nationalId,
);

const mobileOf = coded(
  z
    .string()
    .max(40)
    .meta({ description: 'mobile number', examples: ['09121234567'] }),
  'MOBILE_INVALID',
  'شمارهٔ همراه درست نیست. آن را به شکل ۰۹۱۲۱۲۳۴۵۶۷ وارد کنید.',
  mobile,
);

/** Whole m³ as a number or as typed digits. */
const reading = z
  .union([z.number(), z.string()])
  .nullable()
  .optional()
  .meta({ description: 'رقم کنتور: whole m³, number or digits; absent or null only with readingSource none', examples: [1234] })
  .transform((typed, context): number | null => {
    if (typed === null || typed === undefined) return null;
    const figure = typeof typed === 'number' ? typed : typed.length <= 30 ? wholeNumber(typed.trim()) : null;
    if (figure !== null && Number.isSafeInteger(figure) && figure >= 0) return figure;
    context.issues.push({
      code: 'custom',
      message: 'رقم کنتور باید عدد صحیح و بدون علامت باشد. رقم‌های سیاه کنتور را بنویسید.',
      input: typed,
      params: { code: 'READING_INVALID' },
    });
    return z.NEVER;
  });

export const READING_SOURCES = ['declared', 'staff', 'estimated', 'none'] as const;
export const PURPOSES = ['balance', 'final'] as const;
export const STATUSES = ['received', 'announced', 'delivered', 'handedOver', 'settled', 'rejected', 'cancelled'] as const;
/** A person's name: one whose letters were lost on the way is not printed. */
const name = text(120, 2).refine((clean) => !nameLettersLost(clean), {
  params: { code: 'LETTERS_LOST' },
  error: 'حروفی از این نام از دست رفته است. نام را دوباره از روی مدرک بنویسید.',
});
const reason = text(500, 3);

export const settlementRequest = z.strictObject({
  request: z.string().min(1).max(2_000).optional().meta({ description: 'the signed receipt of POST /requests' }),
  subscription,
  settlementDate: date,
  reading,
  readingSource: z.enum(READING_SOURCES),
  meterState: z.enum(METER_STATES).optional().meta({ description: 'what was found of the counter; normal when absent' }),
  purpose: z.enum(PURPOSES),
  applicant: z.strictObject({
    kind: z.enum(['owner', 'tenant']),
    name,
    nationalId: nationalIdOf,
    mobile: mobileOf.optional(),
  }),
  documents: z.array(text(60)).max(30).meta({ description: 'codes of the documents that were shown' }),
  newSubscriber: z.strictObject({ name, nationalId: nationalIdOf, mobile: mobileOf.optional(), from: date }).optional(),
  lateEntry: z
    .strictObject({ slip: text(40), receivedAt: instant })
    .optional()
    .meta({ description: 'a paper slip entered later; its time counts as the receipt' }),
  confirmations: z
    .array(
      z.strictObject({
        code: coded(
          z.string().max(60),
          'FINDING_UNKNOWN',
          'این کد هشدار شناخته نیست. کد را همان‌گونه که در پیش‌نمایش آمده است بنویسید.',
          (code) => (isFindingCode(code) ? code : null),
        ),
        reason,
      }),
    )
    .max(20)
    .optional(),
});
export type SettlementRequest = z.output<typeof settlementRequest>;

const notYet = (text: string | undefined): string => text ?? '';
/** As the form is typed: what the figure comes to does not wait for the applicant's name and id. */
export const previewRequest = settlementRequest.extend({
  applicant: settlementRequest.shape.applicant.extend({
    name: name.optional().transform(notYet),
    nationalId: nationalIdOf.optional().transform(notYet),
  }),
});

export const receiptRequest = z.strictObject({ subscription });

export const CHANNELS = ['counter', 'mobile', 'post', 'other'] as const;
export const deliveryRequest = z.strictObject({ deliveredTo: name, channel: z.enum(CHANNELS) });

export const overrideRequest = z.strictObject({
  code: coded(
    z
      .string()
      .max(60)
      .meta({ description: 'a finding of severity override', examples: ['OUTSIDE_OUTER_BAND'] }),
    'NOT_OVERRIDABLE',
    'این یافته را سرپرست نمی‌تواند بپذیرد. خطا باید برطرف شود و هشدار را متصدی با دلیل تأیید می‌کند.',
    (typed) => (isOverridable(typed) ? typed : null),
  ),
  reason,
  reading: reading.meta({ description: 'the figure that is accepted; absent: the one that was refused, or any when none was refused yet' }),
});

const taskIdOf = z
  .string()
  .max(120)
  .regex(new RegExp(`^[A-Za-z]+[.]${SHOWN}+$`, 'u'))
  .meta({ examples: ['deliver.014123456701-14050904'] });
const assignment = {
  to: text(60).nullable().meta({ description: 'the id of the person who gets it; null: back to whoever of the role sees it first' }),
  reason: reason.optional(),
};
export const assignmentRequest = z.strictObject(assignment);
export const manyAssignmentRequest = z.strictObject({ tasks: z.array(taskIdOf).min(1).max(500), ...assignment });
export const closureRequest = z.strictObject({ note: reason });
export const errorReport = z.strictObject({
  kind: z.enum(CORRECTION_KINDS),
  cause: z.enum(CORRECTION_CAUSES),
  description: text(1000, 3),
  referTo: z
    .strictObject({ role: z.enum(['clerk', 'supervisor', 'billing']), user: text(60).optional() })
    .optional()
    .meta({ description: 'who is to correct it; absent: the clerk who issued, or the supervisor when data was wrong' }),
  eventId: text(60).optional().meta({
    description: 'the id of this report, made by its sender: sent again with it, the same correction is answered and none is added',
  }),
});
const { settlementDate, readingSource, meterState, purpose, applicant, documents, confirmations } = settlementRequest.shape;
export const correctionSubmission = z.strictObject({
  settlementDate: settlementDate.optional(),
  reading: reading.optional(),
  readingSource: readingSource.optional(),
  meterState,
  purpose: purpose.optional(),
  applicant: applicant.optional(),
  documents: documents.optional(),
  newSubscriber: settlementRequest.shape.newSubscriber.nullable().meta({ description: 'null: no name change after all' }),
  confirmations,
  basis: z
    .enum(['first', 'now'])
    .optional()
    .meta({ description: 'first (when absent): what the bill was computed from; now: ledger and tariffs of today, when those were wrong' }),
});
export const correctionWithdrawal = z.strictObject({ note: text(500, 3) });
export const correctionDecision = z.strictObject({ accepted: z.boolean(), note: text(500).optional() });
export const cancellationRequest = z.strictObject({ reason });
export const refundRequest = z.strictObject({ reason });
/** One call is one of two acts, each with its fields, all of them. */
function oneAct(first: readonly string[], second: readonly string[], messages: { both: string; missing: string }) {
  return ({ value, issues }: z.core.ParsePayload<Record<string, unknown>>): void => {
    const given = (field: string): boolean => value[field] !== undefined;
    if (first.some(given) && second.some(given))
      issues.push({ code: 'custom', input: value, path: [], message: messages.both, params: { code: 'TWO_ACTS' } });
    else
      for (const field of second.some(given) ? second : first)
        if (!given(field))
          issues.push({ code: 'custom', input: value, path: [field], message: messages.missing, params: { code: 'REQUIRED' } });
  };
}
export const meetingRequest = z
  .strictObject({
    on: date.optional().meta({ description: 'the day of the meeting that is called, or called again; with participants' }),
    participants: z.array(text(120, 2)).min(1).max(50).optional(),
    minutes: text(10_000, 3).optional().meta({ description: 'of the meeting that was held; with cause' }),
    cause: text(2_000, 3).optional().meta({ description: 'why the errors repeat' }),
  })
  .check(
    oneAct(['on', 'participants'], ['minutes', 'cause'], {
      both: 'فراخوان جلسه و صورت‌جلسهٔ آن دو کار جداست. آن‌ها را جدا بفرستید.',
      missing: 'این فیلد لازم است. برای فراخوان، تاریخ و شرکت‌کنندگان، و پس از جلسه، صورت‌جلسه و علت را با هم بنویسید.',
    }),
  );
export const actionRequest = z
  .strictObject({
    what: text(2_000, 3).optional().meta({ description: 'what is to be done; with owner and dueOn' }),
    owner: coded(
      z.string().max(60),
      'USER_INVALID',
      'نام کاربری مسئول اقدام درست نیست. آن را از فهرست کاربران بردارید.',
      userName,
    ).optional(),
    dueOn: date.optional(),
    done: text(2_000, 3).optional().meta({ description: 'it was done: how' }),
  })
  .check(
    oneAct(['what', 'owner', 'dueOn'], ['done'], {
      both: 'تعیین اقدام و انجام آن دو کار جداست. آن‌ها را جدا بفرستید.',
      missing: 'این فیلد لازم است. اقدام، مسئول و مهلت آن را با هم بنویسید.',
    }),
  );
export const effectRequest = z.strictObject({ effective: z.boolean(), note: text(2_000, 3) });
export const actionClosure = z.strictObject({
  outcome: z
    .enum(['effective', 'unfounded'])
    .meta({ description: 'unfounded: before an action was decided it turned out that there was nothing to correct' }),
  report: text(10_000, 3),
});
export const correctiveActionRequest = z
  .strictObject({
    scope: z.enum(ACTION_SCOPES),
    subject: text(200).meta({ description: 'the settlement, user name of the clerk, cause or office; for `other` what it is about' }),
    office: text(60).optional().meta({ description: 'absent: the whole company' }),
    reason,
  })
  .check(({ value, issues }) => {
    if (value.scope === 'cause' && !(CORRECTION_CAUSES as readonly string[]).includes(value.subject)) {
      issues.push({
        code: 'custom',
        input: value,
        path: ['subject'],
        message: `علت شناخته نیست. یکی از این‌ها را بنویسید: ${CORRECTION_CAUSES.join('، ')}.`,
        params: { code: 'INVALID_VALUE' },
      });
    }
  });
export const nothing = z.strictObject({});
export const successorRequest = z.strictObject({ reason, ...settlementRequest.shape });

const eventId = coded(
  z
    .string()
    .max(100)
    .meta({ description: 'chosen by the sender, the same for a repeat', examples: ['opening-12-1405-05'] }),
  'EVENT_ID_INVALID',
  'شناسهٔ رویداد حرف، رقم و نشانه‌های . _ : / - است و خالی نیست.',
  (typed) => (/^[\w.:/-]{1,100}$/.test(typed) ? typed : null),
);
/** As the payments feed reads it: one reference is one payment, whichever way it came. */
function reference(max: number) {
  return text(max).transform(latinDigits);
}

export const paymentRequest = z.strictObject({
  eventId,
  subscription,
  paymentId: coded(
    z
      .string()
      .max(40)
      .meta({ description: 'شناسهٔ پرداخت, 6 to 13 digits', examples: ['119050154'] }),
    'PAYMENT_ID_INVALID',
    'شناسهٔ پرداخت ۶ تا ۱۳ رقم است. آن را از روی برگهٔ پرداخت بنویسید.',
    normalId,
  ),
  amount: z.int().min(1).meta({ description: 'rial; need not be the slip’s' }),
  paidOn: date,
  reference: reference(60).meta({ description: 'billing’s name of the payment, the same as in its payments feed' }),
});

export const openingRequest = z.strictObject({
  eventId,
  closesOn: date.meta({ description: 'last day for postings, as the timetable has it' }),
});

const outcome = z
  .strictObject({
    posting: z.string().min(1).max(80),
    outcome: z.enum(['taken', 'refused', 'retracted']),
    billSerial: text(60).optional().meta({ description: 'with taken: the bill that it came in' }),
    nameOnBill: text(200).optional().meta({ description: 'with taken: the name printed on that bill' }),
    reason: text(500).optional().meta({ description: 'with refused' }),
  })
  .superRefine((item, context) => {
    const needs = (field: 'billSerial' | 'nameOnBill' | 'reason', why: string): void => {
      if (item[field] !== undefined) return;
      context.addIssue({ code: 'custom', path: [field], input: item, message: why, params: { code: 'REQUIRED' } });
    };
    if (item.outcome === 'taken') needs('billSerial', 'سریال قبضی که این قلم در آن آمد لازم است.');
    if (item.outcome === 'taken' && item.posting.includes('/nameChange')) needs('nameOnBill', 'نامی که روی قبض چاپ شد لازم است.');
    if (item.outcome === 'refused') needs('reason', 'دلیل رد لازم است.');
  });
export const acknowledgementRequest = z
  .strictObject({
    eventId,
    batch: z.int().min(1),
    count: z.int().min(0).meta({ description: 'control total: postings in the batch' }),
    sum: z.int().meta({ description: 'control total: sum of the batch, rial' }),
    items: z.array(outcome).min(1).max(5000).meta({ description: 'each posting once' }),
  })
  .superRefine(({ items }, context) => {
    const seen = new Set<string>();
    items.forEach(({ posting }, i) => {
      if (seen.has(posting)) {
        context.addIssue({
          code: 'custom',
          path: ['items', i, 'posting'],
          input: posting,
          message: 'این قلم پیش‌تر در همین تأیید آمده است. هر قلم را یک بار بنویسید.',
          params: { code: 'REPEATED' },
        });
      }
      seen.add(posting);
    });
  });

const user = coded(
  z
    .string()
    .max(60)
    .meta({
      description: 'user name: 2 to 40 Latin letters, digits, dot, dash and underscore; capitals count as small',
      examples: ['m.rezaei'],
    }),
  'USER_INVALID',
  'نام کاربری ۲ تا ۴۰ نویسه از حروف لاتین، رقم، نقطه و خط تیره است و با حرف یا رقم آغاز می‌شود. آن را بررسی کنید.',
  userName,
);
// as typed: what counts of it is domain/password's to say
const password = z.string().min(1).max(200);

export const signInRequest = z.strictObject({
  user,
  password,
  role: z.enum(ROLES).optional().meta({ description: 'one of the person’s; the first when absent' }),
});

export const signOnQuery = z.strictObject({ role: signInRequest.shape.role });

export const passwordRequest = z.strictObject({ current: password, next: password.meta({ description: 'at least 10 characters' }) });

const roles = z
  .array(z.enum(ROLES))
  .min(1)
  .max(ROLES.length)
  .meta({ description: 'the first is taken when a sign-in names none' })
  .transform((given) => [...new Set(given)]);

export const personRequest = z.strictObject({ id: user, name, office: text(60), roles });
export const personChange = z.strictObject({
  name: name.optional(),
  office: text(60).optional(),
  roles: roles.optional(),
  active: z.boolean().optional(),
});

export const qualificationRequest = z.strictObject({
  code: z.enum(QUALIFICATIONS),
  validFrom: date.meta({ description: 'first day' }),
  validTo: date.nullable().optional().meta({ description: 'last day; absent or null: open' }),
  certificate: text(120).nullable().optional().meta({ description: 'number or place of the certificate' }),
});

const tariffDocument = z
  .record(z.string(), z.unknown())
  .meta({ description: 'a tariff document (docs/tariffs.md)' })
  // its texts are printed on bills as they are
  .check(({ value, issues }) => {
    for (const [path, each] of textsWithin(value)) {
      if (!isPlain(each) || INVISIBLE.test(each))
        issues.push({
          code: 'custom',
          input: each,
          path,
          message: 'این متن نویسهٔ ناپیدا دارد. آن را دوباره بنویسید.',
          params: { code: 'TEXT_INVALID' },
        });
    }
  });
const meant = z.boolean().optional().meta({ description: 'true: figures that look ten times off are meant so' });
export const tariffCheckRequest = z.strictObject({
  document: tariffDocument,
  against: text(80).optional().meta({ description: 'version to compare with; the one before it when absent' }),
});
export const tariffRequest = z.strictObject({ document: tariffDocument, meant });
/** Deadlines and thresholds that are set anew; what cannot be is told by the check of the tariff. */
const termsShape = {
  staleAfterDays: z
    .partialRecord(z.enum(FEED_KINDS), z.int())
    .meta({ description: 'days; it stands whole: a feed that is not in it is never stale' }),
  remindDaysBeforeClosing: z.array(z.int()).max(20).meta({ description: 'the earliest first; empty: none' }),
  escalateAfterHours: z.int(),
  qualificationWarnDays: z.int(),
  outageAfterMinutes: z.int(),
  lateEntryWithinDays: z.int(),
};
const correctionTerms = z.strictObject({ dueHours: z.int(), remindHours: z.int(), approvalAbove: z.int().meta({ description: 'rial' }) });
const actionTerms = z.strictObject({
  perSettlement: z.int(),
  perClerk: z.int(),
  perCause: z.int(),
  perOffice: z.int(),
  effectAfterDays: z.int(),
  meetingDueDays: z.int(),
});
const clockTime = coded(
  z
    .string()
    .max(20)
    .meta({ description: 'time of the day', examples: ['07:30'] }),
  'TIME_INVALID',
  'ساعت را مانند ۰۷:۳۰ بنویسید.',
  (typed) => {
    const [, hours = '', minutes = ''] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(latinDigits(typed).trim()) ?? [];
    return hours === '' ? null : `${hours.padStart(2, '0')}:${minutes}`;
  },
);
const openingHours = z.strictObject({
  days: z.array(z.enum(WEEKDAYS)).min(1).max(7).optional().meta({ description: 'absent: every weekday' }),
  from: clockTime,
  to: clockTime,
});
const dayOff = coded(
  z
    .string()
    .max(20)
    .meta({ description: 'a weekday, a day of every year or one date', examples: ['friday'] }),
  'DAY_OFF_INVALID',
  'روز تعطیل یک روز هفته (friday)، روزی از هر سال (۰۱/۱۳) یا یک تاریخ (۱۴۰۵/۰۱/۲۱) است.',
  parseDayOff,
);
const documentCode = coded(
  z
    .string()
    .max(60)
    .meta({ description: 'as requests name it', examples: ['NATIONAL_CARD'] }),
  'DOCUMENT_CODE_INVALID',
  'کد مدرک با حرف لاتین آغاز می‌شود و تنها حرف، رقم و خط زیر دارد، مانند NATIONAL_CARD.',
  (typed) => (/^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(typed.trim()) ? typed.trim() : null),
);
const requirement = z.strictObject({
  anyOf: z
    .array(z.strictObject({ code: documentCode, name: text(80, 2).meta({ description: 'Persian', examples: ['کارت ملی'] }) }))
    .min(1)
    .max(10)
    .meta({ description: 'one of them will do' }),
  purposes: z.array(z.enum(PURPOSES_WITH_DOCUMENTS)).min(1).max(3),
  applicants: z
    .array(z.enum(['owner', 'tenant']))
    .min(1)
    .max(2)
    .optional()
    .meta({ description: 'absent: every applicant' }),
});
export const termsRequest = z.strictObject({
  from: date.meta({ description: 'first day' }),
  terms: z
    .strictObject({
      ...termsShape,
      correction: correctionTerms.partial(),
      correctiveAction: actionTerms.partial(),
      openingHours: z
        .array(openingHours)
        .max(20)
        .meta({ description: 'of working days, it stands whole; the last that holds on a day counts' }),
      daysOff: z.array(dayOff).max(1_000).meta({ description: 'it stands whole' }),
    })
    .partial()
    .optional()
    .meta({ description: 'what is set anew; the rest stays' }),
  documents: z
    .array(requirement)
    .max(60)
    .optional()
    .meta({ description: 'every document that is asked for from then on; absent: as it is' }),
});
export const termsQuery = z.strictObject({ on: date.optional().meta({ description: 'today when absent' }) });
export const stepTableRequest = z.strictObject({
  file: z.strictObject({
    name: text(200).meta({ description: 'its ending says what it is: .csv (UTF-8) or .xlsx', examples: ['rates.csv'] }),
    content: z
      .string()
      .max(4_000_000)
      .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
      .meta({ description: 'base64' }),
  }),
  sheet: text(80).optional().meta({ description: 'of a workbook with several filled sheets' }),
  base: text(80)
    .optional()
    .meta({ description: 'version of the tariff that everything else is taken from; that of the first day when absent' }),
  version: text(80),
  title: text(200).meta({ description: 'printed on bills' }),
  source: text(300),
  from: date.meta({ description: 'first day' }),
  to: date.nullable().optional().meta({ description: 'last day; absent or null: until further notice' }),
  illustrative: z.boolean().optional().meta({ description: 'for practice; that of the base when absent' }),
});
export const publicationRequest = z.strictObject({ proposal: z.int().min(1).meta({ description: 'the number of what was seen' }) });
export const feeResolutionRequest = z.strictObject({
  number: text(60).meta({ description: 'as on the document; printed on bills' }),
  resolvedOn: date,
  amount: z.int().min(1).meta({ description: 'rial, the fee of a settlement' }),
  from: date.meta({ description: 'first day' }),
  to: date.nullable().optional().meta({ description: 'last day; absent or null: until further notice' }),
  meant,
});

// ---- path and query ------------------------------------------------------------------------------------------------

export const accountParams = z.strictObject({ subscription });
export const settlementParams = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9]{12}-[0-9]{8}(-[0-9]{1,3})?$/)
    .meta({ examples: ['014123456701-14050904'] }),
});
/** Beside the tabs of one browser, and still a short address. */
const MOST_FOLLOWED = 50;
export const eventsQuery = z.strictObject({
  settlements: z
    .string()
    .regex(/^[0-9]{12}-[0-9]{8}(-[0-9]{1,3})?:[0-9]{1,15}(,[0-9]{12}-[0-9]{8}(-[0-9]{1,3})?:[0-9]{1,15}){0,49}$/)
    .meta({
      examples: ['014123456701-14050904:0'],
      description: `up to ${MOST_FOLLOWED} settlements with the number of the last event that the caller has, as id:number,id:number`,
    })
    .transform((text) =>
      text.split(',').map((each) => {
        const [id = '', seq] = each.split(':');
        return { id, seq: Number(seq) };
      }),
    ),
});
export const taskParams = z.strictObject({ id: taskIdOf });
export const tariffParams = z.strictObject({ version: text(80).meta({ examples: ['household-1405-1'] }) });
export const proposalParams = z.strictObject({
  proposal: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/)
    .transform(Number),
});
export const personParams = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,39}$/)
    .meta({ examples: ['m.rezaei'] }),
});
export const correctiveActionParams = z.strictObject({
  n: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/)
    .transform(Number),
});
export const reportParams = z.strictObject({
  month: z
    .string()
    .regex(/^1[2-4][0-9]{2}-(0[1-9]|1[0-2])$/)
    .transform((month) => month.replace('-', '/'))
    .meta({ examples: ['1405-08'] }),
});
export const correctionParams = z.strictObject({
  id: settlementParams.shape.id,
  n: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/)
    .transform(Number),
});
export const feedParams = z.strictObject({ kind: z.enum(FEED_KINDS) });

export const cycleParams = z.strictObject({
  cycle: z
    .string()
    .max(40)
    .regex(new RegExp(`^(?:${SHOWN}|[ /])+-1[0-9]{3}-[0-9]{2}$`, 'u'))
    .meta({ description: 'series-year-number', examples: ['12-1405-05'] }),
});

function limit(standard: number, most: number) {
  return z
    .string()
    .optional()
    .meta({ description: `rows a page, 1 to ${most}; ${standard} when absent` })
    .transform((typed, context): number => {
      if (typed === undefined) return standard;
      const n = typed.length <= 10 ? wholeNumber(typed) : null;
      if (n !== null && n >= 1 && n <= most) return n;
      context.issues.push({
        code: 'custom',
        message: `تعداد باید میان ۱ و ${most} باشد.`,
        input: typed,
        params: { code: 'LIMIT_INVALID' },
      });
      return z.NEVER;
    });
}

const cursor = coded(
  z.string().max(500).meta({ description: '`next` of the page before' }),
  'CURSOR_INVALID',
  'نشانهٔ صفحه درست نیست. فهرست را از آغاز بخوانید.',
  (typed) => (/^[\w.~=+/:-]+$/.test(typed) ? typed : null),
);
const flag = z.enum(['true', 'false']).transform((typed) => typed === 'true');
const code = text(60);

export const accountsQuery = z.strictObject({
  query: text(120, 2).meta({ description: 'subscription no., bill id, national id, meter serial, name or address' }),
  limit: limit(20, 100),
  cursor: cursor.optional(),
});
export const peopleQuery = z.strictObject({
  query: text(120).optional().meta({ description: 'words of name and user name' }),
  office: code.optional(),
  limit: limit(50, 200),
  cursor: cursor.optional(),
});
export const SETTLEMENT_MARKS = ['late', 'withError', 'lateEntry'] as const;
export const settlementsQuery = z.strictObject({
  status: z.enum(STATUSES).optional(),
  office: code.optional(),
  clerk: code.optional(),
  subscription: subscription.optional(),
  only: z.enum(SETTLEMENT_MARKS).optional().meta({
    description: 'late: not announced within five minutes; withError: an error that was not withdrawn; lateEntry: from a paper slip',
  }),
  from: date.optional().meta({ description: 'received on this day or later' }),
  to: date.optional().meta({ description: 'received on this day or earlier' }),
  limit: limit(50, 200),
  cursor: cursor.optional(),
});
export const PAYMENT_OUTCOMES = ['matched', 'void', 'unknown', 'ledger'] as const;
export const paymentsQuery = z.strictObject({
  outcome: z.enum(PAYMENT_OUTCOMES).optional(),
  limit: limit(50, 200),
  cursor: cursor.optional(),
});
export const TASK_STATES = ['open', 'overdue', 'closed'] as const;
export const tasksQuery = z.strictObject({
  mine: flag.optional().meta({ description: 'true: given to me, or to nobody and waiting for my role and office' }),
  office: code.optional(),
  kind: z.enum(TASK_KINDS).optional(),
  assignee: text(60).optional().meta({ description: 'the id of who has it' }),
  state: z.enum(TASK_STATES).optional().meta({ description: 'open when absent, which overdue ones are too' }),
  limit: limit(50, 200),
  cursor: cursor.optional(),
});
export const BILL_PAPERS = ['a5', 'receipt'] as const;
export const billQuery = z.strictObject({
  revision: z
    .string()
    .optional()
    .meta({ description: 'the current one when absent' })
    .transform((typed, context): number | null => {
      if (typed === undefined) return null;
      const n = typed.length <= 6 ? wholeNumber(typed) : null;
      if (n !== null && n >= 1) return n;
      context.issues.push({
        code: 'custom',
        message: 'شمارهٔ ویرایش عدد صحیح از ۱ به بالا است.',
        input: typed,
        params: { code: 'REVISION_INVALID' },
      });
      return z.NEVER;
    }),
  copy: flag.optional().meta({ description: 'true: a reprint, which is counted and carries المثنی with its number' }),
  paper: z.enum(BILL_PAPERS).optional().meta({ description: 'a5 when absent; receipt: a strip of 80 mm' }),
});
export const postingsQuery = z.strictObject({
  format: z.enum(['json', 'csv']).optional(),
  batch: z
    .string()
    .optional()
    .meta({ description: 'a batch as it was frozen; absent: the one to work on now' })
    .transform((typed, context): number | null => {
      if (typed === undefined) return null;
      const n = typed.length <= 6 ? wholeNumber(typed) : null;
      if (n !== null && n >= 1) return n;
      context.issues.push({
        code: 'custom',
        message: 'شمارهٔ دسته عدد صحیح از ۱ به بالا است.',
        input: typed,
        params: { code: 'BATCH_INVALID' },
      });
      return z.NEVER;
    }),
});
export const unsentQuery = z.strictObject({
  office: code.optional(),
  clerk: code.optional().meta({ description: 'whose settlements; `me`: my own' }),
  cycle: code.optional(),
  dueBefore: date.optional().meta({ description: 'last day before this one; undated ones are left out' }),
  format: z.enum(['json', 'csv', 'xlsx']).optional().meta({ description: 'csv and xlsx: the whole list, without pages' }),
  limit: limit(50, 500),
  cursor: cursor.optional(),
});
export const cyclesQuery = z.strictObject({
  series: code.optional(),
  from: date.optional().meta({ description: 'closing on this day or later; a month ago when absent' }),
  to: date.optional().meta({ description: 'closing on this day or earlier; three months ahead when absent' }),
});
export const indicatorsQuery = z.strictObject({
  from: date.optional().meta({ description: 'thirty days before `to` when absent' }),
  to: date.optional().meta({ description: 'today when absent; both days included' }),
  office: code.optional(),
  by: z.enum(INDICATOR_GROUPS).optional().meta({ description: 'absent: one row for all' }),
  format: z.enum(['json', 'csv', 'xlsx']).optional().meta({ description: 'csv and xlsx: the figures of the items as a file' }),
});
export const reportQuery = z.strictObject({
  edition: z
    .string()
    .optional()
    .meta({ description: 'the newest when absent' })
    .transform((typed, context): number | null => {
      if (typed === undefined) return null;
      const n = typed.length <= 6 ? wholeNumber(typed) : null;
      if (n !== null && n >= 1) return n;
      context.issues.push({
        code: 'custom',
        message: 'شمارهٔ ویرایش عدد صحیح از ۱ به بالا است.',
        input: typed,
        params: { code: 'EDITION_INVALID' },
      });
      return z.NEVER;
    }),
});
const monthOf = coded(
  z
    .string()
    .max(20)
    .meta({ description: 'Jalali month', examples: ['1405/08'] }),
  'MONTH_INVALID',
  'ماه درست نیست. آن را به شمسی و به شکل ۱۴۰۵/۰۸ بنویسید.',
  parseMonth,
);
export const correctiveActionsQuery = z.strictObject({
  status: z.enum(ACTION_STATUSES).optional(),
  scope: z.enum(ACTION_SCOPES).optional(),
  office: code.optional(),
  month: monthOf.optional(),
  limit: limit(50, 200),
  cursor: cursor.optional(),
});
export const accessQuery = z.strictObject({
  subscription: subscription.optional().meta({ description: 'whose data was shown' }),
  person: code.optional().meta({ description: 'user name of who looked' }),
  from: date.optional().meta({ description: 'on this day or later' }),
  to: date.optional().meta({ description: 'on this day or earlier' }),
  limit: limit(50, 200),
  cursor: cursor.optional(),
});
export const feedQuery = z.strictObject({
  asOf: date.optional().meta({ description: 'the day up to which the data speaks' }),
  olderConfirmedBy: name
    .optional()
    .meta({ description: 'the second person who confirms that an older file takes the place of a newer one; both are recorded' }),
});

// ---- what goes out -------------------------------------------------------------------------------------------------

const rial = z.int().meta({ description: 'rial' });
const day = z
  .string()
  .regex(/^[0-9]{4}\/[0-9]{2}\/[0-9]{2}$/)
  .meta({ examples: ['1405/09/04'] });
const moment = z.iso.datetime({ offset: true });
const SEVERITIES = ['error', 'confirm', 'override', 'info'] as const;

export const findingView = z.strictObject({
  field: z.string(),
  code: z.string(),
  severity: z.enum(SEVERITIES),
  message: z.string().meta({ description: 'Persian' }),
  override: z
    .strictObject({ reason: z.string(), by: z.string(), at: moment })
    .optional()
    .meta({ description: 'the supervisor’s acceptance' }),
});

export const overrideView = z.strictObject({
  settlement: z.string(),
  code: z.string(),
  reason: z.string(),
  reading: z.int().nullable().meta({ description: 'the figure that is accepted; null: any' }),
  by: z.string(),
  at: moment,
});

export const lineView = z.strictObject({
  code: z.enum([
    'GAS_STEP',
    'GAS_FLAT',
    'SUBSCRIPTION',
    'INSURANCE',
    'GAS_LEVY',
    'VAT',
    'PREVIOUS_DEBT',
    'PAYMENT',
    'ADJUSTMENT',
    'INSTALMENTS',
    'DEPOSIT',
    'DISCOUNT',
  ]),
  label: z.string(),
  quantity: z.string().nullable().meta({ description: 'exact: whole number, decimal or fraction n/d' }),
  unit: z.enum(['m3', 'month', 'rial']).nullable(),
  rate: z.string().nullable(),
  days: z.int().nullable(),
  from: day.nullable(),
  to: day.nullable(),
  amount: rial,
  basis: z.string(),
});

const debtShape = {
  lines: z.array(lineView),
  total: rial.meta({ description: 'sum of the lines, signed' }),
  payable: rial.meta({ description: 'to be paid' }),
  carry: rial.meta({ description: 'stays in the ledger: payable + carry = total' }),
  definitive: z.boolean().meta({ description: 'false: on account (علی‌الحساب)' }),
  tariff: z.array(z.string()),
  dataAsOf: day.nullable(),
  days: z.int(),
  consumption: z.string().meta({ description: 'm³, exact text' }),
  previousReading: z.strictObject({ reading: z.int(), on: day }).nullable(),
  illustrative: z.boolean().meta({ description: 'the tariff is for illustration, not in force' }),
  fee: z.strictObject({ amount: rial, resolution: z.string(), illustrative: z.boolean() }).nullable(),
};

export const debtView = z.strictObject(debtShape);

export const billView = z.strictObject({
  number: z.string(),
  revision: z.int(),
  issuedAt: moment,
  billId: z.string(),
  payments: z.array(z.strictObject({ amount: rial, paymentId: z.string(), barcode: z.string() })),
  ...debtShape,
});

const meterView = z.strictObject({
  serial: z.string(),
  digits: z.int(),
  capacity: z.string().meta({ description: 'm³/h' }),
  coefficient: z.string(),
});

const accountShape = {
  subscription: z.string(),
  name: z.string(),
  address: z.string(),
  postalCode: z.string(),
  office: z.string(),
  series: z.string(),
  use: z.string(),
  climate: z.int(),
  area: z.enum(['urban', 'rural']),
  units: z.int(),
  file: z.string(),
  company: z.string(),
  billId: z.string(),
};

export const settlementAccountView = z.strictObject({ ...accountShape, meter: meterView.nullable() });

export const correctionView = z.strictObject({
  n: z.int(),
  kind: z.enum(CORRECTION_KINDS),
  cause: z.enum(CORRECTION_CAUSES),
  description: z.string(),
  status: z.enum(['reported', 'referred', 'submitted', 'verified', 'rejected', 'withdrawn', 'issued']),
  owner: z.strictObject({ role: z.enum(ROLES), user: z.string().nullable().meta({ description: 'null: anyone of the role' }) }),
  reportedBy: z.string(),
  reportedAt: moment,
  dueAt: moment,
  submittedBy: z.string().nullable(),
  difference: rial.nullable().meta({ description: 'new total − old total' }),
  noChange: z.boolean().nullable(),
  verifiedBy: z.string().nullable(),
  approvedBy: z.string().nullable(),
  revision: z.int().nullable().meta({ description: 'the bill that came of it' }),
  note: z.string().nullable(),
});
const compared = z.strictObject({ before: rial, after: rial });
export const comparisonView = z.strictObject({
  lines: z
    .array(z.strictObject({ code: lineView.shape.code, label: z.string(), before: rial.nullable(), after: rial.nullable() }))
    .meta({ description: 'every line of the old bill with its successor; null: new or dropped' }),
  total: compared,
  payable: compared,
  difference: rial.meta({ description: 'new total − old total' }),
  received: rial.meta({ description: 'payments since the old bill, which the new total counts: part of the difference' }),
  noChange: z.boolean(),
});
export const submittedView = z.strictObject({ correction: correctionView, comparison: comparisonView, warnings: z.array(findingView) });
export const reportedView = z.strictObject({ correction: z.int().meta({ description: 'its number' }) });

const factsView = z
  .strictObject({
    subscription: z.string(),
    settlementDate: day,
    reading: z.int().nullable(),
    readingSource: z.enum(READING_SOURCES),
    meterState: z.enum(METER_STATES),
    purpose: z.enum(PURPOSES),
    applicant: z.strictObject({ kind: z.enum(['owner', 'tenant']), name: z.string() }),
    documents: z.array(z.string()),
    newSubscriber: z.strictObject({ name: z.string(), from: day }).nullable(),
    lateEntry: z.strictObject({ slip: z.string(), receivedAt: moment }).nullable(),
    confirmations: z.array(z.strictObject({ code: z.string(), reason: z.string() })),
  })
  .meta({ description: 'as asked for, without national ids and mobile numbers' });

export const settlementView = z.strictObject({
  id: z.string().meta({ examples: ['014123456701-14050904'] }),
  status: z.enum(STATUSES),
  halted: z.enum(HALTS).nullable().meta({
    description: 'of GET and SETTLEMENT_HALTED: how the workflow ended that should still move it on; null: all is well, or not looked at',
  }),
  revision: z.int().meta({ description: '0 before the first bill' }),
  receivedAt: moment,
  announcedAt: moment.nullable(),
  elapsedMs: z.int().nullable(),
  withinTarget: z.boolean().nullable().meta({ description: 'announced within five minutes of the receipt' }),
  lateEntry: z.boolean(),
  facts: factsView,
  clerk: z.strictObject({ id: z.string(), name: z.string(), office: z.string() }),
  account: settlementAccountView.nullable(),
  bill: billView.nullable(),
  warnings: z.array(findingView),
  errors: z.array(findingView),
  postings: z.array(
    z.strictObject({
      posting: z.string(),
      kind: z.enum(['fee', 'settlement', 'nameChange', 'difference']),
      cycle: z.string().nullable(),
      dueOn: day.nullable(),
      amount: rial,
      status: z.enum(['waiting', 'handedOver', 'taken', 'refused', 'late', 'replaced', 'cancelled']),
      timesLate: z.int().meta({ description: 'cycles that closed without billing having taken it' }),
      reason: z.string().nullable().meta({ description: 'why billing refused it; COVERED: a bill covers its dates already' }),
      billSerial: z.string().nullable().meta({ description: 'the bill that it came in' }),
    }),
  ),
  payments: z
    .array(
      z.strictObject({
        reference: z.string(),
        paymentId: z.string(),
        amount: rial.meta({ description: 'the ledger’s; until it holds the payment, the reported one' }),
        paidOn: day,
        revision: z.int().meta({ description: 'whose slip was used' }),
        outcome: z.enum(['matched', 'void']).meta({ description: 'void: by a slip of a revision that no longer stands' }),
        reportedAmount: rial.nullable().meta({ description: 'the reported sum where the ledger holds another' }),
        counted: rial.meta({ description: 'what of it the bill’s total counts already' }),
      }),
    )
    .meta({ description: 'what came by the slips of its revisions' }),
  paid: z
    .strictObject({ amount: rial, remaining: rial, status: z.enum(['none', 'partial', 'paid', 'overpaid']) })
    .nullable()
    .meta({ description: 'against the valid revision’s payable sum; null while none stands' }),
  corrections: z.array(correctionView),
  cancellation: z.strictObject({ by: z.string(), reason: z.string(), at: moment }).nullable(),
  refund: z
    .strictObject({
      amount: rial,
      reason: z.string(),
      requestedBy: z.string(),
      requestedAt: moment,
      confirmedBy: z.string().nullable(),
      confirmedAt: moment.nullable(),
    })
    .nullable()
    .meta({ description: 'a credit that is paid back; confirmedBy null: it waits for a second person' }),
  copies: z
    .array(z.strictObject({ revision: z.int(), n: z.int(), by: z.string(), at: moment }))
    .meta({ description: 'reprints; n counts those of the revision' }),
  clearance: z
    .strictObject({ number: z.string(), issuedAt: moment, by: z.string() })
    .nullable()
    .meta({ description: 'the clearance letter (مفاصاحساب) of the valid revision' }),
  predecessor: z
    .strictObject({ id: z.string(), reason: z.string(), by: z.string() })
    .nullable()
    .meta({ description: 'the settlement of the same subscriber and date before this one' }),
  steps: z.array(
    z.strictObject({
      name: z.enum(STEP_NAMES),
      startedAt: moment,
      endedAt: moment,
      attempts: z.int(),
    }),
  ),
  delivery: z.strictObject({ deliveredTo: z.string(), channel: z.string(), at: moment }).nullable(),
});
export type SettlementView = z.input<typeof settlementView>;

const next = z.string().nullable().meta({ description: '`cursor` of the page after; null on the last' });
export const correctionDetailView = z.strictObject({
  correction: correctionView,
  comparison: comparisonView.nullable().meta({ description: 'old and new side by side; null before the submission' }),
  facts: factsView.nullable().meta({ description: 'the corrected facts; null before the submission' }),
});

export const settlementPage = z.strictObject({ items: z.array(settlementView), next });

export const previewView = z.strictObject({
  bill: debtView.nullable(),
  warnings: z.array(findingView),
  errors: z.array(findingView),
});

export const receiptView = z.strictObject({
  request: z.string().meta({ description: 'the signed receipt' }),
  receivedAt: moment,
});

export const accountPage = z.strictObject({
  items: z.array(
    z.strictObject({
      subscription: z.string(),
      billId: z.string(),
      name: z.string(),
      address: z.string(),
      office: z.string(),
      use: z.string(),
      meterSerial: z.string().nullable(),
    }),
  ),
  next,
});

export const accountView = z.strictObject({
  account: z.strictObject({
    ...accountShape,
    welfare: z.boolean(),
    connectedOn: day,
    closedOn: day.nullable(),
    nationalIdEnding: z.string().meta({ description: 'last four digits, to compare with the card shown' }),
    mobileEnding: z.string().meta({ description: 'last four digits' }),
  }),
  meter: z
    .strictObject({
      ...meterView.shape,
      installedOn: day,
      startReading: z.int(),
      removedOn: day.nullable(),
      endReading: z.int().nullable(),
    })
    .nullable(),
  meterState: z
    .strictObject({ state: z.enum(METER_STATES), on: day, settlement: z.string() })
    .nullable()
    .meta({ description: 'what was found of the meter in the last settlement; null: normal, or read by staff for a bill since' }),
  earlierSettlement: z
    .strictObject({ id: z.string(), settlementDate: day, reading: z.int().nullable(), total: rial, payable: rial })
    .nullable()
    .meta({ description: 'the latest valid settlement after the last bill: the next one starts where it ended' }),
  lastBill: z
    .strictObject({
      serial: z.string(),
      cycle: z.string(),
      issuedOn: day,
      fromDate: day,
      toDate: day,
      fromReading: z.int(),
      toReading: z.int(),
      readingSource: z.enum(READING_SOURCES),
      totalDue: rial,
    })
    .nullable(),
  payments: z
    .array(z.strictObject({ reference: z.string(), paidOn: day, amount: rial, paymentId: z.string().nullable() }))
    .meta({ description: 'received and not counted in the last bill' }),
  adjustments: z.array(z.strictObject({ reference: z.string(), on: day, amount: rial, reason: z.string() })),
  instalments: z.array(z.strictObject({ reference: z.string(), dueOn: day, amount: rial })),
  deposits: z.array(z.strictObject({ reference: z.string(), amount: rial, on: day })),
  feeds: z
    .array(
      z.strictObject({
        kind: z.enum(FEED_KINDS),
        loadedAt: moment,
        asOf: day,
        stale: z.boolean().meta({ description: 'older than the company allows: a settlement needs a confirmation' }),
      }),
    )
    .meta({ description: 'how fresh the data is' }),
});

export const taskView = z.strictObject({
  id: z.string(),
  kind: z.enum(TASK_KINDS),
  title: z.string().meta({ description: 'Persian' }),
  endedBy: z.enum(['work', 'person']).meta({ description: 'work: what it asks for closes it; person: somebody closes it by a note' }),
  settlement: z.string().nullable(),
  office: z.string().meta({ description: '* when it concerns the whole company' }),
  role: z.enum(ROLES).meta({ description: 'whom it waits for now' }),
  assignee: z.string().nullable().meta({ description: 'the id of who has it' }),
  assignedBy: z.string().nullable(),
  assignedAt: moment.nullable(),
  since: moment,
  dueAt: moment.nullable(),
  overdue: z.boolean(),
  remindedAt: moment.nullable().meta({ description: 'whoever has it was reminded' }),
  escalatedAt: moment.nullable().meta({ description: 'went to the supervisor' }),
  closedAt: moment.nullable(),
  closedBy: z.string().nullable().meta({ description: 'null also when the work itself ended it' }),
  outcome: z.string().nullable().meta({ description: 'the note, or what the work came to' }),
  detail: z.record(z.string(), z.unknown()).meta({ description: 'what is known of it, by kind' }),
});
export const taskPage = z.strictObject({ items: z.array(taskView), next });
export const assignedView = z.strictObject({ tasks: z.array(taskView) });

const cycleCounts = z.strictObject({
  due: z.int(),
  waiting: z.int(),
  handedOver: z.int(),
  taken: z.int(),
  refused: z.int(),
  late: z.int(),
});
export const cycleView = z.strictObject({
  cycle: z.string(),
  series: z.string(),
  fromDate: day,
  toDate: day,
  closesOn: day,
  issuesOn: day,
  objectionDays: z.int(),
  state: z.enum(['planned', 'open', 'closed']).meta({ description: 'planned: not opened, and its closing day has not passed' }),
  openedAt: moment.nullable(),
  batches: z.int().meta({ description: 'numbered 1 to this' }),
  counts: cycleCounts.meta({ description: 'postings: due = all that was to be taken in it; late = not taken when it closed' }),
});
export const cyclePage = z.strictObject({ items: z.array(cycleView) });
export const batchView = z.strictObject({
  cycle: z.string(),
  batch: z.int().nullable().meta({ description: 'null: nothing is handed over that is not in a batch yet' }),
  frozenAt: moment.nullable(),
  count: z.int().meta({ description: 'control total' }),
  sum: rial.meta({ description: 'control total, rial' }),
  items: z.array(
    z.strictObject({
      posting: z.string(),
      kind: z.enum(['fee', 'settlement', 'nameChange', 'difference']),
      subscription: z.string(),
      settlement: z.string(),
      amount: rial,
      detail: z.record(z.string(), z.unknown()).meta({ description: 'what billing needs to book it' }),
    }),
  ),
});
export const unsentView = z.strictObject({
  posting: z.string(),
  kind: z.enum(['fee', 'settlement', 'nameChange', 'difference']),
  settlement: z.string(),
  subscription: z.string(),
  subscriber: z.string().nullable().meta({ description: 'name of the account' }),
  office: z.string(),
  clerk: z.strictObject({ id: z.string(), name: z.string() }),
  amount: rial,
  status: z.enum(OPEN_STATUSES),
  cycle: z.string().nullable().meta({ description: 'null: no timetable, or no cycle may take it any more (see reason)' }),
  dueOn: day.nullable().meta({ description: 'last day' }),
  daysLeft: z.int().nullable().meta({ description: '0: today is the last day; negative: overdue by so many' }),
  timesLate: z.int().meta({ description: 'cycles that closed without it' }),
  reason: z.string().nullable(),
});
export const unsentPage = z.strictObject({
  counts: z
    .strictObject({ waiting: z.int(), handedOver: z.int(), late: z.int(), refused: z.int() })
    .meta({ description: 'of the whole list' }),
  items: z.array(unsentView),
  next,
});
export const acknowledgementView = z.strictObject({ eventId: z.string(), cycle: z.string(), batch: z.int(), items: z.int() });

const share = z.number().min(0).max(1).nullable().meta({ description: 'part of the whole, 0 to 1; null: nothing to count' });
const counted = z.int().min(0);
const milliseconds = z.int().nullable();
export const indicatorsView = z.strictObject({
  from: day,
  to: day,
  office: z.string().nullable(),
  by: z.enum(INDICATOR_GROUPS).nullable(),
  items: z.array(
    z.strictObject({
      group: z.string().nullable(),
      k1: z
        .strictObject({
          requests: counted,
          onTime: counted,
          share,
          medianMs: milliseconds,
          p95Ms: milliseconds,
          atRisk: counted,
          atRiskShare: share,
          lateEntries: counted,
          lateEntryShare: share,
        })
        .meta({ description: 'announced within five minutes of the receipt; late entries after an outage apart' }),
      k2: z
        .strictObject({ due: counted, inTime: counted, late: counted, share })
        .meta({ description: 'postings that billing took by their closing day' }),
      k3: z.strictObject({ announced: counted, correct: counted, share }).meta({ description: 'announced without an error' }),
      k4: z
        .strictObject({
          corrections: counted,
          withdrawn: counted,
          byKind: z.partialRecord(z.enum(CORRECTION_KINDS), counted),
          byCause: z.partialRecord(z.enum(CORRECTION_CAUSES), counted),
        })
        .meta({ description: 'errors by kind and cause; withdrawn ones apart' }),
      k5: counted.meta({ description: 'announcements' }),
    }),
  ),
  risks: z.strictObject({
    lateEntries: counted,
    lateEntryDays: counted.meta({ description: 'days of offices with late entries' }),
    outages: counted.meta({ description: 'silences in working hours, of offices and of the system itself' }),
    outageMinutes: counted,
    staleFeeds: counted.meta({ description: 'stale today' }),
    onStaleData: counted,
    unsent: counted,
    unsentLate: counted,
    overdueTasks: counted,
  }),
  outages: z
    .array(
      z.strictObject({
        office: z.string().meta({ description: '`*`: the system itself was away, for every office' }),
        from: moment,
        to: moment.nullable().meta({ description: 'null: it lasts' }),
        minutes: counted.meta({ description: 'of working hours; of an office without those in which the system itself was away' }),
      }),
    )
    .meta({ description: 'the newest first, a hundred at most' }),
});

export const accessPage = z.strictObject({
  items: z.array(
    z.strictObject({
      at: moment,
      by: z.strictObject({ id: z.string(), name: z.string(), role: z.enum(ROLES), office: z.string() }),
      call: z.string().meta({ examples: ['GET /settlements/{id}'] }),
      subscriptions: z.array(z.string()).meta({ description: 'whose data was shown; empty: a search that found nobody' }),
      settlement: z.string().nullable(),
      requestId: z.string(),
    }),
  ),
  next,
});
const person = z.strictObject({ id: z.string(), name: z.string(), role: z.enum(ROLES) });
const noted = z.strictObject({ note: z.string(), by: person, at: moment });
export const correctiveActionView = z.strictObject({
  n: z.int(),
  scope: z.enum(ACTION_SCOPES).meta({ description: 'of what the errors are: one settlement, clerk, cause or office' }),
  subject: z.string(),
  office: z.string().meta({ description: '`*`: the whole company' }),
  month: z.string(),
  title: z.string().meta({ description: 'Persian: what it is about' }),
  status: z.enum(ACTION_STATUSES),
  openedAt: moment,
  errors: z.int().nullable().meta({ description: 'in the month when it was opened; null: opened by a person' }),
  threshold: z.int().nullable(),
  openedBy: person.nullable(),
  reason: z.string().nullable(),
  meeting: z
    .strictObject({
      on: day,
      participants: z.array(z.string()),
      calledBy: person,
      calledAt: moment,
      minutes: z.string().nullable(),
      cause: z.string().nullable(),
      recordedBy: person.nullable(),
      recordedAt: moment.nullable(),
    })
    .nullable(),
  actions: z
    .array(
      z.strictObject({
        what: z.string(),
        owner: z.string(),
        dueOn: day,
        decidedBy: person,
        decidedAt: moment,
        done: noted.nullable(),
        effectDueOn: day.nullable().meta({ description: 'the first day on which its effect may be judged' }),
        effect: z.strictObject({ effective: z.boolean(), ...noted.shape }).nullable(),
      }),
    )
    .meta({ description: 'the last one stands; one without effect is followed by another' }),
  errorsSinceAction: z
    .int()
    .nullable()
    .meta({ description: 'errors of the scope since the last action was done; in the list, and before it, null' }),
  closure: z.strictObject({ outcome: z.enum(['effective', 'unfounded']), report: z.string(), by: person, at: moment }).nullable(),
});
export const correctiveActionPage = z.strictObject({ items: z.array(correctiveActionView), next });

export const reportView = z.strictObject({
  month: z.string().meta({ description: 'Jalali yyyy/mm' }),
  edition: z.int().meta({ description: '1 for the first, one more for each making anew' }),
  madeAt: moment,
  madeBy: z.string().nullable().meta({ description: 'null: the schedule' }),
  pdf: z.string().meta({ description: 'its address' }),
  xlsx: z.string(),
});
export const reportList = z.strictObject({ items: z.array(reportView) });
export const reportOrdered = z.strictObject({ month: z.string(), edition: z.int() });

export const feedsView = z.strictObject({
  asked: z.boolean().meta({ description: 'true: a central billing system is asked, nothing is fed' }),
  items: z.array(
    z.strictObject({
      kind: z.enum(FEED_KINDS),
      loadedAt: moment.nullable().meta({ description: 'null: never came' }),
      asOf: day.nullable(),
      stale: z.boolean(),
      allowedDays: z.int().nullable().meta({ description: 'older than so many days is stale; null: never' }),
    }),
  ),
});
export const feedAnswer = z.strictObject({
  kind: z.enum(FEED_KINDS),
  rows: z.int(),
  inserted: z.int(),
  updated: z.int(),
  unchanged: z.int(),
});

const paymentReportShape = {
  reference: z.string(),
  eventId: z.string(),
  subscription: z.string(),
  paymentId: z.string(),
  amount: rial,
  paidOn: day,
};
export const paymentView = z.strictObject({
  ...paymentReportShape,
  recordedAt: moment,
  outcome: z.enum(PAYMENT_OUTCOMES).meta({
    description:
      'by a slip of a settlement’s valid (matched) or void revision; by none: ledger when the fed ledger holds the payment, else unknown',
  }),
  settlement: z.string().nullable(),
  revision: z.int().nullable(),
  ledger: z
    .strictObject({ amount: rial, paidOn: day })
    .nullable()
    .meta({ description: 'what the ledger holds under the reference: it stands' }),
});
export const paymentPage = z.strictObject({ items: z.array(paymentView), next });

export const operatorView = z.strictObject({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  office: z.string(),
  mustChangePassword: z.boolean().meta({ description: 'true: nothing but POST /session/password is open' }),
  expiresAt: moment,
  temporalUi: z
    .string()
    .nullable()
    .meta({ description: 'for those who may look: where a workflow’s history is found, its id to be appended percent-encoded' }),
});

export const sessionOptions = z.strictObject({
  signOn: z.boolean().meta({ description: 'whether GET /session/sign-on leads to the company’s own sign-on' }),
});

const qualificationCode = z.enum(QUALIFICATIONS);
export const personView = z.strictObject({
  id: z.string(),
  name: z.string(),
  office: z.string(),
  roles: z.array(z.enum(ROLES)),
  active: z.boolean(),
  mustChangePassword: z.boolean(),
  createdAt: moment,
  createdBy: z.string(),
  qualifications: z
    .array(
      z.strictObject({
        code: qualificationCode,
        validFrom: day,
        validTo: day.nullable(),
        certificate: z.string().nullable(),
        recordedBy: z.string(),
        recordedAt: moment,
      }),
    )
    .meta({ description: 'every record as it was made; of those of one code the last that has begun counts' }),
  missing: z
    .array(z.strictObject({ code: qualificationCode, lastDay: day.nullable(), firstDay: day.nullable() }))
    .meta({ description: 'what is not in force today: empty = may issue' }),
  lapsing: z
    .array(z.strictObject({ code: qualificationCode, lastDay: day }))
    .meta({ description: 'what ends soon: within the qualificationWarnDays of the tariff’s service terms' }),
});
export const personPage = z.strictObject({ items: z.array(personView), next });
const oneTimePassword = z.string().meta({ description: 'shown this once; good for three days, to be changed at the first sign-in' });
export const personRecorded = z.strictObject({ person: personView, oneTimePassword });
export const passwordAnswer = z.strictObject({ oneTimePassword });

const proposedShape = {
  proposal: z.int(),
  meant: z.boolean(),
  proposedBy: z.strictObject({ id: z.string(), name: z.string() }),
  proposedAt: moment,
};
const tariffShape = {
  version: z.string(),
  title: z.string(),
  source: z.string().optional(),
  from: day,
  to: day.nullable(),
  illustrative: z.boolean().meta({ description: 'for practice, not in force' }),
  provisionalTo: day.nullable(),
};
export const tariffHeadView = z.strictObject({
  ...tariffShape,
  publishedAt: moment,
  publishedBy: z.string(),
  confirmedBy: z.string().nullable(),
  inForce: z.boolean().meta({ description: 'today' }),
});
export const tariffProposalView = z.strictObject({
  ...tariffShape,
  ...proposedShape,
  change: z.boolean().meta({ description: 'made of the tariff in force by a change of its service: its rates are the same' }),
});
export const tariffsView = z.strictObject({
  items: z.array(tariffHeadView).meta({ description: 'in the order of publication: of two for one day the later stands' }),
  proposals: z.array(tariffProposalView),
});
export const tariffView = z.strictObject({
  version: z.string(),
  published: z.boolean(),
  proposal: z.int().nullable(),
  document: tariffDocument,
});
const requirementView = z.strictObject({
  anyOf: z.array(z.strictObject({ code: z.string(), name: z.string() })),
  purposes: z.array(z.enum(PURPOSES_WITH_DOCUMENTS)),
  applicants: z
    .array(z.enum(['owner', 'tenant']))
    .nullable()
    .meta({ description: 'null: every applicant' }),
});
const hoursView = z
  .array(z.strictObject({ days: z.array(z.enum(WEEKDAYS)).nullable(), from: z.string(), to: z.string() }))
  .meta({ description: 'of working days; the last that holds on a day stands, days null: every weekday' });
const figure = z.union([z.number(), z.array(z.number())]).nullable();
const termsDifferenceView = z.strictObject({
  from: day,
  terms: z
    .array(z.strictObject({ term: z.string().meta({ examples: ['correction.dueHours'] }), before: figure, after: figure }))
    .meta({ description: 'null: never' }),
  openingHours: z.strictObject({ before: hoursView, after: hoursView }).nullable().meta({ description: 'null: as they were' }),
  daysOff: z.strictObject({ added: z.array(z.string()), removed: z.array(z.string()) }),
  documents: z.strictObject({ added: z.array(requirementView), removed: z.array(requirementView) }),
});
export const termsView = z.strictObject({
  on: day,
  tariff: z
    .strictObject({
      version: z.string(),
      title: z.string(),
      provisional: z.boolean(),
      to: day.nullable().meta({ description: 'the last day on which it stands; null: until further notice' }),
    })
    .nullable()
    .meta({ description: 'what all of this is part of; null: none is in force, these are the defaults' }),
  terms: z.strictObject({
    ...termsShape,
    correction: correctionTerms,
    correctiveAction: actionTerms,
    openingHours: hoursView,
    daysOff: z.array(z.string()),
  }),
  documents: z.array(requirementView.extend({ from: day, to: day.nullable() })),
  later: z.array(termsDifferenceView).meta({ description: 'what is decided already for later days' }),
});
const tariffFinding = z.strictObject({
  path: z.string(),
  code: z.string(),
  title: z.string().meta({ description: 'English' }),
  detail: z.string().meta({ description: 'Persian' }),
});
export const tariffReviewView = z.strictObject({
  version: z.string().nullable(),
  title: z.string().nullable(),
  from: day.nullable(),
  to: day.nullable(),
  against: z.string().nullable().meta({ description: 'the version it was held against' }),
  valid: z.boolean(),
  faults: z.array(tariffFinding),
  warnings: z.array(tariffFinding),
  doubts: z.array(tariffFinding).meta({ description: 'of the warnings those that must be meant' }),
  differences: z
    .array(termsDifferenceView)
    .meta({ description: 'what is otherwise of deadlines, thresholds, working days and documents, each from a day on' }),
  samples: z
    .array(
      z.strictObject({
        use: z.string(),
        climate: z.int().nullable(),
        season: z.enum(['warm', 'cold']),
        m3: z.number(),
        oldRial: rial.nullable(),
        newRial: rial.nullable(),
        differenceRial: rial.nullable(),
        percent: z.string().nullable(),
      }),
    )
    .meta({ description: 'bills of 30 days, one unit, urban, no previous debt' }),
});
export const stepTableView = z.strictObject({
  sheet: z.string().nullable().meta({ description: 'null: CSV' }),
  document: tariffDocument.nullable().meta({ description: 'to be proposed as it is; null: the table has faults' }),
  review: tariffReviewView.meta({ description: 'findings of the table by sheet, row and column' }),
});
export const publicationView = z.strictObject({
  tariff: tariffHeadView,
  affected: z
    .array(z.strictObject({ id: z.string(), settlementDate: day, office: z.string(), status: z.enum(STATUSES) }))
    .meta({ description: 'open settlements; their bills stay as issued' }),
});
const resolutionShape = { number: z.string(), resolvedOn: day, amount: rial, from: day, to: day.nullable(), illustrative: z.boolean() };
export const feeResolutionView = z.strictObject({
  ...resolutionShape,
  inForce: z.boolean(),
  recordedBy: z.string().nullable(),
  confirmedBy: z.string().nullable(),
});
export const feeProposalView = z.strictObject({ ...resolutionShape, ...proposedShape });
export const feeResolutionsView = z.strictObject({ items: z.array(feeResolutionView), proposals: z.array(feeProposalView) });
export const feeProposedView = z.strictObject({
  proposal: feeProposalView,
  notes: z.array(z.strictObject({ code: z.string(), message: z.string() })),
});

export const health = z.strictObject({ status: z.literal('ok'), version: z.string() });
export const readiness = z.strictObject({ ready: z.boolean(), checks: z.record(z.string(), z.string()) });

export const problem = z.strictObject({
  type: z.string().meta({ examples: ['urn:tasvieh:problem:invalid-request'] }),
  title: z.string().meta({ description: 'English' }),
  status: z.int(),
  detail: z.string().meta({ description: 'Persian: what is wrong and what to do next' }),
  code: z.enum(PROBLEM_CODES),
  errors: z.array(
    z.strictObject({
      field: z.string(),
      code: z.string(),
      message: z.string(),
      severity: z.enum(SEVERITIES).optional(),
      row: z.int().optional(),
      column: z.string().optional(),
    }),
  ),
  counts: z
    .record(z.string(), z.int())
    .optional()
    .meta({ description: 'how many errors there are of each code, where not all are listed' }),
  truncated: z.boolean().optional().meta({ description: 'true: only the first 1,000 errors are listed' }),
  settlement: settlementView.optional().meta({ description: 'with SETTLEMENT_EXISTS: the one that exists' }),
  recorded: z.array(paymentView).optional().meta({ description: 'with PAYMENT_DIFFERS: what stands under the reference and the event' }),
  received: z.strictObject(paymentReportShape).optional().meta({ description: 'with PAYMENT_DIFFERS: what was sent now' }),
  timetable: z
    .strictObject({ closesOn: day.optional(), earlier: z.string().optional() })
    .optional()
    .meta({ description: 'with TIMETABLE_DIFFERS, CYCLE_CLOSED and CYCLE_OUT_OF_ORDER: what the timetable has' }),
  correctiveAction: correctiveActionView.optional().meta({ description: 'with a refused step of a corrective action: as it stands' }),
  eventId: z.string().optional().meta({ description: 'with CYCLE_ALREADY_OPEN: the event that opened it' }),
  owed: z
    .strictObject({ payable: rial, paid: rial, remaining: rial })
    .optional()
    .meta({ description: 'with STILL_OWED: what the bill asks for, what came and what is missing' }),
  correction: z.int().optional().meta({ description: 'with CORRECTION_OPEN: its number' }),
  sheets: z.array(z.string()).optional().meta({ description: 'with SHEET_UNREADABLE: those of the workbook' }),
  batch: z.strictObject({ count: z.int(), sum: rial }).optional().meta({ description: 'with CONTROL_TOTAL_DIFFERS: the batch’s own' }),
});

/** The names under which schemas stand in the OpenAPI document. */
export const REQUEST_SCHEMAS = {
  SettlementRequest: settlementRequest,
  PreviewRequest: previewRequest,
  ReceiptRequest: receiptRequest,
  DeliveryRequest: deliveryRequest,
  OverrideRequest: overrideRequest,
  PaymentRequest: paymentRequest,
  AssignmentRequest: assignmentRequest,
  ManyAssignmentRequest: manyAssignmentRequest,
  ClosureRequest: closureRequest,
  SignInRequest: signInRequest,
  PasswordRequest: passwordRequest,
  PersonRequest: personRequest,
  PersonChange: personChange,
  QualificationRequest: qualificationRequest,
  TariffCheckRequest: tariffCheckRequest,
  TariffRequest: tariffRequest,
  PublicationRequest: publicationRequest,
  TermsRequest: termsRequest,
  StepTableRequest: stepTableRequest,
  FeeResolutionRequest: feeResolutionRequest,
  OpeningRequest: openingRequest,
  AcknowledgementRequest: acknowledgementRequest,
  ErrorReport: errorReport,
  CorrectionSubmission: correctionSubmission,
  CorrectionWithdrawal: correctionWithdrawal,
  CorrectionDecision: correctionDecision,
  CancellationRequest: cancellationRequest,
  RefundRequest: refundRequest,
  SuccessorRequest: successorRequest,
  CorrectiveActionRequest: correctiveActionRequest,
  MeetingRequest: meetingRequest,
  ActionRequest: actionRequest,
  EffectRequest: effectRequest,
  ActionClosure: actionClosure,
} as const;
export const ANSWER_SCHEMAS = {
  Settlement: settlementView,
  SettlementPage: settlementPage,
  Preview: previewView,
  Receipt: receiptView,
  Account: accountView,
  AccountPage: accountPage,
  Task: taskView,
  TaskPage: taskPage,
  AssignedTasks: assignedView,
  Correction: correctionView,
  Comparison: comparisonView,
  Submitted: submittedView,
  CorrectionDetail: correctionDetailView,
  Reported: reportedView,
  Indicators: indicatorsView,
  CorrectiveAction: correctiveActionView,
  QualityReport: reportView,
  QualityReportList: reportList,
  QualityReportOrdered: reportOrdered,
  CorrectiveActionPage: correctiveActionPage,
  Cycle: cycleView,
  CyclePage: cyclePage,
  Batch: batchView,
  Acknowledgement: acknowledgementView,
  UnsentPosting: unsentView,
  UnsentPage: unsentPage,
  AccessPage: accessPage,
  Feeds: feedsView,
  FeedAnswer: feedAnswer,
  Payment: paymentView,
  PaymentPage: paymentPage,
  Operator: operatorView,
  SessionOptions: sessionOptions,
  Person: personView,
  PersonPage: personPage,
  PersonRecorded: personRecorded,
  OneTimePassword: passwordAnswer,
  Tariffs: tariffsView,
  Tariff: tariffView,
  TariffHead: tariffHeadView,
  TariffProposal: tariffProposalView,
  TariffReview: tariffReviewView,
  Terms: termsView,
  StepTable: stepTableView,
  Publication: publicationView,
  FeeResolutions: feeResolutionsView,
  FeeResolution: feeResolutionView,
  FeeProposed: feeProposedView,
  Health: health,
  Readiness: readiness,
  Problem: problem,
  Finding: findingView,
  Override: overrideView,
  Bill: billView,
  Debt: debtView,
  BillLine: lineView,
} as const;

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);
/** Payloads as Temporal's UI and command line send them: bytes in base64. */
export const codecBody = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).default({}), data: base64.default('') })).max(10_000),
});
export const codecParams = z.object({ key: z.string().regex(/^[0-9a-f]{32}$/) });
