import { type EarlierPosting, replacements } from '../../../src/domain/correction/replacement.js';
import type { PostingEntry } from '../../../src/domain/outbox/posting.js';
import type { LedgerPayment } from '../../../src/domain/settlement/account.js';
import type { BillLine } from '../../../src/domain/bill/debt.js';
import type { PostingKind } from '../../../src/domain/settlement/settlement.js';
import { jalali } from '../../../src/domain/calendar/jalali.js';

const NAME = { name: 'پروین صداقت', nationalId: '0012345679' };
const entry = (kind: PostingKind, amount: number, detail: Record<string, unknown> = {}): PostingEntry => ({
  posting: `S/${kind}`,
  kind,
  cycle: '12-1405-05',
  dueOn: jalali('1405/09/27'),
  amount,
  status: 'waiting',
  timesLate: 0,
  reason: null,
  billSerial: null,
  objectionEndsAt: null,
  detail,
});
const line = (code: BillLine['code'], amount: number) => ({ code, amount }) as BillLine;
const earlier = (posting: string, change: Partial<EarlierPosting> = {}): EarlierPosting => ({
  posting: `S/${posting}`,
  kind: posting.split('/')[0] as PostingKind,
  revision: 1,
  amount: 1_000,
  detail: {},
  held: false,
  ...change,
});
const payment = (reference: string, amount: number): LedgerPayment => ({
  reference,
  paidOn: jalali('1405/09/01'),
  amount,
  paymentId: null,
});
/** Revision 2: gas 700, tax 100 = 800 rial; the fee of the first issue is in its entries again. */
const BILL = { revision: 2, lines: [line('GAS_FLAT', 700), line('VAT', 100)], total: 800 };
const AMOUNTS = [entry('settlement', 800, { reading: 5 }), entry('fee', 49_000)];
const SETTLEMENT = earlier('settlement', { detail: { lines: { GAS_FLAT: 900, VAT: 100 } } });
const FEE = earlier('fee', { amount: 49_000, held: true });
const held = (of: EarlierPosting): EarlierPosting => ({ ...of, held: true });

type Added = [posting: string, kind: PostingKind, amount: number, detail: Record<string, unknown>];
test.each<[string, PostingEntry[], EarlierPosting[], string[], Added[]]>([
  [
    'not held: replaced, no second fee',
    AMOUNTS,
    [FEE, SETTLEMENT],
    ['S/settlement'],
    [['S/settlement/2', 'settlement', 800, { reading: 5, replaces: 'S/settlement' }]],
  ],
  [
    'held: followed by the difference',
    AMOUNTS,
    [FEE, held(SETTLEMENT)],
    [],
    [['S/difference/2', 'difference', -200, { reading: 5, lines: { GAS_FLAT: -200 }, replaces: 'S/settlement' }]],
  ],
  [
    'held, and a difference that is not: that one is replaced',
    AMOUNTS,
    [earlier('difference/2', { amount: -50, detail: { lines: { GAS_FLAT: -50 } } }), held(SETTLEMENT)],
    ['S/difference/2'],
    [['S/difference/2', 'difference', -200, { reading: 5, lines: { GAS_FLAT: -200 }, replaces: 'S/settlement' }]],
  ],
  [
    'held with a held difference: the difference to both',
    AMOUNTS,
    [held(SETTLEMENT), held(earlier('difference/1', { amount: -50, detail: { lines: { GAS_FLAT: -50 } } }))],
    [],
    [['S/difference/2', 'difference', -150, { reading: 5, lines: { GAS_FLAT: -150 }, replaces: 'S/difference/1' }]],
  ],
  [
    'a refund is no part of the amounts',
    AMOUNTS,
    [held(earlier('difference/refund', { kind: 'difference', amount: 300, detail: { refund: true } })), held(SETTLEMENT)],
    [],
    [['S/difference/2', 'difference', -200, { reading: 5, lines: { GAS_FLAT: -200 }, replaces: 'S/settlement' }]],
  ],
  [
    'no amount changes: the new reading is posted all the same',
    AMOUNTS,
    [held(earlier('settlement', { amount: 800, detail: { lines: { GAS_FLAT: 700, VAT: 100 } } }))],
    [],
    [['S/difference/2', 'difference', 0, { reading: 5, lines: {}, replaces: 'S/settlement' }]],
  ],
  ['the same name: nothing', [entry('nameChange', 0, NAME)], [earlier('nameChange', { detail: NAME })], [], []],
  [
    'another name, the first not held: replaced',
    [entry('nameChange', 0, NAME)],
    [earlier('nameChange', { detail: { ...NAME, name: 'علی' } })],
    ['S/nameChange'],
    [['S/nameChange/2', 'nameChange', 0, { ...NAME, replaces: 'S/nameChange' }]],
  ],
  [
    'another name, the first held: followed',
    [entry('nameChange', 0, NAME)],
    [earlier('nameChange', { detail: { ...NAME, name: 'علی' }, held: true })],
    [],
    [['S/nameChange/2', 'nameChange', 0, { ...NAME, replaces: 'S/nameChange' }]],
  ],
  ['a first name change', [entry('nameChange', 0, NAME)], [], [], [['S/nameChange/2', 'nameChange', 0, NAME]]],
  ['no name any more, not held: withdrawn', [], [earlier('nameChange', { detail: NAME })], ['S/nameChange'], []],
  ['no name any more, but held: it stays', [], [earlier('nameChange', { detail: NAME, held: true })], [], []],
])('replacements: %s', (_, entries, before, replaced, added) => {
  const result = replacements('S', BILL, entries, before, new Map());
  expect(result.replaced).toEqual(replaced);
  expect(result.added.map(({ posting, kind, amount, detail }) => [posting, kind, amount, detail])).toEqual(added);
});

test('what was paid since the revision that billing holds is not counted twice', () => {
  const payments = new Map([
    [1, [payment('a', 10)]],
    [2, [payment('a', 10), payment('b', 300)]],
  ]);
  const bill = { ...BILL, lines: [...BILL.lines, line('PAYMENT', -300)], total: 500 };
  const { added } = replacements('S', bill, [entry('settlement', 500)], [held(SETTLEMENT)], payments);
  expect(added[0]).toMatchObject({ amount: -200, detail: { lines: { GAS_FLAT: -200 } } });
});
