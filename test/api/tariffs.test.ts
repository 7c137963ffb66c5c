import { createProposalStore } from '../../src/store/proposals';
import { createTariffStore } from '../../src/store/tariffs';
import { testDatabase, type TestDatabase } from '../billing/database';
import { grid, workbook } from '../workbook';
import { ADMIN, CLERK, startApi, SUPERVISOR, TARIFF_DOCUMENT, type TestApi } from './fixture';
import { faultsOf } from './people-stage';
import type { Operator } from '../../src/domain/settlement/settlement';
import { illustrativeTariff } from '../../src/embedded/demo';

const SECOND: Operator = { ...ADMIN, id: 'm2', name: ADMIN.name };
let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await testDatabase();
  const tariffs = createTariffStore(database.pool);
  api = await startApi({ tariffs, proposals: createProposalStore(database.pool) });
  await tariffs.publish(illustrativeTariff(), 'demo');
}, 60_000);
afterAll(async () => {
  await api?.server.close();
  await database?.stop();
});
const call = (method: string, path: string, json?: unknown, as = ADMIN) =>
  api.call(method, `/api/v1${path}`, { as, ...(json !== undefined && { json }) });

/** The practice tariff as the decree of 1406 would be written, with its rates times `factor`. */
function decree(version: string, factor = 1): Record<string, unknown> {
  const tariff = illustrativeTariff();
  return {
    ...tariff,
    version,
    title: 'تعرفهٔ ۱۴۰۶',
    illustrative: false,
    from: '1406/01/16',
    gas: tariff.gas.map((rates) => ({
      ...rates,
      steps: rates.steps.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * factor) })),
    })),
  };
}

