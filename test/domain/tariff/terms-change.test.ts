import { DEFAULT_SERVICE_TERMS, type ServiceRule, serviceTermsOn } from '../../../src/domain/settlement/service-terms.js';
import { type RequiredDocument, type Tariff, checkTariff, tariffOn } from '../../../src/domain/tariff/tariff.js';
import {
  type Requirement,
  changedTariff,
  documentsOn,
  laterTerms,
  nextVersion,
  parseDayOff,
  standingOn,
  termsDifferences,
} from '../../../src/domain/tariff/terms-change.js';
import { on, tariff } from '../sample.js';

const rule = (from: string, to: string | null, terms: Partial<ServiceRule>): ServiceRule => ({
  from: on(from),
  to: to === null ? null : on(to),
  ...terms,
});
const CARD: Requirement = { anyOf: [{ code: 'CARD', name: 'کارت ملی' }], purposes: ['balance', 'final'] };
const DEED: Requirement = {
  anyOf: [
    { code: 'DEED', name: 'سند' },
    { code: 'CONTRACT', name: 'قولنامه' },
  ],
  purposes: ['nameChange'],
  applicants: ['owner'],
};
const asked = (from: string, to: string | null, of: Requirement): RequiredDocument => ({
  from: on(from),
  to: to === null ? null : on(to),
  ...of,
});
const changed = (tariffs: readonly Tariff[], from: string, change: Omit<Parameters<typeof changedTariff>[1], 'from'>): Tariff => {
  const made = changedTariff(tariffs, { from: on(from), ...change }, 'N');
  if (!made) throw new Error('nothing stands');
  expect(checkTariff(made)).toEqual([]);
  return made;
};

describe('where a tariff stands', () => {
  const base = tariff({ version: 'A', from: on('1404/01/01') });
  const summer = tariff({ version: 'B', from: on('1405/04/01'), to: on('1405/06/31') });
  const next = tariff({ version: 'C', from: on('1406/01/01') });
  test.each([
    ['1405/01/01', 'A', '1404/01/01', '1405/03/31'],
    ['1405/04/01', 'B', '1405/04/01', '1405/06/31'],
    ['1405/07/01', 'A', '1405/07/01', '1405/12/29'],
    ['1406/01/01', 'C', '1406/01/01', null],
  ])('on %s %s from %s to %s', (day, version, from, to) => {
    expect(standingOn([base, summer, next], on(day))).toMatchObject({ tariff: { version }, from, to, provisional: false });
  });
  test('none before the first; used provisionally it is told so', () => {
    expect(standingOn([base], on('1403/12/29'))).toBeNull();
    const ended = tariff({ version: 'E', to: on('1404/12/29'), provisionalTo: on('1405/06/31') });
    expect(standingOn([ended], on('1405/02/01'))).toEqual({ tariff: ended, from: ended.from, to: ended.to, provisional: true });
    expect(standingOn([ended], on('1405/07/01'))).toBeNull();
  });
});

