import type { FeedKind } from '../domain/settlement/account.js';
import { makeBillId } from '../domain/bill/bill-id.js';
import { parseJalali } from '../domain/calendar/jalali.js';
import { mobile } from '../domain/people/person.js';
import { cleanText, latinDigits, lettersLost, nameLettersLost } from '../domain/text.js';
import { searchWords } from './search.js';

/** What may be wrong with a file, its header, a row or a cell; codes are stable, texts are for the sender. */
export const FAULT_TEXT = {
  EMPTY_FILE: 'فایل خالی است.',
  NOT_UTF8: 'فایل با کدگذاری UTF-8 ذخیره نشده است.',
  CSV_SYNTAX: 'ساختار CSV از این ردیف به بعد خوانده نمی‌شود (گیومهٔ بازمانده یا ردیف بسیار بلند).',
  LINE_BREAK_IN_CELL:
    'گیومه‌ای در این خانه باز مانده و سطرهای بعد را در خود گرفته است. گیومه را ببندید یا بردارید؛ در هیچ خانه‌ای سطر تازه آغاز نمی‌شود.',
  MISSING_COLUMN: 'این ستون در سرستون فایل نیست.',
  UNKNOWN_COLUMN: 'این ستون شناخته نیست.',
  DUPLICATE_COLUMN: 'این ستون در سرستون تکرار شده است.',
  WRONG_NUMBER_OF_FIELDS: 'تعداد خانه‌های این ردیف با سرستون برابر نیست.',
  REQUIRED: 'این خانه نباید خالی باشد.',
  NOT_A_DATE: 'تاریخ شمسی درست به شکل سال/ماه/روز نیست.',
  NOT_WHOLE_RIAL: 'مبلغ باید عدد صحیح به ریال و بدون جداکننده باشد.',
  NOT_A_NUMBER: 'عدد نیست.',
  OUT_OF_RANGE: 'عدد بیرون از محدودهٔ مجاز است.',
  NOT_IN_LIST: 'این مقدار در فهرست مقدارهای مجاز نیست.',
  NOT_A_CODE: 'کد درست نیست.',
  NOT_DIGITS: 'این شناسه باید تنها از رقم باشد.',
  TOO_LONG: 'متن بلندتر از اندازهٔ مجاز است.',
  WRONG_LENGTH: 'تعداد رقم‌های این شناسه درست نیست؛ شاید صفرهای آغاز آن افتاده باشد.',
  SPREADSHEET_NUMBER: 'صفحه‌گسترده این شناسه را به عدد تبدیل کرده و رقم‌هایی از آن از دست رفته است؛ ستون را به شکل متن ذخیره کنید.',
  LETTERS_LOST:
    'حروفی از این متن از دست رفته است (؟ یا نویسه‌های ناخوانا به جای آن). پرونده را با کدگذاری UTF-8 دوباره از سامانهٔ اصلی بگیرید.',
  INVALID_CHARACTER: 'نویسهٔ غیرمجاز دارد.',
  PERIOD_REVERSED: 'پایان دوره پیش از آغاز آن است.',
  DUPLICATE_IN_FILE: 'این کلید در ردیف پیشین فایل هم آمده است.',
  DUPLICATE_BILL_ID:
    'شمارهٔ پرونده و شرکت این ردیف شناسهٔ قبضِ اشتراک دیگری را می‌دهد؛ شناسهٔ قبض هر اشتراک یکتاست. شماره‌ها را در سامانهٔ صورتحساب اصلاح کنید.',
  UNKNOWN_SUBSCRIPTION: 'این شمارهٔ اشتراک در فهرست مشترکان نیست.',
  UNKNOWN_SERIES: 'کد دوره با سری آن نمی‌خواند.',
} as const;
export type FaultCode = keyof typeof FAULT_TEXT;

/** Says what is wrong with a cell; the second argument names another column of the row. */
type Report = (code: FaultCode, column?: string) => void;

export interface Column {
  /** the header's word; null for a column that is derived */
  name: string | null;
  /** column of the table */
  sql: string;
  type: string;
  /** text of the cell → text for PostgreSQL, null for none */
  parse: (cell: string, report: Report) => string | null;
}