describe('a tariff', () => {
  test('the check tells every fault and warning and what people would pay, and keeps nothing', async () => {
    const faulty = await call('POST', '/tariffs/check', { document: { version: 'x', gas: [{}] } });
    expect(faulty).toMatchObject({ status: 200, body: { valid: false, version: null, samples: [] } });
    expect(faulty.body.faults.length).toBeGreaterThan(3);
    expect(faulty.body.faults).toContainEqual({
      path: 'gas[0].use',
      code: 'REQUIRED',
      title: 'a text is required',
      detail: 'متنی لازم است (نوشته نشده است).',
    });
    const sound = await call('POST', '/tariffs/check', { document: decree('1406', 1.15) });
    expect(sound).toMatchObject({
      status: 200,
      body: { valid: true, version: '1406', against: 'illustrative-1397', faults: [], doubts: [] },
    });
    expect(sound.body.samples).toContainEqual(
      expect.objectContaining({ use: 'household', season: 'warm', m3: 100, percent: expect.stringMatching(/^\+1[0-9]\./) }),
    );
    expect((await call('GET', '/tariffs')).body.proposals).toEqual([]);
  });

  test('one proposes, another publishes exactly what was seen; the persons stand beside it', async () => {
    const first = await call('POST', '/tariffs', { document: decree('1406', 1.15) });
    expect(first).toMatchObject({ status: 201, body: { version: '1406', proposedBy: { id: ADMIN.id } } });
    expect(await call('POST', '/tariffs/1406/publication', { proposal: first.body.proposal })).toMatchObject({
      status: 403,
      body: { code: 'SECOND_PERSON_NEEDED' },
    });
    // replaced meanwhile: what the second person saw is not there any more
    const again = await call('POST', '/tariffs', { document: decree('1406', 1.2) });
    expect(await call('POST', '/tariffs/1406/publication', { proposal: first.body.proposal }, SECOND)).toMatchObject({
      status: 409,
      body: { code: 'PROPOSAL_GONE' },
    });
    expect(await call('GET', '/tariffs/1406')).toMatchObject({ status: 200, body: { published: false, proposal: again.body.proposal } });
    expect(await call('POST', '/tariffs/1406/publication', { proposal: again.body.proposal }, SECOND)).toMatchObject({
      status: 201,
      // two people of one name are two people
      body: {
        tariff: { version: '1406', publishedBy: `${ADMIN.name} (m1)`, confirmedBy: `${ADMIN.name} (m2)`, inForce: false },
        affected: [],
      },
    });
    const listed = (await call('GET', '/tariffs', undefined, SUPERVISOR)).body;
    expect(listed).toMatchObject({ proposals: [], items: [{ version: 'illustrative-1397', inForce: true }, { version: '1406' }] });
    expect(await call('POST', '/tariffs', { document: decree('1406', 1.3) })).toMatchObject({
      status: 409,
      body: { code: 'VERSION_STANDS' },
    });
    expect(await call('GET', '/tariffs/1407')).toMatchObject({ status: 404 });
  });

  test('faults are never proposed; what looks ten times off only when it is meant', async () => {
    const faulty = await call('POST', '/tariffs', { document: { ...decree('1407'), gas: [], seasons: 'x' } });
    expect(faulty).toMatchObject({ status: 422, body: { code: 'TARIFF_FAULTY' } });
    expect(faultsOf(faulty)).toContain('seasons NOT_A_LIST');
    expect(faulty.body.errors).toContainEqual({ field: 'seasons', code: 'NOT_A_LIST', message: 'در seasons: فهرستی لازم است.' });
    const toman = { document: { ...decree('1407', 0.1), from: '1407/01/16' } };
    const doubted = await call('POST', '/tariffs', toman);
    expect(doubted).toMatchObject({ status: 422, body: { code: 'MEANT_SO' } });
    expect(faultsOf(doubted)[0]).toMatch(/^gas\[0\]\.steps\[0\]\.rialPerM3 SLIP_OF_TEN$/);
    expect(doubted.body.errors[0].message).toMatch(
      /^در gas\[0\]\.steps\[0\]\.rialPerM3: \d+ حدود ده برابر یا یک‌دهم \d+ در تعرفهٔ 1406 است\. شاید تومان به جای ریال است\.$/,
    );
    expect(await call('POST', '/tariffs', { ...toman, meant: true })).toMatchObject({ status: 201, body: { meant: true } });
    expect(await call('DELETE', '/tariffs/1407/proposal', undefined, SECOND)).toMatchObject({ status: 204 });
    expect(await call('DELETE', '/tariffs/1407/proposal')).toMatchObject({ status: 409, body: { code: 'PROPOSAL_GONE' } });
  });

  test('a published table goes the same way', async () => {
    expect(await call('POST', '/tariffs/check', { document: TARIFF_DOCUMENT })).toMatchObject({
      status: 200,
      body: { valid: true, version: '1397' },
    });
    const { body } = await call('POST', '/tariffs', { document: TARIFF_DOCUMENT });
    expect(await call('POST', '/tariffs/1397/publication', { proposal: body.proposal }, SECOND)).toMatchObject({
      status: 201,
      body: { tariff: { version: '1397' } },
    });
  });
});

