import fc from 'fast-check';
import type { AccountSnapshot } from '../../../src/domain/settlement/account.js';
import { checkPayment, makeBillId, makePaymentId, splitPayable } from '../../../src/domain/bill/bill-id.js';
import { type BillLine, type Debt, type DebtInput, type LineCode, computeDebt } from '../../../src/domain/bill/debt.js';
import { earlierSettlement } from '../../../src/domain/settlement/earlier-settlement.js';
import { type Fraction, fraction, fractionText, multiplyFractions } from '../../../src/domain/fraction.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import { type Usage, checkReading } from '../../../src/domain/settlement/reading.js';
import type { Tariff } from '../../../src/domain/tariff/tariff.js';
import { type RandomCase, randomCase } from '../random-accounts.js';
import { fullTariffs } from '../random-tariffs.js';
import { facts, isDebt, on, snapshot } from '../sample.js';

const AFTER = on('1397/11/20');

type Case = RandomCase & { tariffs: Tariff[]; usage: Usage };
/** Cases that have a debt, over the end of an ordinary year. */
const anyCase: fc.Arbitrary<Case> = fc
  .integer({ min: 0, max: 90 })
  .chain((days) => fc.tuple(randomCase(AFTER, days), fullTariffs(AFTER)))
  .map(([of, tariffs]) => ({ ...of, tariffs, usage: checkReading(of.snapshot, of.facts, tariffs, of.facts.settlementDate).usage! }))
  .filter((of) => !('noTariffOn' in computeDebt({ ...of, fee: null })));

function debt(of: Omit<DebtInput, 'fee'>): Debt {
  const result = computeDebt({ ...of, fee: null });
  isDebt(result);
  return result;
}
const sum = (lines: readonly BillLine[], ...codes: LineCode[]): number =>
  lines.reduce((all, { code, amount }) => (codes.includes(code) ? all + amount : all), 0);
const LEDGER: LineCode[] = ['PREVIOUS_DEBT', 'PAYMENT', 'ADJUSTMENT', 'INSTALMENTS', 'DEPOSIT'];

test('the order of payments and of every other list of the ledger changes no rial', () => {
  // a seed orders all lists in its own way
  const shuffled = <E>(list: readonly E[], seed: number): E[] =>
    list
      .map((each, i) => ({ each, key: (Math.imul(seed + 7 * i + list.length, 0x9e3779b1) >>> 0) % 1_000_003 }))
      .sort((a, b) => a.key - b.key)
      .map(({ each }) => each);
  const comparable = ({ lines, ...rest }: Debt): unknown => ({
    ...rest,
    // the instalments of a plan are named in one sentence
    lines: lines.map((line) => JSON.stringify(line.code === 'INSTALMENTS' ? { ...line, basis: null } : line)).sort(),
  });
  let moved = 0;
  fc.assert(
    fc.property(anyCase, fc.integer(), (of, seed) => {
      const { payments, adjustments, instalments, deposits, cycles, feeds, history, earlierSettlement: earlier } = of.snapshot;
      const turned: AccountSnapshot = {
        ...of.snapshot,
        payments: shuffled(payments, seed),
        adjustments: shuffled(adjustments, seed),
        instalments: shuffled(instalments, seed),
        deposits: shuffled(deposits, seed),
        cycles: shuffled(cycles, seed),
        feeds: shuffled(feeds, seed),
        history: shuffled(history, seed),
        ...(earlier && {
          earlierSettlement: {
            ...earlier,
            counted: {
              payments: shuffled(earlier.counted.payments, seed),
              adjustments: shuffled(earlier.counted.adjustments, seed),
              instalments: shuffled(earlier.counted.instalments, seed),
              deposits: shuffled(earlier.counted.deposits, seed),
            },
          },
        }),
      };
      const [one, other] = [debt(of), debt({ ...of, snapshot: turned })];
      if (JSON.stringify(one.lines) !== JSON.stringify(other.lines)) moved++;
      expect(comparable(other)).toEqual(comparable(one));
    }),
    { numRuns: 300 },
  );
  expect(moved).toBeGreaterThan(30);
});

