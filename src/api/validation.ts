import type { z } from 'zod';
import { cleanText } from '../domain/text.js';
import { Problem, type ProblemError } from './problems.js';

/** What a schema made of an input: the value when there is nothing to complain about, and every complaint. */
export interface Checked<T> {
  value: T | null;
  errors: ProblemError[];
}

type Issue = z.core.$ZodIssue;

/** Checks `input`; each complaint with its dotted field, a stable code and a Persian message. */
export function check<S extends z.ZodType>(schema: S, input: unknown): Checked<z.output<S>> {
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data, errors: [] };
  return { value: null, errors: result.error.issues.flatMap((issue) => complaints(issue, input)) };
}

/** The checked value, or an INVALID_REQUEST problem with all findings at once. */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const { value, errors } = check(schema, input);
  if (errors.length > 0) throw new Problem('INVALID_REQUEST', { errors });
  return value as z.output<S>;
}

function complaints(issue: Issue, input: unknown): ProblemError[] {
  const field = dotted(issue.path);
  const one = (code: string, message: string): ProblemError[] => [{ field, code, message }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        field: dotted([...issue.path, key]),
        code: 'UNKNOWN_FIELD',
        message: `فیلد «${shown(key)}» شناخته نیست. آن را بردارید یا نام درست آن را بنویسید.`,
      }));
    case 'custom': {
      const code: unknown = issue.params?.['code'];
      return one(typeof code === 'string' ? code : 'INVALID_VALUE', issue.message);
    }
    case 'invalid_type':
      return at(input, issue.path) === undefined
        ? one('REQUIRED', 'این فیلد لازم است. آن را وارد کنید.')
        : one('WRONG_TYPE', `نوع مقدار درست نیست. ${TYPES[issue.expected] ?? 'مقدار دیگری'} بنویسید.`);
    case 'invalid_value':
      return at(input, issue.path) === undefined
        ? one('REQUIRED', 'این فیلد لازم است. آن را وارد کنید.')
        : one('INVALID_VALUE', `این مقدار پذیرفته نیست. یکی از این‌ها را بنویسید: ${issue.values.join('، ')}.`);
    case 'too_small':
      return issue.origin === 'string' && at(input, issue.path) === ''
        ? one('REQUIRED', 'این فیلد خالی است. آن را وارد کنید.')
        : one('TOO_SMALL', `مقدار کمتر از اندازهٔ مجاز است. دست‌کم ${issue.minimum} باشد.`);
    case 'too_big':
      return one('TOO_LARGE', `مقدار بیش از اندازهٔ مجاز است. حداکثر ${issue.maximum} باشد.`);
    default:
      return one('INVALID_VALUE', 'این مقدار درست نیست. آن را بررسی کنید و دوباره بنویسید.');
  }
}

const TYPES: Record<string, string> = {
  string: 'متن',
  number: 'عدد',
  int: 'عدد صحیح',
  boolean: 'true یا false',
  array: 'فهرست',
  object: 'شیء JSON',
};

function dotted(path: readonly PropertyKey[]): string {
  return path.map((part) => shown(String(part))).join('.');
}

/** A client's own key in an answer: short and to be seen, whatever it was. */
function shown(key: string): string {
  const clean = cleanText(key);
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean;
}

/** The input at `path`, own properties only. */
function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** Whether `value` nests deeper than `limit`; walks no deeper than that. */
export function deeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((child) => deeperThan(child, limit - 1));
}
