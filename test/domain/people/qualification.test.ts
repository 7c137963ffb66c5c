import fc from 'fast-check';
import { type JalaliDate, addDays } from '../../../src/domain/calendar/jalali.js';
import {
  QUALIFICATIONS,
  type OperatorStanding,
  type Qualification,
  type QualificationCode,
  checkOperator,
  lapsingQualifications,
  missingQualifications,
  qualifyingDay,
} from '../../../src/domain/people/qualification.js';
import type { Operator } from '../../../src/domain/settlement/settlement.js';
import { facts, on } from '../sample.js';

const DAY = on('1405/09/04');
const CLERK: Operator = { id: 'm.rezaei', name: 'مریم رضایی', role: 'clerk', office: '01' };
const record = (code: QualificationCode, validFrom: string, validTo: string | null): Qualification => ({
  code,
  validFrom: on(validFrom),
  validTo: validTo === null ? null : on(validTo),
});
const ALL = QUALIFICATIONS.map((code) => record(code, '1400/01/01', null));
const others = (code: QualificationCode): Qualification[] => ALL.filter((each) => each.code !== code);
const standing = (
  qualifications: Qualification[],
  person: OperatorStanding['person'] = { active: true, roles: ['clerk'], office: '01' },
): OperatorStanding => ({ managed: true, person, qualifications });

describe('which are missing or lapsed on a day', () => {
  test('none of three open ones, all of none', () => {
    expect(missingQualifications(ALL, DAY)).toEqual([]);
    expect(missingQualifications([], DAY)).toEqual(QUALIFICATIONS.map((code) => ({ code, lastDay: null, firstDay: null })));
  });

  // both ends are included
  test.each([
    ['its last day', '1405/01/01', '1405/09/04', true],
    ['the day after its last', '1404/01/01', '1405/09/03', false],
    ['its first day', '1405/09/04', null, true],
    ['the day before its first', '1405/09/05', null, false],
  ])('%s', (_, from, to, held) => {
    expect(missingQualifications([...others('secondCopy'), record('secondCopy', from, to)], DAY).map(({ code }) => code)).toEqual(
      held ? [] : ['secondCopy'],
    );
  });

  test.each<[string, Qualification[], { lastDay: string | null; firstDay: string | null } | null]>([
    ['lapsed, with its last day', [record('billingSystem', '1404/01/01', '1405/08/30')], { lastDay: '1405/08/30', firstDay: null }],
    ['recorded for later, with its first day', [record('billingSystem', '1405/10/01', null)], { lastDay: null, firstDay: '1405/10/01' }],
    [
      'recorded for later more than once: the earliest first day, whatever their order',
      [record('billingSystem', '1405/11/01', null), record('billingSystem', '1405/10/01', '1405/10/30')],
      { lastDay: null, firstDay: '1405/10/01' },
    ],
    [
      'renewed after a gap',
      [record('billingSystem', '1404/01/01', '1405/08/30'), record('billingSystem', '1405/10/01', null)],
      { lastDay: '1405/08/30', firstDay: '1405/10/01' },
    ],
    [
      'renewed ahead: the old one counts until the new one begins',
      [record('billingSystem', '1404/01/01', '1405/09/30'), record('billingSystem', '1405/10/01', null)],
      null,
    ],
    [
      'extended by a later record',
      [record('billingSystem', '1404/01/01', '1405/08/30'), record('billingSystem', '1404/01/01', '1406/08/30')],
      null,
    ],
    [
      'withdrawn by a later record',
      [record('billingSystem', '1404/01/01', null), record('billingSystem', '1404/01/01', '1405/09/03')],
      { lastDay: '1405/09/03', firstDay: null },
    ],
    [
      'given again after a withdrawal',
      [
        record('billingSystem', '1404/01/01', null),
        record('billingSystem', '1404/01/01', '1405/06/01'),
        record('billingSystem', '1405/09/04', null),
      ],
      null,
    ],
  ])('%s', (_, records, expected) => {
    expect(missingQualifications([...others('billingSystem'), ...records], DAY)).toEqual(
      expected === null ? [] : [{ code: 'billingSystem', ...expected }],
    );
  });
});