describe('scaling', () => {
  const times =
    (k: number) =>
    <E extends { amount: number }>(entry: E): E => ({ ...entry, amount: k * entry.amount });
  test('k times the ledger is k times its lines and its total', () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: -20, max: 20 }), (of, k) => {
        const { lastBill, earlierSettlement: earlier, payments, adjustments, instalments, deposits } = of.snapshot;
        const scaled: AccountSnapshot = {
          ...of.snapshot,
          lastBill: lastBill && { ...lastBill, totalDue: k * lastBill.totalDue },
          payments: payments.map(times(k)),
          adjustments: adjustments.map(times(k)),
          instalments: instalments.map(times(k)),
          deposits: deposits.map(times(k)),
          ...(earlier && {
            earlierSettlement: {
              ...earlier,
              total: k * earlier.total,
              counted: {
                payments: earlier.counted.payments.map(times(k)),
                adjustments: earlier.counted.adjustments.map(times(k)),
                instalments: earlier.counted.instalments.map(times(k)),
                deposits: earlier.counted.deposits.map(times(k)),
              },
            },
          }),
        };
        const [one, many] = [debt(of), debt({ ...of, snapshot: scaled })];
        for (const code of LEDGER) expect(sum(many.lines, code) + 0).toBe(k * sum(one.lines, code) + 0);
        const period = ({ lines }: Debt): BillLine[] => lines.filter(({ code }) => !LEDGER.includes(code));
        expect(period(many)).toEqual(period(one));
      }),
      { numRuns: 300 },
    );
  });

  test('k times the units and the m³: k times each gas line, exact in its m³, up to the rounding of lines in rial', () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 1, max: 12 }), (of, k) => {
        const { account } = of.snapshot;
        const one = debt(of);
        const many = debt({
          ...of,
          snapshot: { ...of.snapshot, account: { ...account, units: k * account.units } },
          usage: { ...of.usage, consumption: multiplyFractions(of.usage.consumption, fraction(k)) },
        });
        const gas = ({ lines }: Debt): BillLine[] => lines.filter(({ unit }) => unit === 'm3');
        expect(gas(many).map(({ code, from, to, days, rate }) => ({ code, from, to, days, rate }))).toEqual(
          gas(one).map(({ code, from, to, days, rate }) => ({ code, from, to, days, rate })),
        );
        gas(one).forEach((line, i) => {
          const other = gas(many)[i]!;
          const [n = '0', d = '1'] = String(line.quantity).split('/');
          expect(other.quantity).toBe(fractionText(BigInt(n) * BigInt(k), BigInt(d)));
          // a discount is made of several rounded sums
          if (line.code !== 'DISCOUNT') expect(2 * Math.abs(other.amount - k * line.amount)).toBeLessThanOrEqual(k + 1);
        });
      }),
      { numRuns: 300 },
    );
  });
});

test('more consumption never costs less', () => {
  let dearer = 0;
  fc.assert(
    fc.property(
      anyCase.filter(({ usage }) => usage.days > 0),
      fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 100_000n })),
      (of, thousandths) => {
        const { n, d } = of.usage.consumption;
        const less = debt(of);
        const more = debt({ ...of, usage: { ...of.usage, consumption: { n: 1_000n * n + thousandths * d, d: 1_000n * d } } });
        expect(more.total).toBeGreaterThanOrEqual(less.total);
        expect(more.payable).toBeGreaterThanOrEqual(less.payable);
        if (more.total > less.total) dearer++;
      },
    ),
    { numRuns: 500 },
  );
  expect(dearer).toBeGreaterThan(100);
});

test('case 6: a settlement between, at any day, then the rest: what one settlement over all would cost, up to the rounding of lines', () => {
  // a rate that changes inside the period is shared by days and not by gas (decision), so each rate here is one for all days
  const rates = fc.record({
    levy: fc.constantFrom('10', '0', '7.5'),
    vat: fc.constantFrom('9', '10', '12.5'),
    base: fc.subarray(['gas', 'subscription', 'insurance', 'levy'] as const),
  });
  const ever = { from: on('1390/01/01'), to: null };
  let discounted = 0;
  fc.assert(
    fc.property(
      anyCase.filter(({ usage }) => usage.days > 1),
      rates,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      fc.boolean(),
      (of, { levy, vat, base }, share, firstFinal, secondFinal) => {
        const { days, previous, consumption } = of.usage;
        const tariffs = of.tariffs.map((each): Tariff => ({
          ...each,
          levy: [{ ...ever, percent: levy }],
          vat: [{ ...ever, percent: vat, base: [...base] }],
        }));
        const until = of.facts.settlementDate;
        const before = Math.min(days - 1, 1 + Math.floor(share * (days - 1)));
        const middle = addDays(previous.on, before);
        // one cycle for the whole of it, since a charge per period goes by the cycle of its date
        const cycles = [
          {
            cycle: '12-1397-01',
            series: '12',
            fromDate: previous.on,
            toDate: addDays(until, 5),
            closesOn: until,
            issuesOn: until,
            objectionDays: 10,
          },
        ];
        const whole: AccountSnapshot = { ...of.snapshot, cycles };
        const part = (n: number): Fraction => multiplyFractions(consumption, fraction(n, days));
        const purpose = (final: boolean) => (final ? ('final' as const) : ('balance' as const));
        const at = { ...of.facts, reading: of.facts.reading, readingSource: 'staff' as const };

        const once = debt({ snapshot: whole, facts: { ...at, purpose: purpose(firstFinal || secondFinal) }, usage: of.usage, tariffs });
        const firstFacts = { ...at, settlementDate: middle, purpose: purpose(firstFinal) };
        const first = debt({ snapshot: whole, facts: firstFacts, usage: { previous, days: before, consumption: part(before) }, tariffs });
        const earlier = earlierSettlement({ bill: { ...first, number: 'S1' }, facts: firstFacts, snapshot: whole });
        const second = debt({
          snapshot: { ...whole, earlierSettlement: earlier },
          facts: { ...at, purpose: purpose(secondFinal) },
          usage: { previous: { reading: 0, on: middle, source: 'staff' }, days: days - before, consumption: part(days - before) },
          tariffs,
        });
        expect(first.days + second.days).toBe(once.days);
        expect(sum(second.lines, 'PREVIOUS_DEBT')).toBe(first.total);

        const lines = [...once.lines, ...first.lines, ...second.lines];
        const count = (...codes: LineCode[]): number => lines.filter(({ code }) => codes.includes(code)).length;
        const apart = (...codes: LineCode[]): number =>
          Math.abs(sum(first.lines, ...codes) + sum(second.lines, ...codes) - sum(once.lines, ...codes));
        // half a rial a line
        for (const code of ['GAS_STEP', 'GAS_FLAT', 'SUBSCRIPTION', 'INSURANCE'] as const)
          expect(2 * apart(code)).toBeLessThanOrEqual(count(code));
        // levy and VAT besides take their percent of what their base is apart: less than its lines again
        const charged = count('GAS_STEP', 'GAS_FLAT', 'SUBSCRIPTION', 'INSURANCE');
        expect(apart('GAS_LEVY')).toBeLessThanOrEqual(1.5 + 0.1 * (charged / 2));
        expect(apart('VAT')).toBeLessThanOrEqual(2 + 0.125 * charged);
        // a discount is free gas (a rounded share of rounded lines) and two rounded differences
        expect(apart('DISCOUNT')).toBeLessThanOrEqual(1.3 * (charged + count('DISCOUNT')) + 6);
        if (count('DISCOUNT') > 0) discounted++;
        // and the ledger to the rial: no payment twice, none lost
        const ledger = sum(once.lines, ...LEDGER);
        expect(sum(first.lines, ...LEDGER) + sum(second.lines, ...LEDGER) - first.total).toBe(ledger);
        expect(Math.abs(second.total - once.total)).toBeLessThanOrEqual(2 * charged + 2 * count('DISCOUNT') + 10);
      },
    ),
    { numRuns: 500 },
  );
  expect(discounted).toBeGreaterThan(50);
});