export interface FeedTable {
  columns: Column[];
  /** columns of the table that identify a row */
  key: string[];
  /** a further column of which no two subscribers may have the same; `column`: the header's word that is reported */
  unique?: { sql: string; column: string; code: FaultCode };
  /** whether rows name a subscriber that the accounts feed must have told before */
  ofSubscriber: boolean;
  /** whether a file with a header alone is news (a day without payments) or a broken export */
  mayBeEmpty: boolean;
  /** checks between the cells of a row and derives further columns; `row` by the table's column names */
  checkRow?: (row: Record<string, string | null>, report: Report) => void;
}

/** A cell as typed: ends trimmed, ZWNJ and bidi marks of spreadsheets included. */
function trimmed(cell: string): string {
  return PLAIN.test(cell) ? cell : cleanText(cell);
}
const PLAIN = /^[0-9A-Za-z/_.+-]*$/;
// the pictures of a number in a cell of general format: digits are lost already
const SPREADSHEET = /^[+-]?(?:[0-9]+(?:[.,][0-9]+)?E[+-]?[0-9]+|[0-9]+\.[0-9]*)$/i;
// `12E5` may be a serial; with a sign or a fraction only a spreadsheet writes it
const SPREADSHEET_SERIAL = /^[+-]?(?:[0-9]+(?:[.,][0-9]+)?E[+-][0-9]+|[0-9]+[.,][0-9]+E[0-9]+|[0-9]+\.0*)$/i;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\ufffd/;

interface Need {
  optional?: true;
  /** what an empty optional cell is stored as; default null */
  empty?: string;
}

function cellOf(cell: string, need: Need, report: Report, read: (text: string) => string | null): string | null {
  if (CONTROL.test(cell)) {
    report('INVALID_CHARACTER');
    return null;
  }
  const text = trimmed(cell);
  if (text !== '') return read(text);
  if (!need.optional) report('REQUIRED');
  return need.empty ?? null;
}

type Make = (name: string, sql: string, need?: Need) => Column;
const make =
  (type: string, read: (text: string, report: Report) => string | null): Make =>
  (name, sql, need = {}) => ({
    name,
    sql,
    type,
    parse: (cell, report) => cellOf(cell, need, report, (text) => read(text, report)),
  });

/** Digits only, leading zeros kept. */
function digits(least: number, most = least): Make {
  return make('text', (text, report) => {
    const id = latinDigits(text);
    if (/^[0-9]+$/.test(id)) {
      if (id.length >= least && id.length <= most) return id;
      report('WRONG_LENGTH');
    } else report(SPREADSHEET.test(id) ? 'SPREADSHEET_NUMBER' : 'NOT_DIGITS');
    return null;
  });
}

/** Letters and digits as given, leading zeros kept. */
function code(most: number): Make {
  return make('text', (text, report) => {
    const id = latinDigits(text);
    if (SPREADSHEET_SERIAL.test(id)) report('SPREADSHEET_NUMBER');
    else if (id.length > most) report('TOO_LONG');
    else return id;
    return null;
  });
}

function text(most: number, lost = lettersLost): Make {
  return make('text', (typed, report) => {
    if (typed.length > most) report('TOO_LONG');
    else if (lost(typed)) report('LETTERS_LOST');
    else return typed;
    return null;
  });
}

const date: Make = make('text', (typed, report) => {
  const day = parseJalali(typed);
  if (day === null) report('NOT_A_DATE');
  return day;
});

const RIAL = /^[-−]?[0-9]{1,16}$/;
function rial(least: number): Make {
  return make('bigint', (typed, report) => {
    const figure = latinDigits(typed);
    const value = Number(figure.replace('−', '-'));
    if (!RIAL.test(figure) || !Number.isSafeInteger(value)) report('NOT_WHOLE_RIAL');
    else if (value < least) report('OUT_OF_RANGE');
    else return String(value);
    return null;
  });
}
const signedRial = rial(Number.MIN_SAFE_INTEGER);
const positiveRial = rial(0);

function whole(least: number, most: number): Make {
  return make('integer', (typed, report) => {
    const figure = latinDigits(typed);
    if (!/^-?[0-9]{1,15}$/.test(figure)) report('NOT_A_NUMBER');
    else if (Number(figure) < least || Number(figure) > most) report('OUT_OF_RANGE');
    else return String(Number(figure));
    return null;
  });
}

