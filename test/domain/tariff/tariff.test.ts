import fc from 'fast-check';
import {
  DEFAULT_BANDS,
  DEFAULT_COLLECTION,
  DEFAULT_PAYMENT_PERIODS,
  type Step,
  type Tariff,
  TariffError,
  checkSteps,
  checkTariff,
  covers,
  gasIntervals,
  gasRatesFor,
  isProvisional,
  readTariff,
  seasonOn,
  tariffOn,
} from '../../../src/domain/tariff/tariff.js';
import { T1, household1397, on, table, tariff } from '../sample.js';

const step = (uptoM3PerMonth: unknown, rialPerM3: unknown = 1000) => ({ uptoM3PerMonth, rialPerM3 }) as Step;
const codes = (change: object): string[] => checkTariff({ ...tariff(), ...change }).map(({ path, code }) => `${path} ${code}`);
const faultsOf = (json: unknown): string[] => {
  try {
    readTariff(json);
  } catch (error) {
    if (error instanceof TariffError) return error.faults.map(({ path, code }) => `${path} ${code}`);
    throw error;
  }
  return [];
};

describe('case 4: steps are refused when published', () => {
  test.each<[string, Step[], string[]]>([
    ['the last step is not open', [step(10), step(20)], ['g.steps[1].uptoM3PerMonth NO_OPEN_LAST_STEP']],
    ['one closed step', [step(10)], ['g.steps[0].uptoM3PerMonth NO_OPEN_LAST_STEP']],
    [
      'a step after the open one',
      [step(10), step(null), step(20)],
      ['g.steps[1].uptoM3PerMonth OPEN_STEP_NOT_LAST', 'g.steps[2].uptoM3PerMonth NO_OPEN_LAST_STEP'],
    ],
    ['two open steps', [step(null), step(null)], ['g.steps[0].uptoM3PerMonth OPEN_STEP_NOT_LAST']],
    ['descending limits', [step(20), step(10), step(null)], ['g.steps[1].uptoM3PerMonth NOT_ASCENDING']],
    ['equal limits: an empty step', [step(10), step(10), step(null)], ['g.steps[1].uptoM3PerMonth NOT_ASCENDING']],
    ['a limit of zero', [step(0), step(null)], ['g.steps[0].uptoM3PerMonth NOT_ASCENDING']],
    ['a limit that is no whole number', [step(4.5), step(null)], ['g.steps[0].uptoM3PerMonth NOT_ASCENDING']],
    ['a limit as text', [step('45'), step(null)], ['g.steps[0].uptoM3PerMonth NOT_ASCENDING']],
    ['a missing limit', [step(undefined), step(null)], ['g.steps[0].uptoM3PerMonth NOT_ASCENDING']],
    ['a negative rate', [step(null, -1)], ['g.steps[0].rialPerM3 NOT_WHOLE_RIAL']],
    ['a rate with a fraction', [step(null, 2.5)], ['g.steps[0].rialPerM3 NOT_WHOLE_RIAL']],
    ['a rate as text', [step(null, '1081')], ['g.steps[0].rialPerM3 NOT_WHOLE_RIAL']],
    ['no step', [], ['g NO_STEP']],
    [
      'all at once',
      [step(20, -1), step(10)],
      ['g.steps[0].rialPerM3 NOT_WHOLE_RIAL', 'g.steps[1].uptoM3PerMonth NOT_ASCENDING', 'g.steps[1].uptoM3PerMonth NO_OPEN_LAST_STEP'],
    ],
  ])('%s', (_, steps, found) => {
    expect(checkSteps(steps, 'g').map(({ path, code }) => `${path} ${code}`)).toEqual(found);
    expect(codes({ gas: [{ use: 'household', season: 'both', steps, flat: false }] })).toEqual(
      found.map((each) => each.replace('g', 'gas[0]')),
    );
  });

  test.each([[[step(null)]], [[step(null, 0)]], [T1]])('%j is right', (steps) => expect(checkSteps(steps, 'g')).toEqual([]));

  test('the published table with its last step closed', () => {
    const household = [{ season: 'warm', climates: [1], steps: [step(45)] }];
    expect(faultsOf({ ...(table as object), household })).toEqual(['household[0].steps[0].uptoM3PerMonth NO_OPEN_LAST_STEP']);
  });
});

