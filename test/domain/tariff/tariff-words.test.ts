/*
 * What the check of a tariff says, word for word, and each limit from both sides: a tariff office mends a document by these
 * lines alone. The rules are those of the format (tariffs/tariff.schema.json) and of case 4.
 */
import { LAST_DAY, addDays } from '../../../src/domain/calendar/jalali.js';
import {
  DEFAULT_BANDS,
  DEFAULT_COLLECTION,
  DEFAULT_PAYMENT_PERIODS,
  type GasInterval,
  type Step,
  type Tariff,
  TariffError,
  checkTariff,
  gasIntervals,
  gasRatesFor,
  holdsOn,
  isProvisional,
  readTariff,
  seasonOn,
  tariffOn,
} from '../../../src/domain/tariff/tariff.js';
import { on, table, tariff } from '../sample.js';

const step = (uptoM3PerMonth: unknown, rialPerM3: unknown = 1000) => ({ uptoM3PerMonth, rialPerM3 }) as Step;
const told = (change: object, of = tariff()): string[] =>
  checkTariff({ ...of, ...change }).map(({ path, code, message }) => `${path} ${code}: ${message}`);
const toldOf = (json: unknown): string[] => {
  try {
    readTariff(json);
  } catch (error) {
    if (error instanceof TariffError) return error.faults.map(({ path, code, message }) => `${path} ${code}: ${message}`);
    throw error;
  }
  return [];
};

/** One of a month: every day of a tariff is looked at for its season. */
const MONTH = tariff({ from: on('1397/01/01'), to: on('1397/01/31') });
const ever = { from: '1397/01/01', to: null };
const both = { use: 'household', season: 'both', steps: [step(null)], flat: false };
const charge = { ...ever, use: 'household', area: 'urban', rialPerMonth: 3000, per: 'meter' };
const allowance = { ...ever, kind: 'freeAllowance', title: 'x', use: 'household', uptoM3PerMonth: 45 };
const welfare = { ...ever, kind: 'welfare', title: 'x', use: 'household', steps: 3 };
const document = { ...ever, anyOf: [{ code: 'DEED', name: 'سند' }], purposes: ['nameChange'] };
const YEARLY = [{ season: 'warm', from: '01/01', to: '12/30' }];

describe('the tariff itself', () => {
  test.each<[object, string[]]>([
    [{ version: '', title: 5 }, ['version REQUIRED: a text is required', 'title REQUIRED: a text is required']],
    [{ illustrative: 'no' }, ['illustrative NOT_ALLOWED: one of true, false: no']],
    [{ illustrative: true }, []],
    [{ from: '1397/13/01' }, ['from NOT_A_DATE: not a Jalali date yyyy/mm/dd: 1397/13/01']],
    [{ from: '۱۳۹۷/۰۱/۰۱' }, ['from NOT_A_DATE: not a Jalali date yyyy/mm/dd: ۱۳۹۷/۰۱/۰۱']],
    [{ to: undefined }, ['to NOT_A_DATE: not a Jalali date yyyy/mm/dd, nor null: undefined']],
    [{ to: '1404/12/30' }, ['to NOT_A_DATE: not a Jalali date yyyy/mm/dd, nor null: 1404/12/30']],
    [{ from: '1397/13/01', to: '1396/01/01' }, ['from NOT_A_DATE: not a Jalali date yyyy/mm/dd: 1397/13/01']],
    [{ from: '1397/01/02', to: '1397/01/01' }, ['to TURNED_ROUND: ends before it starts']],
    // one day
    [{ from: '1397/01/01', to: '1397/01/01' }, []],
    [{ to: '1397/12/29', provisionalTo: '1397/12/28' }, ['provisionalTo NOT_A_DATE: not a Jalali date after the last day: 1397/12/28']],
    [{ to: '1397/12/29', provisionalTo: '1397/12/29' }, []],
    [{ provisionalTo: 1398 }, ['provisionalTo NOT_A_DATE: not a Jalali date after the last day: 1398']],
    [{ seasons: 1, gas: null }, ['seasons NOT_A_LIST: a list is required', 'gas NOT_A_LIST: a list is required']],
    [{ seasons: [null], gas: [1] }, ['seasons[0] NOT_AN_OBJECT: not a rule', 'gas[0] NOT_AN_OBJECT: not a rule']],
  ])('%j: %j', (change, found) => expect(told(change)).toEqual(found));

  test.each([null, 1, [], undefined])('%j', (json) => expect(toldOf(json)).toEqual([' NOT_AN_OBJECT: not a tariff']));

  test('the error names every fault in a line of its own', () => {
    const error = new TariffError([
      { path: 'from', code: 'X', message: 'one', detail: 'یک' },
      { path: 'gas[0]', code: 'Y', message: 'two', detail: 'دو' },
    ]);
    expect([error.name, error.message]).toEqual(['TariffError', 'from: one\ngas[0]: two']);
  });
});