describe('a change of terms', () => {
  const base = tariff({
    version: 'A',
    service: [
      rule('1390/01/01', '1405/06/31', { escalateAfterHours: 8, correction: { dueHours: 6 } }),
      rule('1405/07/01', null, { escalateAfterHours: 12, remindDaysBeforeClosing: [5] }),
    ],
  });

  test('is in force from its day, also over what is set for later days, and changes nothing before', () => {
    const made = changed([base], '1405/03/01', { terms: { correction: { approvalAbove: 7 }, qualificationWarnDays: 60 } });
    const after = [base, made];
    expect(serviceTermsOn(after, on('1405/02/31'))).toEqual(serviceTermsOn([base], on('1405/02/31')));
    expect(serviceTermsOn(after, on('1405/03/01'))).toEqual({
      ...DEFAULT_SERVICE_TERMS,
      escalateAfterHours: 8,
      qualificationWarnDays: 60,
      correction: { dueHours: 6, remindHours: 12, approvalAbove: 7 },
    });
    expect(serviceTermsOn(after, on('1405/07/01'))).toEqual({
      ...DEFAULT_SERVICE_TERMS,
      escalateAfterHours: 12,
      qualificationWarnDays: 60,
      remindDaysBeforeClosing: [5],
      correction: { ...DEFAULT_SERVICE_TERMS.correction, approvalAbove: 7 },
    });
    expect(made.service?.map(({ from, to }) => [from, to])).toEqual([
      ['1390/01/01', '1405/02/31'],
      ['1405/03/01', '1405/06/31'],
      ['1405/07/01', null],
    ]);
  });

  test('of a group only what is named, and of a later stretch that would be the same no rule of its own', () => {
    const grouped = tariff({ version: 'A', service: [rule('1390/01/01', null, { correctiveAction: { perClerk: 4 } })] });
    expect(changed([grouped], '1405/03/01', { terms: { correctiveAction: { perCause: 9 } } }).service?.at(-1)).toEqual({
      from: '1405/03/01',
      to: null,
      correctiveAction: { perClerk: 4, perCause: 9 },
    });
    const same = tariff({
      version: 'A',
      service: [rule('1390/01/01', '1405/06/31', { escalateAfterHours: 8 }), rule('1405/07/01', null, { escalateAfterHours: 9 })],
    });
    expect(changed([same], '1405/03/01', { terms: { escalateAfterHours: 1 } }).service?.map(({ from, to }) => [from, to])).toEqual([
      ['1390/01/01', '1405/02/31'],
      ['1405/03/01', null],
    ]);
  });

  test('leaves rates, dates and documents as they are: no bill is cut by it', () => {
    const { service: _old, version: _a, ...before } = base;
    const { service: _new, version, ...made } = changed([base], '1405/03/01', { terms: { daysOff: ['friday'] } });
    expect([version, made]).toEqual(['N', before]);
  });

  test('ends where another tariff takes over, which keeps its own terms', () => {
    const next = tariff({ version: 'C', from: on('1406/01/01'), service: [rule('1406/01/01', null, { escalateAfterHours: 5 })] });
    const made = changed([base, next], '1405/03/01', { terms: { escalateAfterHours: 1 } });
    expect(made.to).toBe('1405/12/29');
    const after = [base, next, made];
    expect([tariffOn(after, on('1406/01/01'))?.version, serviceTermsOn(after, on('1406/01/01')).escalateAfterHours]).toEqual(['C', 5]);
  });

  test('of a tariff without terms begins with the defaults', () => {
    expect(changed([tariff()], '1405/01/01', { terms: { escalateAfterHours: 1 } }).service).toEqual([
      rule('1405/01/01', null, { escalateAfterHours: 1 }),
    ]);
  });

  test('from the very day of a rule replaces it', () => {
    expect(changed([base], '1405/07/01', { terms: { escalateAfterHours: 1 } }).service).toEqual([
      base.service?.[0],
      rule('1405/07/01', null, { escalateAfterHours: 1, remindDaysBeforeClosing: [5] }),
    ]);
  });

  test('while a tariff is used provisionally holds from its last day on, as everything of it does', () => {
    const ended = tariff({
      version: 'E',
      to: on('1404/12/29'),
      provisionalTo: on('1405/06/31'),
      service: [rule('1390/01/01', null, { escalateAfterHours: 8 })],
    });
    const made = changed([ended], '1405/02/01', { terms: { daysOff: ['friday', '1405/01/21'] }, documents: [CARD] });
    expect([made.to, made.provisionalTo]).toEqual([ended.to, ended.provisionalTo]);
    expect(serviceTermsOn([ended, made], on('1405/02/01'))).toMatchObject({ escalateAfterHours: 8, daysOff: ['friday', '1405/01/21'] });
    expect(documentsOn([ended, made], on('1405/02/01'))).toMatchObject([CARD]);
    expect(documentsOn([ended, made], on('1404/12/28'))).toEqual([]);
  });

  test('where no tariff is in force there is nothing to change', () => {
    expect(changedTariff([base], { from: on('1389/12/29'), terms: { escalateAfterHours: 1 } }, 'N')).toBeNull();
  });
});

