import { unknownNames } from '../../../src/domain/tariff/tariff-names.js';
import schema from '../../../tariffs/tariff.schema.json';
import { table, tariff } from '../sample.js';

const found = (json: unknown): string[] => unknownNames(json).map(({ path }) => path);

test('what is read is known: a whole document, the published table', () => {
  expect(found(tariff())).toEqual([]);
  expect(found(table)).toEqual([]);
  for (const json of [null, 1, 'x', [], [1]]) expect(found(json)).toEqual([]);
});

test('a slip of the pen is told with its path, at every depth', () => {
  expect(
    found({
      ...tariff(),
      discount: [],
      gas: [{ climate: 1, steps: [{}, { upto: 3 }] }],
      service: [{ correction: { dueHour: 1 }, staleAfterDays: { bill: 1 } }],
    }),
  ).toEqual(['gas[0].climate', 'gas[0].steps[1].upto', 'discount', 'service[0].correction.dueHour', 'service[0].staleAfterDays.bill']);
  expect(found({ household: [{ climate: 1 }], levies: { vat: 9, insuranceRialPerMonth: { household: { city: 1 } } } })).toEqual([
    'household[0].climate',
    'levies.vat',
    'levies.insuranceRialPerMonth.household.city',
  ]);
  // names that every object has are none of a document
  expect(found({ toString: 1 })).toEqual(['toString']);
});

type Schema = {
  $ref?: string;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  type?: string;
};

/** A value with every name that the schema has; of several shapes, all their names in one. */
function whole(of: Schema): unknown {
  if (of.$ref) return whole((schema.$defs as Record<string, Schema>)[of.$ref.replace('#/$defs/', '')] as Schema);
  if (of.anyOf) {
    const all = of.anyOf.map(whole);
    return all.every((each) => typeof each === 'object') ? Object.assign({}, ...all) : all[0];
  }
  if (of.items) return [whole(of.items)];
  if (of.properties) return Object.fromEntries(Object.entries(of.properties).map(([name, each]) => [name, whole(each)]));
  if (typeof of.additionalProperties === 'object') return { any: whole(of.additionalProperties) };
  return 1;
}

/** The paths of every name in a value. */
function paths(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => paths(item, `${at}[0]`));
  return Object.entries(value).flatMap(([name, of]) => [`${at}.${name}`, ...paths(of, `${at}.${name}`)]);
}

test.each(['tariff', 'publishedTable'] as const)('the schema and this list know the same names: %s', (name) => {
  const document = whole(schema.$defs[name] as Schema) as Record<string, unknown>;
  expect(paths(document).length).toBeGreaterThan(15);
  expect(found(document)).toEqual([]);
});
