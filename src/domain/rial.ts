/** Money: whole rials inside the safe-integer range, checked at every operation. */
export type Rial = number;

/** Thrown when a sum of money is no whole rial or leaves the exact range; it never reaches a bill. */
export class NotExactError extends Error {
  override readonly name = 'NotExactError';
}

/** `value` as Rial, or NotExactError. */
export function rial(value: number): Rial {
  if (!Number.isSafeInteger(value)) throw new NotExactError(`not a whole rial in the exact range: ${value}`);
  // -0 would be printed and compared differently from 0
  return value === 0 ? 0 : value;
}

export function addRial(a: Rial, b: Rial): Rial {
  return rial(rial(a) + rial(b));
}

export function subtractRial(a: Rial, b: Rial): Rial {
  return rial(rial(a) - rial(b));
}

export function sumRial(amounts: Iterable<Rial>): Rial {
  let sum = 0;
  for (const amount of amounts) sum = addRial(sum, amount);
  return sum;
}
