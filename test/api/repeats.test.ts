import { ROUTES } from '../../src/api/routes';
import { errorReport } from '../../src/api/schemas';
import { CLERK, ID, startApi } from './fixture';

/** What makes a repeat harmless, for every POST: an id that the sender gives, a key that the call has by its nature, or nothing that is kept. */
const REPEATED: Record<string, 'eventId' | 'key' | 'nothing kept' | 'same state'> = {
  '/requests': 'nothing kept',
  '/settlements/preview': 'nothing kept',
  // subscription and date
  '/settlements': 'key',
  '/settlements/{id}/delivery': 'same state',
  // code, reading and person
  '/settlements/{id}/overrides': 'key',
  '/tasks/assignment': 'same state',
  '/tasks/{id}/assignment': 'same state',
  '/tasks/{id}/closure': 'same state',
  // its predecessor
  '/settlements/{id}/successor': 'key',
  '/settlements/{id}/corrections': 'eventId',
  '/settlements/{id}/corrections/{n}/submission': 'same state',
  '/settlements/{id}/corrections/{n}/withdrawal': 'same state',
  '/settlements/{id}/corrections/{n}/verification': 'same state',
  '/settlements/{id}/corrections/{n}/approval': 'same state',
  '/settlements/{id}/cancellation': 'same state',
  '/settlements/{id}/refund': 'same state',
  '/settlements/{id}/refund/confirmation': 'same state',
  '/billing/feeds/{kind}': 'key',
  '/billing/payments': 'eventId',
  // an edition of a month: the figures of that moment
  '/reports/{month}': 'key',
  // scope, subject, month and reason
  '/corrective-actions': 'key',
  '/corrective-actions/{n}/meeting': 'same state',
  '/corrective-actions/{n}/action': 'same state',
  '/corrective-actions/{n}/effect': 'same state',
  '/corrective-actions/{n}/closure': 'same state',
  '/billing/cycles/{cycle}/opening': 'eventId',
  '/billing/cycles/{cycle}/acknowledgements': 'eventId',
  // user name
  '/people': 'key',
  '/people/{id}': 'same state',
  // the last record that has begun counts, and a doubled one says the same
  '/people/{id}/qualifications': 'same state',
  '/people/{id}/password-reset': 'same state',
  '/tariffs/check': 'nothing kept',
  '/tariffs/steps': 'nothing kept',
  // version and content
  '/tariffs': 'key',
  '/tariffs/{version}/publication': 'same state',
  '/terms/check': 'nothing kept',
  '/terms': 'key',
  '/fee-resolutions': 'key',
  '/fee-resolutions/{proposal}/confirmation': 'same state',
  '/session': 'nothing kept',
  '/session/password': 'same state',
  '/codec/decode': 'nothing kept',
  '/codec/{key}/decode': 'nothing kept',
};

test('every POST says what makes its repeat harmless', () => {
  const posts = ROUTES.filter(({ method }) => method === 'post').map(({ path }) => path);
  expect(posts.sort()).toEqual(Object.keys(REPEATED).sort());
});

test('those that go by the id of the event take one', () => {
  const takes = ROUTES.filter(
    ({ method, body }) => method === 'post' && body !== undefined && 'shape' in body.schema && 'eventId' in (body.schema.shape as object),
  );
  expect(takes.map(({ path }) => path).sort()).toEqual(
    Object.keys(REPEATED)
      .filter((path) => REPEATED[path] === 'eventId')
      .sort(),
  );
  expect(errorReport.shape.eventId.safeParse('x'.repeat(61)).success).toBe(false);
});

test('the id of a report reaches the workflow', async () => {
  const api = await startApi({});
  const act = jest.spyOn(api.deps.temporal, 'act');
  const report = { kind: 'reading', cause: 'clerk', description: 'رقم اشتباه', eventId: 'event-1' };
  expect((await api.call('POST', `/api/v1/settlements/${ID}/corrections`, { as: CLERK, json: report })).status).toBe(201);
  expect(act).toHaveBeenCalledWith(ID, expect.anything(), expect.not.objectContaining({ eventId: 'event-1' }), 'event-1');
  await api.server.close({ graceMs: 200 });
});
