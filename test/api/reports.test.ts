import { read, utils } from '@e965/xlsx';
import { NoAnswerError } from '../../src/api/workflows';
import { ADMIN, APPROVER, NOW, QUALITY, SUPERVISOR, startApi, type TestApi } from './fixture';

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.server.close());
const get = (path: string, as = QUALITY) => api.call('GET', `/api/v1${path}`, { as });

test('the list names each edition with its files', async () => {
  const { body } = await get('/reports', ADMIN);
  expect(body).toEqual({
    items: [{ month: '1405/08', edition: 1, madeAt: NOW.toISOString(), madeBy: null, pdf: '/api/v1/reports/1405-08.pdf?edition=1', xlsx: '/api/v1/reports/1405-08.xlsx?edition=1' }],
  });
  expect((await get('/reports', APPROVER)).status).toBe(403);
});

test('the files: of the newest edition or of the one asked for; another is not there', async () => {
  const pdf = await get('/reports/1405-08.pdf', SUPERVISOR);
  expect([pdf.status, pdf.headers.get('content-type'), pdf.headers.get('content-disposition'), pdf.text]).toEqual([200, 'application/pdf', 'inline; filename="quality-1405-08-1.pdf"', '%PDF-1.7 test']);
  const xlsx = await get('/reports/1405-08.xlsx?edition=۱');
  expect([xlsx.status, xlsx.headers.get('content-disposition')]).toEqual([200, 'attachment; filename="quality-1405-08-1.xlsx"']);
  expect(await get('/reports/1405-08.pdf?edition=2')).toMatchObject({ status: 404, body: { code: 'NO_REPORT' } });
  expect(await get('/reports/1405-07.xlsx')).toMatchObject({ status: 404, body: { code: 'NO_REPORT' } });
  expect(await get('/reports/1405-13.pdf')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  expect((await get('/reports/1405-08.pdf?edition=0')).body.errors).toMatchObject([{ field: 'edition', code: 'EDITION_INVALID' }]);
});

test('asked for again it is the next edition, of a month that is over', async () => {
  const started: unknown[] = [];
  api.deps.startWorkflow = async (...call) => {
    started.push(call.slice(0, 3));
    return 'started';
  };
  const post = (month: string) => api.call('POST', `/api/v1/reports/${month}`, { as: QUALITY });
  expect(await post('1405-08')).toMatchObject({ status: 202, body: { month: '1405/08', edition: 2 } });
  expect(await post('1405-07')).toMatchObject({ status: 202, body: { month: '1405/07', edition: 1 } });
  expect(started).toEqual([
    ['qualityReport', 'qualityReport/1405-08/2', { month: '1405/08', edition: 2, by: QUALITY.name }],
    ['qualityReport', 'qualityReport/1405-07', { month: '1405/07', edition: 1, by: QUALITY.name }],
  ]);
  expect(await post('1405-09')).toMatchObject({ status: 409, body: { code: 'MONTH_NOT_OVER' } });
  expect(started).toHaveLength(2);
  api.deps.startWorkflow = () => Promise.reject(new NoAnswerError());
  expect((await post('1405-08')).status).toBe(503);
});

describe('GET /indicators as a file', () => {
  test('csv: every figure by its name, a name that begins like a formula made harmless', async () => {
    const { counts } = api.deps.indicators;
    api.deps.indicators.counts = async (query) => (await counts(query)).map((row) => ({ ...row, group: '=office' }));
    const { status, headers, text } = await get('/indicators?by=office&from=1405/08/01&to=1405/08/30&format=csv');
    expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([200, 'text/csv; charset=utf-8', 'attachment; filename="indicators-14050801-14050830.csv"']);
    const [head = '', row = ''] = text.split('\r\n');
    const values = Object.fromEntries(head.split(',').map((name, i) => [name, row.split(',')[i]]));
    expect(values).toMatchObject({ group: "'=office", 'k1.requests': '4', 'k1.onTime': '3', 'k1.share': '0.75', 'k1.medianSeconds': '0.9', 'k4.byKind.reading': '1', 'k4.byCause.clerk': '0', k5: '4' });
  });
  test('xlsx: the same as a sheet', async () => {
    const response = await fetch(`${api.url}/api/v1/indicators?by=office&format=xlsx`, { headers: { authorization: `Bearer ${await api.tokens.issue(QUALITY, { ttl: 60 })}` } });
    const book = read(new Uint8Array(await response.arrayBuffer()));
    const [rows] = Object.values(book.Sheets).map((sheet) => utils.sheet_to_json<unknown[]>(sheet, { header: 1 }));
    expect(rows?.map((row) => row.slice(0, 3))).toEqual([['اداره', 'K1 درخواست', 'K1 به‌موقع'], ['12', 4, 3]]);
  });
  test('json: the risks count the feeds that are stale today', async () => {
    expect((await get('/indicators')).body.risks).toEqual({ lateEntries: 0, lateEntryDays: 0, outages: 0, outageMinutes: 0, staleFeeds: 0, onStaleData: 0, unsent: 1, unsentLate: 0, overdueTasks: 0 });
    api.deps.billing.feeds = async () => [{ kind: 'payments', loadedAt: NOW.toISOString(), asOf: '1405/08/20' as never }];
    // one that was never fed is stale as well: only kinds with a term count
    expect((await get('/indicators')).body.risks.staleFeeds).toBeGreaterThan(0);
  });
});
