import {
  CORRECTION_CAUSES,
  CORRECTION_CAUSE_TITLES,
  CORRECTION_KINDS,
  CORRECTION_KIND_TITLES,
  type Correction,
  type CorrectionStatus,
  compareBills,
  correctedFacts,
  correctionWaitsFor,
  currentCorrection,
  isOpenCorrection,
  needsApproval,
  receivedSince,
  refusalOf,
  subtractSums,
  sumsByCode,
  withReceived,
} from '../../../src/domain/correction/correction.js';
import type { BillLine } from '../../../src/domain/bill/debt.js';
import type { Operator, Role } from '../../../src/domain/settlement/settlement.js';
import { facts, on, snapshot } from '../sample.js';

const person = (id: string, role: Role): Operator => ({ id, name: id, role, office: '01' });
const correction = (change: Partial<Correction> = {}): Correction => ({
  n: 1,
  kind: 'reading',
  cause: 'clerk',
  description: 'رقم اشتباه',
  posting: null,
  status: 'referred',
  owner: { role: 'clerk', user: null },
  reportedBy: 'c-1',
  reportedAt: '2026-11-25T06:30:00.000Z',
  dueAt: '2026-11-26T06:30:00.000Z',
  submittedBy: null,
  difference: null,
  noChange: null,
  verifiedBy: null,
  approvedBy: null,
  revision: null,
  note: null,
  ...change,
});
const line = (code: BillLine['code'], amount: number, change: Partial<BillLine> = {}): BillLine => ({
  code,
  label: code,
  quantity: null,
  unit: null,
  rate: null,
  days: null,
  from: null,
  to: null,
  amount,
  basis: '',
  ...change,
});
const bill = (...lines: BillLine[]) => {
  const total = lines.reduce((sum, { amount }) => sum + amount, 0);
  return { lines, total, payable: Math.max(0, Math.floor(total / 1000) * 1000) };
};

const STATUSES: CorrectionStatus[] = ['reported', 'referred', 'submitted', 'verified', 'rejected', 'withdrawn', 'issued'];

test('an error is open until it is withdrawn or its bill is issued', () => {
  expect(STATUSES.filter((status) => isOpenCorrection({ status }))).toEqual(['reported', 'referred', 'submitted', 'verified', 'rejected']);
});

test('errors are worked on one after another: the first that is open', () => {
  const all = [
    correction({ n: 1, status: 'issued' }),
    correction({ n: 2, status: 'withdrawn' }),
    correction({ n: 3 }),
    correction({ n: 4, status: 'submitted' }),
  ];
  expect(currentCorrection(all)?.n).toBe(3);
  expect(currentCorrection(all.slice(0, 2))).toBeUndefined();
});

describe('who may do what, and when', () => {
  const [owner, other, supervisor, approver] = [
    person('c-1', 'clerk'),
    person('c-2', 'clerk'),
    person('s-1', 'supervisor'),
    person('a-1', 'approver'),
  ];
  test.each([
    ['submit', ['referred', 'rejected']],
    ['withdraw', ['referred', 'rejected']],
    ['verify', ['submitted']],
    ['approve', ['verified']],
  ] as const)('%s is possible only when it is %j', (act, when) => {
    for (const status of STATUSES) {
      expect([status, refusalOf(act, correction({ status }), act === 'approve' ? approver : supervisor)]).toEqual([
        status,
        (when as readonly string[]).includes(status) ? null : 'NOT_ALLOWED_NOW',
      ]);
    }
    expect(refusalOf(act, undefined, supervisor)).toBe('NOT_ALLOWED_NOW');
  });
  test('referred to a role: everyone of it, and the supervisor', () => {
    const referred = correction({ owner: { role: 'billing', user: null } });
    expect([person('b-1', 'billing'), owner, supervisor, approver].map((by) => refusalOf('submit', referred, by))).toEqual([
      null,
      'NOT_THE_OWNER',
      null,
      'NOT_THE_OWNER',
    ]);
  });
  test('referred to a person: that one, whatever the others’ role, and the supervisor', () => {
    const referred = correction({ owner: { role: 'clerk', user: 'c-1' } });
    expect([owner, other, supervisor].map((by) => refusalOf('withdraw', referred, by))).toEqual([null, 'NOT_THE_OWNER', null]);
  });
  test('verified by another than who submitted', () => {
    const submitted = correction({ status: 'submitted', submittedBy: 's-1' });
    expect([supervisor, person('s-2', 'supervisor')].map((by) => refusalOf('verify', submitted, by))).toEqual([
      'SECOND_PERSON_NEEDED',
      null,
    ]);
  });
  test('approved by the approver, who neither submitted nor verified', () => {
    const verified = correction({ status: 'verified', submittedBy: 's-1', verifiedBy: 's-2' });
    expect(refusalOf('approve', verified, person('s-3', 'supervisor'))).toBe('APPROVER_NEEDED');
    expect(['s-1', 's-2', 's-3'].map((id) => refusalOf('approve', verified, person(id, 'approver')))).toEqual([
      'SECOND_PERSON_NEEDED',
      'SECOND_PERSON_NEEDED',
      null,
    ]);
  });
});

