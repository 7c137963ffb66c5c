/* Plan R5: nothing that waits for a person is lost. Whom each kind waits for, how lists call it, who ends it and when it is due. */
import {
  EVERY_OFFICE,
  TASK_CLOSED,
  TASK_KINDS,
  TASK_WORKFLOW,
  dueOf,
  escalationOf,
  outlives,
  reminderOf,
  taskKind,
  taskWorkflowId,
} from '../../../src/domain/settlement/task.js';
import { DEFAULT_SERVICE_TERMS } from '../../../src/domain/settlement/service-terms.js';

test('every kind', () => {
  expect(
    TASK_KINDS.map((kind) => {
      const { role, title, endedBy, due } = taskKind(kind);
      return `${kind}: ${role}, ${endedBy}, ${due} | ${title}`;
    }),
  ).toEqual([
    'deliver: clerk, work, endOfDay | تحویل صورتحساب تسویه',
    'breached: supervisor, person, endOfDay | مانده در پنج دقیقه اعلام نشد: علت را بررسی کنید',
    'settlementHalted: supervisor, work, endOfDay | پردازش تسویه متوقف شده است: مسئول سامانه آن را دوباره به راه اندازد',
    'readingBelowEstimate: billing, person, correctionHours | رقم کنتور کمتر از برآورد آخرین قبض: اصلاح قبض',
    'meterReversed: billing, person, correctionHours | کنتور وارونه: اصلاح کارکرد',
    'postingLate: billing, person, correctionHours | قلم دیرمانده: دوره بدون آن بسته شد',
    'settlementCovered: billing, person, correctionHours | قبضی همین روزها را دارد: رقم و مبلغ تسویه دوباره حساب نشود',
    'postingAfterEnd: billing, person, correctionHours | پیام صورتحساب پس از پایان تسویه',
    'postingWithdrawn: billing, person, correctionHours | قلمی پذیرفته شد که جایگزین یا باطل شده بود: تأیید آن را پس بگیرید',
    'batchNotSubmitted: billing, person, endOfDay | سامانهٔ صدور قبض دسته‌های دوره را نگرفته است: رفع اشکال پیش از بسته شدن دوره',
    'unknownPayment: billing, person, correctionHours | پرداختی که به هیچ برگه‌ای نمی‌خورد: شناسه را بررسی کنید',
    'voidPayment: supervisor, person, correctionHours | پرداخت با برگه‌ای که باطل شده است: با مشترک هماهنگ کنید',
    'overpaid: supervisor, person, correctionHours | پرداخت بیش از مانده: بازپرداخت یا انتقال به قبض بعد',
    'staleFeed: billing, person, endOfDay | داده‌ای که به‌روز نیست: بارگذاری تازه',
    'cycleClosing: billing, work, endOfDay | دوره رو به پایان است: باز کردن دوره و گرفتن همه اقلام',
    'unsentPostings: supervisor, work, endOfDay | اقلام ارسال‌نشدهٔ دوره‌ای که امروز بسته می‌شود',
    'noFeeResolution: admin, person, endOfDay | مصوبهٔ هزینهٔ صدور در کار نیست: صورتحساب‌ها بدون هزینه صادر می‌شود',
    'noTimetable: billing, work, endOfDay | سری بدون جدول زمان‌بندی: اقلام آن دوره‌ای ندارند',
    'correction: clerk, work, workingHours | اصلاح خطای ارجاع‌شده',
    'verification: supervisor, work, workingHours | تأیید اصلاح به دست شخص دیگر',
    'approval: approver, work, workingHours | تصویب اصلاحی که اختلاف آن از سقف بیشتر است',
    'callMeeting: quality, work, workingHours | اقدام اصلاحی: فراخوان جلسه',
    'recordMeeting: quality, work, workingHours | اقدام اصلاحی: برگزاری جلسه و ثبت صورت‌جلسه و علت',
    'planAction: quality, work, workingHours | اقدام اصلاحی: تعیین اقدام، مسئول و مهلت',
    'takeAction: supervisor, work, workingHours | اقدام اصلاحی: انجام اقدام',
    'judgeEffect: quality, work, workingHours | اقدام اصلاحی: سنجش اثر',
    'closeAction: quality, work, workingHours | اقدام اصلاحی: گزارش و پایان',
    'actFailed: admin, work, endOfDay | کاری انجام نشد و باز آزموده می‌شود: علت فنی را بررسی کنید',
    'qualificationLapses: supervisor, person, endOfDay | صلاحیت کارمند رو به پایان است: تمدید',
  ]);
});

test('what somebody has to look at also when its settlement has ended', () => {
  expect(TASK_KINDS.filter(outlives)).toEqual(['breached', 'postingAfterEnd', 'postingWithdrawn', 'voidPayment', 'overpaid', 'actFailed']);
});

// other processes and stored rows know them by these names
test('names that are stored', () => {
  expect([EVERY_OFFICE, TASK_WORKFLOW, TASK_CLOSED, taskWorkflowId('deliver.014123456701-14050904')]).toEqual([
    '*',
    'task',
    'taskClosed',
    'task/deliver.014123456701-14050904',
  ]);
});

describe('clocks', () => {
  // Thursday 1405/09/05, 10:00 in Tehran; the next day is a Friday
  const at = '2026-11-26T06:30:00.000Z';
  const dayEndsAt = '2026-11-26T20:30:00.000Z';
  const terms = { ...DEFAULT_SERVICE_TERMS, correction: { dueHours: 24, remindHours: 12, approvalAbove: 0 } };
  test.each([
    ['deliver', '2026-11-26T20:30:00.000Z'],
    // billing works by the hours, over a Friday too
    ['postingLate', '2026-11-27T06:30:00.000Z'],
    ['correction', '2026-11-28T06:30:00.000Z'],
  ] as const)('%s is due at %s', (kind, due) => expect(dueOf(kind, { at, dayEndsAt }, terms)).toBe(due));
  test.each([
    ['deliver', '2026-11-27T20:30:00.000Z'],
    ['postingLate', '2026-11-27T20:30:00.000Z'],
    ['correction', '2026-11-28T20:30:00.000Z'],
  ] as const)('%s, overdue since the end of Thursday, goes to the supervisor at %s', (kind, escalation) =>
    expect(escalationOf(kind, dayEndsAt, terms)).toBe(escalation),
  );
  test('a reminder comes before the due time, not with it', () => {
    const reminder = '2026-11-26T18:30:00.000Z';
    expect(reminderOf('correction', at, '2026-11-26T18:30:00.001Z', terms)).toBe(reminder);
    expect(reminderOf('correction', at, reminder, terms)).toBeNull();
    for (const kind of ['deliver', 'postingLate'] as const) expect(reminderOf(kind, at, '2027-01-01T00:00:00.000Z', terms)).toBeNull();
  });
});
