/* Two persons publish a tariff by what its review says. Its sentences stand here word for word, and each of its limits from both sides. */
import {
  type TariffDocument,
  isSlip,
  readDocument,
  reviewDocument,
  sampleBills,
  slipsOfSteps,
  tariffBefore,
  tariffWarnings,
} from '../../../src/domain/tariff/tariff-review.js';
import type { Dated, GasRates, Season, Step, Tariff } from '../../../src/domain/tariff/tariff.js';
import { T1, household1397, on, stepTariff, table, tariff } from '../sample.js';

const said = (of: Tariff, against: Tariff | null = null): string[] =>
  tariffWarnings(of, against).map(({ path, code, message, detail }) => `${code} ${path}: ${message} | ${detail}`);
const codes = (of: Tariff, against: Tariff | null = null): string[] =>
  tariffWarnings(of, against).map(({ path, code }) => `${path} ${code}`);
const dated = (from: string, to: string | null): Dated => ({ from: on(from), to: to === null ? null : on(to) });
const ever = dated('1390/01/01', null);
const year = dated('1405/01/01', '1405/12/29');
const half = dated('1405/01/01', '1405/06/31');
const open = (rialPerM3: number): Step[] => [{ uptoM3PerMonth: null, rialPerM3 }];
const rates = (use: string, season: GasRates['season'], rialPerM3: number, climates?: number[]): GasRates => ({
  use,
  season,
  flat: true,
  steps: open(rialPerM3),
  ...(climates && { climates }),
});
const levy = (of: Dated, percent = '10') => ({ ...of, percent });
const insurance = (use: string, area: 'urban' | 'rural', of: Dated = ever, rialPerMonth = 1_000) => ({
  ...of,
  use,
  area,
  rialPerMonth,
  per: 'meter' as const,
});
const subscription = (capacityUpTo: number | null, use?: string, of: Dated = ever, rialPerMonth = 1_000) => ({
  ...of,
  capacityUpTo,
  rialPerMonth,
  per: 'meter' as const,
  ...(use !== undefined && { use }),
});

