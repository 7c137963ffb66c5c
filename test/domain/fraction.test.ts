import fc from 'fast-check';
import {
  type Fraction,
  addFractions,
  compareFractions,
  decimal,
  exactDecimal,
  fraction,
  fractionText,
  multiplyFractions,
  readFraction,
  roundToRial,
  spokenFraction,
} from '../../src/domain/fraction.js';
import { NotExactError } from '../../src/domain/rial.js';

const denominator = fc.bigInt({ min: 1n, max: 10n ** 20n });
const numerator = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
const anyFraction = fc.record({ n: numerator, d: denominator });
const equal = (a: Fraction, b: Fraction): boolean => compareFractions(a, b) === 0;

test('a product and a sum, by hand', () => {
  expect(multiplyFractions(fraction(3, 2), fraction(-5, 7))).toEqual({ n: -15n, d: 14n });
  expect(addFractions(fraction(3, 2), fraction(-5, 7))).toEqual({ n: 11n, d: 14n });
});

describe('decimal', () => {
  test.each([
    ['6', 6n, 1n],
    ['1.0234', 10234n, 10000n],
    ['0.3', 3n, 10n],
    ['-2.50', -250n, 100n],
    ['007', 7n, 1n],
    ['999999999999999.999999999', 999_999_999_999_999_999_999_999n, 1_000_000_000n],
  ])('%s', (text, n, d) => expect(decimal(text)).toEqual({ n, d }));

  test.each(['', '.', '1.', '.5', '1e3', '+1', ' 1', '1 ', '1\n', '1,5', '۶', '0x10', 'NaN', '1.2.3', '1/2', '1234567890123456'])(
    '%j is refused',
    (text) => expect(() => decimal(text)).toThrow(RangeError),
  );
});

describe('fraction', () => {
  test.each([0, -1, 0n])('denominator %s is refused', (d) => expect(() => fraction(1, d)).toThrow(RangeError));
  test('a float is refused', () => expect(() => fraction(0.5)).toThrow(RangeError));

  test('property: sum and product', () => {
    fc.assert(
      fc.property(anyFraction, anyFraction, anyFraction, (a, b, c) => {
        expect(equal(addFractions(a, b), addFractions(b, a))).toBe(true);
        expect(equal(multiplyFractions(addFractions(a, b), c), addFractions(multiplyFractions(a, c), multiplyFractions(b, c)))).toBe(true);
        expect(Math.sign(compareFractions(a, b))).toBe(-Math.sign(compareFractions(b, a)) + 0);
      }),
    );
  });

  test.each([
    [fraction(1, 3), fraction(2, 6), 0],
    [fraction(1, 3), fraction(1, 2), -1],
    [fraction(-1, 3), fraction(-1, 2), 1],
    // equal as floats
    [fraction(10n ** 20n + 1n, 3), fraction(10n ** 20n, 3), 1],
  ])('compare %j', (a, b, sign) => expect(compareFractions(a, b)).toBe(sign));
});

// domain.md, decision: once per line, half up by magnitude
describe('roundToRial', () => {
  test.each([
    [5n, 2n, 3],
    [-5n, 2n, -3],
    [3n, 2n, 2],
    [-3n, 2n, -2],
    [1n, 2n, 1],
    [-1n, 2n, -1],
    [49n, 100n, 0],
    [-49n, 100n, 0],
    [122_475n, 2n, 61_238], // case 5 in one line
    [3_243n, 2n, 1_622], // vector 1397/05/01: 3/2 m³ × 1081 = 1621.5
    [10n ** 30n + 1n, 10n ** 20n, 10_000_000_000],
    [0n, 7n, 0],
  ])('%d/%d → %d', (n, d, rounded) => expect(Object.is(roundToRial(n, d), rounded)).toBe(true));

  test('outside the exact range', () => {
    expect(roundToRial(BigInt(Number.MAX_SAFE_INTEGER), 1n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => roundToRial(2n * BigInt(Number.MAX_SAFE_INTEGER) + 1n, 2n)).toThrow(NotExactError);
    expect(() => roundToRial(-(10n ** 40n), 1n)).toThrow(NotExactError);
  });

  test('property: off by half a rial at most, and odd', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.bigInt({ min: 10n ** 10n, max: 10n ** 20n }), (n, d) => {
        const rounded = BigInt(roundToRial(n, d));
        const twice = 2n * (rounded * d - n);
        expect(twice > -d && twice <= d).toBe(true);
        expect(BigInt(roundToRial(-n, d))).toBe(-rounded);
      }),
    );
  });
});

