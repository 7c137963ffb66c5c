import { DEFAULT_SERVICE_TERMS, type ServiceRule, serviceTermsOn } from '../../../src/domain/settlement/service-terms.js';
import { checkTariff } from '../../../src/domain/tariff/tariff.js';
import { on, tariff } from '../sample.js';

const rule = (change: Partial<ServiceRule> = {}): ServiceRule => ({ from: on('1390/01/01'), to: null, ...change });
const day = on('1405/06/01');

test('the decision of this project: what holds where a tariff says nothing', () => {
  expect(DEFAULT_SERVICE_TERMS).toEqual({
    staleAfterDays: { accounts: 30, meters: 30, bills: 45, payments: 3, adjustments: 10, instalments: 10, deposits: 30, cycles: 365 },
    remindDaysBeforeClosing: [3, 1],
    correction: { dueHours: 24, remindHours: 12, approvalAbove: 5_000_000 },
    escalateAfterHours: 24,
    correctiveAction: { perSettlement: 2, perClerk: 3, perCause: 5, perOffice: 10, effectAfterDays: 30, meetingDueDays: 7 },
    qualificationWarnDays: 30,
    outageAfterMinutes: 60,
    lateEntryWithinDays: 30,
    openingHours: [
      { from: '07:30', to: '14:30' },
      { days: ['thursday'], from: '07:30', to: '12:30' },
    ],
    daysOff: ['friday', '01/01', '01/02', '01/03', '01/04', '01/12', '01/13', '03/14', '03/15', '11/22', '12/29'],
  });
});

test('without a tariff, without terms and before the first rule the defaults hold', () => {
  const later = tariff({ service: [rule({ from: on('1405/06/02'), escalateAfterHours: 1 })] });
  for (const tariffs of [
    [],
    [tariff()],
    [tariff({ service: [] })],
    [later],
    [tariff({ to: on('1404/12/29'), service: [rule({ escalateAfterHours: 1 })] })],
  ]) {
    expect(serviceTermsOn(tariffs, day)).toEqual(DEFAULT_SERVICE_TERMS);
  }
});

test('the defaults are terms that a tariff may set', () => {
  expect(checkTariff(tariff({ service: [rule(DEFAULT_SERVICE_TERMS)] }))).toEqual([]);
  expect(serviceTermsOn([tariff({ service: [rule(DEFAULT_SERVICE_TERMS)] })], day)).toEqual(DEFAULT_SERVICE_TERMS);
});

test('what a rule leaves out is the default’s, within a group too', () => {
  const service = [
    rule({
      escalateAfterHours: 8,
      correction: { dueHours: 6, approvalAbove: 0 },
      correctiveAction: { perClerk: 1 },
      remindDaysBeforeClosing: [7],
    }),
  ];
  expect(serviceTermsOn([tariff({ service })], day)).toEqual({
    ...DEFAULT_SERVICE_TERMS,
    escalateAfterHours: 8,
    correction: { dueHours: 6, remindHours: 12, approvalAbove: 0 },
    correctiveAction: { ...DEFAULT_SERVICE_TERMS.correctiveAction, perClerk: 1 },
    remindDaysBeforeClosing: [7],
  });
});

test('feeds and reminders stand whole: an absent feed is never stale, no day is no reminder', () => {
  const terms = serviceTermsOn([tariff({ service: [rule({ staleAfterDays: { bills: 40 }, remindDaysBeforeClosing: [] })] })], day);
  expect([terms.staleAfterDays, terms.remindDaysBeforeClosing]).toEqual([{ bills: 40 }, []]);
});

test('of several rules the last that holds, alone', () => {
  const service = [
    rule({ escalateAfterHours: 8 }),
    rule({ from: on('1405/01/01'), to: day, outageAfterMinutes: 30 }),
    rule({ from: on('1406/01/01'), outageAfterMinutes: 10 }),
  ];
  const of = (date: string) => {
    const { escalateAfterHours, outageAfterMinutes } = serviceTermsOn([tariff({ service })], on(date));
    return [escalateAfterHours, outageAfterMinutes];
  };
  expect(['1404/12/29', '1405/01/01', '1405/06/01', '1405/06/02', '1406/01/01'].map(of)).toEqual([
    [8, 60],
    [24, 30],
    [24, 30],
    [8, 60],
    [24, 10],
  ]);
});

test('of the tariff in force, also where it is used provisionally', () => {
  const old = tariff({
    version: 'a',
    to: on('1404/12/29'),
    provisionalTo: on('1405/03/31'),
    service: [rule({ to: on('1404/12/29'), escalateAfterHours: 8 })],
  });
  expect(serviceTermsOn([old], on('1405/03/31')).escalateAfterHours).toBe(8);
  expect(serviceTermsOn([old], on('1405/04/01')).escalateAfterHours).toBe(24);
  expect(
    serviceTermsOn([old, tariff({ version: 'b', from: on('1405/01/01'), service: [rule({ escalateAfterHours: 5 })] })], on('1405/03/31'))
      .escalateAfterHours,
  ).toBe(5);
});