describe('which lapse within days', () => {
  const lapse = (days: number, ...records: Qualification[]) => lapsingQualifications([...others('secondCopy'), ...records], DAY, days);
  test.each([
    ['today, 0 days', 0, '1405/09/04', true],
    ['tomorrow, 0 days', 0, '1405/09/05', false],
    ['on the 30th day', 30, '1405/10/04', true],
    ['on the 31st day', 30, '1405/10/05', false],
    ['lapsed already: it is missing, not lapsing', 30, '1405/09/03', false],
  ])('%s', (_, days, last, told) => {
    expect(lapse(days, record('secondCopy', '1404/01/01', last))).toEqual(told ? [{ code: 'secondCopy', lastDay: last }] : []);
  });
  test('a renewal without a gap ends the warning, one with a gap does not', () => {
    const old = record('secondCopy', '1404/01/01', '1405/09/20');
    expect(lapse(30, old, record('secondCopy', '1405/09/21', null))).toEqual([]);
    expect(lapse(30, old, record('secondCopy', '1405/09/22', null))).toEqual([{ code: 'secondCopy', lastDay: '1405/09/20' }]);
  });
  test('over 30 Esfand', () => {
    expect(lapsingQualifications([record('secondCopy', '1400/01/01', '1408/12/30')], on('1408/12/01'), 29)).toEqual([
      { code: 'secondCopy', lastDay: '1408/12/30' },
    ]);
  });

  test('held on every day up to the last, missing on the next', () => {
    const dated = fc.integer({ min: 0, max: 60 }).map((n) => addDays(on('1405/08/15'), n));
    const records = fc.array(
      fc
        .record({ code: fc.constantFrom(...QUALIFICATIONS), validFrom: dated, length: fc.option(fc.integer({ min: 0, max: 60 })) })
        .map(({ code, validFrom, length }): Qualification => ({
          code,
          validFrom,
          validTo: length === null ? null : addDays(validFrom, length),
        })),
      { maxLength: 8 },
    );
    const lacks = (held: Qualification[], code: QualificationCode, day: JalaliDate): boolean =>
      missingQualifications(held, day).some((each) => each.code === code);
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 40 }), (held, days) => {
        const lapsing = new Map(lapsingQualifications(held, DAY, days).map(({ code, lastDay }) => [code, lastDay]));
        for (const code of QUALIFICATIONS) {
          const lastDay = lapsing.get(code);
          const until = lastDay ?? (lacks(held, code, DAY) ? null : addDays(DAY, days + 1));
          if (until === null) continue;
          for (let day: JalaliDate = DAY; day <= until; day = addDays(day, 1)) expect(lacks(held, code, day)).toBe(false);
          if (lastDay !== undefined) expect(lacks(held, code, addDays(lastDay, 1))).toBe(true);
        }
      }),
    );
  });
});

