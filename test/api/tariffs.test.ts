import { createProposalStore } from '../../src/store/proposals';
import { createTariffStore } from '../../src/store/tariffs';
import { testDatabase, type TestDatabase } from '../billing/database';
import { ADMIN, startApi, SUPERVISOR, TARIFF_DOCUMENT, type TestApi } from './fixture';
import { faultsOf } from './people-stage';
import type { Operator } from '../../src/domain/settlement';
import { illustrativeTariff } from '../../src/demo';

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
const call = (method: string, path: string, json?: unknown, as = ADMIN) => api.call(method, `/api/v1${path}`, { as, ...(json !== undefined && { json }) });

/** The practice tariff as the decree of 1406 would be written, with its rates times `factor`. */
function decree(version: string, factor = 1): Record<string, unknown> {
  const tariff = illustrativeTariff();
  return { ...tariff, version, title: 'تعرفهٔ ۱۴۰۶', illustrative: false, from: '1406/01/16', gas: tariff.gas.map((rates) => ({ ...rates, steps: rates.steps.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * factor) })) })) };
}

describe('a tariff', () => {
  test('the check tells every fault and warning and what people would pay, and keeps nothing', async () => {
    const faulty = await call('POST', '/tariffs/check', { document: { version: 'x', gas: [{}] } });
    expect(faulty).toMatchObject({ status: 200, body: { valid: false, version: null, samples: [] } });
    expect(faulty.body.faults.length).toBeGreaterThan(3);
    expect(faulty.body.faults).toContainEqual({ path: 'gas[0].use', code: 'REQUIRED', title: 'a text is required', detail: 'متنی لازم است (نوشته نشده است).' });
    const sound = await call('POST', '/tariffs/check', { document: decree('1406', 1.15) });
    expect(sound).toMatchObject({ status: 200, body: { valid: true, version: '1406', against: 'illustrative-1397', faults: [], doubts: [] } });
    expect(sound.body.samples).toContainEqual(expect.objectContaining({ use: 'household', season: 'warm', m3: 100, percent: expect.stringMatching(/^\+1[0-9]\./) }));
    expect((await call('GET', '/tariffs')).body.proposals).toEqual([]);
  });

  test('one proposes, another publishes exactly what was seen; the persons stand beside it', async () => {
    const first = await call('POST', '/tariffs', { document: decree('1406', 1.15) });
    expect(first).toMatchObject({ status: 201, body: { version: '1406', proposedBy: { id: ADMIN.id } } });
    expect(await call('POST', '/tariffs/1406/publication', { proposal: first.body.proposal })).toMatchObject({ status: 403, body: { code: 'SECOND_PERSON_NEEDED' } });
    // replaced meanwhile: what the second person saw is not there any more
    const again = await call('POST', '/tariffs', { document: decree('1406', 1.2) });
    expect(await call('POST', '/tariffs/1406/publication', { proposal: first.body.proposal }, SECOND)).toMatchObject({ status: 409, body: { code: 'PROPOSAL_GONE' } });
    expect(await call('GET', '/tariffs/1406')).toMatchObject({ status: 200, body: { published: false, proposal: again.body.proposal } });
    expect(await call('POST', '/tariffs/1406/publication', { proposal: again.body.proposal }, SECOND)).toMatchObject({
      status: 201,
      // two people of one name are two people
      body: { tariff: { version: '1406', publishedBy: `${ADMIN.name} (m1)`, confirmedBy: `${ADMIN.name} (m2)`, inForce: false }, affected: [] },
    });
    const listed = (await call('GET', '/tariffs', undefined, SUPERVISOR)).body;
    expect(listed).toMatchObject({ proposals: [], items: [{ version: 'illustrative-1397', inForce: true }, { version: '1406' }], terms: { qualificationWarnDays: 30 } });
    expect(await call('POST', '/tariffs', { document: decree('1406', 1.3) })).toMatchObject({ status: 409, body: { code: 'VERSION_STANDS' } });
    expect(await call('GET', '/tariffs/1407')).toMatchObject({ status: 404 });
  });

  test('faults are never proposed; what looks ten times off only when it is meant', async () => {
    const faulty = await call('POST', '/tariffs', { document: { ...decree('1407'), gas: [] , seasons: 'x' } });
    expect(faulty).toMatchObject({ status: 422, body: { code: 'TARIFF_FAULTY' } });
    expect(faultsOf(faulty)).toContain('seasons NOT_A_LIST');
    expect(faulty.body.errors).toContainEqual({ field: 'seasons', code: 'NOT_A_LIST', message: 'در seasons: فهرستی لازم است.' });
    const toman = { document: { ...decree('1407', 0.1), from: '1407/01/16' } };
    const doubted = await call('POST', '/tariffs', toman);
    expect(doubted).toMatchObject({ status: 422, body: { code: 'MEANT_SO' } });
    expect(faultsOf(doubted)[0]).toMatch(/^gas\[0\]\.steps\[0\]\.rialPerM3 SLIP_OF_TEN$/);
    expect(doubted.body.errors[0].message).toMatch(/^در gas\[0\]\.steps\[0\]\.rialPerM3: \d+ حدود ده برابر یا یک‌دهم \d+ در تعرفهٔ 1406 است\. شاید تومان به جای ریال است\.$/);
    expect(await call('POST', '/tariffs', { ...toman, meant: true })).toMatchObject({ status: 201, body: { meant: true } });
    expect(await call('DELETE', '/tariffs/1407/proposal', undefined, SECOND)).toMatchObject({ status: 204 });
    expect(await call('DELETE', '/tariffs/1407/proposal')).toMatchObject({ status: 409, body: { code: 'PROPOSAL_GONE' } });
  });

  test('a published table goes the same way', async () => {
    expect(await call('POST', '/tariffs/check', { document: TARIFF_DOCUMENT })).toMatchObject({ status: 200, body: { valid: true, version: '1397' } });
    const { body } = await call('POST', '/tariffs', { document: TARIFF_DOCUMENT });
    expect(await call('POST', '/tariffs/1397/publication', { proposal: body.proposal }, SECOND)).toMatchObject({ status: 201, body: { tariff: { version: '1397' } } });
  });
});