describe('exactDecimal and spokenFraction', () => {
  test.each<[bigint, bigint, string | null, string]>([
    [45n, 1n, '45', '45'],
    [63n, 2n, '31.5', '31.5'],
    [1n, 2n, '0.5', '0.5'],
    [-1n, 4n, '-0.25', '-0.25'],
    [200n, 4n, '50', '50'],
    [1_000n, 1n, '1000', '1000'],
    [0n, 7n, '0', '0'],
    // 95.819 m³ by a coefficient; six places are exact, a seventh is not
    [95_819n, 1_000n, '95.819', '95.819'],
    [1n, 64n, '0.015625', '0.015625'],
    [1n, 128n, null, 'حدود 0.008'], // 0.0078125
    [50n, 3n, null, 'حدود 16.667'],
    [1n, 3n, null, 'حدود 0.333'],
    [1n, 3_000n, null, 'کمتر از 0.001'],
    [1n, 2_000n * 1_000_001n, null, 'کمتر از 0.001'],
    [1_000_001n, 2_000n * 1_000_000n, null, 'حدود 0.001'],
    [2_999n, 3n, null, 'حدود 999.667'],
    [29_999n, 3_000n, null, 'حدود 10'], // 9.99967
    [12_345_000_001n, 10_000_000_000n, null, 'حدود 1.235'],
    [12_344_999_999n, 10_000_000_000n, null, 'حدود 1.234'],
  ])('%d/%d is %s, said %s', (n, d, exact, said) => {
    expect(exactDecimal({ n, d })).toBe(exact);
    expect(spokenFraction({ n, d })).toBe(said);
  });

  test('property: what is exact is the same value, what is about is half a thousandth away at most', () => {
    const small = fc.record({
      n: fc.bigInt({ min: 0n, max: 10n ** 9n }),
      d: fc.oneof(fc.bigInt({ min: 1n, max: 1000n }), fc.constantFrom(8n, 64n, 625n, 10n ** 6n)),
    });
    fc.assert(
      fc.property(small, (of) => {
        const exact = exactDecimal(of);
        const said = spokenFraction(of);
        if (exact !== null) {
          expect(equal(decimal(exact), of)).toBe(true);
          expect(said).toBe(exact);
          expect(exact).not.toMatch(/\.\d*0$|\.$/);
        } else {
          const about = said.startsWith('کمتر از') ? fraction(0) : decimal(said.replace('حدود ', ''));
          const away = addFractions(about, { n: -of.n, d: of.d });
          expect(compareFractions({ n: away.n < 0n ? -away.n : away.n, d: away.d }, fraction(1, 2000))).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe('readFraction', () => {
  test.each([
    ['45', 45n, 1n],
    ['15/2', 15n, 2n],
    ['-15/2', -15n, 2n],
    ['0', 0n, 1n],
  ])('%s', (text, n, d) => expect(readFraction(text)).toEqual({ n, d }));
  test.each(['', '1/0', '1/-2', '1.5', '1/2/3', 'x', ' 1'])('%j is none', (text) => expect(() => readFraction(text)).toThrow(RangeError));
  test('property: what was written is read', () => {
    fc.assert(fc.property(anyFraction, ({ n, d }) => expect(equal(readFraction(fractionText(n, d)), { n, d })).toBe(true)));
  });
});

describe('fractionText', () => {
  test.each([
    [45n, 1n, '45'],
    [90n, 2n, '45'],
    [15n, 2n, '15/2'],
    [30n, 4n, '15/2'],
    [-30n, 4n, '-15/2'],
    [0n, 7n, '0'],
    // the common divisor of numbers outside the safe range
    [10n ** 20n, 3n * 10n ** 19n, '10/3'],
    [3n * 10n ** 17n, 2n * 10n ** 17n, '3/2'],
  ])('%d/%d is %s', (n, d, text) => expect(fractionText(n, d)).toBe(text));

  test('property: lowest terms of the same value', () => {
    fc.assert(
      fc.property(anyFraction, ({ n, d }) => {
        const [top = '', bottom = '1'] = fractionText(n, d).split('/');
        const a = BigInt(top);
        const b = BigInt(bottom);
        expect(a * d).toBe(n * b);
        let [x, y] = [a < 0n ? -a : a, b];
        while (y !== 0n) [x, y] = [y, x % y];
        expect(x).toBe(a === 0n ? b : 1n);
      }),
    );
  });
});
