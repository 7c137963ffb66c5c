import { demoFeeds } from '../../../src/billing/demo.js';
import { checkDocuments } from '../../../src/domain/settlement/assessment.js';
import { type Debt, computeDebt } from '../../../src/domain/bill/debt.js';
import { fraction } from '../../../src/domain/fraction.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import type { SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import { DEFAULT_SERVICE_TERMS, serviceTermsOn } from '../../../src/domain/settlement/service-terms.js';
import { unknownNames } from '../../../src/domain/tariff/tariff-names.js';
import { sampleBills, tariffWarnings } from '../../../src/domain/tariff/tariff-review.js';
import { readTariff, tariffOn } from '../../../src/domain/tariff/tariff.js';
import practiceDocument from '../../../tariffs/practice-1405.json';
import schema from '../../../tariffs/tariff.schema.json';
import { facts, household1397, isDebt, on, snapshot } from '../sample.js';

const practice = readTariff(practiceDocument);

test('sound, marked as practice, without a warning, also against the tariff of 1397', () => {
  expect(practice).toMatchObject({
    illustrative: true,
    title: expect.stringContaining('نمایشی'),
    source: expect.stringContaining('not a decree'),
  });
  expect([unknownNames(practiceDocument), tariffWarnings(practice, null), tariffWarnings(practice, household1397)]).toEqual([[], [], []]);
});

type Schema = { $ref?: string; anyOf?: Schema[]; items?: Schema; properties?: Record<string, Schema> };
/** Every name of a schema with its path; that of a list's item is the list's. */
function namesOf(of: Schema, at = ''): string[] {
  if (of.$ref) return namesOf((schema.$defs as Record<string, Schema>)[of.$ref.replace('#/$defs/', '')] as Schema, at);
  const inside = [...(of.anyOf ?? []), ...(of.items ? [of.items] : [])].flatMap((each) => namesOf(each, at));
  return [
    ...inside,
    ...Object.entries(of.properties ?? {}).flatMap(([name, each]) => [`${at}.${name}`, ...namesOf(each, `${at}.${name}`)]),
  ];
}
function namesIn(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => namesIn(item, at));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, of]) => [`${at}.${name}`, ...namesIn(of, `${at}.${name}`)]);
}
test('it shows every name of the format', () => {
  const shown = new Set(namesIn(practiceDocument));
  const known = new Set(namesOf(schema.$defs.tariff as Schema));
  expect(known.size).toBeGreaterThan(60);
  expect([...known].filter((name) => !shown.has(name))).toEqual([]);
});

test('the demo’s accounts have a rate in it', () => {
  const [head = '', ...accounts] = [...demoFeeds({ subscribers: 20, today: on('1405/09/04') }).accounts];
  const column = head.split(',').indexOf('use');
  const uses = new Set(accounts.map((row) => row.split(',')[column]));
  expect(uses.size).toBeGreaterThan(5);
  const rated = new Set(sampleBills(practice, null).map(({ use }) => use));
  expect([...uses].filter((use) => !rated.has(use ?? ''))).toEqual([]);
});

interface Of {
  use?: string;
  climate?: number;
  units?: number;
  welfare?: boolean;
}
function debt(after: string, m3: number, account: Of = {}): Debt {
  const result = computeDebt({
    snapshot: snapshot({ account }),
    facts: { settlementDate: addDays(on(after), 30), reading: m3, readingSource: 'staff', purpose: 'balance' },
    usage: { previous: { reading: 0, on: on(after), source: 'staff' }, days: 30, consumption: fraction(m3) },
    tariffs: [practice],
    fee: null,
  });
  isDebt(result);
  return result;
}
const amounts = ({ lines }: Debt, code: string): number[] => lines.filter((line) => line.code === code).map(({ amount }) => amount);

test('a VAT change inside the period, with another base', () => {
  const bill = debt('1405/06/16', 60);
  // 50 × 1500 + 10 × 2000 = 95,000; 15 days at 9 % of 99,000, 15 days at 10 % of 102,000 (with the insurance)
  expect(bill.lines.map(({ code, amount }) => [code, amount])).toEqual([
    ['GAS_STEP', 75_000],
    ['GAS_STEP', 20_000],
    ['SUBSCRIPTION', 4_000],
    ['INSURANCE', 3_000],
    ['GAS_LEVY', 9_500],
    ['VAT', 4_455],
    ['VAT', 5_100],
  ]);
});