describe('a change of the service', () => {
  const DEED = { anyOf: [{ code: 'DEED', name: 'سند مالکیت' }], purposes: ['nameChange'] };
  const daysOff = ['friday', '۱/۱', '1405/10/13'];

  test('one proposes, another publishes: in force from its day, the rates are the same', async () => {
    const before = (await call('GET', '/terms?on=1405/10/01', undefined, CLERK)).body;
    expect(before).toMatchObject({
      on: '1405/10/01',
      tariff: { version: 'illustrative-1397', provisional: false, to: '1406/01/15' },
      terms: { escalateAfterHours: 24 },
      documents: [],
      later: [],
    });
    const change = { from: '1405/10/01', terms: { daysOff, correction: { approvalAbove: 9_000_000 } }, documents: [DEED] };
    const checked = await call('POST', '/terms/check', change);
    expect(checked).toMatchObject({
      status: 200,
      body: {
        valid: true,
        version: 'illustrative-1397.2',
        to: '1406/01/15',
        against: 'illustrative-1397',
        faults: [],
        warnings: [],
        samples: [],
        differences: [
          {
            from: '1405/10/01',
            terms: [{ term: 'correction.approvalAbove', before: 5_000_000, after: 9_000_000 }],
            daysOff: { added: ['1405/10/13'] },
            documents: { added: [{ ...DEED, applicants: null }], removed: [] },
          },
        ],
      },
    });
    expect((await call('GET', '/tariffs')).body.proposals).toEqual([]);
    const proposed = await call('POST', '/terms', change);
    expect(proposed).toMatchObject({ status: 201, body: { version: 'illustrative-1397.2', change: true } });
    // the second person sees what is otherwise
    const { document } = (await call('GET', '/tariffs/illustrative-1397.2', undefined, SECOND)).body;
    expect((await call('POST', '/tariffs/check', { document }, SECOND)).body.differences).toEqual(checked.body.differences);
    expect(await call('POST', '/terms', { from: '1405/11/01', terms: { escalateAfterHours: 1 } }, SECOND)).toMatchObject({
      status: 409,
      body: { code: 'PROPOSAL_WAITS' },
    });
    const { proposal } = proposed.body;
    expect(await call('POST', '/tariffs/illustrative-1397.2/publication', { proposal })).toMatchObject({
      status: 403,
      body: { code: 'SECOND_PERSON_NEEDED' },
    });
    expect(await call('POST', '/tariffs/illustrative-1397.2/publication', { proposal }, SECOND)).toMatchObject({ status: 201 });
    expect((await call('GET', '/terms?on=1405/10/01', undefined, CLERK)).body).toMatchObject({
      tariff: { version: 'illustrative-1397.2' },
      terms: { correction: { dueHours: 24, approvalAbove: 9_000_000 }, daysOff: ['friday', '01/01', '1405/10/13'] },
      documents: [{ ...DEED, from: '1405/10/01', to: null }],
    });
    const earlier = (await call('GET', '/terms?on=1405/09/30')).body;
    expect([earlier.terms, earlier.documents, earlier.later]).toMatchObject([
      before.terms,
      [],
      [{ from: '1405/10/01' }, { from: '1406/01/16' }],
    ]);
  });

  test('what was published meanwhile is not undone: the proposal has to be made again', async () => {
    const { body } = await call('POST', '/terms', { from: '1405/10/10', terms: { escalateAfterHours: 8 } });
    expect(body.version).toBe('illustrative-1397.3');
    // another tariff takes over earlier now
    const summer = { ...decree('1405-winter'), from: '1405/12/01' };
    const other = await call('POST', '/tariffs', { document: summer });
    expect(await call('POST', '/tariffs/1405-winter/publication', { proposal: other.body.proposal }, SECOND)).toMatchObject({
      status: 201,
    });
    expect(await call('POST', '/tariffs/illustrative-1397.3/publication', { proposal: body.proposal }, SECOND)).toMatchObject({
      status: 409,
      body: { code: 'PROPOSAL_STALE' },
    });
    await call('DELETE', '/tariffs/illustrative-1397.3/proposal');
    expect((await call('POST', '/terms/check', { from: '1405/10/10', terms: { escalateAfterHours: 8 } })).body).toMatchObject({
      to: '1405/11/30',
    });
  });

  test('every fault at once by its field; nothing otherwise, and no tariff, are no change', async () => {
    const terms = {
      correction: { dueHours: 0 },
      remindDaysBeforeClosing: [1, 3],
      daysOff: ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
    };
    const faulty = await call('POST', '/terms', { from: '1405/10/01', terms });
    expect(faulty).toMatchObject({ status: 422, body: { code: 'TARIFF_FAULTY' } });
    expect(faultsOf(faulty)).toEqual([
      'terms.remindDaysBeforeClosing[1] NOT_DESCENDING',
      'terms.correction.dueHours OUT_OF_RANGE',
      'terms.daysOff NO_WORKING_DAY',
    ]);
    expect((await call('POST', '/terms/check', { from: '1405/10/01', terms })).body).toMatchObject({
      valid: false,
      faults: [{ path: 'terms.remindDaysBeforeClosing[1]' }, {}, {}],
    });
    expect((await call('POST', '/terms/check', { from: '1405/10/01', terms: { correction: { remindHours: 24 } } })).body).toMatchObject({
      valid: true,
      warnings: [{ path: 'terms.correction', code: 'LATE_REMINDER' }],
    });
    expect(faultsOf(await call('POST', '/terms', { from: '1405/10/01', terms: { escalateAfterHours: 24 } }))).toEqual([' NO_CHANGE']);
    expect(
      faultsOf(
        await call('POST', '/terms', {
          from: 'x',
          terms: { daysOff: ['جمعه'] },
          documents: [{ ...DEED, anyOf: [{ code: 'سند', name: 'سند' }] }],
        }),
      ),
    ).toEqual(['from DATE_INVALID', 'terms.daysOff.0 DAY_OFF_INVALID', 'documents.0.anyOf.0.code DOCUMENT_CODE_INVALID']);
    expect(await call('POST', '/terms', { from: '1390/01/01', terms: { escalateAfterHours: 1 } })).toMatchObject({
      status: 409,
      body: { code: 'NO_TARIFF_IN_FORCE' },
    });
    expect((await call('GET', '/terms?on=1390/01/01')).body).toMatchObject({ tariff: null, terms: { escalateAfterHours: 24 } });
  });
});

