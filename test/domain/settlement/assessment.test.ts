import { accountView, assess, checkAccount, checkDocuments, checkSlip } from '../../../src/domain/settlement/assessment.js';
import { type FindingCode, blocking, finding, isFindingCode, isOverridable, overridden } from '../../../src/domain/settlement/finding.js';
import { type SettlementFacts, sameFacts, settlementId, settlementWorkflowId } from '../../../src/domain/settlement/settlement.js';
import type { RequiredDocument } from '../../../src/domain/tariff/tariff.js';
import { bill, facts, household1397, meter, on, order, snapshot, tariff } from '../sample.js';

const TODAY = on('1398/12/29');
const FEE = { amount: 49_000, resolution: '12/97', illustrative: false };
const codes = (found: { code: string }[]): string[] => found.map(({ code }) => code);

describe('checkAccount', () => {
  const asked = facts('1397/02/31', 100);
  test('no such subscription', () =>
    expect(checkAccount(order(asked), null)).toMatchObject([
      { code: 'ACCOUNT_NOT_FOUND', severity: 'error', field: 'subscription', message: expect.stringContaining('123004567814') },
    ]));
  test('of the clerk’s own office', () => expect(checkAccount(order(asked), snapshot())).toEqual([]));
  test.each(['clerk', 'supervisor', 'billing'] as const)('of another office, for a %s: as if there were none', (role) => {
    const elsewhere = order(asked, { role, office: '02' });
    expect(checkAccount(elsewhere, snapshot())).toEqual(checkAccount(elsewhere, null));
  });
  test('an admin may settle anywhere', () => expect(checkAccount(order(asked, { role: 'admin', office: '02' }), snapshot())).toEqual([]));
});

describe('checkSlip', () => {
  const slip = (receivedAt: string) => ({ ...order(facts('1405/09/04', 100, { lateEntry: { slip: '7', receivedAt } })), receivedAt });
  const today = on('1405/09/04');
  const found = (receivedAt: string, tariffs = [tariff()]) => codes(checkSlip(slip(receivedAt), tariffs, today));
  test('the first moment of the thirtieth day before is the earliest', () => {
    // 1405/08/04 00:00 in Tehran
    expect(found('2026-10-25T20:30:00.000Z')).toEqual([]);
    expect(found('2026-10-25T20:29:59.999Z')).toEqual(['LATE_ENTRY_TOO_OLD']);
    expect(found('1970-01-01T00:00:00.000Z')).toEqual(['LATE_ENTRY_TOO_OLD']);
  });
  test('the days are the company’s to say', () => {
    const terms = [tariff({ service: [{ from: on('1390/01/01'), to: null, lateEntryWithinDays: 2 }] })];
    expect(found('2026-11-22T20:30:00.000Z', terms)).toEqual([]);
    expect(found('2026-11-22T20:29:59.999Z', terms)).toEqual(['LATE_ENTRY_TOO_OLD']);
  });
  test('of no slip the time is the receipt’s own', () =>
    expect(checkSlip({ ...order(facts('1405/09/04', 100)), receivedAt: '1970-01-01T00:00:00.000Z' }, [], today)).toEqual([]));
});

