import type { AccountSnapshot } from '../src/domain/settlement/account.js';
import { computeDebt } from '../src/domain/bill/debt.js';
import { fraction } from '../src/domain/fraction.js';
import { type GasPriceInput, gasPrice } from '../src/domain/bill/gas-price.js';
import { jalali } from '../src/domain/calendar/jalali.js';
import { readTariff } from '../src/domain/tariff/tariff.js';
import table from '../tariffs/household-1397.json';
import vectors from '../test/vectors/gas-price-1397.json';

/** Long enough to outlast the compiler's warming up, short enough for a bench among others. */
const MEASURED_MS = 1000;

/** Calls `each` on one input after the other until the time is over; the first fifth only warms up. */
function measure<I>(name: string, inputs: readonly I[], each: (input: I) => unknown): { name: string; perSecond: number; n: number } {
  const pass = (ms: number): { n: number; seconds: number } => {
    const start = performance.now();
    let n = 0;
    while (performance.now() - start < ms) {
      for (const input of inputs) each(input);
      n += inputs.length;
    }
    return { n, seconds: (performance.now() - start) / 1000 };
  };
  pass(MEASURED_MS / 5);
  const { n, seconds } = pass(MEASURED_MS);
  return { name, perSecond: Math.round(n / seconds), n };
}

/** The price computation alone, on one core: gas prices of the 1397 vectors, and whole debts on the same periods. */
export function benchPrice(): { name: string; perSecond: number; n: number }[] {
  const tariffs = [readTariff(table)];
  const prices: GasPriceInput[] = vectors.cases.map(({ lastReadingOn, readingOn, consumptionM3, climate, units }) => ({
    tariffs,
    after: jalali(lastReadingOn),
    until: jalali(readingOn),
    consumption: fraction(consumptionM3),
    use: 'household',
    climate,
    units,
  }));
  const debts = prices.map(({ after, until, consumption, climate, units }, i) => ({
    snapshot: subscriber(climate, units),
    facts: { settlementDate: until, reading: 0, readingSource: 'staff' as const, purpose: 'balance' as const },
    usage: { previous: { reading: 0, on: after, source: 'staff' as const }, days: vectors.cases[i]?.days ?? 0, consumption },
    tariffs,
    fee: null,
  }));
  return [measure('gas price', prices, gasPrice), measure('debt', debts, computeDebt)];
}

/** An ordinary household with a ledger: a last bill, a payment and an adjustment. */
function subscriber(climate: number, units: number): AccountSnapshot {
  const on = jalali('1397/01/20');
  return {
    account: {
      subscription: '123004567814',
      file: '45678',
      company: '123',
      name: 'مشترک نمونه',
      nationalId: '',
      mobile: '',
      address: '',
      postalCode: '',
      office: '01',
      series: '12',
      use: 'household',
      climate,
      area: 'urban',
      units,
      welfare: false,
      connectedOn: on,
      closedOn: null,
    },
    meters: [
      { serial: 'A1', digits: 5, capacity: '6', coefficient: '1', installedOn: on, startReading: 0, removedOn: null, endReading: null },
    ],
    lastBill: {
      serial: 'B1',
      cycle: '12-1397-01',
      issuedOn: on,
      fromDate: on,
      toDate: on,
      fromReading: 0,
      toReading: 0,
      readingSource: 'staff',
      totalDue: 120_345,
    },
    history: [],
    payments: [{ reference: 'P1', paidOn: on, amount: 100_000, paymentId: null }],
    adjustments: [{ reference: 'A1', on, amount: -5_000, reason: 'اصلاح' }],
    instalments: [],
    deposits: [],
    cycles: [],
    feeds: [],
  };
}
