import type { ErrorRequestHandler, Request, Response } from 'express';
import { BillingAnswerError, BillingRefusedError, BillingUnavailableError } from '../billing/errors.js';
import { bounded } from '../domain/fault-list.js';
import type { Finding } from '../domain/settlement/finding.js';
import { isOutage } from '../store/outage.js';

/** One finding of a problem, `field` dotted as in the request; feeds add `row` and `column`. */
export interface ProblemError {
  field: string;
  code: string;
  message: string;
  severity?: Finding['severity'];
  row?: number;
  column?: string;
}

/** code → status, English title, Persian detail that says what to do next. */
const PROBLEMS = {
  MALFORMED_JSON: [400, 'The body is not valid JSON', 'متن درخواست JSON درستی نیست. درخواست را دوباره بسازید و بفرستید.'],
  MALFORMED_URL: [400, 'The address is not valid', 'نشانی درخواست درست نوشته نشده است. نشانی را بررسی کنید.'],
  BODY_INCOMPLETE: [400, 'The body ended early', 'بدنهٔ درخواست کامل نرسید. اتصال را بررسی کنید و دوباره بفرستید.'],
  UNAUTHENTICATED: [401, 'A valid token is required', 'وارد سامانه نشده‌اید یا نشست شما به پایان رسیده است. دوباره وارد شوید.'],
  SIGN_IN_REFUSED: [
    401,
    'Wrong user or password',
    'نام کاربری یا گذرواژه درست نیست، یا مهلت گذرواژهٔ یک‌بارمصرف گذشته است. دوباره بنویسید؛ اگر نشد از مدیر سامانه گذرواژهٔ تازه بگیرید.',
  ],
  SIGN_ON_FAILED: [
    401,
    'The sign-on did not succeed',
    'ورود یکپارچه به پایان نرسید: پاسخ آن نادرست، تکراری یا دیر بود یا خود شما از آن گذشتید. از صفحهٔ ورود دوباره آغاز کنید.',
  ],
  SIGN_ON_UNKNOWN: [
    403,
    'This account may not enter here',
    'حساب سازمانی شما شناخته شد، ولی کاربر فعالی با این نام در این سامانه ثبت نشده است. از مدیر سامانه بخواهید شما را ثبت کند.',
  ],
  PASSWORD_CHANGE_REQUIRED: [
    403,
    'The one-time password must be changed',
    'با گذرواژهٔ یک‌بارمصرف وارد شده‌اید. نخست گذرواژهٔ خود را تغییر دهید.',
  ],
  FORBIDDEN: [403, 'Not allowed', 'نقش یا ادارهٔ شما اجازهٔ این کار را ندارد. از سرپرست خود بخواهید آن را انجام دهد.'],
  NOT_FOUND: [404, 'Not found', 'چنین چیزی پیدا نشد. شماره یا نشانی را بررسی کنید.'],
  ACCOUNT_NOT_FOUND: [404, 'No such subscription', 'اشتراکی با این شماره پیدا نشد. شمارهٔ اشتراک را از روی قبض بررسی کنید.'],
  CYCLE_UNKNOWN: [
    404,
    'No such cycle in the timetable',
    'این دوره در جدول زمان‌بندی نیست. نام دوره را بررسی کنید یا جدول زمان‌بندی را بفرستید.',
  ],
  BATCH_UNKNOWN: [404, 'No such batch', 'این دسته ساخته نشده است. شمارهٔ دسته را از پاسخ دریافت دسته بردارید.'],
  NO_BILL: [404, 'No bill is issued yet', 'برای این تسویه هنوز صورتحسابی صادر نشده است. پس از اعلام مانده دوباره تلاش کنید.'],
  NO_REPORT: [
    404,
    'No report of this month',
    'برای این ماه گزارشی، یا ویرایشی با این شماره، تهیه نشده است. فهرست گزارش‌ها را ببینید یا تهیهٔ آن را بخواهید.',
  ],
  METHOD_NOT_ALLOWED: [405, 'Method not allowed', 'این نشانی چنین کاری را نمی‌پذیرد. کارهای مجاز در سرایند Allow آمده است.'],
  REQUEST_TIMEOUT: [408, 'The body came too slowly', 'بدنهٔ درخواست در زمان مقرر نرسید. اتصال را بررسی کنید و دوباره بفرستید.'],
  SETTLEMENT_EXISTS: [
    409,
    'A settlement with other facts exists',
    'برای این اشتراک و تاریخ تسویه‌ای با مشخصات دیگر ثبت شده است. اگر اشتباهی رخ داده، برای همان تسویه درخواست اصلاح بدهید.',
  ],
  NOT_ALLOWED_NOW: [
    409,
    'Not allowed in the present state',
    'در وضعیت کنونی تسویه این کار ممکن نیست. وضعیت تسویه را ببینید و پس از اعلام مانده دوباره تلاش کنید.',
  ],
  PAYMENT_DIFFERS: [
    409,
    'The payment is on record with other content',
    'این شمارهٔ مرجع یا رویداد با محتوای دیگری ثبت شده است. هر دو در پاسخ آمده است؛ پرداخت تازه شمارهٔ مرجع و رویداد تازه می‌خواهد و اصلاح مبلغ با فایل پرداخت‌ها فرستاده می‌شود.',
  ],
  TASK_ENDS_WITH_WORK: [
    409,
    'The work itself ends this task',
    'این وظیفه با انجام خود کار بسته می‌شود و با یادداشت بسته نمی‌شود. کار را انجام دهید یا آن را به دیگری بدهید.',
  ],
  TARIFF_FAULTY: [422, 'The tariff document has faults', 'سند تعرفه ایراد دارد و پذیرفته نشد. موردهای زیر را درست کنید.'],
  MEANT_SO: [
    422,
    'Figures look ten times off',
    'رقم‌هایی حدود ده برابر یا یک‌دهم پیشین است. آن‌ها را بررسی کنید؛ اگر عمدی است، همین را بگویید و دوباره بفرستید.',
  ],
  VERSION_STANDS: [
    409,
    'The version or number stands with its content',
    'این نسخه یا شماره پیش‌تر ثبت شده است. تغییر، حتی برای گذشته، نسخه یا مصوبهٔ تازه می‌خواهد.',
  ],
  PROPOSAL_GONE: [
    409,
    'The proposal is not there any more',
    'این پیشنهاد دیگر نیست: عوض، برداشته یا تأیید شده است. فهرست را دوباره ببینید.',
  ],
  PROPOSAL_WAITS: [
    409,
    'Another change of this tariff waits',
    'تغییر دیگری در همین تعرفه در انتظار نفر دوم است. نخست آن را منتشر کنید یا بردارید و سپس این تغییر را پیشنهاد کنید.',
  ],
  PROPOSAL_STALE: [
    409,
    'What is in force has changed since the proposal',
    'پس از این پیشنهاد تعرفهٔ دیگری منتشر شده است و این تغییر دیگر با آن نمی‌خواند. پیشنهاد را بردارید و تغییر را از نو پیشنهاد کنید.',
  ],
  NO_TARIFF_IN_FORCE: [
    409,
    'No tariff is in force on that day',
    'در این روز تعرفه‌ای معتبر نیست تا مقررات آن تغییر کند. روز دیگری برگزینید یا نخست تعرفه‌ای منتشر کنید.',
  ],
  SHEET_UNREADABLE: [
    422,
    'The file is no table that can be read',
    'این پرونده جدول خوانایی نیست. آن را با پسوند csv یا xlsx دوباره ذخیره کنید و بفرستید.',
  ],
  PERSON_EXISTS: [409, 'The user name is taken', 'این نام کاربری از آن شخص دیگری است. نام دیگری برگزینید یا همان شخص را ویرایش کنید.'],
  ADMIN_NEEDED: [
    409,
    'An admin must remain',
    'نقش مدیر خود را نمی‌توانید بردارید و خود یا آخرین مدیر فعال را نمی‌توانید غیرفعال کنید. نخست مدیر دیگری ثبت کنید و این کار را به او بسپارید.',
  ],
  CORRECTION_UNKNOWN: [404, 'No such correction', 'خطایی با این شماره برای این تسویه ثبت نشده است. شماره را بررسی کنید.'],
  NOT_THE_OWNER: [403, 'Referred to someone else', 'این خطا به شخص دیگری ارجاع شده است. او یا سرپرست باید آن را اصلاح کند.'],
  SECOND_PERSON_NEEDED: [403, 'Another person is needed', 'این کار را شخص دیگری باید انجام دهد، نه کسی که کار پیشین را کرده است.'],
  APPROVER_NEEDED: [403, 'The approver is needed', 'اختلاف مبلغ از سقف تأیید بیشتر است و تصویب‌کننده باید آن را تصویب کند.'],
  QUALITY_NEEDED: [403, 'The quality unit is needed', 'پایان دادن به اقدام اصلاحی با واحد کیفیت است. گزارش را به این واحد بسپارید.'],
  EFFECT_TOO_EARLY: [
    409,
    'Too early to judge the effect',
    'زمان سنجش اثر این اقدام هنوز نرسیده است. روزی که از آن پس می‌توان اثر را سنجید در پاسخ آمده است.',
  ],
  MONTH_NOT_OVER: [
    409,
    'The month is not over',
    'این ماه هنوز به پایان نرسیده است و ارقام آن تغییر می‌کند. پس از پایان ماه گزارش آن را بخواهید.',
  ],
  POSTINGS_TAKEN: [
    409,
    'Billing holds a posting already',
    'اقلام این تسویه به صورتحساب رفته است و ابطال ممکن نیست. خطا را گزارش و اصلاح کنید تا اختلاف در دوره بعد بیاید.',
  ],
  STILL_OWED: [
    409,
    'The bill is not paid yet',
    'مبلغ صورتحساب هنوز کامل پرداخت نشده است و مفاصاحساب صادر نمی‌شود. پس از پرداخت و ثبت آن دوباره تلاش کنید.',
  ],
  CORRECTION_OPEN: [
    409,
    'An error is being corrected',
    'خطایی برای این تسویه در دست اصلاح است و مفاصاحساب صادر نمی‌شود. پس از پایان اصلاح دوباره تلاش کنید.',
  ],
  SETTLEMENT_HALTED: [
    409,
    'The settlement is on record and its workflow has stopped',
    'این تسویه ثبت شده است، ولی پردازش آن متوقف شده و به‌خودی‌خود پیش نمی‌رود. به سرپرست بگویید تا مسئول سامانه آن را دوباره به راه اندازد؛ تا آن زمان تکرار این کار سودی ندارد.',
  ],
  SETTLEMENT_ENDED: [
    409,
    'The settlement has ended',
    'این تسویه پایان یافته است. سرپرست می‌تواند تسویهٔ دیگری با اشاره به این یکی ثبت کند.',
  ],
  TIMETABLE_DIFFERS: [
    409,
    'The timetable says otherwise',
    'تاریخ بسته شدن با جدول زمان‌بندی نمی‌خواند. تاریخ را درست کنید یا جدول تازه را بفرستید.',
  ],
  CYCLE_CLOSED: [409, 'The cycle has closed', 'مهلت این دوره گذشته است و باز نمی‌شود. اقلام آن به دوره بعد می‌رود.'],
  CYCLE_OUT_OF_ORDER: [409, 'An earlier cycle still takes postings', 'دورهٔ پیشین این سری هنوز بسته نشده است. نخست آن را به پایان برسانید.'],
  CYCLE_ALREADY_OPEN: [
    409,
    'The cycle was opened by another event',
    'این دوره پیش‌تر با رویداد دیگری باز شده است. با همان رویداد ادامه دهید.',
  ],
  CYCLE_NOT_OPEN: [409, 'The cycle is not open', 'این دوره هنوز باز نشده است. نخست آن را باز کنید.'],
  EVENT_EXISTS: [
    409,
    'The event id stands for something else',
    'این شناسهٔ رویداد پیش‌تر با محتوای دیگری ثبت شده است. برای محتوای تازه شناسهٔ تازه بدهید.',
  ],
  CONTROL_TOTAL_DIFFERS: [
    409,
    'Count or sum is not that of the batch',
    'تعداد یا جمع با دسته نمی‌خواند و چیزی ثبت نشد. دسته را دوباره دریافت و بررسی کنید.',
  ],
  PAYLOAD_UNREADABLE: [
    422,
    'The payloads cannot be decrypted',
    'این داده با کلیدهای این سامانه خوانده نمی‌شود. شاید کلید پیشین از پیکربندی برداشته شده باشد؛ به راهبر سامانه بگویید.',
  ],
  BODY_TOO_LARGE: [413, 'The body is too large', 'حجم درخواست بیش از اندازهٔ مجاز است. آن را کوچک‌تر کنید یا در چند بخش بفرستید.'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Unsupported media type', 'نوع محتوای درخواست پذیرفته نیست. سرایند Content-Type را درست کنید.'],
  INVALID_REQUEST: [422, 'The request is not valid', 'درخواست ایراد دارد. موردهای زیر را درست کنید و دوباره بفرستید.'],
  REJECTED: [422, 'The settlement is refused', 'تسویه با این مشخصات ممکن نیست. موردهای زیر را برطرف کنید و دوباره بفرستید.'],
  FEED_OLDER: [
    409,
    'The file is older than the one loaded',
    'داده‌های تازه‌تری بارگذاری شده است و چیزی از این پرونده ثبت نشد. اگر به‌راستی باید جای آن را بگیرد، با تأیید نفر دوم بفرستید.',
  ],
  FEED_REFUSED: [
    422,
    'The feed has faulty rows',
    'پرونده ردیف‌های نادرست دارد و چیزی از آن ثبت نشد. ردیف‌های زیر را درست کنید و همهٔ پرونده را دوباره بفرستید.',
  ],
  SIGN_IN_LOCKED: [
    429,
    'Too many wrong passwords',
    'گذرواژه چند بار نادرست بوده و ورود با این نام برای مدتی بسته است. پس از زمانی که در سرایند Retry-After آمده است دوباره وارد شوید، یا از مدیر سامانه گذرواژهٔ تازه بگیرید.',
  ],
  TOO_MANY_REQUESTS: [
    429,
    'Too many requests',
    'درخواست‌ها در این دقیقه بیش از اندازه بوده است. پس از زمانی که در سرایند Retry-After آمده است دوباره بفرستید؛ اگر تکرار شد به راهبر سامانه بگویید.',
  ],
  ONE_AT_A_TIME: [
    429,
    'One such call at a time',
    'همین کار از سوی شما هنوز در حال انجام است و هر بار یکی پذیرفته می‌شود. پس از پایان آن دوباره بفرستید.',
  ],
  INTERNAL: [500, 'Internal error', 'خطایی در سامانه رخ داد. کمی بعد دوباره تلاش کنید و اگر ماند، شناسهٔ درخواست را به پشتیبان بدهید.'],
  BILLING_FAULT: [
    502,
    'The billing system gave no usable answer',
    'پاسخ سامانهٔ صدور قبض قابل استفاده نبود و چیزی از آن به کار نرفت. موضوع را با زمان آن به پشتیبان بگویید و سپس دوباره تلاش کنید.',
  ],
  NOTHING_ACCEPTED: [
    503,
    'Nothing was accepted',
    'سامانه اکنون در دسترس نیست و چیزی ثبت نشد. کمی بعد همین درخواست را دوباره بفرستید یا برگهٔ کاغذی بنویسید.',
  ],
  UNAVAILABLE: [503, 'Temporarily unavailable', 'سامانه اکنون در دسترس نیست. کمی بعد دوباره تلاش کنید.'],
} as const satisfies Record<string, readonly [number, string, string]>;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

export function problemStatus(code: ProblemCode): number {
  return PROBLEMS[code][0];
}

/** An answer that is no success; thrown by handlers, written by `problemWriter`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** the first MAX_FAULTS; the members say when there are more */
  readonly errors: ProblemError[];
  readonly detail: string | undefined;
  /** further members of the problem document */
  readonly members: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    readonly code: ProblemCode,
    options: {
      errors?: ProblemError[];
      detail?: string;
      members?: Record<string, unknown>;
      headers?: Record<string, string>;
      /** for the log alone */
      cause?: unknown;
    } = {},
  ) {
    super(PROBLEMS[code][1], options.cause === undefined ? {} : { cause: options.cause });
    const { listed, counts, total } = bounded(options.errors ?? []);
    this.errors = listed;
    this.detail = options.detail;
    this.members = { ...(total > listed.length && { counts, truncated: true }), ...options.members };
    this.headers = options.headers ?? {};
  }
}

