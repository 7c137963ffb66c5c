/* Whoever publishes a tariff reads Persian: what is wrong with a document is said with what stands there, word for word. */
import { TariffError, checkTariff, readTariff } from '../../../src/domain/tariff/tariff.js';
import { unknownNames } from '../../../src/domain/tariff/tariff-names.js';
import type { Step, Tariff, TariffFault } from '../../../src/domain/tariff/tariff.js';
import { on, stepTariff, table, tariff } from '../sample.js';

const told = (faults: readonly TariffFault[]): string[] => faults.map(({ path, detail }) => `${path}: ${detail}`);
function read(json: unknown): string[] {
  try {
    readTariff(json);
  } catch (error) {
    if (error instanceof TariffError) return told(error.faults);
    throw error;
  }
  return [];
}

test('a document in which every rule is broken', () => {
  const since = { from: '1390/01/01', to: null };
  const broken = {
    ...tariff(),
    version: '',
    title: undefined,
    illustrative: 'yes',
    from: '1405/13/01',
    to: 'x',
    provisionalTo: '1405/13/01',
    seasons: [
      { season: 'mild', from: '1/1', to: '06/31' },
      { season: 'warm', from: '01/01', to: '1405/12/29' },
      { season: 'cold', from: '1405/02/01', to: '1405/01/01' },
      5,
    ],
    gas: [
      {
        use: 'a',
        season: 'both',
        climates: [0],
        flat: true,
        steps: [
          { uptoM3PerMonth: 95, rialPerM3: -1 },
          { uptoM3PerMonth: null, rialPerM3: 1.5 },
          { uptoM3PerMonth: 45, rialPerM3: 1 },
        ],
      },
      { use: 'a', season: 'warm', flat: false, steps: [] },
      { use: 'b', season: 'warm', flat: false, steps: 'x' },
      { use: 'b', season: 'cold', flat: false, steps: [1], climates: 'x' },
    ],
    levy: [{ from: '1405/02/01', to: '1405/01/31', percent: 10 }],
    vat: [
      { ...since, percent: '-1', base: 'gas' },
      { ...since, percent: '1', base: ['x'] },
    ],
    insurance: [{ ...since, use: '', area: 'x', rialPerMonth: 1.5, per: 'x', fixedPer: 'x' }],
    subscription: 'x',
    discounts: [
      { ...since, title: '', use: 'a', season: 'x', spans: [{ from: '13/01', to: '01/01' }], kind: 'x' },
      { ...since, title: 't', use: 'a', kind: 'welfare', steps: 0 },
    ],
    requiredDocuments: [{ ...since, anyOf: [], purposes: [] }],
    service: [
      {
        ...since,
        correction: 5,
        staleAfterDays: { x: 1, bills: 0 },
        remindDaysBeforeClosing: [3, 5],
        openingHours: [5, { from: '7:30', to: '14:30', days: ['x'] }, { from: '14:30', to: '07:30', days: 'x' }],
        daysOff: ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'xx'],
      },
    ],
    collection: { roundTo: 500, notCollectedUpTo: -1 },
    bands: [],
    paymentPeriods: 5,
  };
  expect(told(checkTariff(broken as unknown as Tariff))).toEqual([
    'version: متنی لازم است (نوشته نشده است).',
    'title: متنی لازم است (نوشته نشده است).',
    'illustrative: یکی از این‌ها لازم است: true، false (نوشته شده: yes).',
    'from: تاریخ شمسی به شکل سال/ماه/روز لازم است (نوشته شده: 1405/13/01).',
    'to: تاریخ شمسی به شکل سال/ماه/روز لازم است، یا null به معنی تا اطلاع بعدی (نوشته شده: x).',
    'provisionalTo: تاریخ شمسی، نه پیش از روز پایان تعرفه، لازم است (نوشته شده: 1405/13/01).',
    'seasons[0].season: یکی از این‌ها لازم است: warm، cold (نوشته شده: mild).',
    'seasons[0].from: روز به شکل ماه/روز، یا تاریخ کامل سال/ماه/روز، لازم است (نوشته شده: 1/1).',
    'seasons[1]: آغاز و پایان یا هر دو روز سال (ماه/روز) باشد یا هر دو تاریخ کامل.',
    'seasons[2].to: پایان (1405/01/01) پیش از آغاز (1405/02/01) است.',
    'seasons[3]: اینجا قاعده‌ای لازم است.',
    'gas[0].climates[0]: عدد صحیح از 1 تا 5 لازم است (نوشته شده: 0).',
    'gas[0].steps[0].rialPerM3: نرخ هر متر مکعب به ریال، عدد صحیح صفر یا بیشتر، لازم است (نوشته شده: -1).',
    'gas[0].steps[1].rialPerM3: نرخ هر متر مکعب به ریال، عدد صحیح صفر یا بیشتر، لازم است (نوشته شده: 1.5).',
    'gas[0].steps[1].uptoM3PerMonth: تنها پلهٔ آخر باز است (بدون حد).',
    'gas[0].steps[2].uptoM3PerMonth: حد پله‌ها عدد صحیح و صعودی است: 45 پس از 95 آمده است.',
    'gas[0].steps[2].uptoM3PerMonth: پلهٔ آخر باید باز باشد (بدون حد).',
    'gas[0].steps: نرخ ثابت تنها یک پله دارد.',
    'gas[1]: هیچ پله‌ای ندارد.',
    'gas[2].steps: فهرستی لازم است.',
    'gas[3].climates: فهرستی لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.',
    'gas[3].steps: اینجا پله‌ای لازم است.',
    'gas[1]: کاربری، فصل و اقلیم آن با gas[0] یکی است.',
    'levy[0].to: پایان (1405/01/31) پیش از آغاز (1405/02/01) است.',
    'levy[0].percent: عدد اعشاری صفر یا بیشتر به صورت متن، مانند "0.3"، لازم است (نوشته شده: 10).',
    'vat[0].percent: عدد اعشاری صفر یا بیشتر به صورت متن، مانند "0.3"، لازم است (نوشته شده: -1).',
    'vat[0].base: فهرستی لازم است.',
    'vat[1].base[0]: یکی از این‌ها لازم است: gas، subscription، insurance، levy (نوشته شده: x).',
    'insurance[0].rialPerMonth: مبلغ به ریال، عدد صحیح صفر یا بیشتر، لازم است (نوشته شده: 1.5).',
    'insurance[0].per: یکی از این‌ها لازم است: meter، unit (نوشته شده: x).',
    'insurance[0].fixedPer: یکی از این‌ها لازم است: month، period (نوشته شده: x).',
    'insurance[0].use: متنی لازم است (نوشته نشده است).',
    'insurance[0].area: یکی از این‌ها لازم است: urban، rural (نوشته شده: x).',
    'subscription: فهرستی لازم است.',
    'discounts[0].title: متنی لازم است (نوشته نشده است).',
    'discounts[0].season: یکی از این‌ها لازم است: warm، cold (نوشته شده: x).',
    'discounts[0].spans[0].from: روز سال به شکل ماه/روز لازم است (نوشته شده: 13/01).',
    'discounts[0].kind: یکی از این‌ها لازم است: freeAllowance، welfare (نوشته شده: x).',
    'discounts[1].steps: عدد صحیح 1 یا بیشتر لازم است (نوشته شده: 0).',
    'requiredDocuments[0].anyOf: دست‌کم یک مدرک لازم است.',
    'requiredDocuments[0].purposes: فهرستی لازم است.',
    'service[0].staleAfterDays.x: یکی از این‌ها لازم است: accounts، meters، bills، payments، adjustments، instalments، deposits، cycles (نوشته شده: x).',
    'service[0].staleAfterDays.bills: عدد صحیح از 1 تا 3660 لازم است (نوشته شده: 0).',
    'service[0].remindDaysBeforeClosing[1]: زودترین یادآوری اول می‌آید: 5 پس از 3 آمده است.',
    'service[0].correction: گروهی از مقررات لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.',
    'service[0].openingHours[0]: ساعت آغاز (from) و پایان (to) لازم است.',
    'service[0].openingHours[1].from: ساعتی از روز (07:30) لازم است (نوشته شده: 7:30).',
    'service[0].openingHours[1].days[0]: روز هفته (thursday) لازم است (نوشته شده: x).',
    'service[0].openingHours[2]: آغاز (14:30) پیش از پایان (07:30) نیست.',
    'service[0].openingHours[2].days: فهرستی از روزهای هفته لازم است؛ برای همهٔ روزها این نام را ننویسید.',
    'service[0].daysOff[7]: روز هفته (friday)، روزی از هر سال (01/13) یا تاریخ (1405/01/21) لازم است (نوشته شده: xx).',
    'service[0].daysOff: هر هفت روز هفته تعطیل است.',
    'collection.roundTo: شناسهٔ پرداخت تنها مضرب 1000 ریال را در بر می‌گیرد (نوشته شده: 500).',
    'collection.notCollectedUpTo: مبلغ به ریال، عدد صحیح صفر یا بیشتر، لازم است (نوشته شده: -1).',
    'bands: اینجا قاعده‌ای لازم است.',
    'paymentPeriods: اینجا بازه‌ای لازم است.',
  ]);
});

