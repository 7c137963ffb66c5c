import { z } from 'zod';
import { readTariff } from '../../../src/domain/tariff/tariff.js';
import practice from '../../../tariffs/practice-1405.json';
import schema from '../../../tariffs/tariff.schema.json';
import { T1, household1397, table, tariff } from '../sample.js';

const bySchema = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const accepts = (json: unknown): [boolean, boolean] => {
  let read = true;
  try {
    readTariff(json);
  } catch {
    read = false;
  }
  return [read, bySchema.safeParse(json).success];
};

const dated = { from: '1397/01/01', to: null };
const gas = { use: 'household', season: 'both', steps: T1, flat: false };
const allowance = { ...dated, kind: 'freeAllowance', title: 'x', use: 'household', uptoM3PerMonth: 45 };
const document = { ...dated, anyOf: [{ code: 'DEED', name: 'سند' }], purposes: ['nameChange'] };
const service = {
  ...dated,
  staleAfterDays: { bills: 40 },
  remindDaysBeforeClosing: [5, 0],
  correction: { dueHours: 8 },
  escalateAfterHours: 1,
  correctiveAction: { perClerk: 4 },
  qualificationWarnDays: 14,
  outageAfterMinutes: 90,
  lateEntryWithinDays: 60,
  openingHours: [
    { from: '08:00', to: '15:00' },
    { days: ['thursday'], from: '08:00', to: '12:00' },
  ],
  daysOff: ['thursday', '01/13', '1405/01/21'],
};
const own = (change: object): unknown => ({ ...JSON.parse(JSON.stringify(tariff())), ...change });
const published = (change: object): unknown => ({ ...(table as object), ...change });

describe('the schema accepts what readTariff accepts', () => {
  test.each<[string, unknown]>([
    ['the published table', table],
    ['the table as it is stored', JSON.parse(JSON.stringify(household1397))],
    ['the own form', own({})],
    ['the practice tariff', practice],
    ['what may be absent', own({ collection: undefined, bands: undefined, paymentPeriods: undefined, source: undefined })],
    ['a last day', own({ to: '1397/12/29', provisionalTo: '1398/12/29' })],
    ['climates', own({ gas: [{ ...gas, climates: [1, 2] }] })],
    [
      'charges',
      own({
        levy: [{ ...dated, percent: '10' }],
        vat: [{ ...dated, percent: '9.5', base: ['gas', 'levy'] }],
        insurance: [{ ...dated, use: 'household', area: 'urban', rialPerMonth: 3000, per: 'meter' }],
        subscription: [{ ...dated, capacityUpTo: null, rialPerMonth: 1, per: 'unit', fixedPer: 'period' }],
      }),
    ],
    [
      'discounts',
      own({
        discounts: [
          allowance,
          {
            ...dated,
            kind: 'welfare',
            title: 'x',
            use: 'household',
            steps: 3,
            season: 'cold',
            climates: [1],
            spans: [{ from: '08/16', to: '01/15' }],
          },
        ],
      }),
    ],
    ['documents', own({ requiredDocuments: [document, { ...document, applicants: ['tenant'] }] })],
    [
      'service terms, and none of them',
      own({
        service: [service, dated, { ...dated, staleAfterDays: {}, remindDaysBeforeClosing: [], correction: {}, correctiveAction: {} }],
      }),
    ],
    ['a table without flat rates and levies', published({ flat: undefined, levies: undefined })],
  ])('%s', (_, json) => expect(accepts(JSON.parse(JSON.stringify(json)))).toEqual([true, true]));
});

