import fc from 'fast-check';
import type { AccountSnapshot, EarlierSettlement, LedgerBill } from '../../../src/domain/settlement/account.js';
import { type Debt, type LineCode, computeDebt } from '../../../src/domain/bill/debt.js';
import { earlierSettlement, sinceCounted } from '../../../src/domain/settlement/earlier-settlement.js';
import { addDays, daysBetween } from '../../../src/domain/calendar/jalali.js';
import { checkReading, previousReading } from '../../../src/domain/settlement/reading.js';
import type { SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import { bill, facts, isDebt, on, snapshot, stepTariff, tariff } from '../sample.js';

const TODAY = on('1397/12/29');
const payment = (reference: string, amount: number) => ({ reference, paidOn: on('1397/02/05'), amount, paymentId: null });
const adjustment = (reference: string, amount: number) => ({ reference, on: on('1397/02/05'), amount, reason: 'اصلاح' });

function settle(
  of: AccountSnapshot,
  asked: SettlementFacts,
  number = 'S',
  tariffs = [tariff()],
): { debt: Debt; earlier: EarlierSettlement } {
  const { usage } = checkReading(of, asked, tariffs, TODAY);
  if (!usage) throw new Error('impossible reading');
  const debt = computeDebt({ snapshot: of, facts: asked, usage, tariffs, fee: null });
  isDebt(debt);
  return { debt, earlier: earlierSettlement({ bill: { ...debt, number }, facts: asked, snapshot: of }) };
}
const amounts = ({ lines }: Debt, code: LineCode): number[] => lines.filter((line) => line.code === code).map((line) => line.amount);
const last = bill('1397/02/01', 100, { totalDue: 20_000 });

describe('a second settlement in one cycle', () => {
  test('decision: starts at the first one’s reading and date; its previous debt is that one’s total − the payments it did not count', () => {
    const before = snapshot({ lastBill: last, payments: [payment('P1', 5_000)] });
    // T1: 22.5 m³ in 15 days are all in the first step
    const first = settle(before, facts('1397/02/16', 120), '01-1397-000001');
    expect(first.debt.total).toBe(20_000 - 5_000 + 20 * 1081);
    const second = settle(
      { ...before, payments: [payment('P1', 5_000), payment('P2', 36_000)], earlierSettlement: first.earlier },
      facts('1397/02/26', 130),
    );
    expect(second.debt).toMatchObject({ days: 10, consumption: '10', previousReading: { reading: 120, on: '1397/02/16' } });
    expect(amounts(second.debt, 'PREVIOUS_DEBT')).toEqual([first.debt.total]);
    expect(second.debt.lines.find(({ code }) => code === 'PREVIOUS_DEBT')).toMatchObject({
      to: '1397/02/16',
      basis: expect.stringContaining('01-1397-000001'),
    });
    expect(amounts(second.debt, 'PAYMENT')).toEqual([-36_000]);
    // from the bill alone the previous debt would be 20,000 and both payments would count
    expect(second.debt.total).toBe(first.debt.total - 36_000 + 10 * 1081);
  });

  test('the ledger alone moves the debt, not the reading, and not the source of the last one', () => {
    const before = snapshot({ lastBill: { ...last, readingSource: 'estimated' }, payments: [payment('P1', 5_000)] });
    const { earlier } = settle(before, facts('1397/02/16', null));
    expect(earlier).toMatchObject({ total: 15_000, previous: { reading: 100, on: '1397/02/01', source: 'estimated' } });
    const { debt } = settle({ ...before, earlierSettlement: earlier }, facts('1397/02/31', 145));
    expect(debt).toMatchObject({ days: 30, total: 15_000 + 48_645, definitive: false });
  });

  test('only a settlement of some days with a figure moves the reading', () => {
    const of = snapshot({ lastBill: { ...last, readingSource: 'declared' } });
    const previous = (days: number, reading: number | null) =>
      earlierSettlement({
        bill: { total: 0, days, number: 'S' },
        facts: facts('1397/02/16', reading, { readingSource: 'staff' }),
        snapshot: of,
      }).previous;
    const stays = { reading: 100, on: '1397/02/01', source: 'declared' };
    expect([previous(15, 120), previous(0, 120), previous(15, null), previous(0, null)]).toEqual([
      { reading: 120, on: '1397/02/16', source: 'staff' },
      stays,
      stays,
      stays,
    ]);
  });

  test('estimated, it makes the next one on account; a reading below it is refused', () => {
    const before = snapshot({ lastBill: last });
    const { earlier } = settle(before, facts('1397/02/16', 120, { readingSource: 'estimated' }));
    const after = { ...before, earlierSettlement: earlier };
    expect(settle(after, facts('1397/02/31', 145)).debt.definitive).toBe(false);
    expect(checkReading(after, facts('1397/02/31', 119), [tariff()], TODAY)).toMatchObject({
      usage: null,
      findings: [{ code: 'READING_BELOW_ESTIMATE' }],
    });
  });

  test('zero days: the same figure → as none; another figure → error; an earlier date → error, for the ledger alone none', () => {
    const before = snapshot({ lastBill: last, payments: [payment('P1', 5_000)] });
    const { debt, earlier } = settle(before, facts('1397/02/16', 120));
    const after = { ...before, earlierSettlement: earlier };
    const same = settle(after, facts('1397/02/16', 120));
    expect(same.debt).toMatchObject({ days: 0, consumption: '0', total: debt.total });
    expect(same.debt.lines.map(({ code }) => code)).toEqual(['PREVIOUS_DEBT']);
    expect(same.earlier.previous).toEqual({ reading: 120, on: '1397/02/16', source: 'staff' });
    const codes = (date: string, reading: number | null) =>
      checkReading(after, facts(date, reading), [tariff()], TODAY).findings.map(({ code }) => code);
    expect(codes('1397/02/16', 121)).toEqual(['READING_CHANGED_ON_SAME_DAY']);
    expect(codes('1397/02/10', 110)).toEqual(['READING_DATE_BEFORE_LAST']);
    expect(codes('1397/02/10', null)).toEqual([]);
  });

  test('without a bill and without a debt: it starts at the settlement, with no previous debt', () => {
    const { earlier } = settle(snapshot(), facts('1390/01/31', 45));
    const paid = { ...snapshot({ payments: [payment('P', 48_645)] }), earlierSettlement: earlier };
    const ledger = settle(paid, facts('1390/02/05', null));
    expect(ledger.debt).toMatchObject({ total: 0, previousReading: { reading: 45, on: '1390/01/31' } });
    expect(settle({ ...paid, earlierSettlement: ledger.earlier }, facts('1390/02/06', null)).debt.lines).toEqual([]);
    expect(settle({ ...paid, earlierSettlement: { ...earlier, total: -3 } }, facts('1390/02/06', null)).debt.lines[0]).toMatchObject({
      label: 'بستانکاری قبلی',
      amount: -3,
    });
  });

  test('instalments and deposit count once over two final settlements, also with a balance between', () => {
    const before = snapshot({
      lastBill: last,
      instalments: [{ reference: 'I1', dueOn: on('1397/05/01'), amount: 7_000 }],
      deposits: [{ reference: 'D1', amount: 30_000, on: on('1390/01/01') }],
    });
    const balance = settle(before, facts('1397/02/10', null));
    expect(balance.earlier.counted).toMatchObject({ instalments: [], deposits: [] });
    const final = settle({ ...before, earlierSettlement: balance.earlier }, facts('1397/02/11', null, { purpose: 'final' }));
    expect(final.debt.total).toBe(20_000 + 7_000 - 30_000);
    const between = settle({ ...before, earlierSettlement: final.earlier }, facts('1397/02/12', null));
    const again = settle({ ...before, earlierSettlement: between.earlier }, facts('1397/02/13', null, { purpose: 'final' }));
    expect(again.debt.lines.map(({ code, amount }) => [code, amount])).toEqual([['PREVIOUS_DEBT', -3_000]]);
  });
});

describe('a payment that is reported before the ledger tells it: one reference, one payment', () => {
  const before = snapshot({ lastBill: last });
  const [from, to] = ['1397/02/16', '1397/02/26'];
  const first = settle(before, facts(from, 120));
  /** a second settlement that knows of `reported`, then a third when the ledger holds `fed` in its place */
  const chain = (reported: number, fed: number | null) => {
    const second = settle({ ...before, payments: [payment('R', reported)], earlierSettlement: first.earlier }, facts(to, null));
    const third = settle(
      { ...before, payments: fed === null ? [] : [payment('R', fed)], earlierSettlement: second.earlier },
      facts('1397/02/27', null),
    );
    return { second: second.debt, third: third.debt };
  };

  test('counted once: by the second settlement, and no more by the third', () => {
    const { second, third } = chain(first.debt.payable, first.debt.payable);
    expect(second.total).toBe(first.debt.total - first.debt.payable);
    expect(third.lines.map(({ code, amount }) => [code, amount])).toEqual([['PREVIOUS_DEBT', second.total]]);
  });
  test('a part leaves the rest, too much is a credit; both are carried on', () => {
    expect(chain(20_000, 20_000).third.total).toBe(first.debt.total - 20_000);
    const { second, third } = chain(first.debt.total + 7_000, first.debt.total + 7_000);
    expect(second).toMatchObject({ total: -7_000, payable: 0, carry: -7_000 });
    expect(third.lines).toMatchObject([{ label: 'بستانکاری قبلی', amount: -7_000 }]);
  });
  test('the ledger’s sum stands: the difference is one line', () => {
    const { second, third } = chain(20_000, 18_000);
    expect(third.lines.map(({ code, amount }) => [code, amount])).toEqual([
      ['PREVIOUS_DEBT', second.total],
      ['PAYMENT', 2_000],
    ]);
    expect(third.total).toBe(first.debt.total - 18_000);
  });
  test('the ledger says that the last bill counted it already: it is given back', () => {
    const { second, third } = chain(20_000, null);
    expect(third.lines.map(({ code, amount }) => [code, amount])).toEqual([
      ['PREVIOUS_DEBT', second.total],
      ['PAYMENT', 20_000],
    ]);
    expect(third.total).toBe(first.debt.total);
  });
  test('case 22: the slip of the first paid after the second was announced changes neither, and the third counts it once', () => {
    const second = settle({ ...before, earlierSettlement: first.earlier }, facts(to, 130));
    const issued = JSON.stringify(second);
    const third = settle(
      { ...before, payments: [payment('R', first.debt.payable)], earlierSettlement: second.earlier },
      facts('1397/02/27', null),
    );
    expect(third.debt.total).toBe(second.debt.total - first.debt.payable);
    const fourth = settle(
      { ...before, payments: [payment('R', first.debt.payable)], earlierSettlement: third.earlier },
      facts('1397/02/28', null),
    );
    expect(fourth.debt.total).toBe(third.debt.total);
    expect(JSON.stringify(second)).toBe(issued);
  });
});

type Sums = [string, number][];
test.each<[string, Sums, Sums, { entries: Sums; gone: Sums }]>([
  ['nothing counted', [['A', 1]], [], { entries: [['A', 1]], gone: [] }],
  [
    'by reference, not by sum or date',
    [
      ['A', 1],
      ['B', 1],
    ],
    [['A', 1]],
    { entries: [['B', 1]], gone: [] },
  ],
  ['changed by a later feed: the difference', [['A', 5]], [['A', 3]], { entries: [['A', 2]], gone: [] }],
  ['counted, and no longer told beside the bill: it is taken back', [], [['A', 3]], { entries: [], gone: [['A', 3]] }],
  ['nothing is taken back of nothing', [], [['A', 0]], { entries: [], gone: [] }],
])('sinceCounted: %s', (_, now, before, { entries, gone }) => {
  const sums = (list: Sums) => list.map(([reference, amount]) => ({ reference, amount }));
  expect(sinceCounted(sums(now), sums(before))).toEqual({ entries: sums(entries), gone: sums(gone) });
});

describe('what a settlement counted and a later feed tells otherwise', () => {
  const settled = settle(
    snapshot({ lastBill: last, payments: [payment('P1', 5_000)], adjustments: [adjustment('A1', -2_000)] }),
    facts('1397/02/16', null),
  ).earlier;
  // 20,000 − 5,000 − 2,000
  test('case 22: a payment of the old bill that the bill counts already is not taken off twice', () => {
    expect(settled.total).toBe(13_000);
    const { debt, earlier } = settle(
      snapshot({ lastBill: last, adjustments: [adjustment('A1', -2_000)], earlierSettlement: settled }),
      facts('1397/02/20', null),
    );
    expect(debt.lines.map(({ code, amount, to }) => [code, amount, to])).toEqual([
      ['PREVIOUS_DEBT', 13_000, '1397/02/16'],
      ['PAYMENT', 5_000, '1397/02/16'],
    ]);
    expect(debt.total).toBe(18_000);
    for (const part of ['P1', 'S']) expect(debt.lines[1]!.basis).toContain(part);
    // and not given back twice either
    expect(
      settle(snapshot({ lastBill: last, adjustments: [adjustment('A1', -2_000)], earlierSettlement: earlier }), facts('1397/02/21', null))
        .debt.total,
    ).toBe(18_000);
  });
  test('an adjustment likewise', () => {
    const { debt } = settle(
      snapshot({ lastBill: last, payments: [payment('P1', 5_000)], earlierSettlement: settled }),
      facts('1397/02/20', null),
    );
    expect(debt.lines.slice(1).map(({ code, amount }) => [code, amount])).toEqual([['ADJUSTMENT', 2_000]]);
    expect(debt.total).toBe(15_000);
  });
  test('instalments and deposit of a final settlement likewise, at a balance too', () => {
    const plan = {
      instalments: [{ reference: 'I1', dueOn: on('1397/05/01'), amount: 7_000 }],
      deposits: [{ reference: 'D1', amount: 3_000, on: on('1390/01/01') }],
    };
    const final = settle(snapshot({ lastBill: last, ...plan }), facts('1397/02/16', null, { purpose: 'final' })).earlier;
    expect(final.total).toBe(24_000);
    const later = { reference: 'I2', dueOn: on('1397/06/01'), amount: 9_000 };
    for (const [purpose, due] of [
      ['balance', 0],
      ['final', 9_000],
    ] as const) {
      // I1 was paid with the bill, D1 is smaller than was told, I2 came since
      const now = snapshot({
        lastBill: last,
        instalments: [later],
        deposits: [{ ...plan.deposits[0]!, amount: 1_000 }],
        earlierSettlement: final,
      });
      const { debt } = settle(now, facts('1397/02/20', null, { purpose }));
      expect(debt.lines.slice(1).map(({ code, amount }) => [code, amount])).toEqual([
        ['INSTALMENTS', due - 7_000],
        ['DEPOSIT', 2_000],
      ]);
      expect(debt.total).toBe(20_000 + due - 1_000);
    }
  });
});

test('conservation over bill → settlements → next bill: no day, no m³, no rial twice or lost', () => {
  const amount = fc.integer({ min: -50_000, max: 200_000 });
  // known from one visit on; at another its sum is put right, or it is no longer beside the bill
  const entry = fc.record({
    at: fc.integer({ min: 0, max: 4 }),
    amount,
    kind: fc.constantFrom('payment', 'adjustment', 'instalment', 'deposit'),
    then: fc.option(fc.record({ at: fc.integer({ min: 1, max: 4 }), amount: fc.option(amount) })),
  });
  const visit = fc.record({
    days: fc.integer({ min: 0, max: 40 }),
    m3: fc.integer({ min: 0, max: 300 }),
    ledgerOnly: fc.boolean(),
    final: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: -100_000, max: 500_000 }),
      fc.array(visit, { minLength: 1, maxLength: 5 }),
      fc.array(entry, { maxLength: 8 }),
      (totalDue, visits, entries) => {
        const flat = [stepTariff([{ uptoM3PerMonth: null, rialPerM3: 1_000 }])];
        const start: LedgerBill = { ...last, totalDue };
        let earlier: EarlierSettlement | undefined;
        let date = start.toDate;
        let reading = start.toReading;
        let charged = { days: 0, m3: 0, gas: 0 };
        let debt: Debt | undefined;
        const known = (kind: string, i: number): { reference: string; amount: number }[] =>
          entries.flatMap((each, n) => {
            const now = each.then && each.then.at <= i ? each.then.amount : each.amount;
            return each.kind === kind && each.at <= i && now !== null ? [{ reference: `${kind}${n}`, amount: now }] : [];
          });
        // references of what a final settlement made due, until they are no longer told
        let due = new Set<string>();
        visits.forEach(({ days, m3, ledgerOnly, final }, i) => {
          date = addDays(date, days);
          const now = snapshot({
            lastBill: start,
            payments: known('payment', i).map(({ reference, amount: sum }) => payment(reference, sum)),
            adjustments: known('adjustment', i).map(({ reference, amount: sum }) => adjustment(reference, sum)),
            instalments: known('instalment', i).map((each) => ({ ...each, dueOn: on('1397/05/01') })),
            deposits: known('deposit', i).map((each) => ({ ...each, on: on('1390/01/01') })),
            ...(earlier && { earlierSettlement: earlier }),
          });
          const plan = [...now.instalments, ...now.deposits].map(({ reference }) => reference);
          due = new Set(plan.filter((reference) => final || due.has(reference)));
          const since = daysBetween(previousReading(now)!.on, date);
          const asNone = ledgerOnly || since === 0;
          // what the meter can pass
          if (!asNone) reading += Math.min(m3, 144 * since);
          const settled = settle(now, facts(date, asNone ? null : reading, { purpose: final ? 'final' : 'balance' }), `S${i}`, flat);
          ({ debt, earlier } = settled);
          charged = {
            days: charged.days + debt.days,
            m3: charged.m3 + Number(debt.consumption),
            gas: charged.gas + amounts(debt, 'GAS_STEP').reduce((sum, each) => sum + each, 0),
          };
          expect(debt.payable + debt.carry).toBe(debt.total);
          // at every visit the whole ledger as it is told then, whatever the settlements before saw
          const sum = (kind: string) =>
            known(kind, i).reduce(
              (all, each) => (kind === 'payment' || kind === 'adjustment' || due.has(each.reference) ? all + each.amount : all),
              0,
            );
          expect(debt.total).toBe(totalDue + charged.gas - sum('payment') + sum('adjustment') + sum('instalment') - sum('deposit'));
        });
        if (!earlier?.previous || !debt) throw new Error('nothing settled');
        expect(charged).toEqual({
          days: daysBetween(start.toDate, earlier.previous.on),
          m3: earlier.previous.reading - start.toReading,
          gas: 1_000 * charged.m3,
        });
        // the next bill starts where the last settlement ended, and is then the whole ledger
        const next = bill(earlier.previous.on, earlier.previous.reading, { totalDue: debt.total });
        expect(settle(snapshot({ lastBill: next }), facts(date, null), 'N', flat).debt.total).toBe(debt.total);
      },
    ),
    { numRuns: 500 },
  );
});
