import fc from 'fast-check';
import {
  lettersLost,
  nameLettersLost,
  cleanText,
  latinDigits,
  persianDigits,
  sameName,
  searchText,
  wholeNumber,
} from '../../src/domain/text.js';
import vectors from '../vectors/calendar-and-text.json';

const ZWNJ = '\u200c';
/** Text as it arrives: letters of both alphabets, marks, gaps, invisible controls, presentation forms. */
const typed = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'اأإآٱبيیىكکةهۀؤوئرaÉZ09۰۹٠٩٬،, \t\n',
        ZWNJ,
        '\u200d',
        '\u200f',
        '\u202b',
        '\u2066',
        '\u0640',
        '\u064b',
        '\u0653',
        '\u0654',
        '\ufef1',
        '\ufefb',
        '\ufe77',
        '\u0000',
        '\ufeff',
        '\ud800',
      ),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

describe('digits', () => {
  test.each(vectors.text.digits)('%s is %s', (text, latin) => expect(latinDigits(text)).toBe(latin));

  test.each([
    ['۰۱۲۳۴۵۶۷۸۹', '0123456789'],
    ['٠١٢٣٤٥٦٧٨٩', '0123456789'],
    ['۱۲٬۳۴۵٬۶۷۸ ریال', '12345678 ریال'],
    ['۱٬۲', '1٬2'],
    ['1,234 و ۱۲/۵', '1,234 و 12/5'],
    ['', ''],
  ])('latinDigits %s', (text, latin) => expect(latinDigits(text)).toBe(latin));

  test('persianDigits', () => {
    expect(persianDigits('1405/09/04 و ٤٥٦ و ۷۸۹')).toBe('۱۴۰۵/۰۹/۰۴ و ۴۵۶ و ۷۸۹');
    expect(persianDigits('0123456789')).toBe('۰۱۲۳۴۵۶۷۸۹');
  });

  test('there and back is the same', () => {
    fc.assert(fc.property(fc.nat().map(String), (s) => expect(latinDigits(persianDigits(s))).toBe(s)));
  });
});