describe('word for word, in English and in Persian', () => {
  test.each<[string, Tariff, Tariff | null, string[]]>([
    [
      'one step in toman',
      stepTariff(T1.map((step, i) => (i === 2 ? { ...step, rialPerM3: 166 } : step))),
      null,
      [
        'SLIP_OF_TEN gas[0].steps[2].rialPerM3: 166 is about ten times or a tenth of 1311 of the steps before: toman for rial? | 166 حدود ده برابر یا یک‌دهم 1311 در پله‌های پیش از آن است. شاید تومان به جای ریال است.',
      ],
    ],
    [
      'a rate, a percentage and a threshold against the tariff before',
      stepTariff(open(108), { levy: [levy(ever, '1')], collection: { roundTo: 1_000, notCollectedUpTo: 1_000 } }),
      stepTariff(open(1_081), { version: '1397', levy: [levy(ever, '10')] }),
      [
        'SLIP_OF_TEN gas[0].steps[0].rialPerM3: 108 is about ten times or a tenth of 1081 in 1397: toman for rial? | 108 حدود ده برابر یا یک‌دهم 1081 در تعرفهٔ 1397 است. شاید تومان به جای ریال است.',
        'SLIP_OF_TEN levy[0].percent: 1 is about ten times or a tenth of 10 in 1397: a digit too many or too few? | 1 حدود ده برابر یا یک‌دهم 10 در تعرفهٔ 1397 است. شاید رقمی کم یا زیاد است.',
        'SLIP_OF_TEN collection.notCollectedUpTo: 1000 is about ten times or a tenth of 10000 in 1397: toman for rial? | 1000 حدود ده برابر یا یک‌دهم 10000 در تعرفهٔ 1397 است. شاید تومان به جای ریال است.',
      ],
    ],
    [
      'rates that are not there, of each season',
      tariff({
        seasons: household1397.seasons,
        ...dated('1397/01/16', '1398/01/15'),
        gas: [rates('bakery', 'both', 5), rates('household', 'warm', 5, [1, 2, 3, 4]), rates('household', 'cold', 5, [1, 2])],
      }),
      null,
      [
        'NO_RATE gas[1]: no warm rate for household in climate 5: refused there (NO_TARIFF) | برای کاربری household در فصل گرم و اقلیم 5 نرخی نیست: آنجا تسویه پذیرفته نمی‌شود (NO_TARIFF).',
        'NO_RATE gas[1]: no cold rate for household in climate 3, 4, 5: refused there (NO_TARIFF) | برای کاربری household در فصل سرد و اقلیم 3، 4، 5 نرخی نیست: آنجا تسویه پذیرفته نمی‌شود (NO_TARIFF).',
      ],
    ],
    [
      'days without a rule, of each kind of charge',
      tariff({
        ...year,
        levy: [levy(half)],
        vat: [{ ...levy(dated('1405/02/01', null)), base: ['gas'] }],
        insurance: [insurance('household', 'urban', half), insurance('bakery', 'rural', half)],
        subscription: [subscription(10, undefined, half), subscription(null, undefined, half), subscription(6, 'bakery', half)],
      }),
      null,
      [
        'RULE_GAP levy: no rule for levy from 1405/07/01 to 1405/12/29: nothing is charged there | از 1405/07/01 تا 1405/12/29 برای عوارض گازرسانی قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
        'RULE_GAP vat: no rule for vat from 1405/01/01 to 1405/01/31: nothing is charged there | از 1405/01/01 تا 1405/01/31 برای مالیات بر ارزش افزوده قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
        'RULE_GAP insurance: no rule for insurance of household, urban from 1405/07/01 to 1405/12/29: nothing is charged there | از 1405/07/01 تا 1405/12/29 برای بیمهٔ کاربری household شهری قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
        'RULE_GAP insurance: no rule for insurance of bakery, rural from 1405/07/01 to 1405/12/29: nothing is charged there | از 1405/07/01 تا 1405/12/29 برای بیمهٔ کاربری bakery روستایی قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
        'RULE_GAP subscription: no rule for subscription of every use, capacity 10 from 1405/07/01 to 1405/12/29: nothing is charged there | از 1405/07/01 تا 1405/12/29 برای آبونمان همهٔ کاربری‌ها با ظرفیت تا 10 قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
        'RULE_GAP subscription: no rule for subscription of every use, capacity any from 1405/07/01 to 1405/12/29: nothing is charged there | از 1405/07/01 تا 1405/12/29 برای آبونمان همهٔ کاربری‌ها با هر ظرفیتی قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
        'RULE_GAP subscription: no rule for subscription of bakery, capacity 6 from 1405/07/01 to 1405/12/29: nothing is charged there | از 1405/07/01 تا 1405/12/29 برای آبونمان کاربری bakery با ظرفیت تا 6 قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
      ],
    ],
    [
      'days without a rule from a day on',
      tariff({ from: on('1405/01/01'), levy: [levy(half)] }),
      null,
      [
        'RULE_GAP levy: no rule for levy from 1405/07/01 to further notice: nothing is charged there | از 1405/07/01 به بعد برای عوارض گازرسانی قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
      ],
    ],
    [
      'days without a rule to the end of the tariff, whatever holds after it',
      tariff({ ...year, levy: [levy(half), levy(dated('1407/01/01', null))] }),
      null,
      [
        'NEVER_HOLDS levy[1]: 1407/01/01 to further notice holds no day of the tariff | از 1407/01/01 به بعد هیچ روزی از این تعرفه را در بر ندارد. تاریخ‌ها را بررسی کنید.',
        'RULE_GAP levy: no rule for levy from 1405/07/01 to 1405/12/29: nothing is charged there | از 1405/07/01 تا 1405/12/29 برای عوارض گازرسانی قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.',
      ],
    ],
    [
      'two rules on one day',
      tariff({ ...year, levy: [levy(half), levy(dated('1405/06/31', null))] }),
      null,
      [
        'RULES_OVERLAP levy[1]: holds with levy[0] from 1405/06/31: the later in the list counts | از 1405/06/31 هم‌زمان با levy[0] برقرار است: آنچه در فهرست دیرتر آمده به کار می‌رود.',
      ],
    ],
    [
      'rules of other years',
      tariff({ ...year, service: [dated('1404/01/01', '1404/12/29'), dated('1406/01/01', null)] }),
      null,
      [
        'NEVER_HOLDS service[0]: 1404/01/01 to 1404/12/29 holds no day of the tariff | از 1404/01/01 تا 1404/12/29 هیچ روزی از این تعرفه را در بر ندارد. تاریخ‌ها را بررسی کنید.',
        'NEVER_HOLDS service[1]: 1406/01/01 to further notice holds no day of the tariff | از 1406/01/01 به بعد هیچ روزی از این تعرفه را در بر ندارد. تاریخ‌ها را بررسی کنید.',
      ],
    ],
    [
      'a reminder that comes when the time is over, on the hour too',
      tariff({
        service: [
          { ...ever, correction: { dueHours: 12 } },
          { ...ever, correction: { dueHours: 13 } },
        ],
      }),
      null,
      [
        'LATE_REMINDER service[0].correction: the reminder after 12 hours comes when the 12 are over | یادآوری پس از 12 ساعت وقتی می‌رسد که مهلت 12 ساعته تمام شده است.',
      ],
    ],
  ])('%s', (_, of, against, sentences) => expect(said(of, against)).toEqual(sentences));
});

