import { makeBillId, makePaymentId, barcode, splitPayable } from '../../src/domain/bill/bill-id.js';
import type { BillLine } from '../../src/domain/bill/debt.js';
import type { JalaliDate } from '../../src/domain/calendar/jalali.js';
import type { AccountView, Bill, Settlement, SettlementFacts } from '../../src/domain/settlement/settlement.js';

const on = (date: string): JalaliDate => date as JalaliDate;

/** A synthetic household bill: what a clerk issues on an ordinary day. */
const LINES: BillLine[] = [
  {
    code: 'GAS_STEP',
    label: 'بهای گاز، پلهٔ ۱',
    quantity: '46.5',
    unit: 'm3',
    rate: '1081',
    days: 31,
    from: on('1405/02/22'),
    to: on('1405/03/21'),
    amount: 50_267,
    basis: 'مصرف تا سقف پلهٔ ۱ (45 مترمکعب در ماه × 31 ÷ 30) = 46.5 مترمکعب، هر مترمکعب 1,081 ریال؛ تعرفهٔ household-1405-1',
  },
  {
    code: 'GAS_STEP',
    label: 'بهای گاز، پلهٔ ۲',
    quantity: '871/6',
    unit: 'm3',
    rate: '1311',
    days: 31,
    from: on('1405/02/22'),
    to: on('1405/03/21'),
    amount: 190_314,
    basis: 'مصرف بالای پلهٔ ۱ به نرخ پلهٔ ۲؛ فقط همان بخش با این نرخ حساب می‌شود؛ تعرفهٔ household-1405-1',
  },
  {
    code: 'SUBSCRIPTION',
    label: 'آبونمان',
    quantity: '31/30',
    unit: 'month',
    rate: '12000',
    days: 31,
    from: on('1405/02/22'),
    to: on('1405/03/21'),
    amount: 12_400,
    basis: '12,000 ریال در ماه × 31 روز ÷ 30',
  },
  {
    code: 'INSURANCE',
    label: 'حق بیمه',
    quantity: '31/30',
    unit: 'month',
    rate: '3000',
    days: 31,
    from: on('1405/02/22'),
    to: on('1405/03/21'),
    amount: 3_100,
    basis: '3,000 ریال در ماه × 31 روز ÷ 30',
  },
  {
    code: 'GAS_LEVY',
    label: 'عوارض گازرسانی',
    quantity: '240581',
    unit: 'rial',
    rate: '10%',
    days: null,
    from: null,
    to: null,
    amount: 24_058,
    basis: '10٪ بهای گاز (240,581 ریال)',
  },
  {
    code: 'VAT',
    label: 'مالیات بر ارزش افزوده',
    quantity: '252981',
    unit: 'rial',
    rate: '10%',
    days: null,
    from: null,
    to: null,
    amount: 25_298,
    basis: '10٪ بهای گاز و آبونمان (252,981 ریال)',
  },
  {
    code: 'PREVIOUS_DEBT',
    label: 'بدهی پیشین',
    quantity: null,
    unit: null,
    rate: null,
    days: null,
    from: null,
    to: null,
    amount: 12_540_063,
    basis: 'مانده صورتحساب 1405-02 مورخ 1405/02/28',
  },
  {
    code: 'PAYMENT',
    label: 'پرداخت مورخ ۱۴۰۵/۰۳/۰۲',
    quantity: null,
    unit: null,
    rate: null,
    days: null,
    from: null,
    to: null,
    amount: -500_000,
    basis: 'پرداخت با شمارهٔ پیگیری 884512 که در صورتحساب پیش منظور نشده بود',
  },
];

export const ACCOUNT: AccountView = {
  subscription: '123004567814',
  name: 'علی کریمی',
  address: 'اصفهان، خیابان چهارباغ بالا، کوچهٔ نسترن، پلاک ۱۲، واحد ۳',
  postalCode: '8163914567',
  office: 'منطقهٔ ۲ اصفهان',
  series: '12',
  use: 'household',
  climate: 3,
  area: 'urban',
  units: 1,
  file: '45678',
  company: '123',
  billId: makeBillId({ file: '45678', company: '123' }),
  meter: { serial: 'AZ-70412233', digits: 5, capacity: '6', coefficient: '1' },
};

export interface Change {
  lines?: BillLine[];
  /** rial; by default the total rounded down to thousands, 0 when that is not collected */
  payable?: number;
  bill?: Partial<Bill>;
  account?: Partial<AccountView>;
  facts?: Partial<SettlementFacts>;
  settlement?: Partial<Settlement>;
}

/** An announced settlement whose bill agrees with itself, with the changes a test asks for. */
export function settlement({ lines = LINES, payable, bill, account, facts, settlement: rest }: Change = {}): Settlement {
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  const toPay = payable ?? (total <= 10_000 ? 0 : total - (total % 1000));
  const billId = ACCOUNT.billId;
  return {
    id: '123004567814-14050321',
    status: 'announced',
    revision: 1,
    receivedAt: '2026-06-11T06:41:12.000Z',
    announcedAt: '2026-06-11T06:42:40.000Z',
    elapsedMs: 88_000,
    withinTarget: true,
    lateEntry: false,
    facts: {
      subscription: '123004567814',
      settlementDate: on('1405/03/21'),
      reading: 4_982,
      readingSource: 'staff',
      purpose: 'final',
      applicant: { name: 'رضا احمدی', nationalId: '0084575948', kind: 'tenant' },
      documents: [],
      confirmations: [],
      ...facts,
    },
    clerk: { id: 'c1', name: 'مریم صادقی', role: 'clerk', office: 'منطقهٔ ۲ اصفهان' },
    account: { ...ACCOUNT, ...account },
    bill: {
      number: '1405-02-000318',
      revision: 1,
      issuedAt: '2026-06-11T06:42:39.500Z',
      billId,
      lines,
      total,
      payable: toPay,
      carry: total - toPay,
      days: 31,
      consumption: '1150/6',
      previousReading: { reading: 4_790, on: on('1405/02/21') },
      definitive: true,
      tariff: ['household-1405-1'],
      illustrative: false,
      dataAsOf: on('1405/03/20'),
      fee: { amount: 49_000, resolution: 'مصوبهٔ هیأت مدیره شمارهٔ ۱۴۰۵/۱۱۲ مورخ ۱۴۰۵/۰۱/۲۰', illustrative: false },
      payments: splitPayable(toPay).map((amount, i) => {
        const paymentId = makePaymentId({ billId, amount, yearDigit: 5, period: 61 + i });
        return { amount, paymentId, barcode: barcode(billId, paymentId) };
      }),
      ...bill,
    },
    warnings: [],
    errors: [],
    postings: [
      {
        posting: '123004567814-14050321/fee',
        kind: 'fee',
        cycle: '12-1405-03',
        dueOn: on('1405/04/05'),
        amount: 49_000,
        status: 'waiting',
        timesLate: 0,
        reason: null,
        billSerial: null,
      },
    ],
    payments: [],
    paid: null,
    corrections: [],
    cancellation: null,
    refund: null,
    copies: [],
    clearance: null,
    predecessor: null,
    steps: [],
    delivery: null,
    ...rest,
  };
}
