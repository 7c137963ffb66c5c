import fc from 'fast-check';
import { NotExactError, addRial, rial, subtractRial, sumRial } from '../../src/domain/rial.js';

const MAX = Number.MAX_SAFE_INTEGER;
const money = fc.maxSafeInteger();

describe('rial', () => {
  test.each([0, 1, -1, 2_147_483_648, MAX, -MAX])('%d is rial (case 21: more than 32 bits hold)', (value) =>
    expect(rial(value)).toBe(value),
  );

  test.each([0.5, Number.NaN, Infinity, -Infinity, MAX + 1, -MAX - 1, 1e21])('%d is none', (value) =>
    expect(() => rial(value)).toThrow(NotExactError),
  );

  test('a negative zero becomes zero: it would print as -0', () => {
    expect(Object.is(rial(-0), 0)).toBe(true);
    expect(Object.is(addRial(-0, -0), 0)).toBe(true);
    expect(Object.is(subtractRial(-0, 0), 0)).toBe(true);
  });

  test.each([
    ['above', () => addRial(MAX, 1)],
    ['below', () => subtractRial(-MAX, 1)],
    // 2^53 + 2 is exact as a number, but its neighbour is not
    ['above by more', () => addRial(MAX, 3)],
    ['in the middle of a sum', () => sumRial([MAX, 1, -1])],
    ['by an operand', () => addRial(0.5, 0.5)],
    ['by an operand taken off', () => subtractRial(1.5, 0.5)],
  ])('leaving the exact range %s throws', (_, operation) => expect(operation).toThrow(NotExactError));

  test('sum of nothing is 0', () => expect(sumRial([])).toBe(0));

  test('property: operations agree with BigInt or throw', () => {
    fc.assert(
      fc.property(money, money, (a, b) => {
        for (const [operation, exact] of [
          [addRial, BigInt(a) + BigInt(b)],
          [subtractRial, BigInt(a) - BigInt(b)],
        ] as const) {
          if (exact > BigInt(MAX) || exact < -BigInt(MAX)) expect(() => operation(a, b)).toThrow(NotExactError);
          else expect(BigInt(operation(a, b))).toBe(exact);
        }
      }),
    );
  });

  test('property: a sum does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e12, max: 1e12 })), (amounts) => {
        expect(sumRial(amounts)).toBe(sumRial(amounts.toReversed()));
        expect(BigInt(sumRial(amounts))).toBe(amounts.reduce((sum, amount) => sum + BigInt(amount), 0n));
      }),
    );
  });
});
