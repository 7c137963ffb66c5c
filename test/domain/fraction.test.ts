import fc from 'fast-check';
import {
  type Fraction,
  addFractions,
  compareFractions,
  decimal,
  fraction,
  fractionText,
  multiplyFractions,
  roundToRial,
} from '../../src/domain/fraction.js';
import { NotExactError } from '../../src/domain/rial.js';

const denominator = fc.bigInt({ min: 1n, max: 10n ** 20n });
const numerator = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
const anyFraction = fc.record({ n: numerator, d: denominator });
const equal = (a: Fraction, b: Fraction): boolean => compareFractions(a, b) === 0;

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