test('days without a season and with two', () => {
  expect(
    told(
      checkTariff(
        tariff({
          seasons: [
            { season: 'warm', from: '01/01', to: '06/31' },
            { season: 'cold', from: '06/31', to: '12/28' },
          ],
        }),
      ),
    ),
  ).toEqual(['seasons: روز 1390/06/31 در بیش از یک فصل است.', 'seasons: روز 1390/12/29 در هیچ فصلی نیست.']);
});

test('lists that may be left out', () => {
  const asked = 'فهرستی لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.';
  const service = { from: on('1390/01/01'), to: null, remindDaysBeforeClosing: 3, openingHours: '07:30', daysOff: 'friday' };
  expect(told(checkTariff(tariff({ service: [service] } as unknown as Partial<Tariff>)))).toEqual([
    `service[0].remindDaysBeforeClosing: ${asked}`,
    `service[0].openingHours: ${asked}`,
    `service[0].daysOff: ${asked}`,
  ]);
});

test.each<[string, unknown, string[]]>([
  ['no document', 5, [': این سند تعرفه نیست.']],
  [
    'a published table with other things in the places of its parts',
    { household: 5, seasons: [1], levies: 5 },
    ['seasons[0]: اینجا ردیفی از جدول لازم است.', 'household: فهرستی لازم است.', 'levies: اینجا فهرست عوارض لازم است.'],
  ],
  [
    'sums that are not by area',
    { household: [], seasons: [], levies: { insuranceRialPerMonth: 5 } },
    ['levies.insuranceRialPerMonth: برای هر کاربری مبلغ شهری و روستایی لازم است.'],
  ],
  [
    'two rates of one use, by the names of the table',
    {
      ...(table as object),
      flat: [
        { use: 'bakery', season: 'both', rialPerM3: 1 },
        { use: 'bakery', season: 'cold', rialPerM3: 1 },
      ],
    },
    ['flat[1]: کاربری، فصل و اقلیم آن با flat[0] یکی است.'],
  ],
])('%s', (_, json, details) => expect(read(json)).toEqual(details));