describe('whom it waits for', () => {
  const terms = { approvalAbove: 5_000_000 };
  const waits = (change: Partial<Correction>, submitter: Role | null = null) => correctionWaitsFor(correction(change), submitter, terms);
  const approval = { kind: 'approval', role: 'approver', user: null };
  test.each<[string, Partial<Correction>, Role | null, unknown]>([
    [
      'referred: its owner',
      { status: 'referred', owner: { role: 'billing', user: 'b-1' } },
      null,
      { kind: 'correction', role: 'billing', user: 'b-1' },
    ],
    [
      'rejected: its owner again',
      { status: 'rejected', owner: { role: 'clerk', user: null } },
      'clerk',
      { kind: 'correction', role: 'clerk', user: null },
    ],
    ['submitted by a clerk: the supervisor', { status: 'submitted' }, 'clerk', { kind: 'verification', role: 'supervisor', user: null }],
    ['submitted by nobody known: the supervisor', { status: 'submitted' }, null, { kind: 'verification', role: 'supervisor', user: null }],
    [
      'submitted by a supervisor: another unit',
      { status: 'submitted' },
      'supervisor',
      { kind: 'verification', role: 'quality', user: null },
    ],
    ['verified, above the set amount: the approver', { status: 'verified', difference: 5_000_001 }, 'clerk', approval],
    ['above it downwards too', { status: 'verified', difference: -5_000_001, noChange: false }, 'clerk', approval],
    ['verified, at the amount: nobody', { status: 'verified', difference: -5_000_000 }, 'clerk', null],
    // payments that came meanwhile may make the difference
    ['verified, without a change: nobody', { status: 'verified', difference: -9_000_000, noChange: true }, 'clerk', null],
    ['reported: it waits for the one before it', { status: 'reported' }, null, null],
    ['withdrawn: nobody', { status: 'withdrawn' }, null, null],
    ['issued: nobody', { status: 'issued', difference: 9_000_000 }, null, null],
  ])('%s', (_, change, submitter, expected) => expect(waits(change, submitter)).toEqual(expected));

  test('one verifier may let pass what is at the amount, up or down', () => {
    expect([5_000_001, 5_000_000, -5_000_000, -5_000_001, 0, null].map((difference) => needsApproval(difference, 5_000_000))).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect([needsApproval(null, 0), needsApproval(1, 0)]).toEqual([false, true]);
  });
});

test('what kinds and causes are called', () => {
  expect(CORRECTION_KINDS.map((kind) => CORRECTION_KIND_TITLES[kind])).toEqual([
    'رقم کنتور',
    'تاریخ',
    'کنتور',
    'تعرفه',
    'مشترک',
    'نام',
    'پرداخت',
    'مدرک',
    'دیگر',
  ]);
  expect(CORRECTION_CAUSES.map((cause) => CORRECTION_CAUSE_TITLES[cause])).toEqual([
    'اظهار متقاضی',
    'ثبت کارمند',
    'دادهٔ رسیده',
    'دادهٔ تعرفه',
    'سامانه',
  ]);
});

describe('payments received meanwhile', () => {
  const payment = (reference: string, paidOn: string, amount = 1_000) => ({ reference, paidOn: on(paidOn), amount, paymentId: null });
  const [first, second, third] = [payment('P1', '1397/02/05'), payment('P2', '1397/02/10'), payment('P3', '1397/02/10')];
  test('by their reference, whatever else is told of them now', () => {
    expect(receivedSince([first], [payment('P1', '1397/02/06', 9), second])).toEqual([second]);
    expect(receivedSince([first], [])).toEqual([]);
  });
  test('they are put in the order of payment, then of reference; what the bill rests on stays as it was', () => {
    const before = snapshot({ payments: [second] });
    expect(withReceived(before, [third, first, { ...second, amount: 9 }])).toEqual({ ...before, payments: [first, second, third] });
    expect(withReceived(snapshot({ payments: [third] }), [second, first]).payments).toEqual([first, second, third]);
    expect(before.payments).toEqual([second]);
  });
  test('none: the very snapshot', () => {
    // not even put in order
    const before = snapshot({ payments: [third, first] });
    expect(withReceived(before, [first])).toBe(before);
  });
});

