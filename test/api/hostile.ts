import type { z } from 'zod';

/** Texts that are an attack on whatever takes them for something else than a text. Short: some fields hold forty characters. */
export const HOSTILE: Record<string, string> = {
  sql: "'; drop table app.users; --",
  like: '%_\\ علی %',
  html: '"><img src=x onerror=alert(1)>',
  typst: '#import "x" $a$ *b* // @ref',
  formula: "=cmd|'/C calc'!A1",
  minus: '-2+3+cmd',
  at: '@SUM(1+1)*cmd',
  json: 'x","role":"admin',
  template: '${7*7} {{7*7}}',
  path: '../../../etc/passwd',
  header: 'x: y Set-Cookie a=b',
};

/** Texts that print nothing, turn what stands beside them, or that a database cannot keep. */
export const INVISIBLE: Record<string, string> = {
  nul: 'علی\u0000کریمی',
  escape: 'علی\u001b[31mکریمی',
  c1: 'علی\u0085\u009bکریمی',
  override: 'علی\u202eیمیرک',
  isolate: '\u2067علی\u2066کریمی',
  mark: 'ع\u200f\u200eلی\u061c',
  byteOrder: '\ufeffعلی',
  tag: 'علی\u{e0041}\u{e0001}',
  half: 'علی\ud800کریمی',
};

/** What may stand in no text that is kept: controls but white space, invisible formats but the joiners, half characters. */
export const NEVER = /(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/u;

/** Every text within a value, with its dotted path. */
export function* textsIn(value: unknown, at = ''): Generator<[path: string, text: string]> {
  if (typeof value === 'string') yield [at, value];
  else if (typeof value === 'object' && value !== null)
    for (const [key, child] of Object.entries(value)) yield* textsIn(child, at === '' ? key : `${at}.${key}`);
}

/** Each with an invisible sign put into a text that is right: a pattern may look at its ends alone. */
export function hidden(right: string): [what: string, text: string][] {
  const signs = { nul: '\u0000', override: '\u202e', c1: '\u009b', tag: '\u{e0041}', half: '\ud800' };
  const places = [...new Set([0, 1, 2, right.length >> 1, right.length])];
  return Object.entries(signs).flatMap(([what, sign]) =>
    places.map((at): [string, string] => [`${what} at ${at}`, right.slice(0, at) + sign + right.slice(at)]),
  );
}

export type Path = readonly (string | number)[];

export interface TextField {
  path: Path;
  /** what judges the text by itself */
  schema: z.ZodType;
  /** any JSON value within it is taken */
  free: boolean;
}

interface Def {
  type: string;
  innerType?: z.ZodType;
  element?: z.ZodType;
  in?: z.ZodType;
  options?: readonly z.ZodType[];
  shape?: Record<string, z.ZodType>;
}
const defOf = (schema: z.ZodType): Def => schema.def;

/** Every field of a schema that takes a text, found in the schema itself: a new one is found by itself. */
export function textFields(schema: z.ZodType | undefined, path: Path = []): TextField[] {
  if (schema === undefined) return [];
  const { type, innerType, element, in: source, options, shape } = defOf(schema);
  switch (type) {
    case 'string':
      return [{ path, schema, free: false }];
    case 'record':
    case 'unknown':
      return [{ path, schema, free: true }];
    case 'object':
      return Object.entries(shape ?? {}).flatMap(([name, field]) => textFields(field, [...path, name]));
    case 'array':
      return textFields(element, [...path, 0]);
    case 'union':
      return (options ?? []).flatMap((option) => textFields(option, path));
    case 'pipe': {
      const inner = textFields(source, path);
      const whole = inner.some((field) => field.path.length === path.length);
      return whole ? [{ path, schema, free: false }] : inner;
    }
    default:
      return innerType ? textFields(innerType, path) : [];
  }
}

type Json = {
  [key: string]: unknown;
  type?: string;
  properties?: Record<string, Json>;
  required?: string[];
  items?: Json;
  anyOf?: Json[];
  enum?: unknown[];
  const?: unknown;
  examples?: unknown[];
  pattern?: string;
  minimum?: number;
  default?: unknown;
};
const TEXTS = ['متن', 'text-1', '7', '1', '014123456701-14050904', 'e30='];

/** A value that a JSON schema describes, with what is required and what lies on the way to `path`. */
export function sampleOf(json: Json, path: Path = []): unknown {
  if (json.examples?.length) return json.examples[0];
  if (json.const !== undefined) return json.const;
  if (json.enum) return json.enum[0];
  if (json.anyOf) return sampleOf(json.anyOf.find((option) => option.type !== 'null') ?? {}, path);
  const [next, ...rest] = path;
  switch (json.type) {
    case 'object': {
      const names = new Set([...(json.required ?? []), ...(typeof next === 'string' ? [next] : [])]);
      return Object.fromEntries([...names].map((name) => [name, sampleOf(json.properties?.[name] ?? {}, name === next ? rest : [])]));
    }
    case 'array':
      return [sampleOf(json.items ?? {}, rest)];
    case 'integer':
    case 'number':
      return Math.max(json.minimum ?? 1, 1);
    case 'boolean':
      return true;
    default:
      return TEXTS.find((text) => json.pattern === undefined || new RegExp(json.pattern, 'u').test(text)) ?? TEXTS[0];
  }
}

/** The part of a JSON schema that describes `path`. */
export function partAt(json: Json, path: Path): Json {
  const inner = json.anyOf?.find((option) => option.type !== 'null') ?? json;
  const [next, ...rest] = path;
  if (next === undefined) return inner;
  return partAt((typeof next === 'number' ? inner.items : inner.properties?.[next]) ?? {}, rest);
}

/** `value` with `part` in the place of what stands at `path`; what is missing on the way is made. */
export function withAt(value: unknown, [next, ...rest]: Path, part: unknown): unknown {
  if (next === undefined) return part;
  const inside = typeof value === 'object' && value !== null ? value : {};
  if (typeof next === 'number') return [withAt((inside as unknown[])[next], rest, part)];
  return { ...inside, [next]: withAt((inside as Record<string, unknown>)[next], rest, part) };
}