/** A decimal greater than 0; Persian decimal mark accepted. */
const positiveDecimal: Make = make('numeric', (typed, report) => {
  const figure = latinDigits(typed).replace('٫', '.');
  if (!/^[0-9]{1,9}(?:\.[0-9]{1,9})?$/.test(figure)) report('NOT_A_NUMBER');
  else if (Number(figure) <= 0) report('OUT_OF_RANGE');
  else return figure;
  return null;
});

function oneOf(values: Readonly<Record<string, string>>, type = 'text'): Make {
  return make(type, (typed, report) => {
    const value = Object.hasOwn(values, typed.toLowerCase()) ? values[typed.toLowerCase()] : undefined;
    if (value === undefined) report('NOT_IN_LIST');
    return value ?? null;
  });
}
const same = (...values: string[]): Record<string, string> => Object.fromEntries(values.map((value) => [value, value]));
const flag = oneOf(
  { true: 'true', false: 'false', 1: 'true', 0: 'false', yes: 'true', no: 'false', بله: 'true', بلی: 'true', خیر: 'false' },
  'boolean',
);

/** The tariff's word for a use; which ones exist is the tariff's data. */
const useCode: Make = make('text', (typed, report) => {
  if (/^[a-z][a-z0-9-]{0,59}$/.test(typed)) return typed;
  report('NOT_A_CODE');
  return null;
});

/** A mobile as `09…`; another number of old ledgers is kept as its digits. */
const phone: Make = make('text', (typed, report) => {
  const figure = latinDigits(typed);
  if (SPREADSHEET.test(figure)) report('SPREADSHEET_NUMBER');
  else if (!/^[0-9+() -]{1,20}$/.test(figure)) report('NOT_DIGITS');
  else return mobile(figure) ?? figure;
  return null;
});

const subscription = digits(12)('subscription', 'subscription');
const reference = code(60)('reference', 'reference');
const countedInBill = code(40)('countedInBill', 'counted_in_bill', { optional: true });
const none: Need = { optional: true, empty: '' };

function derived(sql: string, type: string): Column {
  return { name: null, sql, type, parse: () => null };
}

/** `end` must not come before `start`; an absent one is not judged here. */
function inOrder(row: Record<string, string | null>, start: string, end: string, column: string, report: Report): void {
  const [from, to] = [row[start], row[end]];
  if (from && to && to < from) report('PERIOD_REVERSED', column);
}