describe('checkTariff', () => {
  const dated = { from: '1397/01/01', to: null };
  const both = { use: 'household', season: 'both', steps: [step(null)], flat: false };
  test.each<[object, string[]]>([
    [{}, []],
    [{ version: '' }, ['version REQUIRED']],
    [{ title: undefined }, ['title REQUIRED']],
    [{ illustrative: 'false' }, ['illustrative NOT_ALLOWED']],
    [{ gas: [{ ...both, flat: undefined }] }, ['gas[0].flat NOT_ALLOWED']],
    [{ from: '1397/13/01' }, ['from NOT_A_DATE']],
    [{ from: '1397/1/1' }, ['from NOT_A_DATE']],
    [{ to: undefined }, ['to NOT_A_DATE']],
    [{ to: '1404/12/30' }, ['to NOT_A_DATE']],
    [{ to: '1389/12/29' }, ['to TURNED_ROUND']],
    [{ provisionalTo: '1398/13/01' }, ['provisionalTo NOT_A_DATE']],
    [{ provisionalTo: '1398/01/01' }, []],
    [{ to: '1397/12/29', provisionalTo: '1397/12/28' }, ['provisionalTo NOT_A_DATE']],
    [{ to: '1397/12/29', provisionalTo: '1398/12/29' }, []],
    [
      { seasons: 1, gas: null, levy: undefined, vat: {}, insurance: '', subscription: 0 },
      ['seasons', 'gas', 'levy', 'vat', 'insurance', 'subscription'].map((name) => `${name} NOT_A_LIST`),
    ],
    [
      { seasons: [null], gas: [1], levy: [[]], vat: ['x'], insurance: [null], subscription: [null] },
      ['seasons', 'gas', 'levy', 'vat', 'insurance', 'subscription'].map((name) => `${name}[0] NOT_AN_OBJECT`),
    ],
    // seasons: gaps, overlaps, leap day
    [{ seasons: [{ season: 'mild', from: '01/01', to: '12/30' }] }, ['seasons[0].season NOT_ALLOWED']],
    [{ seasons: [{ season: 'warm', from: '1/1', to: '12/31' }] }, ['seasons[0].from NOT_A_DATE', 'seasons[0].to NOT_A_DATE']],
    [{ seasons: [{ season: 'warm', from: '01/01', to: '1397/12/29' }] }, ['seasons[0] NOT_A_DATE']],
    [{ seasons: [{ season: 'warm', from: '1398/01/01', to: '1397/12/29' }] }, ['seasons[0].to TURNED_ROUND']],
    [{ seasons: [] }, ['seasons SEASON_GAP']],
    [{ seasons: [{ season: 'warm', from: '01/01', to: '12/29' }] }, ['seasons SEASON_GAP']],
    [
      {
        seasons: [
          { season: 'warm', from: '01/16', to: '08/15' },
          { season: 'cold', from: '08/17', to: '01/15' },
        ],
      },
      ['seasons SEASON_GAP'],
    ],
    [
      {
        seasons: [
          { season: 'warm', from: '01/16', to: '08/16' },
          { season: 'cold', from: '08/16', to: '01/15' },
        ],
      },
      ['seasons SEASONS_OVERLAP'],
    ],
    [
      {
        seasons: [
          { season: 'warm', from: '01/16', to: '08/15' },
          { season: 'cold', from: '08/16', to: '01/15' },
        ],
      },
      [],
    ],
    [{ from: '1397/01/16', to: '1397/08/20', seasons: [{ season: 'warm', from: '1397/01/16', to: '1397/08/15' }] }, ['seasons SEASON_GAP']],
    // a decree of a few months names its own season only
    [{ from: '1397/03/29', to: '1397/08/15', seasons: [{ season: 'warm', from: '01/16', to: '08/15' }] }, []],
    // gas
    [{ gas: [{ ...both, use: '' }] }, ['gas[0].use REQUIRED']],
    [{ gas: [{ ...both, season: 'hot' }] }, ['gas[0].season NOT_ALLOWED']],
    [
      { gas: [{ ...both, climates: [0, 6, 1.5] }] },
      ['gas[0].climates[0] OUT_OF_RANGE', 'gas[0].climates[1] OUT_OF_RANGE', 'gas[0].climates[2] OUT_OF_RANGE'],
    ],
    [{ gas: [{ ...both, climates: 1 }] }, ['gas[0].climates NOT_A_LIST']],
    [{ gas: [{ ...both, steps: undefined }] }, ['gas[0].steps NOT_A_LIST']],
    [{ gas: [{ ...both, steps: [null] }] }, ['gas[0].steps NOT_AN_OBJECT']],
    [{ gas: [{ ...both, steps: T1, flat: true }] }, ['gas[0].steps FLAT_WITH_STEPS']],
    [{ gas: [both, { ...both, season: 'warm', climates: [2] }] }, ['gas[1] RATES_OVERLAP']],
    [
      {
        gas: [
          { ...both, climates: [1, 2] },
          { ...both, climates: [2, 3] },
        ],
      },
      ['gas[1] RATES_OVERLAP'],
    ],
    [
      {
        gas: [
          { ...both, climates: [1] },
          { ...both, climates: [2] },
          { ...both, use: 'bakery' },
        ],
      },
      [],
    ],
    // charges
    [{ levy: [{ ...dated, percent: '10%' }] }, ['levy[0].percent NOT_DECIMAL']],
    [{ levy: [{ ...dated, percent: 10 }] }, ['levy[0].percent NOT_DECIMAL']],
    [{ levy: [{ ...dated, percent: '-1' }] }, ['levy[0].percent NOT_DECIMAL']],
    [{ levy: [{ from: 'x', to: '1397', percent: '10' }] }, ['levy[0].from NOT_A_DATE', 'levy[0].to NOT_A_DATE']],
    [{ vat: [{ ...dated, percent: '9', base: ['gas', 'fines'] }] }, ['vat[0].base[1] NOT_ALLOWED']],
    [{ vat: [{ ...dated, percent: '9' }] }, ['vat[0].base NOT_A_LIST']],
    [
      { insurance: [{ ...dated, use: 'household', area: 'city', rialPerMonth: 1.5, per: 'flat' }] },
      ['insurance[0].rialPerMonth NOT_WHOLE_RIAL', 'insurance[0].per NOT_ALLOWED', 'insurance[0].area NOT_ALLOWED'],
    ],
    [
      { subscription: [{ ...dated, capacityUpTo: 2.5, rialPerMonth: 1, per: 'meter', fixedPer: 'day' }] },
      ['subscription[0].fixedPer NOT_ALLOWED', 'subscription[0].capacityUpTo OUT_OF_RANGE'],
    ],
    // discounts
    [
      {
        discounts: [
          {
            ...dated,
            kind: 'freeAllowance',
            title: 'x',
            use: 'household',
            uptoM3PerMonth: 45,
            season: 'warm',
            climates: [1],
            spans: [{ from: '12/16', to: '01/15' }],
          },
        ],
      },
      [],
    ],
    [{ discounts: [{ ...dated, kind: 'welfare', title: 'x', use: 'household', steps: 3 }] }, []],
    [{ discounts: 1 }, ['discounts NOT_A_LIST']],
    [{ discounts: [null] }, ['discounts[0] NOT_AN_OBJECT']],
    [
      { discounts: [{ from: 'x', to: null, kind: 'gift' }] },
      ['discounts[0].from NOT_A_DATE', 'discounts[0].title REQUIRED', 'discounts[0].use REQUIRED', 'discounts[0].kind NOT_ALLOWED'],
    ],
    [
      {
        discounts: [
          {
            ...dated,
            kind: 'freeAllowance',
            title: 'x',
            use: 'x',
            uptoM3PerMonth: 0.5,
            season: 'both',
            climates: [6],
            spans: [{ from: '1399/01/01', to: '13/01' }],
          },
        ],
      },
      [
        'discounts[0].climates[0] OUT_OF_RANGE',
        'discounts[0].season NOT_ALLOWED',
        'discounts[0].spans[0].from NOT_A_DATE',
        'discounts[0].spans[0].to NOT_A_DATE',
        'discounts[0].uptoM3PerMonth OUT_OF_RANGE',
      ],
    ],
    [
      { discounts: [{ ...dated, kind: 'welfare', title: 'x', use: 'x', steps: 0, spans: {} }] },
      ['discounts[0].spans NOT_A_LIST', 'discounts[0].steps OUT_OF_RANGE'],
    ],
    // documents
    [{ requiredDocuments: [{ ...dated, anyOf: [{ code: 'DEED', name: 'سند' }], purposes: ['nameChange'], applicants: ['owner'] }] }, []],
    [{ requiredDocuments: {} }, ['requiredDocuments NOT_A_LIST']],
    [
      { requiredDocuments: [{ from: 1, to: null, anyOf: [], purposes: [] }] },
      ['requiredDocuments[0].from NOT_A_DATE', 'requiredDocuments[0].anyOf REQUIRED', 'requiredDocuments[0].purposes NOT_A_LIST'],
    ],
    [
      { requiredDocuments: [{ ...dated, anyOf: [{ code: '' }], purposes: ['gift'], applicants: ['guest'] }] },
      [
        'requiredDocuments[0].anyOf[0].code REQUIRED',
        'requiredDocuments[0].anyOf[0].name REQUIRED',
        'requiredDocuments[0].purposes[0] NOT_ALLOWED',
        'requiredDocuments[0].applicants[0] NOT_ALLOWED',
      ],
    ],
    // service
    [{ service: [dated, { ...dated, staleAfterDays: {}, remindDaysBeforeClosing: [], correction: {}, correctiveAction: {} }] }, []],
    [{ service: {} }, ['service NOT_A_LIST']],
    [{ service: [null, { from: 'x', to: null }] }, ['service[0] NOT_AN_OBJECT', 'service[1].from NOT_A_DATE']],
    [
      { service: [{ ...dated, staleAfterDays: 3, remindDaysBeforeClosing: 3, correction: [], correctiveAction: null }] },
      [
        'staleAfterDays NOT_AN_OBJECT',
        'remindDaysBeforeClosing NOT_A_LIST',
        'correction NOT_AN_OBJECT',
        'correctiveAction NOT_AN_OBJECT',
      ].map((each) => `service[0].${each}`),
    ],
    [
      { service: [{ ...dated, staleAfterDays: { bills: 0, payments: 3661, readings: 3 } }] },
      [
        'service[0].staleAfterDays.readings NOT_ALLOWED',
        'service[0].staleAfterDays.bills OUT_OF_RANGE',
        'service[0].staleAfterDays.payments OUT_OF_RANGE',
      ],
    ],
    [
      { service: [{ ...dated, remindDaysBeforeClosing: [1, 3, -1, '2'] }] },
      [
        'service[0].remindDaysBeforeClosing[1] NOT_DESCENDING',
        'service[0].remindDaysBeforeClosing[2] OUT_OF_RANGE',
        'service[0].remindDaysBeforeClosing[3] OUT_OF_RANGE',
      ],
    ],
    [
      { service: [{ ...dated, correction: { dueHours: 0, remindHours: '12', approvalAbove: 0.5 } }] },
      [
        'service[0].correction.dueHours OUT_OF_RANGE',
        'service[0].correction.remindHours OUT_OF_RANGE',
        'service[0].correction.approvalAbove NOT_WHOLE_RIAL',
      ],
    ],
    [
      {
        service: [
          {
            ...dated,
            correctiveAction: { perSettlement: 0, perClerk: 1.5, perCause: '5', perOffice: -1, effectAfterDays: 0, meetingDueDays: 3661 },
          },
        ],
      },
      ['perSettlement', 'perClerk', 'perCause', 'perOffice', 'effectAfterDays', 'meetingDueDays'].map(
        (name) => `service[0].correctiveAction.${name} OUT_OF_RANGE`,
      ),
    ],
    [{ service: [{ ...dated, daysOff: ['friday', '01/13', '1405/01/21'] }] }, []],
    [
      {
        service: [
          { ...dated, daysOff: 'friday' },
          { ...dated, daysOff: ['jomeh', '07/31', '1405/13/01', 5] },
        ],
      },
      ['service[0].daysOff NOT_A_LIST', ...[0, 1, 2, 3].map((n) => `service[1].daysOff[${n}] NOT_A_DAY_OFF`)],
    ],
    [
      { service: [{ ...dated, daysOff: ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday'] }] },
      ['service[0].daysOff NO_WORKING_DAY'],
    ],
    [
      {
        service: [
          {
            ...dated,
            openingHours: [
              { from: '07:30', to: '14:30' },
              { days: ['thursday', 'friday'], from: '00:00', to: '23:59' },
            ],
          },
          { ...dated, openingHours: [] },
        ],
      },
      [],
    ],
    [
      {
        service: [
          { ...dated, openingHours: 5 },
          {
            ...dated,
            openingHours: [
              null,
              { from: '14:30', to: '14:30' },
              { from: '7:30', to: '24:00', days: 'friday' },
              { from: '07:30', to: '08:00', days: ['jomeh', 5] },
            ],
          },
        ],
      },
      [
        'service[0].openingHours NOT_A_LIST',
        ...[
          '[0] NOT_AN_OBJECT',
          '[1] TURNED_ROUND',
          '[2].from NOT_A_TIME',
          '[2].to NOT_A_TIME',
          '[2].days NOT_A_LIST',
          '[3].days[0] NOT_A_WEEKDAY',
          '[3].days[1] NOT_A_WEEKDAY',
        ].map((fault) => `service[1].openingHours${fault}`),
      ],
    ],
    [
      { service: [{ ...dated, escalateAfterHours: 86_400, qualificationWarnDays: 0, outageAfterMinutes: 1_441 }] },
      ['escalateAfterHours', 'qualificationWarnDays', 'outageAfterMinutes'].map((name) => `service[0].${name} OUT_OF_RANGE`),
    ],
    // the rest
    [
      { collection: { roundTo: 0, notCollectedUpTo: -1 } },
      ['collection.roundTo OUT_OF_RANGE', 'collection.notCollectedUpTo NOT_WHOLE_RIAL'],
    ],
    [{ collection: { roundTo: 100, notCollectedUpTo: 0 } }, ['collection.roundTo NOT_PAYABLE']],
    [{ collection: { roundTo: 10_000, notCollectedUpTo: 0 } }, []],
    [
      { bands: { ...DEFAULT_BANDS, highFactor: 2, ignoreUpToM3PerMonth: -1 } },
      ['bands.highFactor NOT_DECIMAL', 'bands.ignoreUpToM3PerMonth OUT_OF_RANGE'],
    ],
    [{ paymentPeriods: { from: 50, to: 100 } }, ['paymentPeriods.to OUT_OF_RANGE']],
    [{ paymentPeriods: { from: 60, to: 50 } }, ['paymentPeriods.to OUT_OF_RANGE']],
    [
      { collection: null, bands: 1, paymentPeriods: [] },
      ['collection NOT_AN_OBJECT', 'bands NOT_AN_OBJECT', 'paymentPeriods NOT_AN_OBJECT'],
    ],
  ])('%j: %j', (change, found) => expect(codes(change)).toEqual(found));

  test('everything at once: no fault hides another', () => {
    const rates = (steps: Step[], climates?: number[]) => ({ ...both, steps, ...(climates && { climates }) });
    expect(
      codes({
        title: '',
        from: '1404/12/30',
        seasons: [{ season: 'warm', from: '01/01', to: '12/29' }],
        gas: [rates([step(20), step(10)], [1, 2]), rates([step(null, -1)], [2])],
        levy: [{ ...dated, percent: 'x' }],
      }),
    ).toEqual([
      'title REQUIRED',
      'from NOT_A_DATE',
      'gas[0].steps[1].uptoM3PerMonth NOT_ASCENDING',
      'gas[0].steps[1].uptoM3PerMonth NO_OPEN_LAST_STEP',
      'gas[1].steps[0].rialPerM3 NOT_WHOLE_RIAL',
      'gas[1] RATES_OVERLAP',
      'levy[0].percent NOT_DECIMAL',
    ]);
    // where the dates can be read, the seasons are judged whatever else is wrong
    expect(codes({ title: '', seasons: [{ season: 'warm', from: '01/01', to: '12/29' }] })).toEqual([
      'title REQUIRED',
      'seasons SEASON_GAP',
    ]);
  });

  test.each(['1404/12/30', '1405/07/31', '1405/13/01', '1405/00/10', '1405/1/1', '2026/11/25', '1499/01/01', '05/09/04', 14050904])(
    '%s is outside the calendar, wherever it stands',
    (date) => {
      const rule = { from: date, to: date };
      const faults = checkTariff({
        ...tariff(),
        provisionalTo: date,
        levy: [{ ...rule, percent: '10' }],
        service: [rule],
        requiredDocuments: [{ ...rule, anyOf: [{ code: 'x', name: 'x' }], purposes: ['final'] }],
      } as unknown as Tariff);
      expect(faults.map(({ path, code }) => `${path} ${code}`)).toEqual(
        [
          'provisionalTo',
          'levy[0].from',
          'levy[0].to',
          'requiredDocuments[0].from',
          'requiredDocuments[0].to',
          'service[0].from',
          'service[0].to',
        ].map((path) => `${path} NOT_A_DATE`),
      );
      for (const { message } of faults) expect(message).toContain(String(date));
    },
  );

  test('property: whatever is published, faults are told, never another error', () => {
    const broken = fc.constantFrom<unknown>(null, undefined, 0, -1, 1.5, '', 'x', [], [null], [{}], {}, true, '1397/01/01');
    const names = [
      'version',
      'title',
      'from',
      'to',
      'seasons',
      'gas',
      'levy',
      'vat',
      'insurance',
      'subscription',
      'collection',
      'bands',
      'paymentPeriods',
      'provisionalTo',
      'discounts',
      'requiredDocuments',
      'service',
    ];
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), broken), (change) => void codes(change)));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('source', 'seasons', 'household', 'flat', 'levies'), broken),
        (change) => void faultsOf({ ...(table as object), ...change }),
      ),
    );
    fc.assert(fc.property(fc.jsonValue(), (json) => expect(faultsOf(json)).not.toEqual([])));
  });
});

