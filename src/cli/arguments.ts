import { InvalidArgumentError } from 'commander';
import { type JalaliDate, parseJalali } from '../domain/calendar/jalali.js';
import { latinDigits, wholeNumber } from '../domain/text.js';

export function whole(text: string): number {
  const latin = latinDigits(text);
  if (!/^\d{1,15}$/.test(latin)) throw new InvalidArgumentError('not a whole number');
  return Number(latin);
}

export function cubicMetres(text: string): string {
  const latin = latinDigits(text);
  if (!/^\d{1,12}(\.\d{1,6})?$/.test(latin)) throw new InvalidArgumentError('not a number of m³');
  return latin;
}

export function date(text: string): JalaliDate {
  const parsed = parseJalali(text);
  if (!parsed) throw new InvalidArgumentError('not a Jalali date yyyy/mm/dd');
  return parsed;
}

export function oneOf<T extends string>(values: readonly T[]) {
  return (text: string): T => {
    if (!(values as readonly string[]).includes(text)) throw new InvalidArgumentError(`one of ${values.join(', ')}`);
    return text as T;
  };
}

/** Whole rials above 0, with or without thousands marks. */
export function rials(text: string): number {
  const value = wholeNumber(text);
  if (value === null || value === 0) throw new InvalidArgumentError('not a whole number of rials above 0');
  return value;
}
