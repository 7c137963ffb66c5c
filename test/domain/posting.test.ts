import { assessDebt } from '../../src/domain/assessment.js';
import { endOfDay } from '../../src/domain/cycle.js';
import { postingsOf } from '../../src/domain/posting.js';
import type { Bill, SettlementFacts } from '../../src/domain/settlement.js';
import { bill as lastBill, facts, on, order, snapshot, tariff } from './sample.js';

const CYCLE = { cycle: '12-1397-02', series: '12', fromDate: on('1397/02/01'), toDate: on('1397/04/01'), closesOn: on('1397/04/05'), issuesOn: on('1397/04/10'), objectionDays: 10 };
const FEE = { amount: 49_000, resolution: '12/97', illustrative: false };

function postings(asked: SettlementFacts, fee: typeof FEE | null = FEE, cycle: typeof CYCLE | null = CYCLE) {
  const of = order(asked);
  const { debt } = assessDebt(of, snapshot({ lastBill: lastBill('1397/02/01', 100, { totalDue: 500 }) }), [tariff()], fee, on('1397/12/29'));
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
        detail: { billNumber: '97-1', date: '1397/02/31', reading: 145, readingSource: 'staff', total: 49_145, payable: 49_000, carry: 145, lines: { GAS_STEP: 48_645, PREVIOUS_DEBT: 500 } },
      },
    ]);
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
    expect(postings(facts('1397/02/31', 145), FEE, null).map(({ cycle, dueOn }) => [cycle, dueOn])).toEqual([[null, null], [null, null]]);
  });

  test('the ledger alone hands over no reading', () => {
    expect(postings(facts('1397/02/31', null), null)).toMatchObject([{ amount: 500, detail: { reading: null, readingSource: 'none', payable: 0, carry: 500 } }]);
  });
});
