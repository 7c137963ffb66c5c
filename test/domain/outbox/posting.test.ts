import { assess } from '../../../src/domain/settlement/assessment.js';
import type { Cycle } from '../../../src/domain/settlement/account.js';
import { endOfDay } from '../../../src/domain/outbox/cycle.js';
import { COVERED } from '../../../src/domain/outbox/outbox.js';
import { type PostingEntry, afterClosing, outboxOf, postingsOf, targetOf } from '../../../src/domain/outbox/posting.js';
import type { Bill, Posting, PostingKind, PostingStatus, SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import { bill as lastBill, facts, on, order, snapshot, tariff } from '../sample.js';

const CYCLE = {
  cycle: '12-1397-02',
  series: '12',
  fromDate: on('1397/02/01'),
  toDate: on('1397/04/01'),
  closesOn: on('1397/04/05'),
  issuesOn: on('1397/04/10'),
  objectionDays: 10,
};
const FEE = { amount: 49_000, resolution: '12/97', illustrative: false };

function postings(asked: SettlementFacts, fee: typeof FEE | null = FEE, cycle: typeof CYCLE | null = CYCLE) {
  const of = order(asked);
  const { debt } = assess(
    of,
    snapshot({ lastBill: lastBill('1397/02/01', 100, { totalDue: 500 }) }),
    [tariff()],
    fee,
    on('1397/12/29'),
    [],
  );
  const bill: Bill = { ...debt!, number: '97-1', revision: 1, issuedAt: '2018-05-21T06:00:00Z', billId: '1', payments: [] };
  return postingsOf(of, bill, cycle);
}

describe('postingsOf', () => {
  test('the settlement’s reading and amounts, so that the next bill starts there (case 6)', () => {
    // 45 m³ → 48,645 (case 2) and 500 before
    expect(postings(facts('1397/02/31', 145), null)).toEqual([
      {
        posting: '123004567814-13970231/settlement',
        kind: 'settlement',
        cycle: '12-1397-02',
        dueOn: '1397/04/05',
        amount: 49_145,
        status: 'waiting',
        timesLate: 0,
        reason: null,
        billSerial: null,
        // 10 days after the issue, to the end of the day
        objectionEndsAt: endOfDay(on('1397/04/20')),
        detail: {
          billNumber: '97-1',
          date: '1397/02/31',
          reading: 145,
          readingSource: 'staff',
          total: 49_145,
          payable: 49_000,
          carry: 145,
          lines: { GAS_STEP: 48_645, PREVIOUS_DEBT: 500 },
        },
      },
    ]);
  });

  test('after another settlement of the cycle it names that bill, whose total its own holds', () => {
    const of = order(facts('1397/02/31', 145));
    const { debt } = assess(of, snapshot({ lastBill: lastBill('1397/02/01', 100) }), [tariff()], null, on('1397/12/29'), []);
    const bill: Bill = { ...debt!, number: '97-2', revision: 1, issuedAt: '2018-05-21T06:00:00Z', billId: '1', payments: [] };
    const earlier = {
      billNumber: '97-1',
      settlementDate: on('1397/02/16'),
      previous: null,
      total: 0,
      counted: { payments: [], adjustments: [], instalments: [], deposits: [] },
    };
    expect(postingsOf(of, bill, CYCLE, earlier)[0]?.detail).toMatchObject({ billNumber: '97-2', continues: '97-1' });
    expect(postingsOf(of, bill, CYCLE)[0]?.detail).not.toHaveProperty('continues');
  });

  test('the fee with its resolution, outside the settlement’s own total', () => {
    const [settlement, fee, ...more] = postings(facts('1397/02/31', 145));
    expect(settlement!.amount).toBe(49_145);
    expect(fee).toMatchObject({ posting: '123004567814-13970231/fee', kind: 'fee', amount: 49_000, detail: { resolution: '12/97' } });
    expect(more).toEqual([]);
  });

  test('the name change waits with it', () => {
    const newSubscriber = { name: 'مریم احمدی', nationalId: '0012345679', mobile: '09121234567', from: on('1397/03/01') };
    const all = postings(facts('1397/02/31', 145, { newSubscriber }));
    expect(all.map(({ kind }) => kind)).toEqual(['settlement', 'fee', 'nameChange']);
    expect(all[2]).toMatchObject({ posting: '123004567814-13970231/nameChange', amount: 0, detail: newSubscriber });
    expect(new Set(all.map(({ posting }) => posting)).size).toBe(3);
  });

  test('without a next cycle they wait without a date', () => {
    expect(postings(facts('1397/02/31', 145), FEE, null).map(({ cycle, dueOn }) => [cycle, dueOn])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  test('the ledger alone hands over no reading', () => {
    expect(postings(facts('1397/02/31', null), null)).toMatchObject([
      { amount: 500, detail: { reading: null, readingSource: 'none', payable: 0, carry: 500 } },
    ]);
  });
});

/** Two cycles around Nowruz: the first closes on the last day of 1405. */
const LAST: Cycle = {
  cycle: '12-1405-06',
  series: '12',
  fromDate: on('1405/10/25'),
  toDate: on('1405/12/25'),
  closesOn: on('1405/12/29'),
  issuesOn: on('1406/01/05'),
  objectionDays: 30,
};
const NEXT: Cycle = {
  cycle: '12-1406-01',
  series: '12',
  fromDate: on('1405/12/25'),
  toDate: on('1406/02/25'),
  closesOn: on('1406/02/28'),
  issuesOn: on('1406/03/02'),
  objectionDays: 30,
};
const SETTLED = on('1405/12/20');

function waiting(change: Partial<Posting> = {}): Posting {
  return {
    posting: 'S/fee',
    kind: 'fee',
    cycle: LAST.cycle,
    dueOn: LAST.closesOn,
    amount: 1,
    status: 'handedOver',
    timesLate: 0,
    reason: null,
    billSerial: null,
    ...change,
  };
}
function closing(change: Partial<Posting>, at: Partial<Parameters<typeof afterClosing>[1]> = {}) {
  return afterClosing(waiting(change), {
    today: on('1406/01/01'),
    settlementDate: SETTLED,
    cycles: [NEXT],
    opened: new Set([LAST.cycle]),
    covered: false,
    ...at,
  });
}

describe('afterClosing', () => {
  const KINDS: PostingKind[] = ['fee', 'settlement', 'nameChange', 'difference'];
  const OPEN: PostingStatus[] = ['waiting', 'handedOver', 'late', 'refused'];
  const onward = { cycle: NEXT.cycle, dueOn: NEXT.closesOn, objectionEndsAt: endOfDay(on('1406/04/01')), late: true };

  for (const kind of KINDS) {
    for (const status of OPEN) {
      test(`${kind}, ${status}: on to the next cycle over Nowruz`, () => {
        expect(closing({ kind, status })).toEqual({ ...onward, status: status === 'refused' ? 'refused' : 'late', reason: null });
      });
      test(`${kind}, ${status}, while a bill covers its dates: ${kind === 'settlement' ? 'stays out of every cycle' : 'on all the same'}`, () => {
        const outside = { cycle: null, dueOn: null, objectionEndsAt: null, status: 'late', reason: COVERED, late: true };
        expect(closing({ kind, status }, { covered: true })).toEqual(
          kind === 'settlement' ? outside : { ...onward, status: status === 'refused' ? 'refused' : 'late', reason: null },
        );
      });
    }
    for (const status of ['taken', 'replaced', 'cancelled'] as const) {
      test(`${kind}, ${status}: nothing`, () => expect(closing({ kind, status }, { covered: true })).toBeNull());
    }
  }

  test.each([
    ['the closing day itself, through 24:00 Tehran', '1405/12/29', null],
    ['1 Farvardin, the day after', '1406/01/01', 'late'],
    ['weeks later', '1406/01/31', 'late'],
  ])('%s', (_, today, status) => expect(closing({}, { today: on(today), cycles: [LAST, NEXT] })?.status ?? null).toBe(status));

  test.each<[string, Partial<Parameters<typeof afterClosing>[1]>]>([
    ['no timetable at all', { cycles: [] }],
    ['every cycle closed', { today: on('1406/03/01') }],
    ['the only other one ends before the settlement', { settlementDate: on('1406/02/26') }],
  ])('no next cycle (%s): late without a date', (_, at) => {
    expect(closing({}, at)).toEqual({ cycle: null, dueOn: null, objectionEndsAt: null, status: 'late', reason: null, late: true });
  });
  test('one that waits for no cycle waits for no closing', () => expect(closing({ cycle: null, dueOn: null })).toBeNull());

  describe('the timetable moved the closing of its cycle', () => {
    const moved: Cycle = { ...LAST, closesOn: on('1406/01/10'), issuesOn: on('1406/01/15') };
    test.each<[PostingStatus, string | null]>([
      ['waiting', null],
      ['late', null],
      ['refused', 'اشتباه'],
    ])('which nobody opened: %s goes with it and is not late', (status, reason) => {
      expect(closing({ status, reason }, { cycles: [moved, NEXT], opened: new Set() })).toEqual({
        ...targetOf(moved),
        status,
        reason,
        late: false,
      });
    });
    test('though a bill covers its dates: it may still be taken there', () => {
      expect(closing({ kind: 'settlement', status: 'waiting' }, { cycles: [moved, NEXT], opened: new Set(), covered: true })).toMatchObject(
        { cycle: LAST.cycle, late: false },
      );
    });
    test('to this very day: it still can be opened', () => {
      const today: Cycle = { ...LAST, closesOn: on('1406/01/01') };
      expect(closing({ status: 'waiting' }, { cycles: [today, NEXT], opened: new Set() })).toMatchObject({
        cycle: LAST.cycle,
        status: 'waiting',
        late: false,
      });
    });
    test('nowhere: what nobody opened has passed all the same', () => {
      expect(closing({}, { cycles: [LAST, NEXT], opened: new Set() })).toMatchObject({ cycle: NEXT.cycle, status: 'late', late: true });
    });
    test('which billing opened before: it closed as opened, and nothing comes back into it', () => {
      expect(closing({}, { cycles: [moved, NEXT] })).toMatchObject({ cycle: NEXT.cycle, status: 'late', late: true });
      expect(closing({}, { cycles: [moved] })).toMatchObject({ cycle: null, status: 'late', late: true });
    });
  });
});

describe('outboxOf', () => {
  type Row = Posting & Pick<PostingEntry, 'objectionEndsAt'>;
  const row = (change: Partial<Row>): Row => ({
    ...waiting({ status: 'waiting' }),
    objectionEndsAt: '2027-04-24T20:30:00.000Z',
    ...change,
  });
  test('the nearest closing of what is open, the last end of the objection days', () => {
    const rows = [row({}), row({ posting: 'S/x', dueOn: on('1405/10/20'), objectionEndsAt: '2027-01-10T20:30:00.000Z' })];
    const { postings: all, closesAt, objectionEndsAt } = outboxOf(rows);
    expect(all).toEqual(rows.map(({ objectionEndsAt: _, ...posting }) => posting));
    expect([closesAt, objectionEndsAt]).toEqual([endOfDay(on('1405/10/20')), '2027-04-24T20:30:00.000Z']);
    const turned = outboxOf([...rows].reverse());
    expect([turned.closesAt, turned.objectionEndsAt]).toEqual([closesAt, objectionEndsAt]);
  });
  test.each<[PostingStatus, boolean, boolean]>([
    ['waiting', true, true],
    ['handedOver', true, true],
    ['late', true, true],
    ['refused', true, true],
    ['taken', false, true],
    ['replaced', false, false],
    ['cancelled', false, false],
  ])('%s: closing %s, objection %s', (status, closes, objects) => {
    const { closesAt, objectionEndsAt } = outboxOf([row({ status })]);
    expect([closesAt !== null, objectionEndsAt !== null]).toEqual([closes, objects]);
  });
  test('without a cycle there is nothing to wait for', () => {
    expect(outboxOf([row({ cycle: null, dueOn: null, objectionEndsAt: null })])).toMatchObject({ closesAt: null, objectionEndsAt: null });
    expect(outboxOf([])).toEqual({ postings: [], closesAt: null, objectionEndsAt: null });
  });
  test('one that a bill covers keeps the objection days of its old cycle', () => {
    expect(outboxOf([row({ status: 'late', reason: COVERED, cycle: null, dueOn: null })])).toMatchObject({
      closesAt: null,
      objectionEndsAt: '2027-04-24T20:30:00.000Z',
    });
  });
});