describe('the corrected facts', () => {
  const newSubscriber = { name: 'مریم رضایی', nationalId: '0932833810', from: on('1397/03/01') };
  const before = facts('1397/02/31', 1_234, { newSubscriber });
  test('what is absent stays', () => {
    expect(correctedFacts(before, {})).toEqual(before);
    expect(correctedFacts(before, { reading: 1_243 })).toEqual({ ...before, reading: 1_243 });
  });
  test('null takes the new subscriber away', () => {
    expect(correctedFacts(before, { newSubscriber: null }).newSubscriber).toBeUndefined();
    expect(correctedFacts(before, { newSubscriber: { ...newSubscriber, name: 'مریم رضائی' } }).newSubscriber?.name).toBe('مریم رضائی');
    expect(before.newSubscriber).toEqual(newSubscriber);
  });
});

describe('old and new side by side', () => {
  const old = bill(line('GAS_STEP', 5_000, { label: 'پله ۱' }), line('GAS_STEP', 3_000, { label: 'پله ۲' }), line('VAT', 720));
  test('every old line with its successor, by code and label; new ones after them, dropped ones without', () => {
    const next = bill(line('GAS_STEP', 5_500, { label: 'پله ۱' }), line('VAT', 495), line('DISCOUNT', -100));
    expect(compareBills(old, next, false)).toEqual({
      lines: [
        { code: 'GAS_STEP', label: 'پله ۱', before: 5_000, after: 5_500 },
        { code: 'GAS_STEP', label: 'پله ۲', before: 3_000, after: null },
        { code: 'VAT', label: 'VAT', before: 720, after: 495 },
        { code: 'DISCOUNT', label: 'DISCOUNT', before: null, after: -100 },
      ],
      total: { before: 8_720, after: 5_895 },
      payable: { before: 8_000, after: 5_000 },
      difference: -2_825,
      received: 0,
      noChange: false,
    });
  });
  test('a line is the successor of none that shares only its code or only its label', () => {
    const before = bill(line('GAS_STEP', 1, { label: 'a' }), line('VAT', 2, { label: 'b' }));
    const after = bill(line('GAS_STEP', 3, { label: 'b' }), line('VAT', 4, { label: 'a' }));
    expect(compareBills(before, after, false).lines.map(({ before: was, after: is }) => [was, is])).toEqual([
      [1, null],
      [2, null],
      [null, 3],
      [null, 4],
    ]);
  });
  test('two lines of one code and label are two', () => {
    const twice = bill(line('SUBSCRIPTION', 1), line('SUBSCRIPTION', 2));
    expect(compareBills(twice, bill(line('SUBSCRIPTION', 2)), true).lines.map(({ before, after }) => [before, after])).toEqual([
      [1, 2],
      [2, null],
    ]);
  });
  test('no change: the same lines in every field and the same facts', () => {
    expect(compareBills(old, bill(...old.lines), true).noChange).toBe(true);
    expect(compareBills(old, bill(...old.lines), false).noChange).toBe(false);
    expect(compareBills(old, bill(...old.lines, line('DISCOUNT', 0)), true).noChange).toBe(false);
    const fields: Partial<BillLine>[] = [
      { code: 'GAS_FLAT' },
      { label: 'x' },
      { quantity: '1' },
      { unit: 'm3' },
      { rate: '1' },
      { days: 1 },
      { from: on('1397/01/01') },
      { to: on('1397/01/01') },
      { amount: 1 },
      { basis: 'x' },
    ];
    for (const change of fields) {
      expect([change, compareBills(old, bill({ ...(old.lines[0] as BillLine), ...change }, ...old.lines.slice(1)), true).noChange]).toEqual(
        [change, false],
      );
    }
  });
});

test('sums by code, and their difference without what did not change', () => {
  const before = sumsByCode([line('GAS_STEP', 5_000), line('GAS_STEP', 3_000), line('VAT', 720), line('INSURANCE', 90)]);
  expect(before).toEqual({ GAS_STEP: 8_000, VAT: 720, INSURANCE: 90 });
  expect(subtractSums({ GAS_STEP: 8_500, INSURANCE: 90, DISCOUNT: -100 }, before)).toEqual({ GAS_STEP: 500, VAT: -720, DISCOUNT: -100 });
});