describe('the schema refuses what readTariff refuses for its shape', () => {
  test.each<[string, unknown]>([
    ['no object', 1],
    ['nothing', {}],
    ['no version', own({ version: '' })],
    ['illustrative as text', own({ illustrative: 'no' })],
    ['no such month', own({ from: '1397/13/01' })],
    ['no such day', own({ from: '1397/07/31' })],
    ['a short date', own({ from: '1397/1/1' })],
    ['no last day', own({ to: undefined })],
    ['no season', own({ seasons: [] })],
    ['another season', own({ seasons: [{ season: 'mild', from: '01/01', to: '12/30' }] })],
    ['a season of two kinds of days', own({ seasons: [{ season: 'warm', from: '01/01', to: '1397/12/29' }] })],
    ['no steps', own({ gas: [{ ...gas, steps: [] }] })],
    ['a rate with a fraction', own({ gas: [{ ...gas, steps: [{ uptoM3PerMonth: null, rialPerM3: 2.5 }] }] })],
    ['a rate as text', own({ gas: [{ ...gas, steps: [{ uptoM3PerMonth: null, rialPerM3: '1081' }] }] })],
    [
      'a limit of zero',
      own({
        gas: [
          {
            ...gas,
            steps: [
              { uptoM3PerMonth: 0, rialPerM3: 1 },
              { uptoM3PerMonth: null, rialPerM3: 2 },
            ],
          },
        ],
      }),
    ],
    ['another weekday', own({ service: [{ ...service, daysOff: ['jomeh'] }] })],
    ['no such time of day', own({ service: [{ ...service, openingHours: [{ from: '7:30', to: '24:00' }] }] })],
    ['opening hours without an end', own({ service: [{ ...service, openingHours: [{ from: '07:30' }] }] })],
    [
      'opening hours of another weekday',
      own({ service: [{ ...service, openingHours: [{ days: ['jomeh'], from: '07:30', to: '12:30' }] }] }),
    ],
    ['opening hours that are no list', own({ service: [{ ...service, openingHours: { from: '07:30', to: '14:30' } }] })],
    ['a day off that is none', own({ service: [{ ...service, daysOff: ['07/31'] }] })],
    ['climate 6', own({ gas: [{ ...gas, climates: [6] }] })],
    ['flat missing', own({ gas: [{ ...gas, flat: undefined }] })],
    ['a percentage as number', own({ levy: [{ ...dated, percent: 10 }] })],
    ['another base', own({ vat: [{ ...dated, percent: '9', base: ['fines'] }] })],
    ['another area', own({ insurance: [{ ...dated, use: 'household', area: 'city', rialPerMonth: 1, per: 'meter' }] })],
    ['no capacity', own({ subscription: [{ ...dated, rialPerMonth: 1, per: 'meter' }] })],
    ['another discount', own({ discounts: [{ ...allowance, kind: 'gift' }] })],
    ['an allowance without limit', own({ discounts: [{ ...allowance, uptoM3PerMonth: undefined }] })],
    ['documents of no purpose', own({ requiredDocuments: [{ ...document, purposes: [] }] })],
    ['no document', own({ requiredDocuments: [{ ...document, anyOf: [] }] })],
    ['rounding to nothing', own({ collection: { roundTo: 0, notCollectedUpTo: 0 } })],
    ['rounding to what no payment id holds', own({ collection: { roundTo: 1500, notCollectedUpTo: 0 } })],
    ['a factor as number', own({ bands: { highFactor: 2, lowFactor: '0.3', outerFactor: '5', ignoreUpToM3PerMonth: 30 } })],
    ['a period of three digits', own({ paymentPeriods: { from: 50, to: 100 } })],
    ['service terms without dates', own({ service: [{ escalateAfterHours: 1 }] })],
    ['an unknown feed', own({ service: [{ ...service, staleAfterDays: { readings: 3 } }] })],
    ['a feed that is stale at once', own({ service: [{ ...service, staleAfterDays: { bills: 0 } }] })],
    ['a reminder twice', own({ service: [{ ...service, remindDaysBeforeClosing: [3, 3] }] })],
    ['half an hour', own({ service: [{ ...service, correction: { dueHours: 0.5 } }] })],
    ['a negative threshold', own({ service: [{ ...service, correction: { approvalAbove: -1 } }] })],
    ['hours in seconds', own({ service: [{ ...service, escalateAfterHours: 86_400 }] })],
    ['no error starts an action', own({ service: [{ ...service, correctiveAction: { perClerk: 0 } }] })],
    ['an outage of more than a day', own({ service: [{ ...service, outageAfterMinutes: 1_441 }] })],
    ['a table without seasons', published({ seasons: undefined })],
    ['a table with a closed list of nothing', published({ household: [{ season: 'warm', steps: [] }] })],
    ['a table with a flat rate as text', published({ flat: [{ use: 'x', season: 'both', rialPerM3: '1' }] })],
    ['a table with one sum for both areas', published({ levies: { insuranceRialPerMonth: { household: 3000 } } })],
  ])('%s', (_, json) => expect(accepts(JSON.parse(JSON.stringify(json)))).toEqual([false, false]));
});