describe('checkDocuments', () => {
  const ever = { from: on('1390/01/01'), to: null };
  const rules: RequiredDocument[] = [
    { ...ever, anyOf: [{ code: 'ID_CARD', name: 'کارت ملی' }], purposes: ['balance', 'final'] },
    { ...ever, anyOf: [{ code: 'LEASE', name: 'اجاره‌نامه' }], purposes: ['final'], applicants: ['tenant'] },
    {
      ...ever,
      anyOf: [
        { code: 'DEED', name: 'سند مالکیت' },
        { code: 'CONTRACT', name: 'مبایعه‌نامه' },
      ],
      purposes: ['nameChange'],
    },
    { from: on('1397/03/01'), to: null, anyOf: [{ code: 'PAID_BILL', name: 'قبض پرداخت‌شده' }], purposes: ['nameChange'] },
  ];
  const of = tariff({ requiredDocuments: rules });
  const next = { name: 'رضا', nationalId: '', from: on('1397/03/01') };
  const tenant = { kind: 'tenant' as const, name: 'x', nationalId: '' };
  const found = (change: Partial<SettlementFacts>, date = '1397/02/31', tariffs = [of]) =>
    checkDocuments(facts(date, 100, change), tariffs).map(({ message }) => message.slice(message.indexOf(':') + 2, message.indexOf('.')));
  test.each<[string, Partial<SettlementFacts>, string[], string]>([
    ['a balance', {}, ['کارت ملی'], '1397/02/31'],
    ['shown', { documents: ['ID_CARD'] }, [], '1397/02/31'],
    ['final, by the owner', { purpose: 'final', documents: ['ID_CARD'] }, [], '1397/02/31'],
    ['final, by a tenant', { purpose: 'final', documents: ['ID_CARD'], applicant: tenant }, ['اجاره‌نامه'], '1397/02/31'],
    ['all in one finding', { purpose: 'final', applicant: tenant }, ['کارت ملی، اجاره‌نامه'], '1397/02/31'],
    ['a name change: one of two will do', { documents: ['ID_CARD'], newSubscriber: next }, ['سند مالکیت یا مبایعه‌نامه'], '1397/02/31'],
    ['a name change with the contract', { documents: ['ID_CARD', 'CONTRACT'], newSubscriber: next }, [], '1397/02/31'],
    ['a rule from its day on', { documents: ['ID_CARD', 'CONTRACT'], newSubscriber: next }, ['قبض پرداخت‌شده'], '1397/03/01'],
  ])('%s', (_, change, names, date) => expect(found(change, date)).toEqual(names));
  test('where the data asks for none, or there is no tariff, nothing is required', () => {
    expect([found({}, '1397/02/31', [tariff()]), found({}, '1397/02/31', [])]).toEqual([[], []]);
  });
  test('used provisionally, a tariff’s documents go on as on its last day', () => {
    const to = on('1397/12/29');
    const ended = tariff({ to, provisionalTo: on('1398/12/29'), requiredDocuments: [{ ...rules[0]!, to }] });
    expect(found({}, '1398/02/01', [ended])).toEqual(['کارت ملی']);
  });
  test('an error of the assessment, also beside an impossible reading: the clerk mends all at once', () => {
    const last = snapshot({ lastBill: bill('1397/02/01', 100) });
    expect(assess(order(facts('1397/02/31', 99)), last, [of], FEE, TODAY, [])).toMatchObject({
      debt: null,
      findings: [{ code: 'READING_BELOW_PREVIOUS' }, { code: 'DOCUMENT_MISSING', severity: 'error', field: 'documents' }],
    });
    const { debt, findings } = assess(order(facts('1397/02/31', 145)), last, [of], FEE, TODAY, []);
    expect([codes(findings), blocking(findings, []).length, debt?.total]).toEqual([['DOCUMENT_MISSING'], 1, 48_645]);
  });
});