test('as in 1399: free at or under a limit by climate in cold months, one limit in the others', () => {
  const free = (after: string, m3: number, climate: number) => amounts(debt(after, m3, { climate }), 'DISCOUNT').length > 0;
  for (const [climate, limit] of [
    [1, 200],
    [2, 200],
    [3, 200],
    [4, 150],
    [5, 100],
  ] as const) {
    expect([climate, free('1405/09/01', limit, climate), free('1405/09/01', limit + 1, climate)]).toEqual([climate, true, false]);
    expect([climate, free('1405/03/01', 45, climate), free('1405/03/01', 46, climate)]).toEqual([climate, true, false]);
  }
  // 200 × 1000 with 10 % levy and 10 % VAT; what is left: subscription, insurance and their VAT
  expect(debt('1405/09/01', 200)).toMatchObject({ total: 7_700 });
  expect(amounts(debt('1405/09/01', 200), 'DISCOUNT')).toEqual([-240_000]);
});

test('welfare households: three steps in the cold season, one in the warm', () => {
  // 300 × 1000 + 200 × 1500 + 100 × 2000 = 800,000; of 800 m³ the fourth step is paid
  expect(amounts(debt('1405/09/01', 800, { welfare: true }), 'DISCOUNT')).toEqual([-1.2 * (300_000 + 300_000 + 400_000)]);
  expect(amounts(debt('1405/07/01', 100, { welfare: true }), 'DISCOUNT')).toEqual([-1.2 * 75_000]);
  expect(amounts(debt('1405/07/01', 100), 'DISCOUNT')).toEqual([]);
});

test('flat rates by season; charges by unit', () => {
  expect(amounts(debt('1405/03/01', 100, { use: 'government-commercial' }), 'GAS_FLAT')).toEqual([200_000]);
  expect(amounts(debt('1405/09/01', 100, { use: 'government-commercial' }), 'GAS_FLAT')).toEqual([400_000]);
  expect([
    amounts(debt('1405/07/01', 300, { units: 3 }), 'INSURANCE'),
    amounts(debt('1405/07/01', 300, { units: 3 }), 'SUBSCRIPTION'),
  ]).toEqual([[9_000], [4_000]]);
});

test('documents by applicant and purpose, one of several where that is so', () => {
  const missing = (change: Partial<SettlementFacts>): string =>
    checkDocuments(facts('1405/09/01', 1, change), [practice])
      .map(({ message }) => message)
      .join();
  const tenant = { kind: 'tenant' as const, name: 'x', nationalId: '' };
  const heir = { name: 'y', nationalId: '', mobile: '', from: on('1405/09/02') };
  expect(missing({})).toContain('کارت ملی یا شناسنامه');
  for (const code of ['NATIONAL_CARD', 'BIRTH_CERTIFICATE']) expect(missing({ documents: [code] })).toBe('');
  expect(missing({ documents: ['NATIONAL_CARD'], applicant: tenant })).toBe('');
  expect(missing({ documents: ['NATIONAL_CARD'], purpose: 'final' })).toContain('آخرین صورتحساب گاز');
  expect(missing({ documents: ['NATIONAL_CARD', 'LAST_BILL'], purpose: 'final' })).toBe('');
  expect(missing({ documents: ['NATIONAL_CARD', 'LAST_BILL'], purpose: 'final', applicant: tenant })).toContain(
    'اجاره‌نامه یا رضایت‌نامهٔ مالک',
  );
  expect(missing({ documents: ['NATIONAL_CARD', 'LAST_BILL', 'OWNER_CONSENT'], purpose: 'final', applicant: tenant })).toBe('');
  const named = missing({ documents: ['NATIONAL_CARD'], newSubscriber: heir });
  for (const name of ['سند مالکیت یا مبایعه‌نامه', 'کارت ملی مالک جدید', 'آخرین صورتحساب پرداخت‌شده']) expect(named).toContain(name);
  expect(missing({ documents: ['NATIONAL_CARD', 'CONTRACT', 'NEW_OWNER_NATIONAL_CARD', 'LAST_PAID_BILL'], newSubscriber: heir })).toBe('');
});

test('service terms by date, also while it is used provisionally', () => {
  const of = (date: string) => serviceTermsOn([practice], on(date));
  expect(of('1405/06/31')).toEqual({ ...DEFAULT_SERVICE_TERMS, staleAfterDays: { bills: 60, payments: 7 }, remindDaysBeforeClosing: [3] });
  expect(of('1405/07/01').remindDaysBeforeClosing).toEqual([5, 3, 1]);
  expect(of('1406/03/31')).toEqual(of('1405/07/01'));
  expect(tariffOn([practice], on('1406/04/01'))).toBeUndefined();
});