describe('seasons', () => {
  const warm = (from: unknown, to: unknown) => ({ season: 'warm', from, to });
  const cold = (from: unknown, to: unknown) => ({ season: 'cold', from, to });
  test.each<[object, string[]]>([
    [{ seasons: [{ season: 'mild', from: '01/01', to: '12/30' }] }, ['seasons[0].season NOT_ALLOWED: one of warm, cold: mild']],
    [{ seasons: [warm('1/1', '12/31')] }, ['seasons[0].from NOT_A_DATE: not a day: 1/1', 'seasons[0].to NOT_A_DATE: not a day: 12/31']],
    [{ seasons: [warm('1/1', '12/30')] }, ['seasons[0].from NOT_A_DATE: not a day: 1/1']],
    [{ seasons: [warm('01/01', '1397/13/01')] }, ['seasons[0].to NOT_A_DATE: not a day: 1397/13/01']],
    [{ seasons: [warm(['01/01'], '12/30')] }, ['seasons[0].from NOT_A_DATE: not a day: ["01/01"]']],
    [{ seasons: [warm('01/01', '1397/12/29')] }, ['seasons[0] NOT_A_DATE: both days of every year, or both full dates']],
    [
      { seasons: [warm('1390/01/01', '12/30')] },
      ['seasons[0] NOT_A_DATE: both days of every year, or both full dates', 'seasons[0].to TURNED_ROUND: ends before it starts'],
    ],
    [{ seasons: [warm('1398/01/01', '1397/12/29')] }, ['seasons[0].to TURNED_ROUND: ends before it starts']],
    // one day, in full
    [{ from: '1397/01/01', to: '1397/01/01', seasons: [warm('1397/01/01', '1397/01/01')] }, []],
    // seasons are looked at where the tariff's own dates can be read
    [{ from: '1397/13/01', seasons: [] }, ['from NOT_A_DATE: not a Jalali date yyyy/mm/dd: 1397/13/01']],
    [{ seasons: [] }, ['seasons SEASON_GAP: no season on 1390/01/01']],
    [{ seasons: [warm('01/01', '12/29')] }, ['seasons SEASON_GAP: no season on 1391/12/30']],
    // the next leap year is five years away
    [{ from: '1404/01/01', seasons: [warm('01/01', '12/29')] }, ['seasons SEASON_GAP: no season on 1408/12/30']],
    [{ from: '1404/01/01', to: '1408/12/29', seasons: [warm('01/01', '12/29')] }, []],
    [{ from: '1404/01/01', to: '1408/12/30', seasons: [warm('01/01', '12/29')] }, ['seasons SEASON_GAP: no season on 1408/12/30']],
    [{ seasons: [warm('01/16', '08/15'), cold('08/17', '01/15')] }, ['seasons SEASON_GAP: no season on 1390/08/16']],
    [{ seasons: [warm('01/16', '08/16'), cold('08/16', '01/15')] }, ['seasons SEASONS_OVERLAP: more than one season on 1390/08/16']],
    [
      { seasons: [warm('01/16', '08/16'), cold('08/16', '01/14')] },
      ['seasons SEASON_GAP: no season on 1390/01/15', 'seasons SEASONS_OVERLAP: more than one season on 1390/08/16'],
    ],
    [{ from: '1397/01/01', to: '1397/01/02', seasons: [warm('01/01', '01/01')] }, ['seasons SEASON_GAP: no season on 1397/01/02']],
    // full dates
    [{ from: '1397/01/16', to: '1398/01/15', seasons: [warm('1397/01/16', '1397/08/15'), cold('1397/08/16', '1398/01/15')] }, []],
    [
      { from: '1397/01/15', to: '1398/01/15', seasons: [warm('1397/01/16', '1397/08/15'), cold('1397/08/16', '1398/01/15')] },
      ['seasons SEASON_GAP: no season on 1397/01/15'],
    ],
    [
      { from: '1397/01/16', to: '1398/01/16', seasons: [warm('1397/01/16', '1397/08/15'), cold('1397/08/16', '1398/01/15')] },
      ['seasons SEASON_GAP: no season on 1398/01/16'],
    ],
    // beyond five years too: full dates do not come round again
    [
      { from: '1390/01/01', to: '1399/12/30', seasons: [warm('1390/01/01', '1398/12/29')] },
      ['seasons SEASON_GAP: no season on 1399/01/01'],
    ],
    // an open tariff is judged to the last day that its seasons name, whatever their order
    [{ from: '1397/01/16', to: null, seasons: [warm('1397/01/16', '1397/08/15'), cold('1397/08/16', '1398/01/15')] }, []],
    [
      { from: '1397/01/16', to: null, seasons: [cold('1397/08/18', '1398/01/15'), warm('1397/01/16', '1397/08/15')] },
      ['seasons SEASON_GAP: no season on 1397/08/16'],
    ],
    [
      { from: '1397/01/16', to: null, seasons: [warm('1397/01/16', '1397/08/15'), cold('1397/08/18', '1398/01/15')] },
      ['seasons SEASON_GAP: no season on 1397/08/16'],
    ],
    [
      {
        from: '1397/01/16',
        to: null,
        seasons: [warm('1397/01/16', '1397/08/15'), cold('1397/08/16', '1398/01/15'), warm('1398/01/17', '1398/08/15')],
      },
      ['seasons SEASON_GAP: no season on 1398/01/16'],
    ],
    // the end of the calendar
    [{ from: '1496/01/01', seasons: YEARLY }, []],
    [{ from: '1489/12/29', seasons: YEARLY }, []],
    [{ from: '1498/12/01', to: '1498/12/30', seasons: YEARLY }, []],
    [{ from: '1498/12/30', to: '1498/12/30', seasons: YEARLY }, []],
    [{ from: '1498/12/01', to: '1498/12/30', seasons: [warm('01/01', '12/29')] }, ['seasons SEASON_GAP: no season on 1498/12/30']],
    // seasons that were over before an open tariff begins
    [{ from: '1397/01/16', to: null, seasons: [warm('1396/01/16', '1396/08/15')] }, ['seasons SEASON_GAP: no season on 1397/01/16']],
    [{ from: '1496/01/01', seasons: [warm('01/01', '12/28')] }, ['seasons SEASON_GAP: no season on 1496/12/29']],
  ])('%j: %j', (change, found) => expect(told(change)).toEqual(found));

  test.each<[string, Tariff['seasons'], string, [string, string] | undefined]>([
    ['both ends belong to it', [{ season: 'warm', from: '02/11', to: '08/15' }], '1397/02/11', ['warm', '1397/08/15']],
    ['the last day too', [{ season: 'warm', from: '02/11', to: '08/15' }], '1397/08/15', ['warm', '1397/08/15']],
    ['not the day before', [{ season: 'warm', from: '02/11', to: '08/15' }], '1397/02/10', undefined],
    ['nor the day after', [{ season: 'warm', from: '02/11', to: '08/15' }], '1397/08/16', undefined],
    [
      'over the year’s end: from its first day it ends in the next year',
      [{ season: 'cold', from: '08/16', to: '02/10' }],
      '1397/08/16',
      ['cold', '1398/02/10'],
    ],
    ['after Nowruz it ends in the same', [{ season: 'cold', from: '08/16', to: '02/10' }], '1398/02/10', ['cold', '1398/02/10']],
    ['between it is not', [{ season: 'cold', from: '08/16', to: '02/10' }], '1397/08/15', undefined],
    ['nor right after', [{ season: 'cold', from: '08/16', to: '02/10' }], '1397/02/11', undefined],
    ['a season of one day', [{ season: 'cold', from: '08/16', to: '08/16' }], '1397/08/16', ['cold', '1397/08/16']],
    ['and the next is not it', [{ season: 'cold', from: '08/16', to: '08/16' }], '1397/08/17', undefined],
    [
      'the end of Esfand is the 29th in an ordinary year',
      [{ season: 'cold', from: '08/16', to: '12/30' }],
      '1397/09/01',
      ['cold', '1397/12/29'],
    ],
    ['the 30th in a leap year', [{ season: 'cold', from: '08/16', to: '12/30' }], '1399/09/01', ['cold', '1399/12/30']],
    [
      'by full dates',
      [
        { season: 'warm', from: '1397/01/16', to: '1397/08/15' },
        { season: 'cold', from: '1397/08/16', to: '1398/01/31' },
      ],
      '1398/01/31',
      ['cold', '1398/01/31'],
    ],
    ['by full dates, the first day', [{ season: 'warm', from: '1397/01/16', to: '1397/08/15' }], '1397/01/16', ['warm', '1397/08/15']],
    ['outside the full dates', [{ season: 'warm', from: '1397/01/16', to: '1397/08/15' }], '1398/01/16', undefined],
    ['before the full dates', [{ season: 'warm', from: '1397/01/16', to: '1397/08/15' }], '1397/01/15', undefined],
  ])('%s', (_, seasons, date, expected) =>
    expect(seasonOn(tariff({ seasons }), on(date))).toEqual(expected && { season: expected[0], to: expected[1] }),
  );
});

test('the calendar ends with a leap year, and nothing comes after it', () => {
  expect(LAST_DAY).toBe('1498/12/30');
  expect(() => addDays(LAST_DAY, 1)).toThrow(RangeError);
});