/** The problem document (RFC 9457). `type` is a name, not an address: it holds wherever the service runs. */
export function problemDocument(code: ProblemCode, errors: ProblemError[] = [], detail?: string): Record<string, unknown> {
  const [status, title, persian] = PROBLEMS[code];
  return {
    type: `urn:tasvieh:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: detail ?? persian,
    code,
    errors,
  };
}

/** The findings as a problem's errors. */
export function problemErrors(findings: readonly Finding[]): ProblemError[] {
  return findings.map(({ field, code, message, severity }) => ({ field, code, message, severity }));
}

/** What body-parser and Express throw, by their `type` or status. */
function known(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof URIError) return new Problem('MALFORMED_URL');
  if (!(error instanceof Error)) return null;
  if (error instanceof BillingUnavailableError)
    return new Problem('UNAVAILABLE', {
      detail:
        'سامانهٔ صدور قبض اکنون پاسخ نمی‌دهد. کمی بعد دوباره تلاش کنید؛ درخواست تسویه را می‌توان ثبت کرد و پس از بازگشت آن اعلام می‌شود.',
    });
  if (error instanceof BillingAnswerError || error instanceof BillingRefusedError) return new Problem('BILLING_FAULT');
  if (error.name === 'NoAnswerError' || isOutage(error)) return new Problem('UNAVAILABLE');
  switch ((error as { type?: unknown }).type) {
    case 'entity.parse.failed':
    case 'entity.verify.failed':
      return new Problem('MALFORMED_JSON');
    case 'entity.too.large':
      return new Problem('BODY_TOO_LARGE');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Problem('UNSUPPORTED_MEDIA_TYPE');
    case 'request.aborted':
    case 'request.size.invalid':
      return new Problem('BODY_INCOMPLETE');
    default:
      // Express reports a broken percent escape of a path parameter so
      return (error as { status?: unknown }).status === 400 ? new Problem('MALFORMED_URL') : null;
  }
}

/** The last handler: writes every thrown error as a problem and tells nothing of unexpected ones. */
export const problemWriter: ErrorRequestHandler = (error: unknown, req: Request, res: Response, _next) => {
  const problem = known(error) ?? new Problem('INTERNAL');
  if (problem !== error && problemStatus(problem.code) >= 500) req.log.error({ err: withoutData(error) }, 'request failed');
  if (res.headersSent) {
    // a half-written answer must not look complete
    res.destroy();
    return;
  }
  const status = problemStatus(problem.code);
  res.status(status).set(problem.headers);
  if (status === 401) res.set('WWW-Authenticate', 'Bearer');
  if (status === 503) res.set('Retry-After', '5');
  // what is left of an unread body would be taken for the next request
  if (status === 408 || status === 413 || problem.code === 'BODY_INCOMPLETE') res.set('Connection', 'close');
  res.set('Cache-Control', 'no-store');
  if ((res.locals as { forBrowsers?: boolean }).forBrowsers && req.accepts(['json', 'html']) === 'html') {
    res.type('html').send(problemPage(problem));
    return;
  }
  res
    .type('application/problem+json')
    .send(JSON.stringify({ ...problemDocument(problem.code, problem.errors, problem.detail), ...problem.members }));
};

/** The same for a person whose browser was led here: nobody reads JSON there. */
function problemPage({ code, detail, errors }: Problem): string {
  const [, title, persian] = PROBLEMS[code];
  const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="fa" dir="rtl">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${escaped(title)}</title></head>
<body style="font: 1.1rem/1.8 Vazirmatn, Tahoma, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem">
<main>
<h1 style="font-size: 1.3rem">ورود انجام نشد</h1>
${[errors[0]?.message ?? detail ?? persian].map((text) => `<p>${escaped(text)}</p>`).join('')}
<p lang="en" dir="ltr">${escaped(title)} (${code}). <a href="/">Back to the sign-in</a></p>
<p><a href="/">بازگشت به صفحهٔ ورود</a></p>
</main>
</body>
</html>
`;
}

/** A text for the log: long runs of digits may be a subscription, a national id or a mobile number, Persian words a name or an address. */
export function maskedText(text: string): string {
  return text.replace(/[0-9۰-۹٠-٩]{6,}/g, '…').replace(/\p{scx=Arabic}(?:[\p{scx=Arabic}\s\u200c.]*\p{scx=Arabic})?/gu, '…');
}

/** An error for the log, without what may be a person's. */
export function withoutData(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    // the class where the name does not tell it
    type: error.name === 'Error' ? error.constructor.name : error.name,
    code: (error as { code?: unknown }).code,
    message: maskedText(error.message),
    stack: maskedText(error.stack ?? ''),
  };
}
