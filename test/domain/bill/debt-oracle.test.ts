import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Debt, computeDebt } from '../../../src/domain/bill/debt.js';
import { fractionText } from '../../../src/domain/fraction.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import { checkReading } from '../../../src/domain/settlement/reading.js';
import { type Tariff, checkTariff } from '../../../src/domain/tariff/tariff.js';
import { type OracleDebt, oracle } from './debt-oracle.js';
import { type RandomCase, randomCase } from '../random-accounts.js';
import { fullTariffs } from '../random-tariffs.js';
import { on } from '../sample.js';

/** Raise it for a longer proof: `TASVIEH_RUNS=100000 npx jest test/domain/bill/debt-oracle.test.ts`. */
const RUNS = Number(process.env['TASVIEH_RUNS'] ?? 3_000);

const anyCase: fc.Arbitrary<RandomCase & { tariffs: Tariff[] }> = fc
  .record({
    // a leap day and the ends of ordinary years more often
    after: fc.oneof(
      fc.integer({ min: 0, max: 2_400 }).map((n) => addDays(on('1395/01/01'), n)),
      fc.tuple(fc.integer({ min: 1395, max: 1401 }), fc.integer({ min: 0, max: 90 })).map(([year, n]) => addDays(on(`${year}/10/01`), n)),
    ),
    days: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 75 }) },
      { weight: 2, arbitrary: fc.integer({ min: 76, max: 400 }) },
      fc.constant(0),
    ),
  })
  .chain(({ after, days }) => fc.tuple(randomCase(after, days), fullTariffs(after)).map(([of, tariffs]) => ({ ...of, tariffs })));

/** The program's answer in the oracle's shape: all but the Persian texts. */
function comparable(debt: Debt): OracleDebt {
  return {
    lines: debt.lines.map(({ label: _label, basis: _basis, amount, ...line }) => ({ ...line, amount: BigInt(amount) })),
    total: BigInt(debt.total),
    payable: BigInt(debt.payable),
    carry: BigInt(debt.carry),
    days: debt.days,
    consumption: debt.consumption,
    definitive: debt.definitive,
    tariff: debt.tariff,
  };
}

test('the second computation shares no code with the first: types alone, and no package', () => {
  const imports =
    readFileSync(join(__dirname, 'debt-oracle.ts'), 'utf8').match(/^(?:import|export .* from) .*$|\b(?:require|import)\(.*$/gm) ?? [];
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((line) => !/^import type \{ .* \} from '(?:\.\.\/){3}src\/domain\/[a-z/-]+\.js';$/.test(line))).toEqual([]);
});

test('the tariffs that are tried could all be published', () => {
  fc.assert(
    fc.property(fullTariffs(on('1397/01/01')), (tariffs) => {
      for (const of of tariffs) expect(checkTariff(of)).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test(
  'an independent computation of the whole debt, day by day, agrees to the rial and in every line',
  () => {
    const tried = new Map<string, number>();
    const count = (what: string, holds: boolean): void => void (holds && tried.set(what, (tried.get(what) ?? 0) + 1));
    fc.assert(
      fc.property(anyCase, ({ snapshot, facts, tariffs, consumption }) => {
        const expected = oracle({ snapshot, facts, tariffs });
        const { usage, findings } = checkReading(snapshot, facts, tariffs, facts.settlementDate);
        if (!usage) throw new Error(`refused: ${findings.map(({ code }) => code).join()}`);
        const debt = computeDebt({ snapshot, facts, usage, tariffs, fee: null });
        if ('noTariffOn' in expected || 'noTariffOn' in debt) {
          count('without a tariff', true);
          expect(debt).toEqual(expected);
          return;
        }
        expect(comparable(debt)).toEqual(expected);
        // what the counters were made from
        if (consumption) expect(debt.consumption).toBe(fractionText(consumption.m3.n, consumption.m3.d));

        const codes = debt.lines.map(({ code }) => code);
        for (const code of new Set(codes)) count(code, true);
        for (const code of ['SUBSCRIPTION', 'INSURANCE', 'GAS_LEVY', 'VAT', 'DISCOUNT'] as const)
          count(`${code} twice`, codes.filter((each) => each === code).length > 1);
        count('several gas intervals', new Set(debt.lines.filter(({ code }) => code.startsWith('GAS_S')).map(({ from }) => from)).size > 1);
        count('several meters', snapshot.meters.length > 1 && consumption !== null);
        count('rolled over', consumption?.turned === true);
        count('after another settlement', snapshot.earlierSettlement !== undefined);
        count('no days', debt.days === 0);
        count(
          'provisional',
          debt.lines.some(({ basis }) => basis.includes('موقت')),
        );
        count('credit', debt.total < 0);
        count('above one payment id', debt.payable > 99_999_999_000);
      }),
      { numRuns: RUNS },
    );
    const wanted = [
      'without a tariff',
      'GAS_STEP',
      'GAS_FLAT',
      'SUBSCRIPTION',
      'INSURANCE',
      'GAS_LEVY',
      'VAT',
      'DISCOUNT',
      'PREVIOUS_DEBT',
      'PAYMENT',
      'ADJUSTMENT',
      'INSTALMENTS',
      'DEPOSIT',
      'SUBSCRIPTION twice',
      'INSURANCE twice',
      'GAS_LEVY twice',
      'VAT twice',
      'DISCOUNT twice',
      'several gas intervals',
      'several meters',
      'rolled over',
      'after another settlement',
      'no days',
      'provisional',
      'credit',
      'above one payment id',
    ];
    // every kind must have been tried, in one case of two hundred at least
    expect(wanted.filter((what) => (tried.get(what) ?? 0) < RUNS / 200)).toEqual([]);
  },
  60_000 + 50 * RUNS,
);
