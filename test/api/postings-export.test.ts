import { BILLING, CYCLE, NOW, startApi, type TestApi } from './fixture';
import { parse } from 'csv-parse/sync';

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.server.close());

test('case 33: the export for spreadsheets: a name like a formula is text there, amounts stay numbers', async () => {
  const item = (name: string, amount: number) => ({
    posting: `014123456701-14050904/${amount}`,
    kind: 'nameChange' as const,
    subscription: '014123456701',
    settlement: '014123456701-14050904',
    amount,
    detail: { name, nationalId: '0013542419', total: amount },
  });
  const names = ['=1+1', '@SUM(A1)', '-2+3', '+98', '\t=1', '<script>alert(1)</script>', 'علی "کریمی", پسر'];
  api.deps.postings.batch = async () => ({
    cycle: CYCLE.cycle,
    batch: 1,
    frozenAt: NOW.toISOString(),
    count: names.length,
    sum: -5 * names.length,
    items: names.map((name) => item(name, -5)),
  });
  const { status, headers, text } = await api.call('GET', `/api/v1/billing/cycles/${CYCLE.cycle}/postings?format=csv&batch=1`, {
    as: BILLING,
  });
  expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
    200,
    expect.stringContaining('text/csv'),
    expect.stringContaining('attachment'),
  ]);
  const rows = parse<Record<string, string>>(text, { columns: true });
  expect(rows.map(({ name }) => name)).toEqual([
    "'=1+1",
    "'@SUM(A1)",
    "'-2+3",
    "'+98",
    "'\t=1",
    '<script>alert(1)</script>',
    'علی "کریمی", پسر',
  ]);
  for (const row of rows) expect(row).toMatchObject({ amount: '-5', total: '-5', subscription: '014123456701', nationalId: '0013542419' });
});
