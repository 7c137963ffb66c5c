import fc from 'fast-check';
import { mobile, nationalId, userName } from '../../../src/domain/people/person.js';
import { persianDigits } from '../../../src/domain/text.js';
import vectors from '../../vectors/calendar-and-text.json';

const arabicDigits = (s: string): string => s.replace(/\d/g, (d) => String.fromCharCode(0x660 + Number(d)));

describe('nationalId', () => {
  test.each(vectors.nationalIds.valid)('%s is valid in the three scripts', (id) => {
    expect(nationalId(id)).toBe(id);
    expect(nationalId(persianDigits(id))).toBe(id);
    expect(nationalId(arabicDigits(id))).toBe(id);
    expect(nationalId(`\u200f ${id}\u200c`)).toBe(id);
    expect(nationalId(`${id.slice(0, 3)}-${id.slice(3, 9)}-${id.slice(9)}`)).toBe(id);
  });

  test.each([
    ...vectors.nationalIds.invalid,
    ...Array.from({ length: 10 }, (_, d) => String(d).repeat(10)),
    '932833810',
    '00932833810',
    '093283381x',
    '0932833810.0',
    '093-2833810',
    '093 283381 0',
    '',
  ])('%j is none', (text) => expect(nationalId(text)).toBeNull());

  test('property: exactly one last digit fits nine digits', () => {
    const nine = fc.stringMatching(/^[0-9]{9}$/).filter((s) => !/^(.)\1+$/.test(s));
    fc.assert(
      fc.property(nine, (s) => {
        expect([...'0123456789'].filter((d) => nationalId(s + d) !== null)).toHaveLength(1);
      }),
    );
  });

  test('single wrong digits pass only where the last digit is 1, which stands for r = 1 and r = 10', () => {
    let tried = 0;
    let passed = 0;
    for (let nine = 100_000_019; nine < 999_999_999; nine += 8_999_993) {
      const id = [...'0123456789'].map((d) => `${nine}${d}`).find((s) => nationalId(s) !== null) ?? '';
      for (let i = 0; i < 10; i++) {
        for (const digit of '0123456789') {
          if (digit === id[i]) continue;
          tried++;
          if (nationalId(id.slice(0, i) + digit + id.slice(i + 1)) === null) continue;
          passed++;
          expect(id[9]).toBe('1');
        }
      }
    }
    expect(tried).toBe(9090);
    expect(passed / tried).toBeLessThan(0.03);
  });
});

describe('mobile', () => {
  test.each([
    ...vectors.text.mobiles,
    ['09123456789', '09123456789'],
    ['989123456789', '09123456789'],
    ['٠٩١٢٣٤٥٦٧٨٩', '09123456789'],
    ['0912-345-6789', '09123456789'],
    ['0912 345 67 89', '09123456789'],
    ['\u202a+98–912–3456789\u202c', '09123456789'],
    ['0098 912 345 6789', '09123456789'],
  ])('%s is %s', (text, number) => expect(mobile(text)).toBe(number));

  test.each([
    '',
    '0912345678',
    '091234567890',
    '02112345678',
    '08123456789',
    '+9809123456789',
    '++989123456789',
    '00919123456789',
    '0912345678a',
    '0912.3456789',
  ])('%j is none', (text) => expect(mobile(text)).toBeNull());

  test('property: every prefix and script gives the same number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^9[0-9]{9}$/), fc.constantFrom('', '0', '98', '+98', '0098'), (digits, prefix) => {
        expect(mobile(prefix + digits)).toBe(`0${digits}`);
        expect(mobile(persianDigits(prefix + digits))).toBe(`0${digits}`);
      }),
    );
  });
});

describe('userName', () => {
  test.each([
    ['m.rezaei', 'm.rezaei'],
    [' M.Rezaei\u200f', 'm.rezaei'],
    ['user۱۲', 'user12'],
    ['0a_b-c', '0a_b-c'],
    ['x'.repeat(40), 'x'.repeat(40)],
  ])('%j is %s', (typed, kept) => {
    expect(userName(typed)).toBe(kept);
    expect(userName(kept)).toBe(kept);
  });
  test.each(['', 'a', '.ab', '-ab', 'a b', 'مریم', 'a/b', 'a@b', 'x'.repeat(41), 'a\nb'])('%j is none', (typed) =>
    expect(userName(typed)).toBeNull(),
  );
});