describe('readTariff', () => {
  test('the published table of 1397', () => {
    expect(household1397).toMatchObject({
      version: '1397',
      from: '1397/01/16',
      to: '1398/01/15',
      provisionalTo: '1398/12/29',
      illustrative: false,
      seasons: [
        { season: 'warm', from: '01/16', to: '08/15' },
        { season: 'cold', from: '08/16', to: '01/15' },
      ],
      // domain.md: levy 10 % of the gas price; VAT 9 % in 1397; insurance 3,000/1,500 and 20,000/10,000
      levy: [{ percent: '10' }],
      vat: [{ percent: '9', base: ['gas', 'subscription'] }],
      collection: DEFAULT_COLLECTION,
      bands: DEFAULT_BANDS,
      paymentPeriods: DEFAULT_PAYMENT_PERIODS,
    });
    expect(household1397.gas.filter((rates) => rates.use === 'household')).toHaveLength(3);
    expect(household1397.insurance.map(({ use, area, rialPerMonth, per }) => [use, area, rialPerMonth, per])).toEqual([
      ['household', 'urban', 3_000, 'meter'],
      ['household', 'rural', 1_500, 'meter'],
      ['commercial', 'urban', 20_000, 'meter'],
      ['commercial', 'rural', 10_000, 'meter'],
    ]);
  });

  test('a table of part of a year keeps its dates and is never provisional', () => {
    const seasons = [{ season: 'warm', from: '1397/01/16', to: '1397/08/15' }];
    const part = readTariff({ ...(table as object), seasons });
    expect(part).toMatchObject({ seasons, to: '1397/08/15' });
    expect(part.provisionalTo).toBeUndefined();
  });

  test('the own form, through JSON, with what may be absent', () => {
    expect(readTariff(JSON.parse(JSON.stringify(tariff())))).toEqual(tariff());
    // what is stored is read again
    expect(readTariff(JSON.parse(JSON.stringify(household1397)))).toEqual(household1397);
    const { collection: _c, bands: _b, paymentPeriods: _p, ...least } = tariff();
    expect(readTariff(least)).toEqual(tariff());
  });

  // what the reader must mend stands in the table, not in what it became
  test.each<[object, string[]]>([
    [
      { household: [{ season: 'warm', steps: [step(45), step(20), step(null, 1.5)] }] },
      ['household[0].steps[1].uptoM3PerMonth NOT_ASCENDING', 'household[0].steps[2].rialPerM3 NOT_WHOLE_RIAL'],
    ],
    [
      {
        flat: [
          { use: 'bakery', season: 'both', rialPerM3: 1 },
          { use: '', season: 'both', rialPerM3: '925' },
          { use: 'bakery', season: 'cold', rialPerM3: 1 },
        ],
      },
      ['flat[1].use REQUIRED', 'flat[1].rialPerM3 NOT_WHOLE_RIAL', 'flat[2] RATES_OVERLAP'],
    ],
    [
      {
        levies: {
          gasSupplyLevyPercentOfGasPrice: -10,
          vatPercent: 'nine',
          insuranceRialPerMonth: { household: { urban: 1, rural: 2 }, commercial: { urban: 1, rural: -2 } },
        },
      },
      [
        'levies.gasSupplyLevyPercentOfGasPrice NOT_DECIMAL',
        'levies.vatPercent NOT_DECIMAL',
        'levies.insuranceRialPerMonth.commercial.rural NOT_WHOLE_RIAL',
      ],
    ],
    [{ seasons: [{ season: 'warm', from: '1397/01/16', to: '1397/08/31' }] }, ['seasons NOT_A_DATE', 'seasons[0].to NOT_A_DATE']],
  ])('faults of the table by its own paths: %j', (change, found) => expect(faultsOf({ ...(table as object), ...change })).toEqual(found));

  test('one that a message names stands in the table too', () => {
    const flat = [
      { use: 'bakery', season: 'both', rialPerM3: 1 },
      { use: 'bakery', season: 'cold', rialPerM3: 1 },
    ];
    expect(() => readTariff({ ...(table as object), flat })).toThrow('flat[1]: same use, season and climate as flat[0]');
  });

  test.each([null, 1, 'x', [], undefined])('%j is no tariff', (json) => expect(faultsOf(json)).toEqual([' NOT_AN_OBJECT']));

  test.each<[object, string[]]>([
    [{ seasons: undefined }, ['seasons NOT_A_LIST']],
    [{ seasons: [null], flat: [1], household: {} }, ['seasons[0] NOT_AN_OBJECT', 'household NOT_A_LIST', 'flat[0] NOT_AN_OBJECT']],
    [{ levies: 3 }, ['levies NOT_AN_OBJECT']],
    [{ levies: { insuranceRialPerMonth: { household: 3000 } } }, ['levies.insuranceRialPerMonth NOT_AN_OBJECT']],
  ])('the table with %j: %j', (change, found) => expect(faultsOf({ ...(table as object), ...change })).toEqual(found));
});