describe('about ten times: from 7 to 14, in either direction', () => {
  test.each<[number, number, boolean]>([
    [100, 699, false],
    [100, 700, true],
    [100, 1_400, true],
    [100, 1_401, false],
    [700, 100, true],
    [699, 100, false],
    // what is free is no slip, beside nothing and beside something
    [0, 0, false],
    [0, 10, false],
  ])('%d beside %d: %s', (rate, other, slips) => expect([isSlip(rate, other), isSlip(other, rate)]).toEqual([slips, slips]));
});

describe('what a rate is held against', () => {
  const slips = (of: Tariff, against: Tariff): string[] => codes(of, against).filter((each) => each.endsWith('SLIP_OF_TEN'));
  test('free steps at the beginning are none', () => {
    const steps = [0, 0, 1_000].map((rialPerM3, i): Step => ({ uptoM3PerMonth: i === 2 ? null : (i + 1) * 45, rialPerM3 }));
    expect(slipsOfSteps([{ use: 'household', season: 'both', flat: false, steps }])).toEqual([]);
    expect(slipsOfSteps([{ use: 'household', season: 'both', flat: false, steps: [] }])).toEqual([]);
  });
  test('a rate of both seasons beside that of the one season which the old tariff has', () => {
    for (const season of ['warm', 'cold'] as const) {
      expect(slips(tariff({ gas: [rates('bakery', 'both', 100)] }), tariff({ gas: [rates('bakery', season, 1_000)] }))).toEqual([
        'gas[0].steps[0].rialPerM3 SLIP_OF_TEN',
      ]);
    }
    expect(slips(tariff({ gas: [rates('bakery', 'warm', 100)] }), tariff({ gas: [rates('bakery', 'cold', 1_000)] }))).toEqual([]);
    expect(slips(tariff({ gas: [rates('bakery', 'both', 100)] }), tariff({ gas: [rates('kiln', 'both', 1_000)] }))).toEqual([]);
  });
  test('an insurance beside the last of its use and area', () => {
    const old = tariff({
      insurance: [
        insurance('household', 'urban', half, 100),
        insurance('household', 'urban', ever, 3_000),
        insurance('household', 'rural', ever, 30_000),
        insurance('commercial', 'urban', ever, 30_000),
      ],
    });
    expect(slips(tariff({ insurance: [insurance('household', 'urban', ever, 3_100)] }), old)).toEqual([]);
    expect(
      slips(
        tariff({
          insurance: [
            insurance('household', 'urban', ever, 300),
            insurance('commercial', 'urban', ever, 3_000),
            insurance('kiln', 'rural', ever, 3_000),
          ],
        }),
        old,
      ),
    ).toEqual(['insurance[0].rialPerMonth SLIP_OF_TEN', 'insurance[1].rialPerMonth SLIP_OF_TEN']);
  });
  test('a subscription beside the last of its use and capacity', () => {
    const old = tariff({
      subscription: [
        subscription(6, undefined, half, 100),
        subscription(6, undefined, ever, 3_000),
        subscription(10, undefined, ever, 30_000),
        subscription(6, 'bakery', ever, 30_000),
      ],
    });
    expect(slips(tariff({ subscription: [subscription(6, undefined, ever, 3_100)] }), old)).toEqual([]);
    expect(
      slips(
        tariff({
          subscription: [
            subscription(6, undefined, ever, 300),
            subscription(6, 'bakery', ever, 3_000),
            subscription(16, 'bakery', ever, 3_000),
          ],
        }),
        old,
      ),
    ).toEqual(['subscription[0].rialPerMonth SLIP_OF_TEN', 'subscription[1].rialPerMonth SLIP_OF_TEN']);
  });
  test('a percentage beside the last of its kind; where there was none, nothing', () => {
    const old = tariff({ levy: [levy(half, '1'), levy(ever, '10')], collection: { roundTo: 10_000, notCollectedUpTo: 0 } });
    expect(slips(tariff({ levy: [levy(ever, '1')] }), old)).toEqual(['levy[0].percent SLIP_OF_TEN', 'collection.roundTo SLIP_OF_TEN']);
    expect(slips(tariff({ levy: [levy(ever, '10')], vat: [{ ...levy(ever, '1'), base: ['gas'] }] }), tariff())).toEqual([]);
  });
});