describe('a step table', () => {
  const HEAD = { version: 'steps-1407', title: 'تعرفهٔ ۱۴۰۷', source: 'مصوبه', from: '1407/01/16', illustrative: false };
  const steps = (name: string, content: string | Buffer, more: object = {}) =>
    call('POST', '/tariffs/steps', { ...HEAD, file: { name, content: Buffer.from(content).toString('base64') }, ...more });
  const RATES = 'کاربری,فصل,اقلیم,تا,نرخ\nhousehold,گرم,,۴۵,۱۲۰۰\nhousehold,گرم,,,۱۸۰۰\nhousehold,سرد,1-5,,۹۰۰\n';

  test('makes a document of the tariff before it, with bills beside the old ones; it is proposed as it is', async () => {
    const made = await steps('rates.csv', RATES, { base: '1406' });
    expect(made).toMatchObject({
      status: 200,
      body: {
        sheet: null,
        document: { version: 'steps-1407', illustrative: false, from: '1407/01/16', to: null, levy: [{ from: '1407/01/16', to: null }] },
        review: { valid: true, faults: [], against: '1406' },
      },
    });
    expect(made.body.document.gas).toEqual(expect.arrayContaining([expect.objectContaining({ use: 'commercial' })]));
    expect(made.body.review.samples).toContainEqual(
      expect.objectContaining({ use: 'household', season: 'warm', m3: 20, percent: expect.any(String) }),
    );
    expect(await call('POST', '/tariffs', { document: made.body.document })).toMatchObject({
      status: 201,
      body: { version: 'steps-1407', change: false },
    });
    await call('DELETE', '/tariffs/steps-1407/proposal');
  });

  test('findings name sheet, row and column: what cannot be read, what is no table of rates, what is unlikely', async () => {
    const faulty = await steps('rates.csv', RATES.replace('۱۸۰۰', 'هزار').replace('1-5', '1-9'));
    expect(faulty).toMatchObject({
      status: 200,
      body: {
        document: null,
        review: {
          valid: false,
          faults: [
            { path: 'row 3, rate', code: 'NOT_WHOLE' },
            { path: 'row 4, climate', code: 'NOT_ALLOWED' },
          ],
        },
      },
    });
    const book = workbook([
      {
        name: 'نرخ',
        cells: grid([
          ['use', 'season', 'climate', 'upto', 'rate'],
          ['household', 'both', '', 45, 1200],
          ['household', 'both', '', '', 18000],
        ]),
      },
    ]);
    expect((await steps('rates.xlsx', book)).body.review.doubts).toContainEqual(
      expect.objectContaining({ path: 'نرخ, row 3, rate', code: 'SLIP_OF_TEN' }),
    );
  });

  test('a file that is no table is refused with what to do, a workbook of several sheets with their names', async () => {
    expect(await steps('rates.pdf', RATES)).toMatchObject({
      status: 422,
      body: { code: 'SHEET_UNREADABLE', errors: [{ field: 'file.name' }] },
    });
    expect(await steps('rates.xlsx', RATES)).toMatchObject({ status: 422, body: { errors: [{ code: 'NOT_XLSX' }] } });
    expect(await steps('rates.csv', Buffer.from([0xe3, 0x20, 0xff]))).toMatchObject({
      status: 422,
      body: { errors: [{ code: 'NOT_UTF8' }] },
    });
    const two = workbook([
      { name: 'A', cells: { A1: 'x' } },
      { name: 'B', cells: { A1: 'x' } },
    ]);
    expect(await steps('rates.xlsx', two)).toMatchObject({
      status: 422,
      body: { sheets: ['A', 'B'], errors: [{ field: 'sheet', code: 'WHICH_SHEET' }] },
    });
    expect(await steps('rates.xlsx', two, { sheet: 'B' })).toMatchObject({
      status: 200,
      body: {
        sheet: 'B',
        review: { faults: expect.arrayContaining([expect.objectContaining({ path: 'B, row 1, use', code: 'NO_COLUMN' })]) },
      },
    });
    expect(faultsOf(await steps('rates.csv', RATES, { base: 'nowhere' }))).toEqual(['base NO_TARIFF']);
    expect(await steps('rates.csv', RATES, { from: '1390/01/01' })).toMatchObject({ status: 409, body: { code: 'NO_TARIFF_IN_FORCE' } });
  });
});

