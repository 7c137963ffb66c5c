import { followingTariff } from '../../../src/domain/tariff/step-table.js';
import type { GasRates, Tariff } from '../../../src/domain/tariff/tariff.js';
import { on, tariff } from '../sample.js';

const rates = (use: string, rialPerM3: number): GasRates => ({
  use,
  season: 'both',
  steps: [{ uptoM3PerMonth: null, rialPerM3 }],
  flat: true,
});
const levy = (from: string, to: string | null, percent: string) => ({ from: on(from), to: to === null ? null : on(to), percent });
const head = { version: 'N', title: 'تازه', source: 'مصوبه', from: on('1405/01/01'), to: on('1405/12/29') };
const before: Tariff = tariff({
  version: 'A',
  to: on('1406/12/29'),
  provisionalTo: on('1407/06/31'),
  gas: [rates('household', 1), rates('commercial', 2), rates('industry', 3)],
});
const follow = (of: Partial<Tariff>): Tariff => followingTariff({ ...before, ...of }, head, [rates('household', 10)]);

test('its own head and rates first, the rates of other uses after them; it is not used beyond its end', () => {
  const made = follow({});
  expect(made).toMatchObject(head);
  expect(made.gas).toEqual([rates('household', 10), rates('commercial', 2), rates('industry', 3)]);
  expect(made).not.toHaveProperty('provisionalTo');
  expect(made.seasons).toEqual(before.seasons);
});

test.each([
  ['holds on the first day: goes on from it to its end', levy('1404/01/01', '1405/06/31', '10'), [levy('1405/01/01', '1405/06/31', '10')]],
  ['has its last day on the first one', levy('1404/01/01', '1405/01/01', '10'), [levy('1405/01/01', '1405/01/01', '10')]],
  ['begins on the first day', levy('1405/01/01', null, '10'), [levy('1405/01/01', null, '10')]],
  ['begins later: as it is', levy('1405/01/02', '1405/02/01', '10'), [levy('1405/01/02', '1405/02/01', '10')]],
  ['ended the day before', levy('1404/01/01', '1404/12/29', '10'), []],
])('a rule that %s', (_, rule, expected) => {
  expect(follow({ levy: [rule as never] }).levy).toEqual(expected);
});

test('after the last day of the tariff before, what held on that day goes on without an end', () => {
  const ended = { to: on('1404/12/29'), provisionalTo: on('1405/06/31') };
  expect(
    follow({ ...ended, levy: [levy('1404/01/01', '1404/12/29', '10') as never, levy('1403/01/01', '1403/12/29', '9') as never] }).levy,
  ).toEqual([levy('1405/01/01', null, '10')]);
});

test('every list of rules goes on in the same way, and none that was not there comes', () => {
  const [dated, gone] = [
    { from: on('1404/01/01'), to: null },
    { from: on('1403/01/01'), to: on('1403/12/29') },
  ];
  const lists = ['levy', 'vat', 'insurance', 'subscription', 'discounts', 'requiredDocuments', 'service'] as const;
  const made = follow(Object.fromEntries(lists.map((list) => [list, [dated, gone]])));
  for (const list of lists) expect([list, made[list]]).toEqual([list, [{ from: on('1405/01/01'), to: null }]]);
  const { discounts: _, requiredDocuments: _documents, service: _service, ...bare } = before;
  const none = followingTariff(bare, head, []);
  for (const list of ['discounts', 'requiredDocuments', 'service']) expect(none).not.toHaveProperty(list);
});
