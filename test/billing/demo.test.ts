import { demoFeeds, DEMO_SUBSCRIPTION } from '../../src/billing/demo.js';
import { FEED_KINDS, type FeedKind } from '../../src/domain/settlement/account.js';
import { addDays, daysBetween, jalali, type JalaliDate } from '../../src/domain/calendar/jalali.js';
import { nationalId } from '../../src/domain/people/person.js';

const TODAY = jalali('1405/09/04');

function rows(kind: FeedKind, options: Partial<Parameters<typeof demoFeeds>[0]> = {}): Record<string, string>[] {
  const [header = '', ...lines] = [...demoFeeds({ today: TODAY, ...options })[kind]].map((line) => line.trimEnd());
  // no invented text holds a comma or a quotation mark
  const names = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i] ?? '?', cell])));
}

test('the same seed, day and number give the same text, another seed gives other text', () => {
  const text = (seed: number): string =>
    FEED_KINDS.map((kind) => [...demoFeeds({ today: TODAY, seed, subscribers: 50 })[kind]].join('')).join('');
  expect(text(1)).toBe(text(1));
  expect(text(1)).not.toBe(text(2));
});

test('every use, office, series and climate; valid national ids; the known subscriber', () => {
  const accounts = rows('accounts');
  expect(accounts).toHaveLength(500);
  const values = (name: string): string[] => [...new Set(accounts.map((row) => row[name] ?? ''))].sort();
  expect(values('use')).toEqual([
    'bakery',
    'commercial',
    'education-sport-religious-charity',
    'farming',
    'government-commercial',
    'household',
    'traditional-bath',
  ]);
  expect([values('office'), values('series'), values('climate')]).toEqual([
    ['01', '02', '03'],
    ['11', '12', '13'],
    ['1', '2'],
  ]);
  expect(new Set(accounts.map(({ subscription }) => subscription)).size).toBe(500);
  for (const row of accounts) expect(nationalId(row['nationalId'] ?? '')).toBe(row['nationalId']);
  expect(accounts[0]).toMatchObject({
    subscription: DEMO_SUBSCRIPTION,
    name: 'علی کریمی',
    use: 'household',
    climate: '1',
    units: '1',
    office: '01',
    series: '12',
    file: '1234567',
    company: '014',
    closedOn: '',
  });
  expect(accounts.some(({ closedOn }) => closedOn !== '')).toBe(true);
  expect(accounts.some(({ units }) => Number(units) > 1)).toBe(true);
});

test('histories: two years of bills of 36 to 60 days, each reading where the one before ended', () => {
  const bills = rows('bills');
  const known = bills.filter(({ subscription }) => subscription === DEMO_SUBSCRIPTION);
  expect(known.at(-1)?.['toDate']).toBe(addDays(TODAY, -40));
  expect(daysBetween(known[0]?.['fromDate'] as JalaliDate, TODAY)).toBeGreaterThan(660);
  let replaced = 0;
  bills.forEach((bill, i) => {
    const days = daysBetween(bill['fromDate'] as JalaliDate, bill['toDate'] as JalaliDate);
    expect(days).toBeGreaterThanOrEqual(36);
    expect(days).toBeLessThanOrEqual(60);
    expect((bill['issuedOn'] ?? '') <= TODAY).toBe(true);
    const before = bills[i - 1];
    if (before?.['subscription'] === bill['subscription']) {
      expect([bill['fromDate'], bill['fromReading']]).toEqual([before?.['toDate'], before?.['toReading']]);
    }
    if (Number(bill['toReading']) < Number(bill['fromReading'])) replaced++;
  });
  expect(replaced).toBeGreaterThan(0);
  expect(bills.some(({ totalDue }) => Number(totalDue) < 0)).toBe(true);
  expect(bills.some(({ readingSource }) => readingSource === 'estimated')).toBe(true);
  expect(new Set(rows('meters').map(({ digits }) => digits))).toEqual(new Set(['4', '5', '6']));
  const payments = rows('payments');
  expect(payments.some(({ countedInBill }) => countedInBill === '')).toBe(true);
  expect(payments.filter(({ subscription, countedInBill }) => subscription === DEMO_SUBSCRIPTION && countedInBill === '')).toEqual([]);
  expect(payments.every(({ paidOn }) => (paidOn ?? '') <= TODAY)).toBe(true);
});

test('the timetable has no gap, its codes are one each, and it reaches a year ahead', () => {
  for (const series of ['11', '12', '13']) {
    const cycles = rows('cycles').filter((cycle) => cycle['series'] === series);
    cycles.forEach((cycle, i) => {
      expect(cycle['cycle']).toMatch(new RegExp(`^${series}-14\\d\\d-\\d\\d$`));
      if (i > 0) expect(cycle['fromDate']).toBe(cycles[i - 1]?.['toDate']);
      expect((cycle['closesOn'] ?? '') < (cycle['issuesOn'] ?? '')).toBe(true);
    });
    expect(new Set(cycles.map(({ cycle }) => cycle)).size).toBe(cycles.length);
    expect((cycles.at(-1)?.['toDate'] ?? '') >= addDays(TODAY, 365)).toBe(true);
    const open = cycles.filter(({ closesOn }) => (closesOn ?? '') >= TODAY);
    expect((open[0]?.['toDate'] ?? '') > TODAY).toBe(true);
  }
});

test('every day of two years has a demo', () => {
  for (let n = 0; n < 730; n += 7) {
    const today = addDays(TODAY, n);
    expect(rows('bills', { today, subscribers: 1 }).at(-1)?.['toDate']).toBe(addDays(today, -40));
  }
});