describe('assess', () => {
  test('an account of another office: nothing else is said of it', () => {
    const elsewhere = order(facts('1397/02/31', 99), { role: 'clerk', office: '02' });
    for (const ledger of [snapshot({ lastBill: bill('1397/02/01', 100) }), null])
      expect(assess(elsewhere, ledger, [tariff()], FEE, TODAY, [])).toMatchObject({
        debt: null,
        findings: [{ code: 'ACCOUNT_NOT_FOUND' }],
      });
  });
  test('the data is as old as it was when it was read', () => {
    const asked = order(facts('1397/02/31', 145));
    const stale = snapshot({
      lastBill: bill('1397/02/01', 100),
      feeds: [{ kind: 'bills', loadedAt: '2020-01-22T05:00:00.000Z', asOf: on('1398/11/01') }],
    });
    const found = (readOn: string) => codes(assess(asked, stale, [tariff()], FEE, TODAY, [], { readOn: on(readOn) }).findings);
    expect([found('1398/11/02'), found('1398/12/29')]).toEqual([[], ['STALE_FEED']]);
  });
  const of = snapshot({ lastBill: bill('1397/02/01', 100, { totalDue: 20_000 }) });
  test('reading, price and ledger together', () => {
    const { debt, findings } = assess(order(facts('1397/02/31', 145)), of, [tariff()], FEE, TODAY, []);
    expect(findings).toEqual([]);
    // T1: 45 m³ → 48,645 (case 2)
    expect(debt).toMatchObject({
      total: 68_645,
      payable: 68_000,
      carry: 645,
      days: 30,
      consumption: '45',
      previousReading: { reading: 100, on: '1397/02/01' },
      definitive: true,
      fee: FEE,
    });
  });
  test('case 12: 75 m³ over a replacement', () => {
    const meters = [meter({ removedOn: on('1397/02/10'), endReading: 5_020 }), meter({ serial: 'M2', installedOn: on('1397/02/10') })];
    const { debt } = assess(
      order(facts('1397/02/31', 35)),
      snapshot({ lastBill: bill('1397/02/01', 4_980), meters }),
      [tariff()],
      FEE,
      TODAY,
      [],
    );
    // 45 × 1081 + 30 × 1311
    expect(debt).toMatchObject({ consumption: '75', total: 87_975 });
  });
  test('an impossible reading has no debt', () => {
    expect(assess(order(facts('1397/02/31', 99)), of, [tariff()], FEE, TODAY, [])).toMatchObject({
      debt: null,
      findings: [{ code: 'READING_BELOW_PREVIOUS' }],
    });
  });
  test('decision: no fee without a board resolution, and the bill goes on', () => {
    const { debt, findings } = assess(order(facts('1397/02/31', 145)), of, [tariff()], null, TODAY, []);
    expect(findings).toMatchObject([
      {
        code: 'NO_FEE_RESOLUTION',
        severity: 'info',
        field: 'settlementDate',
        message: 'برای این تاریخ مصوبه هیأت مدیره ثبت نشده است؛ هزینه صدور در صورتحساب بعدی نمی‌آید.',
      },
    ]);
    expect(debt).toMatchObject({ fee: null, total: 68_645 });
  });
  test('data that is older than the terms allow is to be confirmed, also beside an impossible reading', () => {
    const stale = { ...of, feeds: [{ kind: 'bills' as const, loadedAt: '2020-01-22T05:00:00.000Z', asOf: on('1398/11/01') }] };
    for (const reading of [145, 99]) {
      const { findings } = assess(order(facts('1397/02/31', reading)), stale, [tariff()], FEE, TODAY, []);
      expect(findings).toMatchObject([
        ...(reading === 99 ? [{ code: 'READING_BELOW_PREVIOUS' }] : []),
        { code: 'STALE_FEED', severity: 'confirm', field: 'subscription', message: expect.stringContaining('1398/11/01 (58 روز پیش)') },
      ]);
    }
  });
  test('no tariff for the day: refused, the ledger alone is not', () => {
    const { debt, findings } = assess(order(facts('1397/02/31', 145)), of, [tariff({ to: on('1397/02/20') })], FEE, TODAY, []);
    expect(debt).toBeNull();
    expect(findings).toMatchObject([
      { code: 'NO_TARIFF', severity: 'error', field: 'settlementDate', message: expect.stringContaining('1397/02/21') },
    ]);
    expect(assess(order(facts('1397/02/31', null)), of, [], FEE, TODAY, [])).toMatchObject({
      debt: { total: 20_000, payable: 20_000 },
      findings: [],
    });
  });
  test('decision: a late decree: the last tariff provisionally, on account, and the tariff is named', () => {
    const last = snapshot({ lastBill: bill('1397/12/20', 100) });
    const { debt, findings } = assess(order(facts('1398/01/20', 145)), last, [household1397], FEE, TODAY, []);
    expect(findings).toMatchObject([{ code: 'PROVISIONAL_TARIFF', severity: 'info', field: 'settlementDate' }]);
    for (const part of ['1398/01/20', household1397.title, 'علی‌الحساب']) expect(findings[0]!.message).toContain(part);
    expect(debt).toMatchObject({ definitive: false, tariff: ['1397'] });
    // up to the table's last day nothing is provisional
    expect(assess(order(facts('1398/01/15', 145)), last, [household1397], FEE, TODAY, [])).toMatchObject({
      findings: [],
      debt: { definitive: true },
    });
    // nor for the ledger alone
    expect(assess(order(facts('1398/01/20', null)), last, [household1397], FEE, TODAY, []).findings).toEqual([]);
  });
});

