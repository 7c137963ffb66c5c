import {
  TARGET_MS,
  agreeingFacts,
  receivedSettlement,
  sameFacts,
  settlementId,
  settlementWorkflowId,
} from '../../../src/domain/settlement/settlement.js';
import { facts, on, order } from '../sample.js';

test('five minutes', () => expect(TARGET_MS).toBe(300_000));

test('ids: the natural key, and the workflow’s', () => {
  expect(settlementId('014123456701', on('1405/09/04'))).toBe('014123456701-14050904');
  expect(settlementWorkflowId('014123456701-14050904')).toBe('settlement/014123456701-14050904');
});

describe('facts that must agree', () => {
  const usual = facts('1397/02/31', 1_234);
  const newSubscriber = { name: 'مریم رضایی', nationalId: '0932833810', from: on('1397/03/01') };
  test('reading, source, purpose, the meter’s state and the new subscriber tell settlements of one key apart', () => {
    const others = [
      { reading: 1_235 },
      { readingSource: 'declared' as const },
      { purpose: 'final' as const },
      { meterState: 'reversed' as const },
      { newSubscriber },
      { newSubscriber: { ...newSubscriber, name: 'مریم رضائیان' } },
      { newSubscriber: { ...newSubscriber, nationalId: '0013542419' } },
      { newSubscriber: { ...newSubscriber, mobile: '09121234567' } },
      { newSubscriber: { ...newSubscriber, from: on('1397/03/02') } },
    ].map((change) => ({ ...usual, ...change }));
    expect(new Set([usual, ...others].map(agreeingFacts)).size).toBe(others.length + 1);
  });
  test('the text itself is fixed: update ids are made of it', () => {
    expect(agreeingFacts(usual)).toBe('[1234,"staff","balance",null]');
    expect(agreeingFacts({ ...usual, newSubscriber, meterState: 'closed' })).toBe(
      '[1234,"staff","balance",["مریم رضایی","0932833810",null,"1397/03/01"],"closed"]',
    );
  });
  test('who asks, the documents, and the usual state said or left out, do not', () => {
    expect(
      sameFacts(usual, {
        ...usual,
        applicant: { kind: 'tenant', name: 'x', nationalId: '' },
        documents: ['deed'],
        confirmations: [{ code: 'ROLLOVER', reason: 'x' }],
        meterState: 'normal',
      }),
    ).toBe(true);
    expect(sameFacts(usual, { ...usual, reading: 0 })).toBe(false);
  });
});

test('a received settlement knows its order and nothing else', () => {
  const of = order(facts('1397/02/31', 1_234));
  expect(receivedSettlement(of)).toEqual({
    ...{ id: of.id, facts: of.facts, clerk: of.clerk, receivedAt: of.receivedAt, status: 'received', revision: 0, lateEntry: false },
    ...{
      announcedAt: null,
      elapsedMs: null,
      withinTarget: null,
      account: null,
      bill: null,
      paid: null,
      cancellation: null,
      predecessor: null,
      delivery: null,
      refund: null,
      clearance: null,
    },
    ...{ warnings: [], errors: [], postings: [], payments: [], corrections: [], steps: [], copies: [] },
  });
  const late = order(facts('1397/02/31', 1_234, { lateEntry: { slip: '7', receivedAt: '2018-05-21T05:00:00.000Z' } }));
  expect(receivedSettlement({ ...late, predecessor: { id: 'a', reason: 'b', by: 'c' } })).toMatchObject({
    lateEntry: true,
    predecessor: { id: 'a', reason: 'b', by: 'c' },
  });
});
