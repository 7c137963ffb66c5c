import { read, utils } from '@e965/xlsx';
import { NoAnswerError } from '../../src/temporal/workflow-client';
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
    items: [
      {
        month: '1405/08',
        edition: 1,
        madeAt: NOW.toISOString(),
        madeBy: null,
        pdf: '/api/v1/reports/1405-08.pdf?edition=1',
        xlsx: '/api/v1/reports/1405-08.xlsx?edition=1',
      },
    ],
  });
  expect((await get('/reports', APPROVER)).status).toBe(403);
});

test('the files: of the newest edition or of the one asked for; another is not there', async () => {
  const pdf = await get('/reports/1405-08.pdf', SUPERVISOR);
  expect([pdf.status, pdf.headers.get('content-type'), pdf.headers.get('content-disposition'), pdf.text]).toEqual([
    200,
    'application/pdf',
    'inline; filename="quality-1405-08-1.pdf"',
    '%PDF-1.7 test',
  ]);
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
    expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
      200,
      'text/csv; charset=utf-8',
      'attachment; filename="indicators-14050801-14050830.csv"',
    ]);
    const [head = '', row = ''] = text.split('\r\n');
    const values = Object.fromEntries(head.split(',').map((name, i) => [name, row.split(',')[i]]));
    expect(values).toMatchObject({
      group: "'=office",
      'k1.requests': '4',
      'k1.onTime': '3',
      'k1.share': '0.75',
      'k1.medianSeconds': '0.9',
      'k4.byKind.reading': '1',
      'k4.byCause.clerk': '0',
      k5: '4',
    });
  });
  test('xlsx: the same as a sheet', async () => {
    const response = await fetch(`${api.url}/api/v1/indicators?by=office&format=xlsx`, {
      headers: { authorization: `Bearer ${await api.tokens.issue(QUALITY, { ttl: 60 })}` },
    });
    const book = read(new Uint8Array(await response.arrayBuffer()));
    const [rows] = Object.values(book.Sheets).map((sheet) => utils.sheet_to_json<unknown[]>(sheet, { header: 1 }));
    expect(rows?.map((row) => row.slice(0, 3))).toEqual([
      ['اداره', 'K1 درخواست', 'K1 به‌موقع'],
      ['12', 4, 3],
    ]);
  });
  test('json: the risks count the feeds that are stale today', async () => {
    expect((await get('/indicators')).body.risks).toEqual({
      lateEntries: 0,
      lateEntryDays: 0,
      outages: 0,
      outageMinutes: 0,
      staleFeeds: 0,
      onStaleData: 0,
      unsent: 1,
      unsentLate: 0,
      overdueTasks: 0,
    });
    api.deps.billing.feeds = async () => [{ kind: 'payments', loadedAt: NOW.toISOString(), asOf: '1405/08/20' as never }];
    // one that was never fed is stale as well: only kinds with a term count
    expect((await get('/indicators')).body.risks.staleFeeds).toBeGreaterThan(0);
  });
});

describe('outages (plan, R1)', () => {
  // NOW is a Wednesday, 10:00 in Tehran; open from 07:30
  const before = (minutes: number): string => new Date(NOW.getTime() - minutes * 60_000).toISOString();
  const silent = async ({ office }: { office: string | null }) =>
    [
      { office: '*', from: before(10_000), to: before(0) },
      { office: '01', from: before(2_000), to: before(75) },
      { office: '02', from: before(2_000), to: before(1) },
    ].filter((each) => office === null || [office, '*'].includes(each.office));

  test('a silence that lasts is counted and listed, for whoever sees the office', async () => {
    api.deps.presences.presences = silent;
    const today = '/indicators?from=1405/09/04&to=1405/09/04';
    const outage = { office: '01', from: before(75), to: null, minutes: 75 };
    const { body } = await get(today);
    expect([body.risks.outages, body.risks.outageMinutes, body.outages]).toEqual([1, 75, [outage]]);
    expect((await get(`${today}&office=02`)).body).toMatchObject({ risks: { outages: 0, outageMinutes: 0 }, outages: [] });
    expect((await get(today, { ...SUPERVISOR, office: '01' })).body.outages).toEqual([outage]);
    expect((await get('/indicators?from=1405/08/01&to=1405/09/03')).body.outages).toEqual([]);
  });

  test('more than a hundred are counted, and the latest listed', async () => {
    api.deps.presences.presences = async () => [
      { office: '*', from: before(1_000), to: before(0) },
      ...Array.from({ length: 130 }, (_, n) => ({ office: `${100 + n}`, from: before(1_000), to: before(61 + n / 2) })),
    ];
    const { body } = await get('/indicators?from=1405/09/04&to=1405/09/04');
    expect([body.risks.outages, body.outages.length, body.outages[0].from, body.outages[99].from]).toEqual([
      130,
      100,
      before(61),
      before(110.5),
    ]);
  });

  test('an office is heard of by the calls of its clerks and supervisors, nobody else’s, and by none that is refused at the door', async () => {
    const heard: string[] = [];
    api.deps.signs.heard = (office) => void heard.push(office);
    for (const as of [
      { ...SUPERVISOR, office: '07' },
      { ...SUPERVISOR, role: 'clerk' as const, office: '08' },
      QUALITY,
      ADMIN,
      APPROVER,
      { ...SUPERVISOR, role: 'billing' as const },
    ])
      expect((await get('/session', as)).status).toBe(200);
    expect((await fetch(`${api.url}/api/v1/session`, { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401);
    expect(heard).toEqual(['07', '08']);
  });
});