describe('gas', () => {
  test.each<[object[], string[]]>([
    [[{ ...both, use: '' }], ['gas[0].use REQUIRED: a text is required']],
    [[{ ...both, season: 'hot' }], ['gas[0].season NOT_ALLOWED: one of warm, cold, both: hot']],
    [
      [
        { ...both, season: 'warm' },
        { ...both, season: 'cold' },
      ],
      [],
    ],
    [
      [{ ...both, climates: [0, 1, 5, 6, 1.5, '2'] }],
      ['0', '6', '1.5', '2'].map(
        (value, i) => `gas[0].climates[${[0, 3, 4, 5][i]}] OUT_OF_RANGE: not a whole number from 1 to 5: ${value}`,
      ),
    ],
    [[{ ...both, climates: 1 }], ['gas[0].climates NOT_A_LIST: a list, or absent']],
    [[{ ...both, flat: undefined }], ['gas[0].flat NOT_ALLOWED: one of true, false: undefined']],
    [[{ ...both, flat: true }], []],
    [[{ ...both, steps: undefined }], ['gas[0].steps NOT_A_LIST: a list is required']],
    [[{ ...both, steps: [step(null), null] }], ['gas[0].steps NOT_AN_OBJECT: not a step']],
    [[{ ...both, steps: [] }], ['gas[0] NO_STEP: no step']],
    [[{ ...both, flat: true, steps: [] }], ['gas[0] NO_STEP: no step']],
    [[{ ...both, flat: true, steps: [step(10), step(null)] }], ['gas[0].steps FLAT_WITH_STEPS: a flat rate has one step']],
    [[{ ...both, steps: [step(1, 0), step(2), step(null, -1)] }], ['gas[0].steps[2].rialPerM3 NOT_WHOLE_RIAL: not whole rial per m³: -1']],
    [
      [{ ...both, steps: [step(10), step(null), step(null)] }],
      ['gas[0].steps[1].uptoM3PerMonth OPEN_STEP_NOT_LAST: only the last step is open'],
    ],
    [
      [{ ...both, steps: [step(0), step(null)] }],
      ['gas[0].steps[0].uptoM3PerMonth NOT_ASCENDING: limits must be whole and ascend: 0 after 0'],
    ],
    [
      [{ ...both, steps: [step(20), step(10), step(15), step(null)] }],
      ['gas[0].steps[1].uptoM3PerMonth NOT_ASCENDING: limits must be whole and ascend: 10 after 20'],
    ],
    [[{ ...both, steps: [step(20), step(30)] }], ['gas[0].steps[1].uptoM3PerMonth NO_OPEN_LAST_STEP: the last step must be open']],
    // the same subscriber may not find two rates
    [[both, both], ['gas[1] RATES_OVERLAP: same use, season and climate as gas[0]']],
    [
      [both, { ...both, use: 'bakery' }, { ...both, use: 'bakery', season: 'warm' }],
      ['gas[2] RATES_OVERLAP: same use, season and climate as gas[1]'],
    ],
    [[{ ...both, season: 'cold' }, both], ['gas[1] RATES_OVERLAP: same use, season and climate as gas[0]']],
    [
      [
        { ...both, season: 'cold' },
        { ...both, season: 'cold' },
      ],
      ['gas[1] RATES_OVERLAP: same use, season and climate as gas[0]'],
    ],
    [[{ ...both, climates: [1] }, both], ['gas[1] RATES_OVERLAP: same use, season and climate as gas[0]']],
    [
      [
        { ...both, climates: [1, 2] },
        { ...both, climates: [3] },
        { ...both, climates: [4, 2] },
      ],
      ['gas[2] RATES_OVERLAP: same use, season and climate as gas[0]'],
    ],
    [
      [
        { ...both, climates: [1] },
        { ...both, climates: [2] },
      ],
      [],
    ],
    [
      [null as never, both, 1 as never, both],
      [
        'gas[0] NOT_AN_OBJECT: not a rule',
        'gas[2] NOT_AN_OBJECT: not a rule',
        'gas[3] RATES_OVERLAP: same use, season and climate as gas[1]',
      ],
    ],
  ])('%j: %j', (gas, found) => expect(told({ gas }, MONTH)).toEqual(found));

  test('the rates of a use, a season and a climate', () => {
    const of = tariff({
      gas: [
        { use: 'household', season: 'cold', climates: [1, 2], steps: [step(null, 1)], flat: false },
        { use: 'household', season: 'cold', climates: [3], steps: [step(null, 2)], flat: false },
        { use: 'household', season: 'warm', steps: [step(null, 3)], flat: false },
        { use: 'bakery', season: 'both', steps: [step(null, 4)], flat: true },
      ],
    });
    const rate = (use: string, season: 'warm' | 'cold', climate: number) => gasRatesFor(of, use, season, climate)?.steps[0]?.rialPerM3;
    expect([
      rate('household', 'cold', 2),
      rate('household', 'cold', 3),
      rate('household', 'cold', 4),
      rate('household', 'warm', 4),
      rate('bakery', 'warm', 1),
      rate('bakery', 'cold', 5),
      rate('x', 'warm', 1),
    ]).toEqual([1, 2, undefined, 3, 4, 4, undefined]);
  });
});

