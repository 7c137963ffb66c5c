import type { Account, AccountSnapshot, LedgerBill, Meter } from '../../src/domain/settlement/account.js';
import type { Debt } from '../../src/domain/bill/debt.js';
import { fraction } from '../../src/domain/fraction.js';
import { type JalaliDate, jalali } from '../../src/domain/calendar/jalali.js';
import type { SettlementFacts, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import {
  DEFAULT_BANDS,
  DEFAULT_COLLECTION,
  DEFAULT_PAYMENT_PERIODS,
  type Step,
  type Tariff,
  readTariff,
} from '../../src/domain/tariff/tariff.js';
import published from '../../tariffs/household-1397.json';

export const on = jalali;
export const table: unknown = published;
/** The published table of 1397 as a tariff. */
export const household1397 = readTariff(published);

const steps = (list: [number | null, number][]): Step[] => list.map(([uptoM3PerMonth, rialPerM3]) => ({ uptoM3PerMonth, rialPerM3 }));

/** T1 of cases.md: the warm steps of 1397. */
export const T1 = published.household[0]!.steps as Step[];
/** T2 of cases.md in halves of a rial, for its rate of 2.5 is no whole rial: every result is twice the case's. */
export const T2_DOUBLED = steps([
  [10, 4],
  [20, 5],
  [30, 16],
  [40, 24],
  [null, 30],
]);

/** A tariff in the project's own form: T1 for households all the year, without charges, unless `change` says otherwise. */
export function tariff(change: Partial<Tariff> = {}): Tariff {
  return {
    version: 'T',
    title: 'تعرفه آزمون',
    source: 'test',
    illustrative: false,
    from: on('1390/01/01'),
    to: null,
    seasons: [{ season: 'warm', from: '01/01', to: '12/30' }],
    gas: [{ use: 'household', season: 'both', steps: T1, flat: false }],
    levy: [],
    vat: [],
    insurance: [],
    subscription: [],
    collection: DEFAULT_COLLECTION,
    bands: DEFAULT_BANDS,
    paymentPeriods: DEFAULT_PAYMENT_PERIODS,
    ...change,
  };
}

/** Steps for households all the year. */
export function stepTariff(list: Step[], change: Partial<Tariff> = {}): Tariff {
  return tariff({ gas: [{ use: 'household', season: 'both', steps: list, flat: false }], ...change });
}

export function meter(change: Partial<Meter> = {}): Meter {
  return {
    serial: 'M1',
    digits: 5,
    capacity: '6',
    coefficient: '1',
    installedOn: on('1390/01/01'),
    startReading: 0,
    removedOn: null,
    endReading: null,
    ...change,
  };
}

/** A bill whose period ended on `toDate` at `toReading`. */
export function bill(toDate: string, toReading: number, change: Partial<LedgerBill> = {}): LedgerBill {
  return {
    serial: `B-${toDate}`,
    cycle: '12-1397-01',
    issuedOn: on(toDate),
    fromDate: on(toDate),
    toDate: on(toDate),
    fromReading: toReading,
    toReading,
    readingSource: 'staff',
    totalDue: 0,
    ...change,
  };
}

export function snapshot(change: Partial<Omit<AccountSnapshot, 'account'>> & { account?: Partial<Account> } = {}): AccountSnapshot {
  const { account, ...rest } = change;
  const lastBill = rest.lastBill ?? null;
  return {
    account: {
      subscription: '123004567814',
      file: '45678',
      company: '123',
      name: 'علی کریمی',
      nationalId: '',
      mobile: '',
      address: 'سنندج',
      postalCode: '',
      office: '01',
      series: '12',
      use: 'household',
      climate: 1,
      area: 'urban',
      units: 1,
      welfare: false,
      connectedOn: on('1390/01/01'),
      closedOn: null,
      ...account,
    },
    meters: [meter()],
    lastBill,
    history: lastBill ? [lastBill] : [],
    payments: [],
    adjustments: [],
    instalments: [],
    deposits: [],
    cycles: [],
    // fresh on any day of these tests
    feeds: [{ kind: 'bills', loadedAt: '2020-03-19T05:00:00.000Z', asOf: on('1398/12/29') }],
    ...rest,
  };
}

export function facts(settlementDate: string, reading: number | null, change: Partial<SettlementFacts> = {}): SettlementFacts {
  return {
    subscription: '123004567814',
    settlementDate: on(settlementDate),
    reading,
    readingSource: reading === null ? 'none' : 'staff',
    purpose: 'balance',
    applicant: { kind: 'owner', name: 'علی کریمی', nationalId: '' },
    documents: [],
    confirmations: [],
    ...change,
  };
}

export function order(of: SettlementFacts, clerk: Partial<SettlementOrder['clerk']> = {}): SettlementOrder {
  return {
    id: `${of.subscription}-${of.settlementDate.replaceAll('/', '')}`,
    facts: of,
    clerk: { id: 'c1', name: 'متصدی', role: 'clerk', office: '01', ...clerk },
    receivedAt: '2018-05-01T05:00:00.000Z',
  };
}

/** What was used from `after` on: `m3` over `days`. */
export function usage(after: string, days: number, m3: number | bigint) {
  return { previous: { reading: 0, on: on(after), source: 'staff' as const }, days, consumption: fraction(m3) };
}

export function isDebt(result: Debt | { noTariffOn: JalaliDate }): asserts result is Debt {
  if ('noTariffOn' in result) throw new Error(`no tariff on ${result.noTariffOn}`);
}