describe('in force', () => {
  const year = (version: string, from: string, to: string | null, change: Partial<Tariff> = {}) =>
    tariff({ version, from: on(from), to: to === null ? null : on(to), ...change });
  const versionOn = (tariffs: Tariff[], date: string) => tariffOn(tariffs, on(date))?.version;

  test('both ends belong to a rule', () => {
    const rule = { from: on('1397/01/16'), to: on('1397/08/15') };
    expect(['1397/01/15', '1397/01/16', '1397/08/15', '1397/08/16'].map((date) => covers(rule, on(date)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(covers({ ...rule, to: null }, on('1420/01/01'))).toBe(true);
  });

  test('of two that cover a day the last published stands', () => {
    const list = [year('a', '1397/01/01', null), year('b', '1397/03/29', '1397/06/31')];
    expect(['1396/12/29', '1397/03/28', '1397/03/29', '1397/06/31', '1397/07/01'].map((date) => versionOn(list, date))).toEqual([
      undefined,
      'a',
      'b',
      'b',
      'a',
    ]);
  });

  test('decision: without one for the day the last is used provisionally, if its data allows it', () => {
    const a = year('a', '1396/01/01', '1396/12/29', { provisionalTo: on('1399/12/30') });
    const b = year('b', '1397/01/01', '1397/12/29', { provisionalTo: on('1398/03/31') });
    expect(['1397/12/29', '1398/01/01', '1398/03/31', '1398/04/01'].map((date) => versionOn([b, a], date))).toEqual([
      'b',
      'b',
      'b',
      undefined,
    ]);
    // of two that ended on one day the last published
    expect(versionOn([b, { ...b, version: 'b2' }], '1398/01/01')).toBe('b2');
    const strict = year('b', '1397/01/01', '1397/12/29');
    expect(versionOn([a, strict], '1398/01/01')).toBeUndefined();
    expect(versionOn([b, year('c', '1398/01/10', null)], '1398/01/10')).toBe('c');
    const [first, second] = gasIntervals([b, year('c', '1398/01/10', null)], on('1397/12/01'), on('1398/01/20')) as never as [never, never];
    expect([first, second].map(isProvisional)).toEqual([true, false]);
    expect(isProvisional({ tariff: b, to: on('1397/12/29') })).toBe(false);
  });

  // domain.md: cold 16 Aban to 15 Farvardin, warm 16 Farvardin to 15 Aban
  test.each([
    ['1397/01/15', 'cold', '1397/01/15'],
    ['1397/01/16', 'warm', '1397/08/15'],
    ['1397/08/15', 'warm', '1397/08/15'],
    ['1397/08/16', 'cold', '1398/01/15'],
    ['1399/12/30', 'cold', '1400/01/15'],
  ])('%s is %s up to %s', (date, season, to) => expect(seasonOn(household1397, on(date))).toEqual({ season, to }));

  test('rates by use, season and climate', () => {
    expect(gasRatesFor(household1397, 'household', 'cold', 2)?.steps[0]).toEqual({ uptoM3PerMonth: 250, rialPerM3: 414 });
    expect(gasRatesFor(household1397, 'household', 'cold', 3)).toBeUndefined();
    expect(gasRatesFor(household1397, 'government-commercial', 'cold', 5)?.steps).toEqual([{ uptoM3PerMonth: null, rialPerM3: 3_000 }]);
    expect(gasRatesFor(household1397, 'industry', 'warm', 1)).toBeUndefined();
  });
});