describe('charges, discounts and documents', () => {
  test.each<[object, string[]]>([
    [
      {
        levy: [
          { ...ever, percent: '0' },
          { ...ever, percent: '9.5' },
        ],
      },
      [],
    ],
    [
      {
        levy: [
          { ...ever, percent: '10%' },
          { ...ever, percent: '-1' },
          { ...ever, percent: 10 },
        ],
      },
      ['10%', '-1', '10'].map((percent, i) => `levy[${i}].percent NOT_DECIMAL: not a decimal number as text, 0 or more: ${percent}`),
    ],
    [
      { levy: [{ from: 'x', to: 'y', percent: '10' }] },
      ['levy[0].from NOT_A_DATE: not a Jalali date yyyy/mm/dd: x', 'levy[0].to NOT_A_DATE: not a Jalali date yyyy/mm/dd, nor null: y'],
    ],
    [
      { levy: null, vat: 1, insurance: {}, subscription: '' },
      ['levy', 'vat', 'insurance', 'subscription'].map((name) => `${name} NOT_A_LIST: a list is required`),
    ],
    [
      { vat: [{ ...ever, percent: '', base: ['gas', 'subscription', 'insurance', 'levy', 'fines'] }] },
      [
        'vat[0].percent NOT_DECIMAL: not a decimal number as text, 0 or more: ',
        'vat[0].base[4] NOT_ALLOWED: one of gas, subscription, insurance, levy: fines',
      ],
    ],
    [{ vat: [{ ...ever, percent: '9', base: 'gas' }] }, ['vat[0].base NOT_A_LIST: a list is required']],
    [{ vat: [{ from: '1397/01/02', to: '1397/01/01', percent: '9', base: [] }] }, ['vat[0].to TURNED_ROUND: ends before it starts']],
    [
      {
        insurance: [
          charge,
          { ...charge, area: 'rural', per: 'unit', fixedPer: 'month', rialPerMonth: 0 },
          { ...charge, fixedPer: 'period' },
        ],
      },
      [],
    ],
    [
      { insurance: [{ ...charge, from: 'x', rialPerMonth: 1.5, per: 'flat', fixedPer: 'day', use: '', area: 'city' }] },
      [
        'insurance[0].from NOT_A_DATE: not a Jalali date yyyy/mm/dd: x',
        'insurance[0].rialPerMonth NOT_WHOLE_RIAL: not whole rial: 1.5',
        'insurance[0].per NOT_ALLOWED: one of meter, unit: flat',
        'insurance[0].fixedPer NOT_ALLOWED: one of month, period: day',
        'insurance[0].use REQUIRED: a text is required',
        'insurance[0].area NOT_ALLOWED: one of urban, rural: city',
      ],
    ],
    [{ insurance: [{ ...charge, rialPerMonth: -1 }] }, ['insurance[0].rialPerMonth NOT_WHOLE_RIAL: not whole rial: -1']],
    [
      {
        subscription: [
          { ...charge, capacityUpTo: 0 },
          { ...charge, capacityUpTo: null },
        ],
      },
      [],
    ],
    [
      {
        subscription: [
          { ...charge, capacityUpTo: 2.5 },
          { ...charge, capacityUpTo: -1 },
          { ...charge, per: 'x' },
        ],
      },
      [
        'subscription[0].capacityUpTo OUT_OF_RANGE: not a whole number of 0 or more: 2.5',
        'subscription[1].capacityUpTo OUT_OF_RANGE: not a whole number of 0 or more: -1',
        'subscription[2].per NOT_ALLOWED: one of meter, unit: x',
        'subscription[2].capacityUpTo OUT_OF_RANGE: not a whole number of 0 or more: undefined',
      ],
    ],
    // discounts
    [
      {
        discounts: [
          { ...allowance, uptoM3PerMonth: 1 },
          { ...welfare, steps: 1 },
        ],
      },
      [],
    ],
    [
      {
        discounts: [
          { ...allowance, uptoM3PerMonth: 0 },
          { ...welfare, steps: 0 },
        ],
      },
      [
        'discounts[0].uptoM3PerMonth OUT_OF_RANGE: not a whole number of 1 or more: 0',
        'discounts[1].steps OUT_OF_RANGE: not a whole number of 1 or more: 0',
      ],
    ],
    [
      {
        discounts: [
          { ...allowance, season: 'warm' },
          { ...allowance, season: 'cold', climates: [5], spans: [{ from: '08/16', to: '01/15' }] },
        ],
      },
      [],
    ],
    [
      {
        discounts: [
          {
            ...allowance,
            to: 'y',
            title: '',
            use: null,
            climates: [6],
            season: 'both',
            spans: [{ from: '1399/01/01', to: '13/01' }],
            kind: 'gift',
          },
        ],
      },
      [
        'discounts[0].to NOT_A_DATE: not a Jalali date yyyy/mm/dd, nor null: y',
        'discounts[0].title REQUIRED: a text is required',
        'discounts[0].use REQUIRED: a text is required',
        'discounts[0].climates[0] OUT_OF_RANGE: not a whole number from 1 to 5: 6',
        'discounts[0].season NOT_ALLOWED: one of warm, cold: both',
        'discounts[0].spans[0].from NOT_A_DATE: not a day of the year mm/dd: 1399/01/01',
        'discounts[0].spans[0].to NOT_A_DATE: not a day of the year mm/dd: 13/01',
        'discounts[0].kind NOT_ALLOWED: one of freeAllowance, welfare: gift',
      ],
    ],
    [
      { discounts: [{ ...welfare, climates: {}, spans: {} }] },
      ['discounts[0].climates NOT_A_LIST: a list, or absent', 'discounts[0].spans NOT_A_LIST: a list is required'],
    ],
    [{ discounts: {} }, ['discounts NOT_A_LIST: a list is required']],
    // documents
    [{ requiredDocuments: [{ ...document, purposes: ['balance', 'final', 'nameChange'], applicants: ['owner', 'tenant'] }] }, []],
    [
      { requiredDocuments: [{ ...document, purposes: [], applicants: [] }] },
      ['requiredDocuments[0].purposes NOT_A_LIST: a list is required', 'requiredDocuments[0].applicants NOT_A_LIST: a list is required'],
    ],
    [
      { requiredDocuments: [{ ...document, from: 'x', anyOf: [] }] },
      [
        'requiredDocuments[0].from NOT_A_DATE: not a Jalali date yyyy/mm/dd: x',
        'requiredDocuments[0].anyOf REQUIRED: a document is required',
      ],
    ],
    [
      { requiredDocuments: [{ ...document, anyOf: 'DEED', purposes: 'final' }] },
      ['requiredDocuments[0].anyOf NOT_A_LIST: a list is required', 'requiredDocuments[0].purposes NOT_A_LIST: a list is required'],
    ],
    [
      { requiredDocuments: [{ ...document, anyOf: [null, {}] }] },
      [
        'requiredDocuments[0].anyOf[0] NOT_AN_OBJECT: not a rule',
        'requiredDocuments[0].anyOf[1].code REQUIRED: a text is required',
        'requiredDocuments[0].anyOf[1].name REQUIRED: a text is required',
      ],
    ],
    [
      { requiredDocuments: [{ ...document, purposes: ['final', 'gift'], applicants: ['guest'] }] },
      [
        'requiredDocuments[0].purposes[1] NOT_ALLOWED: one of balance, final, nameChange: gift',
        'requiredDocuments[0].applicants[0] NOT_ALLOWED: one of owner, tenant: guest',
      ],
    ],
    [{ requiredDocuments: 1 }, ['requiredDocuments NOT_A_LIST: a list is required']],
    // collection, bands, payment periods
    [
      {
        collection: { roundTo: 1_000, notCollectedUpTo: 0 },
        bands: { highFactor: '0', lowFactor: '0', outerFactor: '0', ignoreUpToM3PerMonth: 0 },
        paymentPeriods: { from: 0, to: 99 },
      },
      [],
    ],
    [{ collection: undefined, bands: undefined, paymentPeriods: undefined }, []],
    [
      { collection: null, bands: 1, paymentPeriods: [] },
      ['collection NOT_AN_OBJECT: not a rule', 'bands NOT_AN_OBJECT: not a rule', 'paymentPeriods NOT_AN_OBJECT: not a range'],
    ],
    [
      { collection: { roundTo: 0, notCollectedUpTo: -1 } },
      [
        'collection.roundTo OUT_OF_RANGE: not a whole number of 1 or more: 0',
        'collection.notCollectedUpTo NOT_WHOLE_RIAL: not whole rial: -1',
      ],
    ],
    [
      { collection: { roundTo: 1_500, notCollectedUpTo: 0.5 } },
      [
        'collection.roundTo NOT_PAYABLE: a payment id holds multiples of 1000 rial alone: 1500',
        'collection.notCollectedUpTo NOT_WHOLE_RIAL: not whole rial: 0.5',
      ],
    ],
    [
      { bands: { highFactor: 2, lowFactor: '-0.3', outerFactor: 'five', ignoreUpToM3PerMonth: -1 } },
      [
        'bands.highFactor NOT_DECIMAL: not a decimal number as text, 0 or more: 2',
        'bands.lowFactor NOT_DECIMAL: not a decimal number as text, 0 or more: -0.3',
        'bands.outerFactor NOT_DECIMAL: not a decimal number as text, 0 or more: five',
        'bands.ignoreUpToM3PerMonth OUT_OF_RANGE: not a whole number of 0 or more: -1',
      ],
    ],
    [{ paymentPeriods: { from: 50, to: 50 } }, []],
    [{ paymentPeriods: { from: 50, to: 49 } }, ['paymentPeriods.to OUT_OF_RANGE: not a whole number from 50 to 99: 49']],
    [{ paymentPeriods: { from: 50, to: 100 } }, ['paymentPeriods.to OUT_OF_RANGE: not a whole number from 50 to 99: 100']],
    [{ paymentPeriods: { from: -1, to: 100 } }, ['paymentPeriods.from OUT_OF_RANGE: not a whole number from 0 to 99: -1']],
    [{ paymentPeriods: { from: 100, to: 0 } }, ['paymentPeriods.from OUT_OF_RANGE: not a whole number from 0 to 99: 100']],
  ])('%j: %j', (change, found) => expect(told(change, MONTH)).toEqual(found));

  test('what is asked for in the place of a rule', () =>
    expect(checkTariff({ ...MONTH, collection: 1, bands: 1, paymentPeriods: 1 } as unknown as Tariff).map(({ detail }) => detail)).toEqual([
      'اینجا قاعده‌ای لازم است.',
      'اینجا قاعده‌ای لازم است.',
      'اینجا بازه‌ای لازم است.',
    ]));
});