describe('a resolution on the fee', () => {
  const asked = { number: '1405/12', resolvedOn: '1405/08/20', amount: 49_000, from: '1405/09/01' };

  test('one proposes, another confirms; from then on it is in force', async () => {
    const { status, body } = await call('POST', '/fee-resolutions', { ...asked, number: '۱۴۰۵/۱۲' });
    expect({ status, body }).toMatchObject({ status: 201, body: { proposal: { amount: 49_000, to: null }, notes: [] } });
    const { proposal } = body.proposal;
    expect(await call('POST', `/fee-resolutions/${proposal}/confirmation`, {})).toMatchObject({ status: 403, body: { code: 'SECOND_PERSON_NEEDED' } });
    expect((await call('GET', '/fee-resolutions')).body).toMatchObject({ items: [], proposals: [{ proposal }] });
    expect(await call('POST', `/fee-resolutions/${proposal}/confirmation`, {}, SECOND)).toMatchObject({ status: 201, body: { inForce: true, recordedBy: `${ADMIN.name} (m1)` } });
    expect((await call('GET', '/fee-resolutions')).body).toMatchObject({ items: [{ amount: 49_000, inForce: true }], proposals: [] });
    expect(await call('POST', `/fee-resolutions/${proposal}/confirmation`, {}, SECOND)).toMatchObject({ status: 409, body: { code: 'PROPOSAL_GONE' } });
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
    expect(await call('POST', `/fee-resolutions/${body.proposal.proposal}/confirmation`, {}, SECOND)).toMatchObject({ status: 409, body: { code: 'VERSION_STANDS' } });
  });
});
