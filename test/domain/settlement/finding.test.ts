import { blocking, finding, isFindingCode, isOverridable, overridden } from '../../../src/domain/settlement/finding.js';

const high = finding('HIGH_CONSUMPTION', 'reading', 'مصرف زیاد');
const outer = finding('OUTSIDE_OUTER_BAND', 'reading', 'بیرون از بازه');
const below = finding('READING_BELOW_PREVIOUS', 'reading', 'کمتر از پیشین');
const replaced = finding('METER_REPLACED', 'reading', 'کنتور عوض شده است');
const override = {
  code: 'OUTSIDE_OUTER_BAND',
  reason: 'دوباره خوانده شد',
  by: { id: 's-1', name: 'سرپرست' },
  at: '2026-11-25T06:30:00.000Z',
  reading: 1,
};

test('a finding carries its severity and its English title', () => {
  expect(high).toEqual({
    code: 'HIGH_CONSUMPTION',
    severity: 'confirm',
    field: 'reading',
    title: 'Unusually high consumption',
    message: 'مصرف زیاد',
  });
  expect([below, outer, replaced].map(({ severity }) => severity)).toEqual(['error', 'override', 'info']);
});

test('only what a supervisor may accept is overridable', () => {
  expect(['OUTSIDE_OUTER_BAND', 'HIGH_CONSUMPTION', 'READING_BELOW_PREVIOUS', 'toString', ''].map(isOverridable)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(['HIGH_CONSUMPTION', 'constructor', 'HIGH'].map(isFindingCode)).toEqual([true, false, false]);
});

test('an override stands beside the finding of its code, and beside no other', () => {
  expect(overridden([high, outer], [{ ...override, code: 'HIGH_CONSUMPTION' }, override], 'c')).toEqual([high, { ...outer, override }]);
  expect(overridden([outer], [], 'c')).toEqual([outer]);
});

describe('what stands in the way', () => {
  const codes = (...args: Parameters<typeof blocking>) => blocking(...args).map(({ code }) => code);
  test('an error, whatever is said of it; information never', () => {
    expect(
      codes(
        [below, replaced],
        [
          { code: 'READING_BELOW_PREVIOUS', reason: 'بله' },
          { code: 'METER_REPLACED', reason: '' },
        ],
      ),
    ).toEqual(['READING_BELOW_PREVIOUS']);
  });
  test('a question without an answer of its code, or with an empty reason', () => {
    expect(codes([high], [])).toEqual(['HIGH_CONSUMPTION']);
    expect(codes([high], [{ code: 'LOW_CONSUMPTION', reason: 'بررسی شد' }])).toEqual(['HIGH_CONSUMPTION']);
    expect(codes([high], [{ code: 'HIGH_CONSUMPTION', reason: '' }])).toEqual(['HIGH_CONSUMPTION']);
    expect(codes([high], [{ code: 'HIGH_CONSUMPTION', reason: '  ' }])).toEqual(['HIGH_CONSUMPTION']);
    expect(codes([high], [{ code: 'HIGH_CONSUMPTION', reason: 'بررسی شد' }])).toEqual([]);
  });
  test('what needs a supervisor, until one has accepted it: the clerk’s reason is not enough', () => {
    expect(codes([outer], [{ code: 'OUTSIDE_OUTER_BAND', reason: 'بررسی شد' }])).toEqual(['OUTSIDE_OUTER_BAND']);
    expect(codes([{ ...outer, override }], [])).toEqual([]);
  });
});