describe('cleanText', () => {
  test.each([
    ['علي كريمي', 'علی کریمی'],
    ['موسى', 'موسی'],
    [`${ZWNJ} علی${ZWNJ}رضا ${ZWNJ}`, `علی${ZWNJ}رضا`],
    [`علی${ZWNJ}${ZWNJ}رضا`, `علی${ZWNJ}رضا`],
    [`علی ${ZWNJ} رضا`, 'علی رضا'],
    ['کوچه\t \n یاس\u00a0۲', 'کوچه یاس ۲'],
    ['مـحـمـد', 'محمد'],
    ['\u2067\u200fرضا\u200e\u2069\u061c', 'رضا'],
    ['\ufeffرضا\u0000', 'رضا'],
    ['re\u0301za', 'réza'],
    ['ا\u0640\u0653', 'آ'],
    ['ﻋﻠﻲ', 'علی'],
    // a vowel in presentation shape brings a tatweel with it
    ['م\ufe77', 'م\u064e'],
    ['\ud800علی', 'علی'],
    ['=SUM(A1)', '=SUM(A1)'],
    ['مسئول مؤمن أحمد فاطمة', 'مسئول مؤمن أحمد فاطمة'],
    ['  ', ''],
  ])('%j is stored as %j', (text, clean) => expect(cleanText(text)).toBe(clean));

  test('property: clean stays clean, with no Arabic yeh or kaf and no edge gap', () => {
    fc.assert(
      fc.property(typed, (s) => {
        const clean = cleanText(s);
        expect(cleanText(clean)).toBe(clean);
        expect(clean).not.toMatch(/[\u064a\u0649\u0643\u0640\u200e\u200f\u202a-\u202e\u2066-\u2069]|^[\s\u200c]|[\s\u200c]$|\s\s/);
        expect(clean.normalize('NFC')).toBe(clean);
      }),
      { numRuns: 2000 },
    );
  });

  test('long runs of gaps take no time', () => {
    const start = performance.now();
    searchText(`${(' ' + ZWNJ).repeat(100_000)}x${ZWNJ.repeat(100_000)}`);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('names', () => {
  test.each([
    ...vectors.text.sameName,
    // the three spellings of a compound
    [`علی${ZWNJ}رضا`, 'علی رضا'],
    [`علی${ZWNJ}رضا`, 'علیرضا'],
    ['علی  رضا', 'علیرضا'],
    ['آقا أحمد', 'اقا احمد'],
    ['فاطمة', 'فاطمه'],
    ['مؤمن', 'مومن'],
    ['مسئول', 'مسیول'],
    ['محمّد', 'محمد'],
    ['خانۀ', 'خانه'],
    ['ALI', 'ali'],
    ['واحد ۲', 'واحد ٢'],
  ])('%s is %s', (a, b) => {
    expect(sameName(a, b)).toBe(true);
    expect(searchText(a)).toBe(searchText(b));
  });

  test.each([
    ['علی', 'علیرضا'],
    ['حسن', 'حسین'],
    ['پلاک ۱ ۲۳', 'پلاک ۱۲ ۳'],
    [`پلاک ۱${ZWNJ}۲۳`, 'پلاک ۱۲۳'],
    ['', ''],
    [' ', ZWNJ],
  ])('%j is not %j', (a, b) => expect(sameName(a, b)).toBe(false));

  test.each(['ٱا', 'يی', 'ىی', 'ےی', 'كک', 'ڪک', 'ةه', 'ھه', 'ہه', 'ۃه', 'ەه', 'ۀه', 'أا', 'إا', 'آا', 'ؤو', 'ئی'])(
    '%s: a letter as others write it, and as it is found',
    (pair) => {
      const [typed = '', found = ''] = pair;
      expect(searchText(`با${typed}د`)).toBe(`با${found}د`);
    },
  );

  test.each([
    ['Réza ALI', 'rezaali'],
    ['پلاک ۱ ۲۳', 'پلاک1 23'],
    // what stood between two gaps and is taken off leaves one gap, or none
    ['۱ \u0301 ۲', '1 2'],
    ['۱ \u0301 ب', '1ب'],
    ['ب \u0301 ۱', 'ب1'],
  ])('%j is found as %j', (typed, folded) => expect(searchText(typed)).toBe(folded));

  test('case 34: علي كريمي finds علی کریمی, by one word too', () => {
    const stored = searchText(`علی${ZWNJ}رضا کریمی`);
    for (const query of ['علي', 'كريمي', 'علیرضا كريمي', 'رضا کریمی']) expect(stored).toContain(searchText(query));
  });

  test('property: the folded form is stable and the stored form finds what was typed', () => {
    fc.assert(
      fc.property(typed, (s) => {
        const folded = searchText(s);
        expect(searchText(folded)).toBe(folded);
        expect(searchText(cleanText(s))).toBe(folded);
        expect(sameName(s, cleanText(s))).toBe(folded !== '');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('wholeNumber', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['۱۲۳٤٥٦', 123456],
    ['۱٬۲۳۴', 1234],
    ['1,234,567', 1234567],
    ['۱۲،۳۴۵', 12345],
    [' 42 ', 42],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['2,147,483,648', 2_147_483_648],
  ])('%s is %d', (text, value) => expect(wholeNumber(text)).toBe(value));

  test.each([
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1,5',
    '1234,567',
    '1,234٬567',
    ',123',
    '1,',
    '1e3',
    '0x10',
    '1 234',
    'Infinity',
    '9007199254740992',
    '9'.repeat(400),
    '١٢٫٥',
  ])('%j is none', (text) => expect(wholeNumber(text)).toBeNull());

  test('case 34: the three scripts are the same, with any mark', () => {
    const scripts = [0x30, 0x660, 0x6f0];
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(...scripts), fc.constantFrom('', ',', '٬', '،'), (n, zero, mark) => {
        const grouped = String(n).replace(/\B(?=(\d{3})+$)/g, mark);
        expect(wholeNumber(grouped.replace(/\d/g, (d) => String.fromCharCode(zero + Number(d))))).toBe(n);
      }),
    );
  });
});

describe('letters that were lost on the way', () => {
  test.each([
    ['س?روس کر?م?', true],
    ['????? ?????', true],
    ['Ø³ÛŒØ±ÙˆØ³', true],
    ['سیر\ufffdس', true],
    ['علی?', true],
    ['سیروس کریمی', false],
    ['علی‌رضا اکبرپور', false],
    ['Øystein Ûnal', false],
    ['شرکت "گاز" (سهامی خاص)', false],
  ])('the name %s: %s', (name, lost) => expect(nameLettersLost(name)).toBe(lost));
  test.each([
    ['چرا رقم کم است؟ و چرا دیر?', false],
    ['پلاک 12? طبقه 3', false],
    ['خیابان آزاد?', false],
    ['خ?ابان', true],
    ['??? ????', true],
    ['Ù¾Ù„Ø§Ú© 12', true],
  ])('the text %s: %s', (text, lost) => expect(lettersLost(text)).toBe(lost));
});
