/* CR4: what is wrong with a reading is said with both figures and dates, and what to do next. The sentences stand here word for word. */
import { checkReading } from '../../../src/domain/settlement/reading.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import type { AccountSnapshot, LedgerBill } from '../../../src/domain/settlement/account.js';
import type { SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import { bill, facts, meter, on, snapshot, tariff } from '../sample.js';

/** Bills of 30 days and `m3` each, the last up to 1397/02/01 with the counter at 5000. */
function usual(m3: number): Pick<AccountSnapshot, 'lastBill' | 'history'> {
  const history = Array.from({ length: 6 }, (_, i): LedgerBill => {
    const end = addDays(on('1397/02/01'), -30 * i);
    return bill(end, 5_000 - m3 * i, { fromDate: addDays(end, -30), fromReading: 5_000 - m3 * (i + 1) });
  });
  return { lastBill: history[0] as LedgerBill, history };
}
type Of = Parameters<typeof snapshot>[0];
function said(of: Of, date: string, reading: number | null, change: Partial<SettlementFacts> = {}): string[] {
  const asked = facts(date, reading, { readingSource: 'staff', ...change });
  return checkReading(snapshot(of), asked, [tariff()], on('1397/12/29')).findings.map(
    ({ code, field, message }) => `${code} ${field}: ${message}`,
  );
}
const last = bill('1397/02/01', 5_000);
const replaced = {
  meters: [meter({ removedOn: on('1397/02/10'), endReading: 5_020 }), meter({ serial: 'M2', installedOn: on('1397/02/10') })],
  lastBill: last,
};

test.each<[string, Parameters<typeof said>, string[]]>([
  [
    'before the account was connected',
    [{ account: { connectedOn: on('1397/02/20') } }, '1397/02/19', 5],
    ['READING_DATE_BEFORE_LAST settlementDate: تاریخ 1397/02/19 پیش از برقراری اشتراک (1397/02/20) است. تاریخ را اصلاح کنید.'],
  ],
  [
    'on the day on which it was connected',
    [{ account: { connectedOn: on('1397/02/20') }, meters: [meter({ installedOn: on('1397/02/20') })] }, '1397/02/20', 0],
    [],
  ],
  [
    'no figure',
    [{ lastBill: last }, '1397/02/31', null],
    ['READING_REQUIRED reading: رقم کنتور را وارد کنید، یا «فقط مانده دفتر» را برگزینید.'],
  ],
  [
    'after the account was closed',
    [{ account: { closedOn: on('1397/02/20') }, lastBill: last }, '1397/02/21', 5_010],
    ['ACCOUNT_CLOSED subscription: این اشتراک از 1397/02/20 جمع‌آوری شده است و کارکرد تازه ندارد. مانده دفتر را اعلام کنید.'],
  ],
  ['on the day on which it was closed', [{ account: { closedOn: on('1397/02/20') }, lastBill: last }, '1397/02/20', 5_010], []],
  [
    'no meter on record',
    [{ meters: [], lastBill: last }, '1397/02/31', 5_045],
    ['METER_UNKNOWN subscription: کنتور این اشتراک در زمان آخرین قرائت ثبت نشده است. موضوع را به واحد صورتحساب ارجاع دهید.'],
  ],
  [
    'in the future',
    [{ lastBill: last }, '1398/01/01', 5_045],
    ['READING_DATE_IN_FUTURE settlementDate: تاریخ 1398/01/01 پس از امروز (1397/12/29) است. تاریخ امروز یا پیش از آن را وارد کنید.'],
  ],
  [
    'before the last reading',
    [{ lastBill: last }, '1397/01/31', 5_045],
    [
      'READING_DATE_BEFORE_LAST settlementDate: تاریخ 1397/01/31 و رقم 5045: پیش از آخرین قرائت (1397/02/01، رقم 5000) است. تاریخ را اصلاح کنید یا ابطال و صدور دوباره را از سرپرست بخواهید.',
    ],
  ],
  [
    'another figure of the same day',
    [{ lastBill: last }, '1397/02/01', 5_001],
    [
      'READING_CHANGED_ON_SAME_DAY reading: برای همین روز (1397/02/01) رقم 5000 ثبت شده است و رقم 5001 با آن نمی‌خواند. رقم یا تاریخ را اصلاح کنید.',
    ],
  ],
  [
    'more digits than the meter',
    [{ lastBill: last }, '1397/02/31', 100_000],
    [
      'READING_TOO_MANY_DIGITS reading: رقم 100000 بیش از 5 رقمِ کنتور M1 دارد (رقم قبلی 5000 در 1397/02/01). رقم کنتور را در 1397/02/31 دوباره بخوانید.',
    ],
  ],
  [
    'below the last one',
    [{ lastBill: last }, '1397/02/31', 4_900],
    [
      'READING_BELOW_PREVIOUS reading: رقم 4900 در 1397/02/31 از رقم قبلی 5000 در 1397/02/01 کمتر است. رقم و کنتور را دوباره بررسی کنید؛ اگر کنتور عوض شده است، تعویض باید ثبت شود.',
    ],
  ],
  [
    'below an estimate',
    [{ lastBill: bill('1397/02/01', 5_000, { readingSource: 'estimated' }) }, '1397/02/31', 4_990],
    [
      'READING_BELOW_ESTIMATE reading: رقم 4990 در 1397/02/31 از رقم برآوردی 5000 در 1397/02/01 کمتر است. صورتحساب قبلی باید در واحد صورتحساب اصلاح شود؛ اکنون می‌توانید مانده دفتر را اعلام کنید.',
    ],
  ],
  [
    'above an estimate',
    [{ lastBill: bill('1397/02/01', 5_000, { readingSource: 'estimated' }) }, '1397/02/31', 5_045],
    ['ESTIMATED_LAST_READING reading: آخرین رقم (5000 در 1397/02/01) برآوردی بوده است؛ صورتحساب علی‌الحساب خواهد بود.'],
  ],
  [
    'round the counter once',
    [{ lastBill: bill('1397/02/01', 99_990) }, '1397/02/31', 35],
    [
      'ROLLOVER reading: رقم 35 در 1397/02/31 از رقم قبلی 99990 در 1397/02/01 کمتر است. اگر کنتور 5 رقمی یک دور کامل زده، کارکرد 45 متر مکعب است؛ با ذکر دلیل تأیید کنید.',
    ],
  ],
  [
    'a meter replaced in the period',
    [{ ...replaced }, '1397/02/31', 25],
    [
      'METER_REPLACED reading: کنتور در این دوره (از رقم 5000 در 1397/02/01 تا رقم 25 در 1397/02/31) عوض شده است؛ کارکرد کنتورهای پیشین 20 متر مکعب است.',
    ],
  ],
  [
    'three meters in the period',
    [
      {
        meters: [
          meter({ removedOn: on('1397/02/10'), endReading: 5_020 }),
          meter({ serial: 'M2', installedOn: on('1397/02/10'), startReading: 3, removedOn: on('1397/02/20'), endReading: 10 }),
          meter({ serial: 'M3', installedOn: on('1397/02/20') }),
        ],
        lastBill: last,
      },
      '1397/02/31',
      25,
    ],
    [
      'METER_REPLACED reading: کنتور در این دوره (از رقم 5000 در 1397/02/01 تا رقم 25 در 1397/02/31) عوض شده است؛ کارکرد کنتورهای پیشین 27 متر مکعب است.',
    ],
  ],
  [
    'more than the meter can pass',
    [{ lastBill: last }, '1397/02/31', 9_400],
    [
      'ABOVE_METER_CAPACITY reading: کارکرد 4400 متر مکعب در 30 روز (از رقم 5000 در 1397/02/01 تا رقم 9400 در 1397/02/31) از توان کنتور (4320 متر مکعب) بیشتر است. رقم و تاریخ را دوباره بررسی کنید.',
    ],
  ],
  [
    'no consumption',
    [{ lastBill: last }, '1397/02/31', 5_000],
    ['ZERO_CONSUMPTION reading: از رقم 5000 در 1397/02/01 تا رقم 5000 در 1397/02/31: کارکرد صفر در 30 روز. دلیل را بنویسید.'],
  ],
  [
    'unusually high',
    [{ ...usual(60) }, '1397/02/31', 5_150],
    [
      'HIGH_CONSUMPTION reading: کارکرد 150 متر مکعب بیش از معمول است (از رقم 5000 در 1397/02/01 تا رقم 5150 در 1397/02/31؛ میانگین همین فصل برای 30 روز حدود 60 متر مکعب است). رقم را بررسی و با دلیل تأیید کنید.',
    ],
  ],
  [
    'outside the outer band',
    [{ ...usual(60) }, '1397/02/31', 5_400],
    [
      'OUTSIDE_OUTER_BAND reading: کارکرد 400 متر مکعب بسیار غیرعادی است (از رقم 5000 در 1397/02/01 تا رقم 5400 در 1397/02/31؛ میانگین همین فصل برای 30 روز حدود 60 متر مکعب است). رقم را دوباره بخوانید یا پذیرش سرپرست را بگیرید.',
    ],
  ],
  [
    'unusually low',
    [{ ...usual(120) }, '1397/02/31', 5_004],
    [
      'LOW_CONSUMPTION reading: کارکرد 4 متر مکعب کمتر از معمول است (از رقم 5000 در 1397/02/01 تا رقم 5004 در 1397/02/31؛ میانگین همین فصل برای 30 روز حدود 120 متر مکعب است). رقم را بررسی و با دلیل تأیید کنید.',
    ],
  ],
  [
    'not used, and yet changed',
    [{ lastBill: last }, '1397/02/31', 5_010, { meterState: 'noUse' }],
    [
      'NO_USE_READING_CHANGED reading: از رقم 5000 در 1397/02/01 تا رقم 5010 در 1397/02/31: کارکرد 10 متر مکعب است و با وضعیت «بدون مصرف» نمی‌خواند. رقم را دوباره بخوانید یا وضعیت کنتور را «عادی» کنید.',
    ],
  ],
  ['not used', [{ lastBill: last }, '1397/02/31', 5_000, { meterState: 'noUse' }], []],
  [
    'behind a locked door, with a figure',
    [{ lastBill: last }, '1397/02/31', 5_010, { meterState: 'closed' }],
    [
      'METER_NOT_READ readingSource: کنتور در محل بسته بوده و خوانده نشده است (رقم 5010 در 1397/02/31، رقم قبلی 5000 در 1397/02/01). منبع رقم را «برآورد» کنید، «فقط مانده دفتر» را برگزینید یا وضعیت کنتور را اصلاح کنید.',
    ],
  ],
  [
    'behind an obstacle, of a new subscriber',
    [{ meters: [] }, '1397/02/31', 5_010, { meterState: 'obstacle' }],
    [
      'METER_NOT_READ readingSource: کنتور پشت مانع بوده و خوانده نشده است (رقم 5010 در 1397/02/31). منبع رقم را «برآورد» کنید، «فقط مانده دفتر» را برگزینید یا وضعیت کنتور را اصلاح کنید.',
      'METER_UNKNOWN subscription: کنتور این اشتراک در زمان آخرین قرائت ثبت نشده است. موضوع را به واحد صورتحساب ارجاع دهید.',
    ],
  ],
  [
    'reversed',
    [{ lastBill: last }, '1397/02/31', 5_010, { meterState: 'reversed' }],
    [
      'METER_REVERSED meterState: کنتور وارونه نصب شده است و رقم آن پذیرفته نیست (رقم 5010 در 1397/02/31، رقم قبلی 5000 در 1397/02/01). اصلاح کارکرد را به واحد صورتحساب ارجاع دهید؛ اکنون می‌توانید مانده دفتر را اعلام کنید.',
    ],
  ],
  [
    'broken',
    [{ lastBill: last }, '1397/02/31', 5_010, { meterState: 'broken' }],
    [
      'METER_BROKEN readingSource: کنتور خراب است و رقم آن کارکرد را نشان نمی‌دهد (رقم 5010 در 1397/02/31، رقم قبلی 5000 در 1397/02/01). منبع رقم را «برآورد» کنید تا صورتحساب علی‌الحساب شود، یا «فقط مانده دفتر» را برگزینید.',
    ],
  ],
  ['broken and estimated', [{ lastBill: last }, '1397/02/31', 5_010, { meterState: 'broken', readingSource: 'estimated' }], []],
])('%s', (_, of, findings) => expect(said(...of)).toEqual(findings));
