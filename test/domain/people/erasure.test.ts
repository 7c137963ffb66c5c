import { eraser, namesOf } from '../../../src/domain/people/erasure.js';
import type { AccountView } from '../../../src/domain/settlement/settlement.js';
import type { BillInputs } from '../../../src/domain/settlement/verification.js';
import { facts, on, snapshot } from '../sample.js';

const [MARYAM, ALI] = ['0932833810', '0013542419'];
const applicant = { kind: 'tenant' as const, name: 'مریم رضایی', nationalId: MARYAM, mobile: '09121234567' };
const newSubscriber = { name: 'علی کریمی', nationalId: ALI, mobile: '09351112233', from: on('1397/03/01') };
const of = facts('1397/02/31', 1_234, {
  applicant,
  newSubscriber,
  confirmations: [{ code: 'HIGH_CONSUMPTION', reason: 'خانم رضایی گفت' }],
});
const inputs: BillInputs = {
  snapshot: snapshot({ account: { name: 'علی  کريمي', nationalId: ALI, mobile: '0935', address: 'سنندج', postalCode: '66' } }),
  facts: of,
  tariffs: ['T'],
  fee: null,
};
const GONE = { name: '', nationalId: '' };

describe('who is meant', () => {
  test('the names of a national id, from the facts and the account, each once', () => {
    expect(namesOf({ nationalId: MARYAM }, [inputs, { facts: of }])).toEqual(['مریم رضایی']);
    expect(namesOf({ nationalId: ALI }, [inputs, { facts: of }])).toEqual(['علی کریمی', 'علی  کريمي']);
    expect(namesOf({ nationalId: ALI }, [{ facts: facts('1397/02/31', 1) }])).toEqual([]);
    expect(namesOf('everyone', [inputs])).toEqual([]);
  });
  test('who has no name there has none to be known by; a name of nothing is none', () => {
    const nameless = facts('1397/02/31', 1, { applicant: { kind: 'owner', name: '', nationalId: ALI } });
    expect(namesOf({ nationalId: ALI }, [{ facts: nameless }])).toEqual([]);
    // for everybody no name is asked for, also not of whom no id is on record
    const unknown = { kind: 'owner', name: 'دیگری' } as unknown as typeof nameless.applicant;
    expect(namesOf('everyone', [{ facts: facts('1397/02/31', 1, { applicant: unknown }) }])).toEqual([]);
  });
  test('by the id though the name is another; by the name though the id is another', () => {
    const { person, facts: erase } = eraser({ nationalId: ALI }, ['علی کریمی']);
    expect(erase(facts('1397/02/31', 1, { applicant: { kind: 'owner', name: 'دیگری', nationalId: ALI } })).applicant).toEqual({
      kind: 'owner',
      ...GONE,
    });
    expect(erase(facts('1397/02/31', 1, { applicant: { kind: 'owner', name: 'علی کریمی', nationalId: '' } })).applicant).toEqual({
      kind: 'owner',
      ...GONE,
    });
    const stays = { kind: 'owner' as const, name: 'دیگری', nationalId: MARYAM, mobile: '0935' };
    expect(erase(facts('1397/02/31', 1, { applicant: stays })).applicant).toEqual(stays);
    expect(person({ name: '', address: 'سنندج', postalCode: '66' })).toEqual({ name: '', address: 'سنندج', postalCode: '66' });
  });
  test('everybody is everybody, named or not', () => {
    const { name, detail, account } = eraser('everyone', []);
    expect([name('هر کس'), name('')]).toEqual(['', '']);
    expect(detail({ name: 'هر کس', mobile: '0935', from: '1397/03/01' })).toEqual({ ...GONE, from: '1397/03/01' });
    expect(account({ name: 'هر کس', address: 'سنندج', postalCode: '66', file: '1' } as AccountView)).toEqual({
      name: '',
      address: '',
      postalCode: '',
      file: '1',
    });
  });
  test('a detail is known by its id or its name; what is no text names nobody', () => {
    const { detail } = eraser({ nationalId: ALI }, ['علی کریمی']);
    expect(detail({ name: 'دیگری', nationalId: ALI })).toEqual(GONE);
    expect(detail({ name: 'علی کریمی', nationalId: MARYAM, mobile: '0935' })).toEqual(GONE);
    expect(detail({ name: 5, nationalId: 6, mobile: '0935' })).toEqual({ name: 5, nationalId: 6, mobile: '0935' });
    // the id alone names nobody where no name stands
    expect(detail({ nationalId: ALI, amount: 1 })).toEqual({ nationalId: ALI, amount: 1 });
    expect(detail({ reason: '' })).toEqual({ reason: '' });
  });
  test('by id; where only a name stands, by the name in any spelling; never a name that is gone', () => {
    const { name } = eraser({ nationalId: ALI }, ['علی کریمی', '']);
    expect([name('علي كريمي'), name('مریم رضایی'), name('')]).toEqual(['', 'مریم رضایی', '']);
    const { detail } = eraser({ nationalId: ALI }, ['']);
    expect(detail({ name: '', kept: 1 })).toEqual({ name: '', kept: 1 });
  });
});