describe('a resolution on the fee', () => {
  const asked = { number: '1405/12', resolvedOn: '1405/08/20', amount: 49_000, from: '1405/09/01' };

  test('one proposes, another confirms; from then on it is in force', async () => {
    const { status, body } = await call('POST', '/fee-resolutions', { ...asked, number: '۱۴۰۵/۱۲' });
    expect({ status, body }).toMatchObject({ status: 201, body: { proposal: { amount: 49_000, to: null }, notes: [] } });
    const { proposal } = body.proposal;
    expect(await call('POST', `/fee-resolutions/${proposal}/confirmation`, {})).toMatchObject({
      status: 403,
      body: { code: 'SECOND_PERSON_NEEDED' },
    });
    expect((await call('GET', '/fee-resolutions')).body).toMatchObject({ items: [], proposals: [{ proposal }] });
    expect(await call('POST', `/fee-resolutions/${proposal}/confirmation`, {}, SECOND)).toMatchObject({
      status: 201,
      body: { inForce: true, recordedBy: `${ADMIN.name} (m1)` },
    });
    expect((await call('GET', '/fee-resolutions')).body).toMatchObject({ items: [{ amount: 49_000, inForce: true }], proposals: [] });
    expect(await call('POST', `/fee-resolutions/${proposal}/confirmation`, {}, SECOND)).toMatchObject({
      status: 409,
      body: { code: 'PROPOSAL_GONE' },
    });
  });

  test('what cannot be and what looks ten times off is said in Persian, by its field', async () => {
    const refused = await call('POST', '/fee-resolutions', { ...asked, number: '1405/13', resolvedOn: '1406/01/01', to: '1405/08/01' });
    expect(faultsOf(refused)).toEqual(['to TURNED_ROUND', 'resolvedOn RESOLVED_IN_FUTURE']);
    const doubted = await call('POST', '/fee-resolutions', { ...asked, number: '1405/13', amount: 4_900, from: '1405/09/02' });
    expect(doubted).toMatchObject({ status: 422, body: { code: 'MEANT_SO', errors: [{ field: 'amount', code: 'SLIP_OF_TEN' }] } });
    const meant = await call('POST', '/fee-resolutions', { ...asked, number: '1405/13', amount: 4_900, from: '1405/09/02', meant: true });
    expect(meant).toMatchObject({ status: 201, body: { notes: [{ code: 'HOLDS_TOO' }] } });
    expect(await call('DELETE', `/fee-resolutions/${meant.body.proposal.proposal}`)).toMatchObject({ status: 204 });
  });

  test('another content under a number that stands is refused at the confirmation', async () => {
    const { body } = await call('POST', '/fee-resolutions', { ...asked, amount: 50_000 });
    expect(await call('POST', `/fee-resolutions/${body.proposal.proposal}/confirmation`, {}, SECOND)).toMatchObject({
      status: 409,
      body: { code: 'VERSION_STANDS' },
    });
  });
});