test('a season that the tariff does not have needs no rate', () => {
  expect(codes(tariff({ gas: [rates('household', 'warm', 5)] }))).toEqual([]);
  expect(codes(tariff({ gas: [rates('household', 'cold', 5)] }))).toEqual(['gas[0] NO_RATE']);
});

describe('days of the tariff', () => {
  const gaps = (...of: Dated[]): string[] => codes(tariff({ ...year, levy: of.map((each) => levy(each)) }));
  test.each<[string, Dated[], string[]]>([
    ['that on which a rule ends counts', [dated('1404/01/01', '1405/01/01'), dated('1405/01/02', null)], []],
    ['a rule that ends the day before holds on none', [dated('1404/01/01', '1404/12/29'), year], ['levy[0] NEVER_HOLDS']],
    ['that on which a rule begins counts', [dated('1405/01/01', '1405/12/28'), dated('1405/12/29', null)], []],
    ['a rule that begins the day after holds on none', [year, dated('1406/01/01', null)], ['levy[1] NEVER_HOLDS']],
    [
      'of two that meet on one day it is that day, whichever comes first in the list',
      [dated('1405/06/31', null), dated('1405/01/01', '1405/06/31')],
      ['levy[1] RULES_OVERLAP'],
    ],
    ['nor opens one long after it a gap', [year, dated('1407/01/01', null)], ['levy[1] NEVER_HOLDS']],
    [
      'a rule of one day fills its day',
      [dated('1405/01/01', '1405/06/30'), dated('1405/06/31', '1405/06/31'), dated('1405/07/01', null)],
      [],
    ],
    ['one day without a rule is a gap', [dated('1405/01/01', '1405/06/30'), dated('1405/07/01', null)], ['levy RULE_GAP']],
    ['a shorter rule inside a longer one opens none', [year, dated('1405/02/01', '1405/02/31')], ['levy[1] RULES_OVERLAP']],
    [
      'nor does one inside a longer one that ends in the year',
      [dated('1405/01/01', '1405/09/30'), dated('1405/02/01', '1405/02/31'), dated('1405/10/01', null)],
      ['levy[1] RULES_OVERLAP'],
    ],
    ['the last day without a rule is a gap', [dated('1405/01/01', '1405/12/28')], ['levy RULE_GAP']],
    ['rules beside each other share none', [dated('1405/07/01', null), dated('1405/01/01', '1405/06/31')], []],
    ['an open rule shares all that follow', [ever, dated('1405/06/01', null)], ['levy[1] RULES_OVERLAP']],
  ])('%s', (_, of, found) => expect(gaps(...of)).toEqual(found));
  test('without an end a rule to the last day of the calendar leaves none', () => {
    expect(codes(tariff({ levy: [levy(dated('1390/01/01', '1498/12/30'))] }))).toEqual([]);
    expect(codes(tariff({ levy: [levy(dated('1390/01/01', '1498/12/29'))] }))).toEqual(['levy RULE_GAP']);
  });
  test('only those that share a day are told, with the first of them', () => {
    expect(
      said(tariff({ ...year, levy: [levy(half), levy(dated('1405/07/01', null)), levy(dated('1405/12/01', null))] })).map(
        (each) => each.split(':')[1],
      ),
    ).toEqual([' holds with levy[1] from 1405/12/01']);
  });
  test('a tariff without charges, discounts, documents and terms has nothing to tell', () => {
    const { discounts: _d, requiredDocuments: _r, service: _s, ...bare } = tariff();
    expect(tariffWarnings(bare, null)).toEqual([]);
  });
});