test('the payment ids of a bill add up to its payable sum, each its own', () => {
  const billId = makeBillId({ file: '45678', company: '123' });
  let several = 0;
  fc.assert(
    fc.property(anyCase, ({ snapshot: of, ...rest }) => {
      const { total, payable, carry } = debt({ snapshot: of, ...rest });
      expect(payable + carry).toBe(total);
      const ids = splitPayable(payable).map((amount, i) => makePaymentId({ billId, amount, yearDigit: 7, period: 50 + i }));
      if (ids.length > 1) several++;
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.map((id) => checkPayment(billId, id).amountRial ?? Number.NaN).reduce((all, amount) => all + amount, 0)).toBe(payable);
    }),
    { numRuns: 300 },
  );
  expect(several).toBeGreaterThan(30);
});

test('case 20: over settlements, payments and bills, what was charged is paid or owed: payable + carry = total at each', () => {
  const step = fc.record({
    days: fc.integer({ min: 1, max: 40 }),
    m3: fc.nat({ max: 400 }),
    pays: fc.constantFrom('nothing', 'payable', 'part'),
    billed: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fullTariffs(AFTER),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: -50_000, max: 50_000 }),
      (tariffs, steps, opening) => {
        let date = AFTER;
        let charged = opening;
        let paid = 0;
        let state = snapshot({
          lastBill: {
            serial: 'B0',
            cycle: '12-1397-10',
            issuedOn: AFTER,
            fromDate: addDays(AFTER, -30),
            toDate: AFTER,
            fromReading: 0,
            toReading: 0,
            readingSource: 'staff',
            totalDue: opening,
          },
        });
        steps.forEach(({ days, m3, pays, billed }, i) => {
          const previous = { reading: 0, on: date, source: 'staff' as const };
          date = addDays(date, days);
          const asked = facts(date, 0);
          const result = computeDebt({
            snapshot: state,
            facts: asked,
            usage: { previous, days, consumption: fraction(m3) },
            tariffs,
            fee: null,
          });
          fc.pre(!('noTariffOn' in result));
          isDebt(result);
          charged += result.lines.filter(({ code }) => !LEDGER.includes(code)).reduce((all, { amount }) => all + amount, 0);
          expect(result.total).toBe(charged - paid);
          expect(result.payable + result.carry).toBe(result.total);
          const pay = pays === 'nothing' ? 0 : pays === 'part' ? Math.floor(result.payable / 3) : result.payable;
          paid += pay;
          const payments =
            pay > 0 ? [...state.payments, { reference: `P${i}`, paidOn: date, amount: pay, paymentId: null }] : state.payments;
          // billing's own bill takes over where the settlement ended, and counts what was paid; else the next settles after this one
          state = billed
            ? { ...snapshot({ lastBill: { ...state.lastBill!, serial: `B${i + 1}`, toDate: date, totalDue: charged - paid } }) }
            : {
                ...state,
                payments,
                earlierSettlement: earlierSettlement({ bill: { ...result, number: `S${i}` }, facts: asked, snapshot: state }),
              };
        });
      },
    ),
    { numRuns: 200 },
  );
});