test('what stands there is shown as it was written, and not at any length', () => {
  expect(told(checkTariff(tariff({ illustrative: { toString: 1 } } as unknown as Partial<Tariff>)))).toEqual([
    'illustrative: یکی از این‌ها لازم است: true، false (نوشته شده: {"toString":1}).',
  ]);
  const [long] = checkTariff(tariff({ illustrative: Array.from({ length: 1_000 }, () => 'دراز') } as unknown as Partial<Tariff>));
  expect(long?.message.length).toBeLessThan(100);
});

test('a limit that is none is told, and the next is held against the last that was one', () => {
  const limits = [95, 'x', 45, null].map((uptoM3PerMonth) => ({ uptoM3PerMonth, rialPerM3: 1 }));
  expect(told(checkTariff(stepTariff(limits as Step[])))).toEqual([
    'gas[0].steps[1].uptoM3PerMonth: حد پله‌ها عدد صحیح و صعودی است: x پس از 95 آمده است.',
    'gas[0].steps[2].uptoM3PerMonth: حد پله‌ها عدد صحیح و صعودی است: 45 پس از 95 آمده است.',
  ]);
});

test('a subscription is of a use or of every one', () => {
  const of = (use: unknown): string[] =>
    told(
      checkTariff(
        tariff({
          subscription: [{ from: on('1390/01/01'), to: null, rialPerMonth: 1, per: 'meter', capacityUpTo: null, use }],
        } as unknown as Partial<Tariff>),
      ),
    );
  expect([of('bakery'), of(undefined), of(5)]).toEqual([[], [], ['subscription[0].use: متنی لازم است (نوشته شده: 5).']]);
});

test('a name that nothing reads', () => {
  expect(told(unknownNames({ titel: 'x' }))).toEqual(['titel: این نام شناخته نیست و خوانده نمی‌شود.']);
});
