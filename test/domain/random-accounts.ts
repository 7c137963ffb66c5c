import fc from 'fast-check';
import type { AccountSnapshot, CountedSum, Cycle, EarlierSettlement, LedgerBill, Meter } from '../../src/domain/settlement/account.js';
import { type Fraction, addFractions, decimal, fraction, multiplyFractions } from '../../src/domain/fraction.js';
import { type JalaliDate, addDays } from '../../src/domain/calendar/jalali.js';
import type { PreviousReading, ReadingSource } from '../../src/domain/settlement/reading.js';
import type { SettlementFacts } from '../../src/domain/settlement/settlement.js';
import { bill, facts, on, snapshot } from './sample.js';

/** What happened at the meters, and what the counters showed of it. */
export interface Consumption {
  meters: Meter[];
  /** figure at the last reading and at the settlement */
  from: number;
  to: number;
  /** standard m³ that were truly used */
  m3: Fraction;
  turned: boolean;
}

/**
 * Up to two replacements in the `days` after `after`, also on the first and the last day; counters that turn over, of
 * different sizes and coefficients. Gas is counted first and shown by the counters afterwards, so the m³ are known.
 */
function consumption(after: JalaliDate, days: number, mayTurn: boolean): fc.Arbitrary<Consumption> {
  const meter = fc.record({
    digits: fc.integer({ min: 4, max: 6 }),
    capacity: fc.constantFrom('2.5', '4', '6', '10', '16', '25', '40.5'),
    coefficient: fc.oneof({ weight: 3, arbitrary: fc.constant('1') }, fc.constantFrom('1.0234', '1.5', '0.98', '2')),
    // share of what the meter may pass, in thousandths: most people use little
    passes: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }) }, fc.integer({ min: 0, max: 900 })),
    start: fc.integer({ min: 0, max: 999_999 }),
    turns: fc.boolean(),
  });
  return fc
    .record({
      chain: fc.oneof(
        { weight: 3, arbitrary: fc.array(meter, { minLength: 1, maxLength: 1 }) },
        fc.array(meter, { minLength: 2, maxLength: 3 }),
      ),
      changes: fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, days - 1) }), { minLength: 2, maxLength: 2, comparator: () => false }),
    })
    .map(({ chain, changes }) => {
      const sorted = [...changes].sort((a, b) => a - b);
      const distinct = days > 2 && sorted[0] !== sorted[1] ? chain : chain.slice(0, 1);
      const meters: Meter[] = [];
      let m3 = fraction(0);
      let from = 0;
      let to = 0;
      let turned = false;
      distinct.forEach(({ digits, capacity, coefficient, passes, start, turns }, i) => {
        const round = 10 ** digits;
        const begins = i === 0 ? 0 : sorted[i - 1]!;
        const ends = i === distinct.length - 1 ? days : sorted[i]!;
        const counted = Math.min(round - 1, Math.floor((Number(capacity) * 24 * (ends - begins) * passes) / 1000));
        // near its end if it shall go over it
        let first = turns && mayTurn && counted > 0 ? round - 1 - (start % counted) : start % round;
        if (!mayTurn) first = Math.min(first, round - 1 - counted);
        const last = (first + counted) % round;
        turned ||= last < first;
        if (i === 0) from = first;
        to = last;
        meters.push({
          serial: `M${i}`,
          digits,
          capacity,
          coefficient,
          installedOn: i === 0 ? on('1390/01/01') : addDays(after, begins),
          startReading: i === 0 ? 0 : first,
          removedOn: i === distinct.length - 1 ? null : addDays(after, ends),
          endReading: i === distinct.length - 1 ? null : last,
        });
        m3 = addFractions(m3, multiplyFractions(fraction(counted), decimal(coefficient)));
      });
      return { meters, from, to, m3, turned };
    });
}

const signed = fc.oneof(fc.integer({ min: -900_000, max: 900_000 }), fc.integer({ min: -300_000_000_000, max: 300_000_000_000 }));
const positive = signed.map(Math.abs);

interface Ledger {
  due: number;
  payments: number[];
  adjustments: number[];
  instalments: number[];
  deposits: number[];
}
const ledger: fc.Arbitrary<Ledger> = fc.record({
  due: signed,
  payments: fc.array(positive, { maxLength: 3 }),
  adjustments: fc.array(signed, { maxLength: 3 }),
  instalments: fc.array(positive, { maxLength: 3 }),
  deposits: fc.array(positive, { maxLength: 2 }),
});

/** Of the sums known now: not yet counted, counted, counted with another sum; and sums that are no longer uncounted. */
function counted(sums: readonly CountedSum[], kind: string): fc.Arbitrary<CountedSum[]> {
  return fc
    .tuple(
      fc.tuple(
        ...sums.map(({ reference, amount }) =>
          fc.oneof(
            fc.constant([]),
            fc.constant([{ reference, amount }]),
            signed.map((other) => [{ reference, amount: other }]),
          ),
        ),
      ),
      fc.array(signed, { maxLength: 1 }),
    )
    .map(([known, gone]) => [...known.flat(), ...gone.map((amount, i) => ({ reference: `${kind}gone${i}`, amount }))]);
}