export const FEED_TABLES: Record<FeedKind, FeedTable> = {
  accounts: {
    key: ['subscription'],
    // a payment at the bank names nothing but the bill id
    unique: { sql: 'bill_id', column: 'file', code: 'DUPLICATE_BILL_ID' },
    ofSubscriber: false,
    mayBeEmpty: false,
    columns: [
      subscription,
      digits(1, 8)('file', 'file'),
      digits(3)('company', 'company'),
      text(200, nameLettersLost)('name', 'name'),
      // old ledgers hold ids that fail the check digit; 11 digits are a legal person's
      digits(10, 11)('nationalId', 'national_id', none),
      phone('mobile', 'mobile', none),
      text(500)('address', 'address', none),
      digits(10)('postalCode', 'postal_code', none),
      code(10)('office', 'office'),
      code(10)('series', 'series'),
      useCode('use', 'use'),
      whole(1, 5)('climate', 'climate'),
      oneOf(same('urban', 'rural'))('area', 'area'),
      whole(1, 10_000)('units', 'units'),
      flag('welfare', 'welfare', { optional: true, empty: 'false' }),
      date('connectedOn', 'connected_on'),
      date('closedOn', 'closed_on', { optional: true }),
      derived('bill_id', 'text'),
      derived('search_words', 'tsvector'),
    ],
    checkRow(row, report) {
      inOrder(row, 'connected_on', 'closed_on', 'closedOn', report);
      if (row['file'] && row['company']) {
        if (/^0+$/.test(row['file'])) report('OUT_OF_RANGE', 'file');
        else row['bill_id'] = makeBillId({ file: row['file'], company: row['company'] });
      }
      row['search_words'] = searchWords(row['name'] ?? '', row['address'] ?? '');
    },
  },
  meters: {
    // a meter may be taken out and fitted again
    key: ['subscription', 'installed_on', 'serial'],
    ofSubscriber: true,
    mayBeEmpty: false,
    columns: [
      subscription,
      code(40)('serial', 'serial'),
      whole(3, 9)('digits', 'digits'),
      positiveDecimal('capacity', 'capacity'),
      positiveDecimal('coefficient', 'coefficient'),
      date('installedOn', 'installed_on'),
      whole(0, 999_999_999)('startReading', 'start_reading'),
      date('removedOn', 'removed_on', { optional: true }),
      whole(0, 999_999_999)('endReading', 'end_reading', { optional: true }),
    ],
    checkRow(row, report) {
      inOrder(row, 'installed_on', 'removed_on', 'removedOn', report);
      // a replacement is computed from both
      if (row['removed_on'] && row['end_reading'] === null) report('REQUIRED', 'endReading');
      if (row['end_reading'] && row['removed_on'] === null) report('REQUIRED', 'removedOn');
      const limit = 10 ** Number(row['digits']);
      if (row['digits'] && Number(row['start_reading']) >= limit) report('OUT_OF_RANGE', 'startReading');
      if (row['digits'] && Number(row['end_reading']) >= limit) report('OUT_OF_RANGE', 'endReading');
    },
  },
  bills: {
    key: ['subscription', 'serial'],
    ofSubscriber: true,
    mayBeEmpty: false,
    columns: [
      subscription,
      code(40)('serial', 'serial'),
      code(40)('cycle', 'cycle', none),
      date('issuedOn', 'issued_on'),
      date('fromDate', 'from_date'),
      date('toDate', 'to_date'),
      whole(0, 999_999_999)('fromReading', 'from_reading'),
      whole(0, 999_999_999)('toReading', 'to_reading'),
      oneOf(same('declared', 'staff', 'estimated', 'none'))('readingSource', 'reading_source'),
      signedRial('totalDue', 'total_due'),
    ],
    checkRow: (row, report) => inOrder(row, 'from_date', 'to_date', 'toDate', report),
  },
  payments: {
    key: ['reference'],
    ofSubscriber: true,
    mayBeEmpty: true,
    columns: [
      reference,
      subscription,
      date('paidOn', 'paid_on'),
      positiveRial('amount', 'amount'),
      digits(1, 13)('paymentId', 'payment_id', { optional: true }),
      countedInBill,
    ],
  },
  adjustments: {
    key: ['reference'],
    ofSubscriber: true,
    mayBeEmpty: true,
    columns: [
      reference,
      subscription,
      date('on', 'on'),
      signedRial('amount', 'amount'),
      text(500)('reason', 'reason', none),
      countedInBill,
    ],
  },
  instalments: {
    key: ['reference'],
    ofSubscriber: true,
    mayBeEmpty: true,
    columns: [reference, subscription, date('dueOn', 'due_on'), positiveRial('amount', 'amount'), countedInBill],
  },
  deposits: {
    key: ['reference'],
    ofSubscriber: true,
    mayBeEmpty: true,
    columns: [reference, subscription, positiveRial('amount', 'amount'), date('on', 'on')],
  },
  cycles: {
    key: ['cycle'],
    ofSubscriber: false,
    mayBeEmpty: false,
    columns: [
      code(10)('series', 'series'),
      code(40)('cycle', 'cycle'),
      date('fromDate', 'from_date'),
      date('toDate', 'to_date'),
      date('closesOn', 'closes_on'),
      date('issuesOn', 'issues_on'),
      whole(0, 366)('objectionDays', 'objection_days'),
    ],
    checkRow(row, report) {
      inOrder(row, 'from_date', 'to_date', 'toDate', report);
      // a posting must be in before the bill that carries it
      inOrder(row, 'closes_on', 'issues_on', 'issuesOn', report);
      const cycle = row['cycle'] ?? null;
      if (cycle === null) return;
      if (!/^.+-1[0-9]{3}-[0-9]{2}$/.test(cycle)) report('NOT_A_CODE', 'cycle');
      else if (row['series'] && cycle.slice(0, -8) !== row['series']) report('UNKNOWN_SERIES', 'cycle');
    },
  },
};