test('one person goes from the facts, another stays; free texts go, since they may name anybody; the rest stays', () => {
  expect(eraser({ nationalId: MARYAM }, ['مریم رضایی']).facts(of)).toEqual({
    ...of,
    applicant: { kind: 'tenant', ...GONE },
    confirmations: [{ code: 'HIGH_CONSUMPTION', reason: '' }],
  });
  expect(eraser({ nationalId: ALI }, []).facts(of)).toEqual({
    ...of,
    newSubscriber: { ...GONE, from: '1397/03/01' },
    confirmations: [{ code: 'HIGH_CONSUMPTION', reason: '' }],
  });
  expect(eraser('everyone', []).facts(facts('1397/02/31', 1)).newSubscriber).toBeUndefined();
});

test('the account behind a bill: name, id, mobile and address, not what the computation needs', () => {
  const { account } = inputs.snapshot;
  const gone = { ...account, ...GONE, mobile: '', address: '', postalCode: '' };
  expect(eraser({ nationalId: ALI }, []).inputs(inputs).snapshot).toEqual({ ...inputs.snapshot, account: gone });
  expect(eraser({ nationalId: MARYAM }, []).inputs(inputs).snapshot).toEqual(inputs.snapshot);
  expect(eraser('everyone', []).inputs(inputs)).toMatchObject({ snapshot: { account: gone }, tariffs: ['T'], fee: null });
});

test('views and letters are known by the name alone', () => {
  const view = { name: 'علی کریمی', address: 'سنندج', postalCode: '66', subscription: '1' };
  const { account, person } = eraser({ nationalId: ALI }, ['علی کریمی']);
  expect(account(view as AccountView)).toEqual({ name: '', address: '', postalCode: '', subscription: '1' });
  expect(person(view)).toEqual({ name: '', address: '', postalCode: '', subscription: '1' });
  expect(person({ ...view, name: 'دیگری' })).toEqual({ ...view, name: 'دیگری' });
  expect(account({ ...view, name: 'دیگری' } as AccountView).address).toBe('سنندج');
});

test('a posting’s detail: the new subscriber without the mobile, and a written reason; its lines stay', () => {
  const detail = { name: 'علی کریمی', nationalId: ALI, mobile: '0935', from: '1397/03/01', reason: 'نام اشتباه', lines: { VAT: 7 } };
  expect(eraser({ nationalId: ALI }, []).detail(detail)).toEqual({ ...GONE, from: '1397/03/01', reason: '', lines: { VAT: 7 } });
  expect(eraser({ nationalId: MARYAM }, []).detail(detail)).toEqual({ ...detail, reason: '' });
  expect(eraser('everyone', []).detail({ lines: { VAT: 7 } })).toEqual({ lines: { VAT: 7 } });
});

test('an override loses its reason, and only that', () => {
  const finding = { code: 'OUTSIDE_OUTER_BAND', severity: 'override', field: 'reading', title: 't', message: 'm' } as const;
  const override = {
    code: 'OUTSIDE_OUTER_BAND',
    reason: 'گفته شد',
    by: { id: 's-1', name: 'سرپرست' },
    at: '2018-05-21T05:00:00.000Z',
    reading: 1,
  };
  expect(eraser('everyone', []).findings([finding, { ...finding, override }])).toEqual([
    finding,
    { ...finding, override: { ...override, reason: '' } },
  ]);
});