describe('a document before it is published', () => {
  const least = JSON.parse(JSON.stringify(tariff())) as Record<string, unknown>;
  test('a sound one: valid, with what nothing reads before what is unlikely, and sample bills', () => {
    const review = reviewDocument(
      readDocument({ ...least, note: 'x', service: [{ from: '1390/01/01', to: null, correction: { dueHours: 1 } }] }),
      null,
    );
    expect(review).toMatchObject({
      valid: true,
      faults: [],
      warnings: [
        { path: 'note', code: 'UNKNOWN_NAME' },
        { path: 'service[0].correction', code: 'LATE_REMINDER' },
      ],
    });
    expect(review.samples).toEqual(sampleBills(tariff(), null));
    expect(review.samples.length).toBeGreaterThan(0);
  });
  test('held against another: its slips and its bills', () => {
    const { warnings, samples } = reviewDocument(
      readDocument({ ...least, gas: [rates('household', 'both', 100)] }),
      tariff({ gas: [rates('household', 'both', 1_000)] }),
    );
    expect(warnings).toMatchObject([{ code: 'SLIP_OF_TEN' }]);
    expect(samples).toContainEqual({
      use: 'household',
      climate: null,
      season: 'warm',
      m3: 100,
      oldRial: 100_000,
      newRial: 10_000,
      differenceRial: -90_000,
      percent: '-90.0',
    });
  });
  test('a faulty one: no tariff, every fault, what nothing reads, and no bills', () => {
    const document = readDocument({ ...least, title: '', note: 'x' });
    expect(document).toMatchObject({ tariff: null, faults: [{ path: 'title', code: 'REQUIRED' }], unknown: [{ path: 'note' }] });
    expect(reviewDocument(document, tariff())).toMatchObject({
      valid: false,
      faults: document.faults,
      warnings: document.unknown,
      samples: [],
    });
    expect(readDocument(null)).toMatchObject({ tariff: null, faults: [{ code: 'NOT_AN_OBJECT' }], unknown: [] });
  });
  test('a published table: its warnings by its own names', () => {
    const document: TariffDocument = readDocument(table);
    expect(document).toMatchObject({ tariff: household1397, faults: [], unknown: [] });
    expect(reviewDocument(document, null).warnings).toMatchObject([{ path: 'household[0]', code: 'NO_RATE' }]);
  });
  test('an error of ours is no fault of the document', () => {
    const broken = Object.defineProperty({}, 'household', {
      get: () => {
        throw new RangeError('ours');
      },
    });
    expect(() => readDocument(broken)).toThrow(RangeError);
  });
});

describe('the tariff before one', () => {
  const of = (version: string, from: string, to: string | null, change: Partial<Tariff> = {}): Tariff =>
    tariff({ version, ...dated(from, to), ...change });
  const before = (...published: Tariff[]): string | undefined => tariffBefore(of('new', '1405/01/01', null), published)?.version;
  test('what its first day has without it, the last published of several', () => {
    expect(before(of('a', '1390/01/01', null))).toBe('a');
    expect(before(of('a', '1390/01/01', null), of('b', '1404/01/01', '1405/01/01'))).toBe('b');
    // itself, published already, is not before itself
    expect(before(of('a', '1390/01/01', null), of('new', '1405/01/01', null))).toBe('a');
  });
  test('else what ended last, however it was published', () => {
    expect(before(of('later', '1403/01/01', '1404/12/29'), of('earlier', '1402/01/01', '1402/12/29'))).toBe('later');
    expect(before(of('earlier', '1402/01/01', '1402/12/29'), of('later', '1403/01/01', '1404/12/29'))).toBe('later');
    expect(before(of('a', '1402/01/01', '1404/12/29'), of('b', '1403/01/01', '1404/12/29'))).toBe('b');
  });
  test('none where nothing was in force', () => {
    expect(tariffBefore(of('new', '1405/01/01', null), [])).toBeNull();
    expect(before(of('next', '1406/01/01', null), of('new', '1405/01/01', null))).toBeUndefined();
  });
});

