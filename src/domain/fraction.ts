import { NotExactError, type Rial, rial } from './rial.js';

/** An exact quantity n/d, d > 0: quantities are never floats and are rounded only as money on a printed line. */
export interface Fraction {
  n: bigint;
  d: bigint;
}

export function fraction(n: number | bigint, d: number | bigint = 1n): Fraction {
  const den = BigInt(d);
  if (den <= 0n) throw new RangeError(`not a denominator: ${d}`);
  return { n: BigInt(n), d: den };
}

/** Decimal text such as `6`, `1.0234` as an exact fraction; RangeError for anything else. */
export function decimal(text: string): Fraction {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text);
  if (!match) throw new RangeError(`not a decimal number: ${text}`);
  const [, sign, whole = '', places = ''] = match;
  const n = BigInt(whole + places);
  return { n: sign ? -n : n, d: 10n ** BigInt(places.length) };
}

export function addFractions(a: Fraction, b: Fraction): Fraction {
  return { n: a.n * b.d + b.n * a.d, d: a.d * b.d };
}

export function multiplyFractions(a: Fraction, b: Fraction): Fraction {
  return { n: a.n * b.n, d: a.d * b.d };
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compareFractions(a: Fraction, b: Fraction): number {
  const difference = a.n * b.d - b.n * a.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** n/d as whole rial, half up by magnitude (−2.5 → −3): the one rounding of a printed line. */
export function roundToRial(n: bigint, d: bigint): Rial {
  const magnitude = n < 0n ? -n : n;
  const rounded = (2n * magnitude + d) / (2n * d);
  if (rounded > BigInt(Number.MAX_SAFE_INTEGER)) throw new NotExactError(`out of the exact range: ${n}/${d}`);
  return rial(n < 0n ? -Number(rounded) : Number(rounded));
}

/** `45`, or lowest terms `15/2`. */
export function fractionText(n: bigint, d: bigint): string {
  if (n % d === 0n) return (n / d).toString();
  const divisor = greatestCommonDivisor(n < 0n ? -n : n, d);
  return `${n / divisor}/${d / divisor}`;
}

/** What fractionText wrote, as a fraction again; RangeError for other text. */
export function readFraction(text: string): Fraction {
  const [, n, d = '1'] = /^(-?[0-9]+)(?:\/([1-9][0-9]*))?$/.exec(text) ?? [];
  if (n === undefined) throw new RangeError(`not a fraction: ${text}`);
  return { n: BigInt(n), d: BigInt(d) };
}

const EXACT_PLACES = 6;
const ROUNDED_PLACES = 3;

/** n/d as a decimal of at most six places, exact: `31.5`; null where it has more, or no end. */
export function exactDecimal({ n, d }: Fraction): string | null {
  const scaled = n * 10n ** BigInt(EXACT_PLACES);
  return scaled % d === 0n ? decimalText(scaled / d, EXACT_PLACES) : null;
}

/** n/d ≥ 0 for a Persian sentence: the exact decimal, else rounded half up to three places and said so: `حدود 16.667`. */
export function spokenFraction(of: Fraction): string {
  const exact = exactDecimal(of);
  if (exact !== null) return exact;
  const rounded = (2n * of.n * 10n ** BigInt(ROUNDED_PLACES) + of.d) / (2n * of.d);
  return rounded === 0n ? `کمتر از ${decimalText(1n, ROUNDED_PLACES)}` : `حدود ${decimalText(rounded, ROUNDED_PLACES)}`;
}

/** A whole number of units of the last place, without zeros at the end. */
function decimalText(scaled: bigint, places: number): string {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, '0');
  const fractional = digits.slice(-places).replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -places)}${fractional && `.${fractional}`}`;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  if (a <= MAX_SAFE && b <= MAX_SAFE) {
    // plain numbers are several times faster and just as exact here
    let x = Number(a);
    let y = Number(b);
    while (y !== 0) [x, y] = [y, x % y];
    return BigInt(x);
  }
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