describe('the operator of an order (R3)', () => {
  const codes = (of: OperatorStanding) => checkOperator(CLERK, of, DAY, 30).map(({ code, severity }) => [code, severity]);
  test('before the company’s first person is recorded an unknown operator is not checked, a recorded one is', () => {
    expect(checkOperator(CLERK, { managed: false, person: null, qualifications: [] }, DAY, 30)).toEqual([]);
    expect(codes({ ...standing([]), managed: false })).toEqual([['OPERATOR_NOT_QUALIFIED', 'error']]);
  });
  test('qualified', () => expect(codes(standing(ALL))).toEqual([]));
  test('without a record', () => {
    expect(codes(standing([], null))).toEqual([['OPERATOR_NOT_QUALIFIED', 'error']]);
    expect(checkOperator(CLERK, standing([], null), DAY, 30)[0]?.message).toContain('m.rezaei');
  });
  test('each missing or lapsed one is named with its last day, in one finding', () => {
    const [found, ...more] = checkOperator(
      CLERK,
      standing([record('sevenSkills', '1400/01/01', '1405/08/30'), record('secondCopy', '1405/10/01', null)]),
      DAY,
      30,
    );
    expect(more).toEqual([]);
    expect(found).toMatchObject({ code: 'OPERATOR_NOT_QUALIFIED', severity: 'error', field: 'clerk' });
    for (const part of [
      '1405/09/04',
      '«مهارت‌های هفت‌گانه رایانه» (تا 1405/08/30 معتبر بود)',
      '«سامانه صورتحساب» (ثبت نشده است)',
      '«نرم‌افزار نسخه دوم» (از 1405/10/01 معتبر است)',
    ]) {
      expect(found?.message).toContain(part);
    }
  });
  test.each([
    ['disabled', { active: false, roles: ['clerk' as const], office: '01' }],
    ['no longer a clerk', { active: true, roles: ['quality' as const], office: '01' }],
    ['moved to another office', { active: true, roles: ['clerk' as const], office: '02' }],
  ])('%s: forbidden, however qualified', (_, person) => expect(codes(standing(ALL, person))).toEqual([['FORBIDDEN', 'error']]));
  test('word for word', () => {
    const said = (of: OperatorStanding) => checkOperator(CLERK, of, DAY, 30).map(({ field, message }) => [field, message]);
    expect(said(standing([], null))).toEqual([
      [
        'clerk',
        'برای کاربر m.rezaei صلاحیتی ثبت نشده است. از مدیر سامانه بخواهید شما و گواهی‌های آموزشتان را ثبت کند؛ تا آن زمان این تسویه را همکار دارای صلاحیت انجام دهد.',
      ],
    ]);
    expect(said(standing(ALL, { active: false, roles: ['clerk'], office: '01' }))).toEqual([
      ['clerk', 'کاربر m.rezaei اکنون این نقش را در اداره 01 ندارد. دوباره وارد شوید یا از مدیر سامانه بپرسید.'],
    ]);
    expect(said(standing(others('sevenSkills').filter(({ code }) => code !== 'secondCopy')))).toEqual([
      [
        'clerk',
        'در 1405/09/04 صلاحیت صدور تسویه ندارید: «مهارت‌های هفت‌گانه رایانه» (ثبت نشده است)، «نرم‌افزار نسخه دوم» (ثبت نشده است). آموزش را بگذرانید یا تمدید کنید و گواهی آن را برای ثبت به مدیر سامانه بدهید؛ تا آن زمان این تسویه را همکار دارای صلاحیت انجام دهد.',
      ],
    ]);
    expect(
      said(
        standing([
          record('sevenSkills', '1404/01/01', '1405/09/10'),
          record('billingSystem', '1404/01/01', null),
          record('secondCopy', '1404/01/01', '1405/09/20'),
        ]),
      ),
    ).toEqual([
      [
        'clerk',
        'این صلاحیت‌های شما به‌زودی پایان می‌یابد: «مهارت‌های هفت‌گانه رایانه» (تا 1405/09/10)، «نرم‌افزار نسخه دوم» (تا 1405/09/20). پیش از آن تمدید کنید؛ پس از آن نمی‌توانید تسویه صادر کنید.',
      ],
    ]);
  });
  test('what lapses soon is told and stops nothing', () => {
    const [found] = checkOperator(CLERK, standing([...others('secondCopy'), record('secondCopy', '1404/01/01', '1405/09/20')]), DAY, 30);
    expect(found).toMatchObject({ code: 'QUALIFICATION_LAPSES', severity: 'info' });
    expect(found?.message).toContain('«نرم‌افزار نسخه دوم» (تا 1405/09/20)');
    expect(checkOperator(CLERK, standing([...others('secondCopy'), record('secondCopy', '1404/01/01', '1405/09/20')]), DAY, 15)).toEqual(
      [],
    );
  });
});

describe('the day that counts', () => {
  const order = { id: 'x', clerk: CLERK, facts: facts('1405/09/03', 120), receivedAt: '2026-11-25T20:31:00.000Z' };
  // 20:30 UTC is midnight in Tehran
  test('of a request: its Tehran day', () => {
    expect(qualifyingDay(order, on('1405/09/10'))).toBe('1405/09/05');
    expect(qualifyingDay({ ...order, receivedAt: '2026-11-25T20:29:00.000Z' }, on('1405/09/10'))).toBe('1405/09/04');
  });
  test('of a late entry: the day it is entered', () => {
    expect(
      qualifyingDay({ ...order, facts: { ...order.facts, lateEntry: { slip: '7', receivedAt: order.receivedAt } } }, on('1405/09/10')),
    ).toBe('1405/09/10');
  });
});