describe('service terms', () => {
  const FEEDS = ['accounts', 'meters', 'bills', 'payments', 'adjustments', 'instalments', 'deposits', 'cycles'];
  const all = (value: number) => Object.fromEntries(FEEDS.map((kind) => [kind, value]));
  const out = (from: string, ...names: string[]) => names.map((name) => `service[0].${name} OUT_OF_RANGE: not a whole number ${from}`);
  test.each<[object, string[]]>([
    // the least and the most
    [
      {
        staleAfterDays: all(1),
        correction: { dueHours: 1, remindHours: 1, approvalAbove: 0 },
        correctiveAction: { perSettlement: 1, perClerk: 1, perCause: 1, perOffice: 1, effectAfterDays: 1, meetingDueDays: 1 },
        escalateAfterHours: 1,
        qualificationWarnDays: 1,
        outageAfterMinutes: 1,
        lateEntryWithinDays: 1,
        remindDaysBeforeClosing: [0],
      },
      [],
    ],
    [
      {
        staleAfterDays: all(3660),
        correction: { dueHours: 8784, remindHours: 8784 },
        correctiveAction: { effectAfterDays: 3660, meetingDueDays: 3660 },
        escalateAfterHours: 8784,
        qualificationWarnDays: 3660,
        outageAfterMinutes: 1440,
        lateEntryWithinDays: 3660,
        remindDaysBeforeClosing: [366, 1, 0],
      },
      [],
    ],
    // one less and one more
    [{ staleAfterDays: all(0) }, out('from 1 to 3660: 0', ...FEEDS.map((kind) => `staleAfterDays.${kind}`))],
    [{ staleAfterDays: all(3661) }, out('from 1 to 3660: 3661', ...FEEDS.map((kind) => `staleAfterDays.${kind}`))],
    [
      { correction: { dueHours: 0, remindHours: 0 }, escalateAfterHours: 0 },
      out('from 1 to 8784: 0', 'correction.dueHours', 'correction.remindHours', 'escalateAfterHours'),
    ],
    [
      { correction: { dueHours: 8785, remindHours: 8785 }, escalateAfterHours: 8785 },
      out('from 1 to 8784: 8785', 'correction.dueHours', 'correction.remindHours', 'escalateAfterHours'),
    ],
    [
      { correctiveAction: { perSettlement: 0, perClerk: 0, perCause: 0, perOffice: 0 } },
      out('of 1 or more: 0', ...['perSettlement', 'perClerk', 'perCause', 'perOffice'].map((name) => `correctiveAction.${name}`)),
    ],
    [
      { correctiveAction: { effectAfterDays: 0, meetingDueDays: 0 }, qualificationWarnDays: 0 },
      out('from 1 to 3660: 0', 'correctiveAction.effectAfterDays', 'correctiveAction.meetingDueDays', 'qualificationWarnDays'),
    ],
    [
      { correctiveAction: { effectAfterDays: 3661, meetingDueDays: 3661 }, qualificationWarnDays: 3661 },
      out('from 1 to 3660: 3661', 'correctiveAction.effectAfterDays', 'correctiveAction.meetingDueDays', 'qualificationWarnDays'),
    ],
    [{ lateEntryWithinDays: 0 }, out('from 1 to 3660: 0', 'lateEntryWithinDays')],
    [{ lateEntryWithinDays: 3661 }, out('from 1 to 3660: 3661', 'lateEntryWithinDays')],
    [{ outageAfterMinutes: 0 }, out('from 1 to 1440: 0', 'outageAfterMinutes')],
    [{ outageAfterMinutes: 1441 }, out('from 1 to 1440: 1441', 'outageAfterMinutes')],
    [{ correction: { approvalAbove: -1 } }, ['service[0].correction.approvalAbove NOT_WHOLE_RIAL: not whole rial: -1']],
    [
      { remindDaysBeforeClosing: [367, -1] },
      [
        'service[0].remindDaysBeforeClosing[0] OUT_OF_RANGE: not a whole number from 0 to 366: 367',
        'service[0].remindDaysBeforeClosing[1] OUT_OF_RANGE: not a whole number from 0 to 366: -1',
      ],
    ],
    [
      { remindDaysBeforeClosing: [3, 5, 5, 1] },
      [
        'service[0].remindDaysBeforeClosing[1] NOT_DESCENDING: the earliest reminder first: 5 after 3',
        'service[0].remindDaysBeforeClosing[2] NOT_DESCENDING: the earliest reminder first: 5 after 5',
      ],
    ],
    [
      { remindDaysBeforeClosing: 3, daysOff: 'friday' },
      ['service[0].remindDaysBeforeClosing NOT_A_LIST: a list, or absent', 'service[0].daysOff NOT_A_LIST: a list, or absent'],
    ],
    [
      { staleAfterDays: 3, correction: [], correctiveAction: null },
      ['staleAfterDays', 'correction', 'correctiveAction'].map((name) => `service[0].${name} NOT_AN_OBJECT: a group of terms, or absent`),
    ],
    [
      { staleAfterDays: { readings: 3 } },
      [
        'service[0].staleAfterDays.readings NOT_ALLOWED: one of accounts, meters, bills, payments, adjustments, instalments, deposits, cycles: readings',
      ],
    ],
    [
      {
        openingHours: [
          { from: '00:00', to: '23:59' },
          { days: ['thursday', 'friday'], from: '09:59', to: '10:00' },
        ],
      },
      [],
    ],
    [{ openingHours: [] }, []],
    [{ openingHours: { from: '07:30', to: '14:30' } }, ['service[0].openingHours NOT_A_LIST: a list, or absent']],
    [
      { openingHours: [5, { from: '14:30', to: '07:30' }, { from: '07:30', to: '07:30' }] },
      [
        '[0] NOT_AN_OBJECT: not hours from and to',
        '[1] TURNED_ROUND: 14:30 is not before 07:30',
        '[2] TURNED_ROUND: 07:30 is not before 07:30',
      ].map((fault) => `service[0].openingHours${fault}`),
    ],
    [
      {
        openingHours: [
          { from: '7:30', to: '24:00' },
          { from: '07:60', to: '107:30' },
          { from: 730, to: '12:300' },
        ],
      },
      [
        '[0].from NOT_A_TIME: a time of day (07:30): 7:30',
        '[0].to NOT_A_TIME: a time of day (07:30): 24:00',
        '[1].from NOT_A_TIME: a time of day (07:30): 07:60',
        '[1].to NOT_A_TIME: a time of day (07:30): 107:30',
        '[2].from NOT_A_TIME: a time of day (07:30): 730',
        '[2].to NOT_A_TIME: a time of day (07:30): 12:300',
      ].map((fault) => `service[0].openingHours${fault}`),
    ],
    [
      {
        openingHours: [
          { from: '07:30', to: '14:30', days: 'friday' },
          { from: '07:30', to: '14:30', days: ['friday', 'jomeh', 5] },
        ],
      },
      [
        '[0].days NOT_A_LIST: weekdays, or absent',
        '[1].days[1] NOT_A_WEEKDAY: a weekday (thursday): jomeh',
        '[1].days[2] NOT_A_WEEKDAY: a weekday (thursday): 5',
      ].map((fault) => `service[0].openingHours${fault}`),
    ],
    [{ daysOff: ['friday', '12/30', '1405/01/21'] }, []],
    [
      { daysOff: ['jomeh', '07/31', 5] },
      ['jomeh', '07/31', '5'].map(
        (day, i) => `service[0].daysOff[${i}] NOT_A_DAY_OFF: a weekday (friday), a day of each year (01/13) or a date (1405/01/21): ${day}`,
      ),
    ],
    [{ daysOff: ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday'] }, []],
    [
      { daysOff: ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday'] },
      ['service[0].daysOff NO_WORKING_DAY: all seven days of the week are off'],
    ],
    [{ from: 'x' }, ['service[0].from NOT_A_DATE: not a Jalali date yyyy/mm/dd: x']],
  ])('%j: %j', (rule, found) => expect(told({ service: [{ ...ever, ...rule }] }, MONTH)).toEqual(found));

  test('no list', () => expect(told({ service: 1 }, MONTH)).toEqual(['service NOT_A_LIST: a list is required']));
});

describe('the published table', () => {
  const published = {
    source: 'a company',
    seasons: [
      { season: 'cold', from: '1398/08/16', to: '1399/01/15' },
      { season: 'warm', from: '1398/01/16', to: '1398/08/15' },
    ],
    household: [{ season: 'warm', climates: [1, 2], steps: [step(45, 1081), step(null, 1311)] }],
    flat: [{ use: 'bakery', season: 'both', rialPerM3: 925 }],
    levies: { gasSupplyLevyPercentOfGasPrice: 10, vatPercent: 9, insuranceRialPerMonth: { household: { urban: 3000, rural: 1500 } } },
  };
  const dates = { from: '1398/01/16', to: '1399/01/15' };
  const AS_READ = {
    version: '1398',
    title: 'تعرفهٔ 1398',
    source: 'a company',
    illustrative: false,
    ...dates,
    // to the end of the year in which it ends, a leap year
    provisionalTo: '1399/12/30',
    seasons: [
      { season: 'cold', from: '08/16', to: '01/15' },
      { season: 'warm', from: '01/16', to: '08/15' },
    ],
    gas: [
      { use: 'household', season: 'warm', climates: [1, 2], steps: [step(45, 1081), step(null, 1311)], flat: false },
      { use: 'bakery', season: 'both', steps: [step(null, 925)], flat: true },
    ],
    levy: [{ ...dates, percent: '10' }],
    vat: [{ ...dates, percent: '9', base: ['gas', 'subscription'] }],
    insurance: [
      { ...dates, use: 'household', area: 'urban', rialPerMonth: 3000, per: 'meter' },
      { ...dates, use: 'household', area: 'rural', rialPerMonth: 1500, per: 'meter' },
    ],
    subscription: [],
    collection: { roundTo: 1_000, notCollectedUpTo: 10_000 },
    bands: { highFactor: '2', lowFactor: '0.3', outerFactor: '5', ignoreUpToM3PerMonth: 30 },
    paymentPeriods: { from: 50, to: 99 },
  };
  const { provisionalTo: _none, ...NOT_PROVISIONAL } = AS_READ;

  test('as it is read', () => expect(readTariff(published)).toEqual(AS_READ));
  test.each<[string, object, object]>([
    [
      'without flat rates and levies',
      { flat: undefined, levies: undefined },
      { ...AS_READ, gas: AS_READ.gas.slice(0, 1), levy: [], vat: [], insurance: [] },
    ],
    ['with none of the levies', { levies: {} }, { ...AS_READ, levy: [], vat: [], insurance: [] }],
    [
      'of a part of a year it keeps its days and is not provisional',
      { seasons: [{ season: 'warm', from: '1398/01/16', to: '1398/08/15' }], levies: {}, flat: [] },
      {
        ...NOT_PROVISIONAL,
        to: '1398/08/15',
        seasons: [{ season: 'warm', from: '1398/01/16', to: '1398/08/15' }],
        gas: AS_READ.gas.slice(0, 1),
        levy: [],
        vat: [],
        insurance: [],
      },
    ],
  ])('%s', (_, change, expected) => expect(readTariff(JSON.parse(JSON.stringify({ ...published, ...change })))).toEqual(expected));

  test('an ordinary year ends on the 29th', () => {
    const seasons = [
      { season: 'warm', from: '1397/01/16', to: '1397/08/15' },
      { season: 'cold', from: '1397/08/16', to: '1398/01/15' },
    ];
    expect(readTariff({ ...published, seasons }).provisionalTo).toBe('1398/12/29');
  });

  const eleven = Array.from({ length: 11 }, (_, n) => ({ use: `use${n}`, season: 'both', rialPerM3: n === 10 ? 0.5 : 1 }));
  test.each<[string, object, string[]]>([
    [
      'no lists',
      { seasons: 1, household: undefined, flat: {} },
      ['seasons NOT_A_LIST: a list is required', 'household NOT_A_LIST: a list is required', 'flat NOT_A_LIST: a list is required'],
    ],
    [
      'no entries',
      { seasons: [null], household: [1], flat: [[]] },
      ['seasons[0] NOT_AN_OBJECT: not an entry', 'household[0] NOT_AN_OBJECT: not an entry', 'flat[0] NOT_AN_OBJECT: not an entry'],
    ],
    ['levies as a list', { levies: [] }, ['levies NOT_AN_OBJECT: not a list of levies']],
    [
      'one sum for both areas',
      { levies: { insuranceRialPerMonth: { household: 3000, bakery: {} } } },
      ['levies.insuranceRialPerMonth NOT_AN_OBJECT: urban and rural sums by use are required'],
    ],
    [
      'insurance as a number',
      { levies: { insuranceRialPerMonth: 3000 } },
      ['levies.insuranceRialPerMonth NOT_AN_OBJECT: urban and rural sums by use are required'],
    ],
    // both ends of the whole follow from the seasons; each is told once, though every rule has them
    [
      'an impossible day',
      { seasons: [{ season: 'warm', from: '1398/01/16', to: '1398/08/31' }] },
      ['seasons NOT_A_DATE: not a Jalali date yyyy/mm/dd, nor null: 1398/08/31', 'seasons[0].to NOT_A_DATE: not a day: 1398/08/31'],
    ],
    [
      'two impossible days',
      { seasons: [{ season: 'warm', from: '1398/00/16', to: '1398/08/31' }] },
      [
        'seasons NOT_A_DATE: not a Jalali date yyyy/mm/dd: 1398/00/16',
        'seasons NOT_A_DATE: not a Jalali date yyyy/mm/dd, nor null: 1398/08/31',
        'seasons[0].from NOT_A_DATE: not a day: 1398/00/16',
        'seasons[0].to NOT_A_DATE: not a day: 1398/08/31',
      ],
    ],
    [
      'no seasons',
      { seasons: [], levies: {} },
      [
        'seasons REQUIRED: a text is required',
        'seasons NOT_A_DATE: not a Jalali date yyyy/mm/dd: ',
        'seasons NOT_A_DATE: not a Jalali date yyyy/mm/dd, nor null: ',
      ],
    ],
    [
      'a gap',
      {
        seasons: [
          { season: 'warm', from: '1398/01/16', to: '1398/08/15' },
          { season: 'cold', from: '1398/08/17', to: '1399/01/15' },
        ],
      },
      ['seasons SEASON_GAP: no season on 1398/08/16'],
    ],
    [
      'a household’s step',
      { household: [published.household[0], { season: 'cold', climates: [1], steps: [step(45), step(20), step(null)] }] },
      ['household[1].steps[1].uptoM3PerMonth NOT_ASCENDING: limits must be whole and ascend: 20 after 45'],
    ],
    [
      'two of the household’s',
      { household: [published.household[0], published.household[0]] },
      ['household[1] RATES_OVERLAP: same use, season and climate as household[0]'],
    ],
    ['the eleventh flat rate', { flat: eleven }, ['flat[10].rialPerM3 NOT_WHOLE_RIAL: not whole rial per m³: 0.5']],
    [
      'two for a bakery',
      { flat: [...eleven.slice(0, 10), { use: 'use9', season: 'warm', rialPerM3: 5 }] },
      ['flat[10] RATES_OVERLAP: same use, season and climate as flat[9]'],
    ],
    [
      'flat rates of no use',
      {
        flat: [
          { use: '', season: 'warm', rialPerM3: 1 },
          { use: '', season: 'cold', rialPerM3: 1 },
        ],
      },
      ['flat[0].use REQUIRED: a text is required', 'flat[1].use REQUIRED: a text is required'],
    ],
    [
      'percentages',
      { levies: { gasSupplyLevyPercentOfGasPrice: -10, vatPercent: 'nine' } },
      [
        'levies.gasSupplyLevyPercentOfGasPrice NOT_DECIMAL: not a decimal number as text, 0 or more: -10',
        'levies.vatPercent NOT_DECIMAL: not a decimal number as text, 0 or more: nine',
      ],
    ],
    [
      'sums',
      {
        levies: { insuranceRialPerMonth: { household: { urban: -1, rural: 2 }, bakery: { urban: 1 }, industry: { urban: 0.5, rural: 1 } } },
      },
      [
        'levies.insuranceRialPerMonth.household.urban NOT_WHOLE_RIAL: not whole rial: -1',
        'levies.insuranceRialPerMonth.bakery.rural NOT_WHOLE_RIAL: not whole rial: undefined',
        'levies.insuranceRialPerMonth.industry.urban NOT_WHOLE_RIAL: not whole rial: 0.5',
      ],
    ],
    [
      'an insurance for no use',
      { levies: { insuranceRialPerMonth: { '': { urban: 1, rural: 2 } } } },
      ['levies.insuranceRialPerMonth REQUIRED: a text is required'],
    ],
  ])('%s', (_, change, found) => expect(toldOf({ ...published, ...change })).toEqual(found));

  test('the Persian sentence names the table’s own entries too', () => {
    const flat = [...eleven.slice(0, 10), { use: 'x', season: 'both', rialPerM3: 1 }, { use: 'x', season: 'warm', rialPerM3: 5 }];
    expect(() => readTariff({ ...published, flat })).toThrow(
      expect.objectContaining({
        faults: [expect.objectContaining({ path: 'flat[11]', detail: 'کاربری، فصل و اقلیم آن با flat[10] یکی است.' })],
      }),
    );
  });

  test('a document in the project’s own form is told by its own paths', () =>
    expect(toldOf({ ...tariff(), gas: [{ ...both, use: '' }], levy: [{ ...ever, percent: 'x' }] })).toEqual([
      'gas[0].use REQUIRED: a text is required',
      'levy[0].percent NOT_DECIMAL: not a decimal number as text, 0 or more: x',
    ]));

  test('the real one is right', () => expect(toldOf(table)).toEqual([]));
});

test('what a document leaves out', () => {
  expect([DEFAULT_COLLECTION, DEFAULT_BANDS, DEFAULT_PAYMENT_PERIODS]).toEqual([
    { roundTo: 1_000, notCollectedUpTo: 10_000 },
    { highFactor: '2', lowFactor: '0.3', outerFactor: '5', ignoreUpToM3PerMonth: 30 },
    { from: 50, to: 99 },
  ]);
  const own = {
    collection: { roundTo: 2_000, notCollectedUpTo: 1 },
    bands: { ...DEFAULT_BANDS, highFactor: '3' },
    paymentPeriods: { from: 10, to: 20 },
  };
  expect(readTariff(tariff(own))).toEqual(tariff(own));
  expect(readTariff({ ...tariff(), collection: undefined, bands: undefined, paymentPeriods: undefined })).toEqual(tariff());
});

describe('in force', () => {
  const year = (version: string, from: string, to: string | null, change: Partial<Tariff> = {}) =>
    tariff({ version, from: on(from), to: to === null ? null : on(to), ...change });

  test('of those that ended the one that ended last is used provisionally, whatever their order', () => {
    const a = year('a', '1395/01/01', '1395/12/30', { provisionalTo: on('1399/12/30') });
    const b = year('b', '1396/01/01', '1396/12/29', { provisionalTo: on('1399/12/30') });
    expect(
      [
        [a, b],
        [b, a],
      ].map((list) => tariffOn(list, on('1397/01/01'))?.version),
    ).toEqual(['b', 'b']);
    // an open one and one to come have not ended
    expect(tariffOn([a, year('c', '1398/01/01', null)], on('1397/01/01'))?.version).toBe('a');
    expect(tariffOn([], on('1397/01/01'))).toBeUndefined();
  });

  test('a rule goes on with a tariff that is used provisionally, as on its last day', () => {
    const ended = year('a', '1397/01/01', '1397/12/29');
    const rule = (from: string, to: string | null) => ({ from: on(from), to: to === null ? null : on(to) });
    const holds = (of: Tariff, from: string, to: string | null, date: string) => holdsOn(of, rule(from, to), on(date));
    expect(holds(ended, '1397/01/01', '1397/12/29', '1398/02/01')).toBe(true);
    expect(holds(ended, '1397/01/01', '1397/12/28', '1398/02/01')).toBe(false);
    // nothing begins after the last day
    expect(holds(ended, '1398/01/01', null, '1398/02/01')).toBe(false);
    expect([holds(ended, '1397/02/01', '1397/03/01', '1397/02/15'), holds(ended, '1397/02/01', '1397/03/01', '1397/03/02')]).toEqual([
      true,
      false,
    ]);
    expect([holds(tariff(), '1397/02/01', null, '1399/01/01'), holds(tariff(), '1397/02/01', '1398/01/01', '1399/01/01')]).toEqual([
      true,
      false,
    ]);
  });

  test('an interval is provisional when a day of it lies after its tariff’s last', () => {
    const ended = year('a', '1397/01/01', '1397/12/29');
    expect(['1397/12/28', '1397/12/29', '1398/01/01'].map((to) => isProvisional({ tariff: ended, to: on(to) }))).toEqual([
      false,
      false,
      true,
    ]);
    expect(isProvisional({ tariff: tariff(), to: on('1498/12/01') })).toBe(false);
  });

  const SEASONS: Tariff['seasons'] = [
    { season: 'warm', from: '01/16', to: '08/15' },
    { season: 'cold', from: '08/16', to: '01/15' },
  ];
  const open = year('o', '1390/01/01', null);
  const cut = (tariffs: Tariff[], after: string, until: string): unknown => {
    const intervals = gasIntervals(tariffs, on(after), on(until));
    return 'noTariffOn' in intervals
      ? intervals
      : intervals.map(({ tariff: { version }, season, from, to }: GasInterval) => `${version} ${season} ${from} ${to}`);
  };
  test.each<[string, Tariff[], string, string, unknown]>([
    ['the day after the last reading up to the settlement', [open], '1397/02/01', '1397/02/31', ['o warm 1397/02/02 1397/02/31']],
    ['one day', [open], '1397/02/01', '1397/02/02', ['o warm 1397/02/02 1397/02/02']],
    ['no day', [open], '1397/02/01', '1397/02/01', []],
    [
      'two seasons',
      [year('o', '1390/01/01', null, { seasons: SEASONS })],
      '1397/08/10',
      '1397/08/20',
      ['o warm 1397/08/11 1397/08/15', 'o cold 1397/08/16 1397/08/20'],
    ],
    ['over the year’s end', [open], '1397/12/20', '1398/01/10', ['o warm 1397/12/21 1398/01/10']],
    [
      'one tariff ends where the next begins',
      [year('a', '1397/01/01', '1397/02/15'), year('b', '1397/02/16', null)],
      '1397/02/10',
      '1397/02/20',
      ['a warm 1397/02/11 1397/02/15', 'b warm 1397/02/16 1397/02/20'],
    ],
    [
      'it ends on the last day of the period',
      [year('a', '1397/01/01', '1397/02/20')],
      '1397/02/10',
      '1397/02/20',
      ['a warm 1397/02/11 1397/02/20'],
    ],
    [
      'a later one takes over',
      [open, year('b', '1397/02/16', null)],
      '1397/02/10',
      '1397/02/20',
      ['o warm 1397/02/11 1397/02/15', 'b warm 1397/02/16 1397/02/20'],
    ],
    ['on the very first day', [open, year('b', '1397/02/11', null)], '1397/02/10', '1397/02/20', ['b warm 1397/02/11 1397/02/20']],
    [
      'on the very last',
      [open, year('b', '1397/02/20', null)],
      '1397/02/10',
      '1397/02/20',
      ['o warm 1397/02/11 1397/02/19', 'b warm 1397/02/20 1397/02/20'],
    ],
    ['the day after', [open, year('b', '1397/02/21', null)], '1397/02/10', '1397/02/20', ['o warm 1397/02/11 1397/02/20']],
    ['weeks after', [open, year('b', '1397/03/20', null)], '1397/02/10', '1397/02/20', ['o warm 1397/02/11 1397/02/20']],
    [
      'for some days, then the older goes on',
      [open, year('b', '1397/02/14', '1397/02/16')],
      '1397/02/10',
      '1397/02/20',
      ['o warm 1397/02/11 1397/02/13', 'b warm 1397/02/14 1397/02/16', 'o warm 1397/02/17 1397/02/20'],
    ],
    [
      'one that began later but was published before does not',
      [year('b', '1397/02/14', null), open],
      '1397/02/10',
      '1397/02/20',
      ['o warm 1397/02/11 1397/02/20'],
    ],
    [
      'two take over, one after the other, whatever their order',
      [open, year('c', '1397/02/18', null), year('b', '1397/02/14', '1397/02/17')],
      '1397/02/10',
      '1397/02/20',
      ['o warm 1397/02/11 1397/02/13', 'b warm 1397/02/14 1397/02/17', 'c warm 1397/02/18 1397/02/20'],
    ],
    [
      'used provisionally it is one interval with its own days',
      [year('a', '1397/01/01', '1397/02/15', { provisionalTo: on('1397/02/18') })],
      '1397/02/10',
      '1397/02/18',
      ['a warm 1397/02/11 1397/02/18'],
    ],
    [
      'and no longer than it may',
      [year('a', '1397/01/01', '1397/02/15', { provisionalTo: on('1397/02/18') })],
      '1397/02/10',
      '1397/02/19',
      { noTariffOn: '1397/02/19' },
    ],
    [
      'until the decree comes',
      [year('a', '1397/01/01', '1397/02/15', { provisionalTo: on('1397/12/29') }), year('b', '1397/02/18', null)],
      '1397/02/10',
      '1397/02/20',
      ['a warm 1397/02/11 1397/02/17', 'b warm 1397/02/18 1397/02/20'],
    ],
    ['a day before every tariff', [year('a', '1397/02/12', null)], '1397/02/10', '1397/02/20', { noTariffOn: '1397/02/11' }],
    [
      'a day of no season',
      [year('a', '1397/01/01', null, { seasons: [{ season: 'warm', from: '01/01', to: '02/15' }] })],
      '1397/02/10',
      '1397/02/20',
      { noTariffOn: '1397/02/16' },
    ],
    [
      'two spans of one season are one interval',
      [
        year('a', '1397/01/01', null, {
          seasons: [
            { season: 'warm', from: '01/01', to: '02/15' },
            { season: 'warm', from: '02/16', to: '12/30' },
          ],
        }),
      ],
      '1397/02/10',
      '1397/02/20',
      ['a warm 1397/02/11 1397/02/20'],
    ],
  ])('%s', (_, tariffs, after, until, expected) => expect(cut(tariffs, after, until)).toEqual(expected));
});

test('the sample is sound', () => expect(told({})).toEqual([]));