test('documents: what stays keeps its dates, what goes ends the day before, what is new begins, what comes later stays', () => {
  const base = tariff({
    requiredDocuments: [
      asked('1400/01/01', '1406/12/29', CARD),
      asked('1400/01/01', null, DEED),
      asked('1406/01/01', null, { ...DEED, purposes: ['final'] }),
    ],
  });
  const lease: Requirement = { anyOf: [{ code: 'LEASE', name: 'اجاره‌نامه' }], purposes: ['final'], applicants: ['tenant'] };
  // the same in another order of its names
  const card = { purposes: CARD.purposes, anyOf: [{ name: 'کارت ملی', code: 'CARD' }] };
  expect(changed([base], '1405/03/01', { documents: [lease, card] }).requiredDocuments).toEqual([
    asked('1400/01/01', '1406/12/29', CARD),
    asked('1400/01/01', '1405/02/31', DEED),
    asked('1406/01/01', null, { ...DEED, purposes: ['final'] }),
    asked('1405/03/01', null, lease),
  ]);
  expect(changed([base], '1400/01/01', { documents: [] }).requiredDocuments).toEqual([
    asked('1406/01/01', null, { ...DEED, purposes: ['final'] }),
  ]);
});

describe('differences', () => {
  const base = tariff({
    version: 'A',
    service: [rule('1405/01/01', null, { daysOff: ['friday', '01/01'], staleAfterDays: { bills: 40 } })],
    requiredDocuments: [asked('1400/01/01', null, CARD)],
  });

  test('name what is otherwise, from the day on which it is', () => {
    const made = changed([base], '1405/03/01', {
      terms: {
        daysOff: ['friday', '1405/05/05'],
        openingHours: [{ from: '08:00', to: '13:00' }],
        remindDaysBeforeClosing: [],
        staleAfterDays: { bills: 45, payments: 2 },
      },
      documents: [DEED],
    });
    expect(termsDifferences([base], [base, made], made)).toEqual([
      {
        from: '1405/03/01',
        terms: [
          { term: 'staleAfterDays.bills', before: 40, after: 45 },
          { term: 'remindDaysBeforeClosing', before: [3, 1], after: [] },
          { term: 'staleAfterDays.payments', before: null, after: 2 },
        ],
        openingHours: { before: DEFAULT_SERVICE_TERMS.openingHours, after: [{ from: '08:00', to: '13:00' }] },
        daysOff: { added: ['1405/05/05'], removed: ['01/01'] },
        documents: { added: [DEED], removed: [CARD] },
      },
    ]);
  });

  test('a decree that says nothing of service takes it away, and that is seen', () => {
    const decree = tariff({ version: 'B', from: on('1406/01/01') });
    const [first, ...more] = termsDifferences([base], [base, decree], decree);
    expect([first?.from, first?.documents.removed, first?.daysOff.added.length, more]).toEqual(['1406/01/01', [CARD], 9, []]);
  });

  test('of equal tariffs none; what is decided for later days is told by its day', () => {
    expect(termsDifferences([base], [base, { ...base, version: 'B' }], base)).toEqual([]);
    expect(laterTerms([base], on('1404/01/01'))).toMatchObject([{ from: '1405/01/01', daysOff: { added: [] } }]);
    expect(laterTerms([base], on('1405/01/01'))).toEqual([]);
  });
});

test.each([
  ['household-1405', [], 'household-1405.2'],
  ['household-1405', ['household-1405', 'household-1405.2'], 'household-1405.3'],
  ['household-1405.2', ['household-1405.2'], 'household-1405.3'],
])('the next version of %s beside %j is %s', (version, taken, next) => {
  expect(nextVersion(version, taken)).toBe(next);
});

test.each([
  [' Friday ', 'friday'],
  ['۱/۱۳', '01/13'],
  ['12/30', '12/30'],
  ['1405/1/21', '1405/01/21'],
  ['13/01', null],
  ['1404/12/30', null],
  ['جمعه', null],
  ['', null],
])('%j as a day off is %s', (typed, day) => {
  expect(parseDayOff(typed)).toBe(day);
});