describe('blocking', () => {
  const found = (code: FindingCode) => finding(code, 'reading', '…');
  const confirmed = (code: string, reason = 'عکس') => [{ code, reason }];
  test.each<[FindingCode, { code: string; reason: string }[], boolean]>([
    ['READING_BELOW_PREVIOUS', confirmed('READING_BELOW_PREVIOUS'), true],
    ['HIGH_CONSUMPTION', [], true],
    ['HIGH_CONSUMPTION', confirmed('LOW_CONSUMPTION'), true],
    ['HIGH_CONSUMPTION', confirmed('HIGH_CONSUMPTION', ' \n'), true],
    ['HIGH_CONSUMPTION', confirmed('HIGH_CONSUMPTION'), false],
    // a clerk's reason does not stand for the supervisor's
    ['OUTSIDE_OUTER_BAND', confirmed('OUTSIDE_OUTER_BAND'), true],
    ['METER_REPLACED', [], false],
  ])('%s with %j: %s', (code, confirmations, blocks) =>
    expect(codes(blocking([found(code)], confirmations))).toEqual(blocks ? [code] : []),
  );

  test('a supervisor’s override lets the finding pass; it stays, with the reason', () => {
    const override = (code: string) => ({
      code,
      reason: 'دوباره خوانده شد',
      by: { id: 's', name: 'سرپرست' },
      at: '2018-05-01T05:00:00.000Z',
      reading: null,
    });
    const findings = [found('OUTSIDE_OUTER_BAND'), found('READING_BELOW_PREVIOUS'), found('HIGH_CONSUMPTION')];
    const all = findings.map(({ code }) => override(code));
    expect(codes(blocking(overridden(findings, all, 'c'), []))).toEqual(['READING_BELOW_PREVIOUS', 'HIGH_CONSUMPTION']);
    expect(overridden(findings, all, 'c').map((each) => each.override?.reason)).toEqual(['دوباره خوانده شد', undefined, undefined]);
    expect(codes(blocking(overridden(findings, [override('ROLLOVER')], 'c'), []))).toContain('OUTSIDE_OUTER_BAND');
    // nobody accepts the own request
    expect(codes(blocking(overridden(findings, all, 's'), []))).toContain('OUTSIDE_OUTER_BAND');
    expect(['OUTSIDE_OUTER_BAND', 'HIGH_CONSUMPTION', 'toString'].map(isOverridable)).toEqual([true, false, false]);
  });

  test('codes are known by name alone', () => {
    expect(['ROLLOVER', 'toString', 'rollover', ''].map(isFindingCode)).toEqual([true, false, false, false]);
    expect(found('ROLLOVER')).toEqual({
      code: 'ROLLOVER',
      severity: 'confirm',
      field: 'reading',
      title: 'The counter has rolled over',
      message: '…',
    });
  });
});

test('the account as printed: the meter of the date', () => {
  const meters = [meter({ removedOn: on('1397/02/10'), endReading: 9 }), meter({ serial: 'M2', installedOn: on('1397/02/10') })];
  expect(accountView(snapshot({ meters }), on('1397/02/09')).meter?.serial).toBe('M1');
  expect(accountView(snapshot({ meters }), on('1397/02/10'))).toMatchObject({ name: 'علی کریمی', units: 1, meter: { serial: 'M2' } });
  expect(accountView(snapshot({ meters: [] }), on('1397/02/10')).meter).toBeNull();
});

describe('settlement', () => {
  test('id and workflow id by subscription and date', () => {
    expect(settlementId('014123456701', on('1405/09/04'))).toBe('014123456701-14050904'); // api.md
    expect(settlementWorkflowId('014123456701-14050904')).toBe('settlement/014123456701-14050904'); // design.md
  });
  test('facts agree by reading, source, purpose and new subscriber', () => {
    const asked = facts('1405/09/04', 100);
    const next = { name: 'ن', nationalId: '1', from: on('1405/09/05') };
    expect(sameFacts(asked, { ...asked, confirmations: [{ code: 'X', reason: 'x' }], documents: ['a'] })).toBe(true);
    expect(sameFacts({ ...asked, newSubscriber: next }, { ...asked, newSubscriber: { ...next, mobile: undefined } })).toBe(true);
    expect(sameFacts(asked, { ...asked, meterState: 'normal' })).toBe(true);
    for (const change of [
      { reading: 101 },
      { readingSource: 'declared' as const },
      { meterState: 'noUse' as const },
      { purpose: 'final' as const },
      { newSubscriber: next },
    ]) {
      expect(sameFacts(asked, { ...asked, ...change })).toBe(false);
    }
  });
});
