/* CR1: every line explains itself. The sentences are what an applicant reads and a lawyer quotes, so they stand here word for word. */
import { type BillLine, type Debt, computeDebt } from '../../../src/domain/bill/debt.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import { decimal } from '../../../src/domain/fraction.js';
import type { SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import type { DiscountRule, Tariff } from '../../../src/domain/tariff/tariff.js';
import { bill, isDebt, on, snapshot, tariff } from '../sample.js';

const ever = { from: on('1390/01/01'), to: null };

interface Of {
  tariffs?: Tariff[];
  days?: number;
  m3?: string;
  purpose?: SettlementFacts['purpose'];
  of?: Parameters<typeof snapshot>[0];
}
function debt({ tariffs = [tariff()], days = 30, m3 = '0', purpose = 'balance', of = {} }: Of): Debt {
  const result = computeDebt({
    snapshot: snapshot(of),
    facts: { settlementDate: addDays(on('1397/02/01'), days), reading: 0, readingSource: 'staff', purpose },
    usage: { previous: { reading: 0, on: on('1397/02/01'), source: 'staff' }, days, consumption: decimal(m3) },
    tariffs,
    fee: null,
  });
  isDebt(result);
  return result;
}
const words = (result: Debt): string[] =>
  result.lines.map(({ code, label, quantity, unit, rate, from, to, amount, basis }: BillLine) =>
    [code, label, quantity, unit, rate, from, to, amount, basis].map((part) => part ?? '–').join(' | '),
  );

const SEASONS: Tariff['seasons'] = [
  { season: 'warm', from: '02/11', to: '08/15' },
  { season: 'cold', from: '08/16', to: '02/10' },
];
const CHARGES = {
  insurance: [{ ...ever, use: 'household', area: 'urban', per: 'unit', rialPerMonth: 3_000 }],
  subscription: [{ ...ever, capacityUpTo: null, per: 'meter', rialPerMonth: 4_000, fixedPer: 'period' }],
  levy: [{ ...ever, percent: '10' }],
  vat: [
    { from: on('1390/01/01'), to: on('1397/02/11'), percent: '9', base: ['gas', 'subscription', 'insurance', 'levy'] },
    { from: on('1397/02/12'), to: null, percent: '10', base: ['gas'] },
  ],
} satisfies Partial<Tariff>;
const ALLOWANCE: DiscountRule = { ...ever, kind: 'freeAllowance', title: 'مصرف رایگان', use: 'household', uptoM3PerMonth: 45 };
const LEDGER = {
  lastBill: bill('1397/02/01', 0, { serial: 'B-7', cycle: '12-1397-01', totalDue: -2_500 }),
  payments: [{ reference: 'P1', paidOn: on('1397/02/05'), amount: 1_000, paymentId: null }],
  adjustments: [{ reference: 'A1', on: on('1397/02/06'), amount: -300, reason: 'اصلاح قرائت' }],
  instalments: [
    { reference: 'I1', dueOn: on('1397/04/01'), amount: 20_000 },
    { reference: 'I2', dueOn: on('1397/05/01'), amount: 30_000 },
  ],
  deposits: [{ reference: 'D1', amount: 7_000, on: on('1395/01/01') }],
};
const NOTHING = { payments: [], adjustments: [], instalments: [], deposits: [] };
const EARLIER = {
  billNumber: '01-1397-9',
  settlementDate: on('1397/02/10'),
  previous: null,
  total: 8_000,
  counted: {
    payments: [{ reference: 'P0', amount: 5_000 }],
    adjustments: [{ reference: 'A0', amount: 250 }],
    instalments: [{ reference: 'I0', amount: 9_000 }],
    deposits: [{ reference: 'D0', amount: 4_000 }],
  },
};

test.each<[string, Of, string[]]>([
  [
    'two seasons of a tariff that has ended, for two units: limits by days and units, and what is provisional',
    {
      m3: '100',
      of: { account: { units: 2 } },
      tariffs: [tariff({ seasons: SEASONS, to: on('1397/02/10'), provisionalTo: on('1397/12/29') })],
    },
    [
      'GAS_STEP | گازبها، فصل سرد، پله 1 | 27 | m3 | 1081 | 1397/02/02 | 1397/02/10 | 29187 | 27 متر مکعب × 1081 ریال، از 1397/02/02 تا 1397/02/10 (9 روز از 30 روزِ دوره)؛ از 0 تا 27 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 9 ÷ ۳۰ × 2 واحد)؛ تعرفه آزمون',
      'GAS_STEP | گازبها، فصل سرد، پله 2 | 3 | m3 | 1311 | 1397/02/02 | 1397/02/10 | 3933 | 3 متر مکعب × 1311 ریال، از 1397/02/02 تا 1397/02/10 (9 روز از 30 روزِ دوره)؛ از 27 تا 57 متر مکعب (45 تا 95 در ماه؛ سقف ماهانه × 9 ÷ ۳۰ × 2 واحد)؛ تعرفه آزمون',
      'GAS_STEP | گازبها، فصل گرم، پله 1 | 63 | m3 | 1081 | 1397/02/11 | 1397/02/31 | 68103 | 63 متر مکعب × 1081 ریال، از 1397/02/11 تا 1397/02/31 (21 روز از 30 روزِ دوره)؛ از 0 تا 63 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 21 ÷ ۳۰ × 2 واحد)؛ تعرفه آزمون (موقت، تا انتشار تعرفه تازه)',
      'GAS_STEP | گازبها، فصل گرم، پله 2 | 7 | m3 | 1311 | 1397/02/11 | 1397/02/31 | 9177 | 7 متر مکعب × 1311 ریال، از 1397/02/11 تا 1397/02/31 (21 روز از 30 روزِ دوره)؛ از 63 تا 133 متر مکعب (45 تا 95 در ماه؛ سقف ماهانه × 21 ÷ ۳۰ × 2 واحد)؛ تعرفه آزمون (موقت، تا انتشار تعرفه تازه)',
    ],
  ],
  [
    'a period of 31 days, a fraction of a cubic metre',
    { m3: '46.5', days: 31 },
    [
      'GAS_STEP | گازبها، فصل گرم، پله 1 | 93/2 | m3 | 1081 | 1397/02/02 | 1397/03/01 | 50267 | 46.5 متر مکعب × 1081 ریال، از 1397/02/02 تا 1397/03/01 (31 روز از 31 روزِ دوره)؛ از 0 تا 46.5 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 31 ÷ ۳۰)؛ تعرفه آزمون',
    ],
  ],
  [
    'one rate for all, above the last limit',
    {
      m3: '12',
      tariffs: [tariff({ gas: [{ use: 'household', season: 'both', steps: [{ uptoM3PerMonth: null, rialPerM3: 900 }], flat: true }] })],
    },
    [
      'GAS_FLAT | گازبها، فصل گرم | 12 | m3 | 900 | 1397/02/02 | 1397/02/31 | 10800 | 12 متر مکعب × 900 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ نرخ یکسان برای همه کارکرد؛ تعرفه آزمون',
    ],
  ],
  [
    'the last step has no upper limit',
    {
      m3: '2000',
      tariffs: [
        tariff({
          gas: [
            {
              use: 'household',
              season: 'both',
              steps: [
                { uptoM3PerMonth: 45, rialPerM3: 100 },
                { uptoM3PerMonth: null, rialPerM3: 900 },
              ],
              flat: false,
            },
          ],
        }),
      ],
    },
    [
      'GAS_STEP | گازبها، فصل گرم، پله 1 | 45 | m3 | 100 | 1397/02/02 | 1397/02/31 | 4500 | 45 متر مکعب × 100 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ از 0 تا 45 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 30 ÷ ۳۰)؛ تعرفه آزمون',
      'GAS_STEP | گازبها، فصل گرم، پله 2 | 1955 | m3 | 900 | 1397/02/02 | 1397/02/31 | 1759500 | 1955 متر مکعب × 900 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ بیش از 45 متر مکعب (45 در ماه؛ سقف ماهانه × 30 ÷ ۳۰)؛ تعرفه آزمون',
    ],
  ],
  [
    'charges by the month and by the period, levy, and a VAT that changes in the period',
    { m3: '45', of: { account: { units: 2 } }, tariffs: [tariff(CHARGES)] },
    [
      'GAS_STEP | گازبها، فصل گرم، پله 1 | 45 | m3 | 1081 | 1397/02/02 | 1397/02/31 | 48645 | 45 متر مکعب × 1081 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ از 0 تا 90 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 30 ÷ ۳۰ × 2 واحد)؛ تعرفه آزمون',
      'SUBSCRIPTION | آبونمان | 1 | – | 4000 | 1397/02/02 | 1397/02/31 | 4000 | 4000 ریال در دوره 30 روزه × 30 روز ÷ 30، از 1397/02/02 تا 1397/02/31',
      'INSURANCE | بیمه | 2 | month | 3000 | 1397/02/02 | 1397/02/31 | 6000 | 3000 ریال در ماه × 30 روز ÷ 30 × 2 واحد، از 1397/02/02 تا 1397/02/31',
      'GAS_LEVY | عوارض گازرسانی | 48645 | rial | 10% | 1397/02/02 | 1397/02/31 | 4865 | 10 درصدِ 48645 ریال (گازبها)',
      'VAT | مالیات بر ارزش افزوده | 63510 | rial | 9% | 1397/02/02 | 1397/02/11 | 1905 | 9 درصدِ 63510 ریال (گازبها و آبونمان و بیمه و عوارض گازرسانی) × 10 روز ÷ 30 روز',
      'VAT | مالیات بر ارزش افزوده | 48645 | rial | 10% | 1397/02/12 | 1397/02/31 | 3243 | 10 درصدِ 48645 ریال (گازبها) × 20 روز ÷ 30 روز',
    ],
  ],
  [
    'a free allowance with its levy and VAT, for two units',
    {
      m3: '45',
      of: { account: { units: 2 } },
      tariffs: [tariff({ discounts: [ALLOWANCE], levy: CHARGES.levy, vat: [{ ...ever, percent: '9', base: ['gas'] }] })],
    },
    [
      'GAS_STEP | گازبها، فصل گرم، پله 1 | 45 | m3 | 1081 | 1397/02/02 | 1397/02/31 | 48645 | 45 متر مکعب × 1081 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ از 0 تا 90 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 30 ÷ ۳۰ × 2 واحد)؛ تعرفه آزمون',
      'GAS_LEVY | عوارض گازرسانی | 48645 | rial | 10% | 1397/02/02 | 1397/02/31 | 4865 | 10 درصدِ 48645 ریال (گازبها)',
      'VAT | مالیات بر ارزش افزوده | 48645 | rial | 9% | 1397/02/02 | 1397/02/31 | 4378 | 9 درصدِ 48645 ریال (گازبها)',
      'DISCOUNT | تخفیف: مصرف رایگان | 45 | m3 | – | 1397/02/02 | 1397/02/31 | -57888 | مصرف بیش از 90 متر مکعب در 30 روز نیست (45 در ماه × 2 واحد)؛ کسر گازبهای 45 متر مکعب 48645 ریال، عوارض آن 4865 ریال و مالیات آن 4378 ریال؛ تعرفه آزمون',
    ],
  ],
  [
    'a free allowance that ends in the period',
    { m3: '45', tariffs: [tariff({ discounts: [{ ...ALLOWANCE, to: on('1397/02/16') }] })] },
    [
      'GAS_STEP | گازبها، فصل گرم، پله 1 | 45 | m3 | 1081 | 1397/02/02 | 1397/02/31 | 48645 | 45 متر مکعب × 1081 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ از 0 تا 45 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 30 ÷ ۳۰)؛ تعرفه آزمون',
      'DISCOUNT | تخفیف: مصرف رایگان | 45/2 | m3 | – | 1397/02/02 | 1397/02/16 | -24323 | مصرف بیش از 45 متر مکعب در 30 روز نیست (45 در ماه)؛ کسر گازبهای 22.5 متر مکعب (سهم 15 روز از 30 روز) 24323 ریال، عوارض آن 0 ریال و مالیات آن 0 ریال؛ تعرفه آزمون',
    ],
  ],
  [
    'the first steps of a welfare household',
    {
      m3: '60',
      of: { account: { welfare: true } },
      tariffs: [tariff({ discounts: [{ ...ever, kind: 'welfare', title: 'مددجویان', use: 'household', steps: 1 }] })],
    },
    [
      'GAS_STEP | گازبها، فصل گرم، پله 1 | 45 | m3 | 1081 | 1397/02/02 | 1397/02/31 | 48645 | 45 متر مکعب × 1081 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ از 0 تا 45 متر مکعب (0 تا 45 در ماه؛ سقف ماهانه × 30 ÷ ۳۰)؛ تعرفه آزمون',
      'GAS_STEP | گازبها، فصل گرم، پله 2 | 15 | m3 | 1311 | 1397/02/02 | 1397/02/31 | 19665 | 15 متر مکعب × 1311 ریال، از 1397/02/02 تا 1397/02/31 (30 روز از 30 روزِ دوره)؛ از 45 تا 95 متر مکعب (45 تا 95 در ماه؛ سقف ماهانه × 30 ÷ ۳۰)؛ تعرفه آزمون',
      'DISCOUNT | تخفیف: مددجویان | 45 | m3 | – | 1397/02/02 | 1397/02/31 | -48645 | پله‌های ۱ تا 1 برای مشترک تحت حمایت رایگان است؛ کسر گازبهای 45 متر مکعب 48645 ریال، عوارض آن 0 ریال و مالیات آن 0 ریال؛ تعرفه آزمون',
    ],
  ],
  [
    'the ledger at a final settlement: credit, payment, adjustment, instalments, deposit',
    { of: LEDGER, purpose: 'final' },
    [
      'PREVIOUS_DEBT | بستانکاری قبلی | – | – | – | – | 1397/02/01 | -2500 | مانده صورتحساب B-7 (دوره 12-1397-01) صادرشده در 1397/02/01، با احتساب کسر هزار ریال',
      'PAYMENT | پرداخت | – | – | – | – | 1397/02/05 | -1000 | پرداخت P1 در 1397/02/05 که در صورتحساب قبلی نیامده است',
      'ADJUSTMENT | تعدیل: اصلاح قرائت | – | – | – | – | 1397/02/06 | -300 | تعدیل A1 در 1397/02/06: اصلاح قرائت',
      'INSTALMENTS | اقساط باقی‌مانده | – | – | – | – | – | 50000 | با تسویه نهایی همه اقساط حال می‌شود: I1 (1397/04/01): 20000 ریال، I2 (1397/05/01): 30000 ریال',
      'DEPOSIT | ودیعه | – | – | – | – | 1395/01/01 | -7000 | ودیعه D1 سپرده در 1395/01/01 که در تسویه نهایی کسر می‌شود',
    ],
  ],
  [
    'the ledger at a balance: instalments and deposit stay',
    { of: { ...LEDGER, lastBill: bill('1397/02/01', 0, { totalDue: 2_500 }) } },
    [
      'PREVIOUS_DEBT | بدهی قبلی | – | – | – | – | 1397/02/01 | 2500 | مانده صورتحساب B-1397/02/01 (دوره 12-1397-01) صادرشده در 1397/02/01، با احتساب کسر هزار ریال',
      'PAYMENT | پرداخت | – | – | – | – | 1397/02/05 | -1000 | پرداخت P1 در 1397/02/05 که در صورتحساب قبلی نیامده است',
      'ADJUSTMENT | تعدیل: اصلاح قرائت | – | – | – | – | 1397/02/06 | -300 | تعدیل A1 در 1397/02/06: اصلاح قرائت',
    ],
  ],
  [
    'after another settlement of the cycle, what it counted and the ledger no longer tells is taken back',
    { of: { ...LEDGER, earlierSettlement: EARLIER }, purpose: 'final' },
    [
      'PREVIOUS_DEBT | بدهی قبلی | – | – | – | – | 1397/02/10 | 8000 | مانده صورتحساب تسویه 01-1397-9 در 1397/02/10 در همین دوره، با احتساب کسر هزار ریال',
      'PAYMENT | پرداخت | – | – | – | – | 1397/02/05 | -1000 | پرداخت P1 در 1397/02/05 که در صورتحساب قبلی نیامده است',
      'PAYMENT | برگشت پرداخت | – | – | – | – | 1397/02/10 | 5000 | پرداخت P0 در صورتحساب تسویه 01-1397-9 به حساب آمده بود؛ بنا بر داده‌های تازه در صورتحساب دوره منظور شده یا از این اشتراک نیست و دوباره حساب نمی‌شود',
      'ADJUSTMENT | تعدیل: اصلاح قرائت | – | – | – | – | 1397/02/06 | -300 | تعدیل A1 در 1397/02/06: اصلاح قرائت',
      'ADJUSTMENT | برگشت تعدیل | – | – | – | – | 1397/02/10 | -250 | تعدیل A0 در صورتحساب تسویه 01-1397-9 به حساب آمده بود؛ بنا بر داده‌های تازه در صورتحساب دوره منظور شده یا از این اشتراک نیست و دوباره حساب نمی‌شود',
      'INSTALMENTS | اقساط باقی‌مانده | – | – | – | – | – | 41000 | با تسویه نهایی همه اقساط حال می‌شود: I1 (1397/04/01): 20000 ریال، I2 (1397/05/01): 30000 ریال، I0: -9000 ریال (در صورتحساب دوره منظور شده یا از این اشتراک نیست)',
      'DEPOSIT | ودیعه | – | – | – | – | 1395/01/01 | -7000 | ودیعه D1 سپرده در 1395/01/01 که در تسویه نهایی کسر می‌شود',
      'DEPOSIT | برگشت ودیعه | – | – | – | – | 1397/02/10 | 4000 | ودیعه D0 در صورتحساب تسویه 01-1397-9 به حساب آمده بود؛ بنا بر داده‌های تازه در صورتحساب دوره منظور شده یا از این اشتراک نیست و دوباره حساب نمی‌شود',
    ],
  ],
  [
    'after another settlement that left a credit',
    { of: { earlierSettlement: { ...EARLIER, total: -8_000, counted: NOTHING } } },
    [
      'PREVIOUS_DEBT | بستانکاری قبلی | – | – | – | – | 1397/02/10 | -8000 | مانده صورتحساب تسویه 01-1397-9 در 1397/02/10 در همین دوره، با احتساب کسر هزار ریال',
    ],
  ],
  ['nothing is owed: no line of it', { of: { lastBill: bill('1397/02/01', 0) }, days: 0 }, []],
])('%s', (_, of, lines) => expect(words(debt(of))).toEqual(lines));