const cyclesAround = (until: JalaliDate) =>
  fc
    .record({ before: fc.integer({ min: -20, max: 80 }), lengths: fc.array(fc.integer({ min: 20, max: 70 }), { maxLength: 3 }) })
    .map(({ before, lengths }): Cycle[] => {
      let start = addDays(until, -before);
      return lengths.map((length, i) => {
        const fromDate = start;
        start = addDays(start, length);
        return { cycle: `12-1397-0${i}`, series: '12', fromDate, toDate: start, closesOn: start, issuesOn: start, objectionDays: 10 };
      });
    });

export interface RandomCase {
  snapshot: AccountSnapshot;
  facts: SettlementFacts;
  consumption: Consumption | null;
}

/**
 * A subscriber and a request for the settlement of `days` days after `after`: with or without a bill, after another
 * settlement of the cycle, over the ledger alone.
 */
export function randomCase(after: JalaliDate, days: number): fc.Arbitrary<RandomCase> {
  const until = addDays(after, days);
  return fc
    .record({
      ledger,
      start: fc.constantFrom('new', 'billed', 'billed', 'billed', 'settled', 'settledLedger'),
      lastSource: fc.constantFrom<ReadingSource>('staff', 'staff', 'declared', 'estimated'),
      readingSource: fc.constantFrom<ReadingSource>(
        'staff',
        'staff',
        'staff',
        'staff',
        'declared',
        'declared',
        'estimated',
        'estimated',
        'none',
      ),
      purpose: fc.constantFrom('balance' as const, 'final' as const),
      sinceBill: fc.integer({ min: 1, max: 60 }),
      billDays: fc.integer({ min: 0, max: 70 }),
    })
    .chain(({ ledger: sums, start, lastSource, readingSource, purpose, sinceBill, billDays }) => {
      const previousSource = start === 'new' ? 'staff' : lastSource;
      const named = <E>(kind: string, amounts: readonly number[], more: (i: number) => E) =>
        amounts.map((amount, i) => ({ reference: `${kind}${i}`, amount, ...more(i) }));
      const payments = named('P', sums.payments, (i) => ({ paidOn: addDays(until, i - 1), paymentId: null }));
      const adjustments = named('A', sums.adjustments, (i) => ({ on: addDays(until, -i), reason: 'اصلاح' }));
      const instalments = named('I', sums.instalments, (i) => ({ dueOn: addDays(until, 30 * i) }));
      const deposits = named('D', sums.deposits, () => ({ on: on('1390/01/01') }));
      return fc
        .record({
          used: consumption(after, days, previousSource !== 'estimated'),
          account: fc.record({
            use: fc.constantFrom('household', 'household', 'household', 'commercial'),
            climate: fc.integer({ min: 1, max: 5 }),
            area: fc.constantFrom('urban' as const, 'rural' as const),
            units: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })),
            welfare: fc.boolean(),
          }),
          cycles: cyclesAround(until),
          earlier: fc.record({
            total: signed,
            counted: fc.record({
              payments: counted(payments, 'P'),
              adjustments: counted(adjustments, 'A'),
              instalments: counted(instalments, 'I'),
              deposits: counted(deposits, 'D'),
            }),
          }),
        })
        .map(({ used, account, cycles, earlier }): RandomCase => {
          const settled = start === 'settled' || start === 'settledLedger';
          const previous: PreviousReading = { reading: used.from, on: after, source: previousSource };
          // a settlement of the ledger alone leaves the last bill's reading where it is
          const billed = start === 'settled' ? addDays(after, -sinceBill) : after;
          const lastBill: LedgerBill | null =
            start === 'new'
              ? null
              : bill(billed, start === 'settled' ? 1 : used.from, {
                  fromDate: addDays(billed, -billDays),
                  readingSource: lastSource,
                  totalDue: sums.due,
                });
          const earlierSettlement: EarlierSettlement | undefined = settled
            ? {
                billNumber: '01-1397-000001',
                settlementDate: start === 'settled' ? after : addDays(after, Math.min(1, days)),
                previous,
                ...earlier,
              }
            : undefined;
          const meters =
            start === 'new'
              ? used.meters.map((meter, i) => (i === 0 ? { ...meter, installedOn: after, startReading: used.from } : meter))
              : used.meters;
          const ledgerOnly = readingSource === 'none' || days === 0;
          return {
            snapshot: snapshot({
              account: { ...account, connectedOn: on('1390/01/01') },
              meters,
              lastBill,
              history: [],
              payments,
              adjustments,
              instalments,
              deposits,
              cycles,
              ...(earlierSettlement && { earlierSettlement }),
            }),
            facts: facts(until, readingSource === 'none' ? null : used.to, { readingSource, purpose }),
            consumption: ledgerOnly ? null : used,
          };
        });
    });
}