describe('at the edges', () => {
  test('one thing in the place of another is a difference too', () => {
    const base = tariff({
      requiredDocuments: [asked('1400/01/01', null, CARD)],
      service: [rule('1390/01/01', null, { daysOff: ['friday'] })],
    });
    const swapped = (change: Omit<Parameters<typeof changedTariff>[1], 'from'>) =>
      termsDifferences([base], [base, changed([base], '1405/03/01', change)], { from: on('1405/01/01'), to: null });
    expect(swapped({ documents: [DEED] })).toMatchObject([{ from: '1405/03/01', documents: { added: [DEED], removed: [CARD] } }]);
    expect(swapped({ terms: { daysOff: ['thursday'] } })).toMatchObject([
      { from: '1405/03/01', daysOff: { added: ['thursday'], removed: ['friday'] } },
    ]);
    expect(swapped({ documents: [] })).toMatchObject([{ documents: { added: [], removed: [CARD] } }]);
  });

  test('a difference is told on the day on which it begins, becomes another and comes back, not on the turns between', () => {
    const base = tariff({ service: [rule('1390/01/01', '1405/04/31', {}), rule('1405/05/01', null, {})] });
    const other = tariff({
      version: 'B',
      service: [
        rule('1390/01/01', '1405/02/31', {}),
        rule('1405/03/01', '1405/06/31', { escalateAfterHours: 1 }),
        rule('1405/07/01', '1405/07/30', {}),
        rule('1405/08/01', null, { escalateAfterHours: 1 }),
      ],
    });
    expect(termsDifferences([base], [other], { from: on('1405/01/01'), to: null }).map(({ from }) => from)).toEqual([
      '1405/03/01',
      '1405/08/01',
    ]);
  });

  test('provisional use stays with the end that it belongs to; what another tariff cuts short has none', () => {
    const ended = tariff({ version: 'E', to: on('1405/12/29'), provisionalTo: on('1406/06/31') });
    expect(changed([ended], '1405/03/01', { documents: [CARD] })).toMatchObject({ to: '1405/12/29', provisionalTo: '1406/06/31' });
    const next = tariff({ version: 'C', from: on('1405/07/01') });
    const made = changed([ended, next], '1405/03/01', { documents: [CARD] });
    expect(made.to).toBe('1405/06/31');
    expect(made).not.toHaveProperty('provisionalTo');
    expect(changed([tariff()], '1405/03/01', { documents: [CARD] })).not.toHaveProperty('provisionalTo');
  });

  test('on its last day a tariff is in force, not provisional, and a change holds from that day', () => {
    const ended = tariff({ version: 'E', to: on('1405/12/29'), provisionalTo: on('1406/06/31') });
    expect(standingOn([ended], on('1405/12/29'))).toMatchObject({ provisional: false });
    expect(standingOn([ended], on('1406/01/01'))).toMatchObject({ provisional: true, to: '1405/12/29' });
    expect(changed([ended], '1405/12/29', { documents: [CARD] }).requiredDocuments).toEqual([asked('1405/12/29', null, CARD)]);
  });

  test('terms that ended before stay as they were, those that end on the day lose it, those until the end of the calendar too', () => {
    const base = tariff({
      service: [rule('1390/01/01', '1404/12/29', { escalateAfterHours: 2 }), rule('1405/01/01', '1405/03/01', { escalateAfterHours: 3 })],
    });
    expect(
      changed([base], '1405/03/01', { terms: { escalateAfterHours: 4 } })
        .service?.slice(0, 3)
        .map(({ from, to, escalateAfterHours }) => [from, to, escalateAfterHours]),
    ).toEqual([
      ['1390/01/01', '1404/12/29', 2],
      ['1405/01/01', '1405/02/31', 3],
      ['1405/03/01', null, 4],
    ]);
    const whole = tariff({ service: [rule('1390/01/01', '1498/12/30', { escalateAfterHours: 2 })] });
    expect(changed([whole], '1405/03/01', { terms: { escalateAfterHours: 4 } }).service?.map(({ from, to }) => [from, to])).toEqual([
      ['1390/01/01', '1405/02/31'],
      ['1405/03/01', null],
    ]);
  });

  test('without a tariff, or one that asks for none, no documents', () => {
    expect(documentsOn([], on('1405/01/01'))).toEqual([]);
    const { requiredDocuments: _, ...bare } = tariff();
    expect(documentsOn([bare], on('1405/01/01'))).toEqual([]);
  });

  test('the name of a version keeps to its length, and only its last number is another', () => {
    expect(nextVersion('x'.repeat(90), [])).toBe(`${'x'.repeat(70)}.2`);
    expect(nextVersion('v1.5-b', [])).toBe('v1.5-b.2');
    expect(nextVersion('v.10', ['v.10', 'v.2'])).toBe('v.3');
    expect(parseDayOff('1/13/1')).toBeNull();
  });
});
