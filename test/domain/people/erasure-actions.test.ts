import type { CorrectiveAction } from '../../../src/domain/correction/corrective-action.js';
import { actionEraser, marksOf } from '../../../src/domain/people/erasure.js';
import type { BillInputs } from '../../../src/domain/settlement/verification.js';
import { facts, on, snapshot } from '../sample.js';

const [MARYAM, ALI] = ['0932833810', '0013542419'];
const of = facts('1397/02/31', 1_234, {
  applicant: { kind: 'tenant', name: 'مریم رضایی', nationalId: MARYAM, mobile: '09121234567' },
  newSubscriber: { name: 'علی کریمی', nationalId: ALI, from: on('1397/03/01') },
});
const inputs: BillInputs = {
  snapshot: snapshot({ account: { name: 'علی  کريمي', nationalId: ALI, mobile: '0935', address: 'سنندج', postalCode: '66' } }),
  facts: of,
  tariffs: ['T'],
  fee: null,
};

describe('what names a person', () => {
  test('names, national id and mobile number of the one who is meant, each once', () => {
    expect(marksOf({ nationalId: MARYAM }, [{ facts: of }, inputs])).toEqual(['مریم رضایی', MARYAM, '09121234567']);
    expect(marksOf({ nationalId: ALI }, [inputs])).toEqual(['علی کریمی', ALI, 'علی  کريمي', '0935']);
    expect(marksOf({ nationalId: '0000000000' }, [inputs])).toEqual([]);
  });
  test('everybody: of all, and nothing of what is empty', () => {
    expect(marksOf('everyone', [inputs])).toEqual(['مریم رضایی', MARYAM, '09121234567', 'علی کریمی', ALI, 'علی  کريمي', '0935']);
    const alone = facts('1397/02/31', 1, { applicant: { kind: 'owner', name: '', nationalId: ALI } });
    expect(marksOf('everyone', [{ facts: alone }])).toEqual([ALI]);
  });
});

type Texts = Pick<CorrectiveAction, 'scope' | 'subject' | 'reason' | 'meeting' | 'actions' | 'closure'>;
const BY = { id: 'q-1', name: 'زهرا امینی', role: 'quality' } as const;
const action = (text: string): Texts =>
  ({
    scope: 'other',
    subject: text,
    reason: text,
    meeting: { on: '1405/09/08', participants: ['زهرا امینی', text], minutes: text, cause: text },
    actions: [{ what: text, owner: BY, dueOn: '1405/10/01', done: { note: text, by: BY }, effect: { note: text, effective: true } }],
    closure: { report: text, by: BY },
  }) as unknown as Texts;

describe('from a corrective action', () => {
  const { action: erase, act } = actionEraser(['علی کریمی', ALI]);
  test.each(['علي كريمى آمد', `شمارهٔ ۰۰۱۳۵۴۲۴۱۹`])('each text that says who it is, however it is typed: %s', (text) => {
    expect(erase(action(text), false)).toEqual(action(''));
  });
  test('other texts stay, unless it is about a settlement of the person; colleagues stay then too, and a subject that is none of texts', () => {
    const other = action('کمبود آموزش');
    expect(erase(other, false)).toEqual(other);
    expect(erase(other, true)).toEqual({ ...action(''), meeting: { ...action('').meeting, participants: ['زهرا امینی', 'کمبود آموزش'] } });
    expect(erase({ ...other, scope: 'clerk', subject: 'c-1' }, true).subject).toBe('c-1');
    expect(erase({ ...other, scope: 'clerk', subject: 'علی کریمی' }, false).subject).toBe('علی کریمی');
  });
  test('what has not come yet stays away', () => {
    const begun = { ...action('علی کریمی'), reason: null, meeting: null, actions: [], closure: null };
    expect(erase(begun, true)).toEqual({ ...begun, subject: '' });
    const held = action('علی کریمی');
    const planned = {
      ...held,
      meeting: { ...held.meeting, participants: [], minutes: null, cause: null },
      actions: [{ ...held.actions[0], done: null, effect: null }],
    } as unknown as Texts;
    expect(erase(planned, false)).toEqual({
      ...planned,
      subject: '',
      reason: '',
      actions: [{ ...planned.actions[0], what: '' }],
      closure: { report: '', by: BY },
    });
  });
  test('the texts of one act', () => {
    const texts = { minutes: 'همه', participants: ['زهرا', 'علی کریمی'] };
    expect(act(texts, false)).toEqual({ minutes: 'همه', participants: ['زهرا', ''] });
    expect(act(texts, true)).toEqual({ minutes: '', participants: ['زهرا', ''] });
  });
});