describe('sample bills', () => {
  const shown = (of: Tariff, against: Tariff | null = null): [number | null, Season, number, number | null][] =>
    sampleBills(of, against).map(({ climate, season, m3, newRial }) => [climate, season, m3, newRial]);
  test('of an ordinary urban account: no welfare, and the subscription of its meter’s class', () => {
    const steps = tariff({
      gas: [rates('household', 'both', 10)],
      discounts: [{ ...ever, kind: 'welfare', title: 'x', use: 'household', steps: 1 }],
      subscription: [subscription(4, undefined, ever, 1), subscription(6, undefined, ever, 20), subscription(null, undefined, ever, 300)],
      insurance: [insurance('household', 'rural', ever, 4_000)],
    });
    expect(shown(steps)).toEqual([
      [null, 'warm', 100, 1_020],
      [null, 'warm', 1_000, 10_020],
    ]);
  });
  test('a flat rate once for every climate, unless a rate or a discount of its use names climates', () => {
    const climates = (of: Tariff, against: Tariff | null = null) => [...new Set(shown(of, against).map(([climate]) => climate))];
    const bakery = rates('bakery', 'both', 10);
    const allowance = { ...ever, kind: 'freeAllowance' as const, title: 'x', uptoM3PerMonth: 5 };
    expect(climates(tariff({ gas: [bakery] }))).toEqual([null]);
    expect(climates(tariff({ gas: [bakery], discounts: [{ ...allowance, use: 'bakery' }] }), tariff({ gas: [bakery] }))).toEqual([null]);
    expect(climates(tariff({ gas: [bakery], discounts: [{ ...allowance, use: 'kiln', climates: [2] }] }))).toEqual([null]);
    expect(
      climates(
        tariff({
          gas: [bakery],
          discounts: [
            { ...allowance, use: 'bakery' },
            { ...allowance, use: 'bakery', climates: [2] },
          ],
        }),
      ),
    ).toEqual([1, 2, 3, 4, 5]);
    expect(
      climates(tariff({ gas: [bakery] }), tariff({ gas: [bakery], discounts: [{ ...allowance, use: 'bakery', climates: [2] }] })),
    ).toEqual([1, 2, 3, 4, 5]);
    const seasons = [
      { season: 'warm' as const, from: '01/01', to: '06/31' },
      { season: 'cold' as const, from: '07/01', to: '12/30' },
    ];
    expect(climates(tariff({ seasons, gas: [rates('bakery', 'warm', 10), rates('bakery', 'cold', 10, [1])] }))).toEqual([1, 2, 3, 4, 5]);
  });
  test('quantities of steps where one season has steps, and one beyond the last limit, also where that is a usual one', () => {
    const m3 = (steps: Step[]) => [
      ...new Set(
        shown(tariff({ gas: [{ use: 'villa', season: 'warm', flat: false, steps }, rates('villa', 'cold', 1)] })).map((each) => each[2]),
      ),
    ];
    const upto = (limit: number): Step[] => [{ uptoM3PerMonth: limit, rialPerM3: 1 }, ...open(2)];
    expect(m3(upto(799))).toEqual([20, 50, 100, 200, 400, 800]);
    expect(m3(upto(800))).toEqual([20, 50, 100, 200, 400, 800, 900]);
    expect(m3(upto(899))).toEqual([20, 50, 100, 200, 400, 800, 900]);
    expect(m3(upto(900))).toEqual([20, 50, 100, 200, 400, 800, 1_000]);
  });
  test('what stays the same is said so', () => {
    expect(sampleBills(tariff({ gas: [rates('bakery', 'both', 10)] }), tariff({ gas: [rates('bakery', 'both', 10)] }))[0]).toMatchObject({
      differenceRial: 0,
      percent: '+0.0',
    });
  });
  test('a tariff of thirty days has a month to show, one of twenty-nine has none', () => {
    const of = (to: string) => shown(tariff({ ...dated('1397/02/01', to), gas: [rates('bakery', 'both', 10)] }));
    expect(of('1397/02/30')).toEqual([
      [null, 'warm', 100, 1_000],
      [null, 'warm', 1_000, 10_000],
    ]);
    expect(of('1397/02/29')).toEqual([]);
  });
  test('not of days after its last, on which it may be used provisionally', () => {
    const seasons = [
      { season: 'warm' as const, from: '01/01', to: '06/31' },
      { season: 'cold' as const, from: '07/01', to: '12/30' },
    ];
    const of = (to: string) =>
      new Set(
        shown(tariff({ ...dated('1397/01/01', to), provisionalTo: on('1397/12/29'), seasons, gas: [rates('bakery', 'both', 10)] })).map(
          ([, season]) => season,
        ),
      );
    expect([...of('1397/06/31')]).toEqual(['warm']);
    expect([...of('1397/07/30')]).toEqual(['warm', 'cold']);
  });
});
