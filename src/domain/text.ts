const FOREIGN_DIGITS = /[۰-۹٠-٩]/g;

/** Persian ۰-۹ and Arabic ٠-٩ → 0-9; nothing else changes. */
function digitsToLatin(s: string): string {
  // both blocks start at a code whose low four bits are 0, so the low bits are the digit
  return s.replace(FOREIGN_DIGITS, (digit) => String(digit.charCodeAt(0) & 0xf));
}

/**
 * Persian and Arabic digits as Latin ones. The thousands mark of Persian keyboards and of Intl's fa-IR (`٬`,
 * U+066C) goes with them where it stands before a group of three: ۱٬۲۳۴ → 1234. Everything else stays.
 */
export function latinDigits(s: string): string {
  return digitsToLatin(s).replace(/(?<=[0-9])٬(?=[0-9]{3}(?![0-9]))/g, '');
}

/** Latin and Arabic digits as Persian ones, for print; everything else stays. */
export function persianDigits(s: string): string {
  return s.replace(/[0-9٠-٩]/g, (digit) => String.fromCharCode(0x06f0 + (digit.charCodeAt(0) & 0xf)));
}

// controls, bidi marks, BOM, lone surrogates and tatweel print nothing and break comparing; ZWNJ and ZWJ are spelling
const INVISIBLE = /(?![\t-\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]|\u0640/gu;
// letters in presentation shape come from old systems and from copying out of PDF files
const PRESENTATION_FORMS = /[\ufb50-\ufdfb\ufe70-\ufefc]+/g;
const ARABIC_YEH_OR_KAF = /[\u064a\u0649\u0643]/g;
const GAP = /[\s\u200c]+/g;

/**
 * The form that is stored: NFC; Arabic ي, ى and ك as Persian ی and ک (NFKC does not merge them); tatweel, bidi
 * and other invisible controls removed; a run of white space is one space; ends trimmed, ZWNJ included (trim()
 * leaves it). Digits and case stay as typed. Idempotent.
 */
export function cleanText(s: string): string {
  return (
    s
      .replace(INVISIBLE, '')
      .replace(PRESENTATION_FORMS, (letters) => letters.normalize('NFKC').replaceAll('\u0640', ''))
      // after the removals, which can bring a letter and its mark together
      .normalize('NFC')
      // ى in Persian text is always yeh
      .replace(ARABIC_YEH_OR_KAF, (letter) => (letter === '\u0643' ? 'ک' : 'ی'))
      // a ZWNJ beside a space joins nothing
      .replace(GAP, (gap) => (/\s/.test(gap) ? ' ' : '\u200c'))
      .replace(/^[ \u200c]|[ \u200c]$/g, '')
  );
}

/** Letters that are one letter to a reader, left after the marks are taken off (NFD opens أ إ آ ؤ ئ ۀ). */
const SAME_LETTER: Readonly<Record<string, string>> = {
  '\u0671': 'ا',
  '\u064a': 'ی',
  '\u06d2': 'ی',
  '\u06aa': 'ک',
  '\u0629': 'ه',
  '\u06be': 'ه',
  '\u06c1': 'ه',
  '\u06c3': 'ه',
  '\u06d5': 'ه',
};
const FOLDED_LETTER = /[\u0671\u064a\u06d2\u06aa\u0629\u06be\u06c1\u06c3\u06d5]/g;

/**
 * The form for comparing and finding, never for showing: cleanText, then marks and hamza forms taken off
 * (أإآ→ا, ؤ→و, ئ→ی, ة→ه), Latin digits, lower case, and no gaps. Space, ZWNJ and nothing at all are three
 * spellings of one compound (علی رضا, علی‌رضا, علیرضا), so all three must meet; only a gap between two digits is
 * kept, as one space (پلاک 1 23 is not پلاک 12 3). To find by several words, split the query at its spaces
 * first and look for each folded word. Idempotent.
 */
export function searchText(s: string): string {
  return latinDigits(cleanText(s))
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\p{M}\u200d]/gu, '')
    .replace(FOLDED_LETTER, (letter) => SAME_LETTER[letter] ?? letter)
    .replace(/(?<![0-9])[ \u200c]|[ \u200c]+(?![0-9 \u200c])/g, '')
    .replace(/[ \u200c]/g, ' ')
    .normalize('NFC');
}

// UTF-8 read as a Western code page: the first byte of an Arabic letter, then a byte that is no letter there
const READ_AS_WESTERN =
  /[ØÙÚÛ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2026\u2030\u2039\u203a\u20ac\u2122]/;
const REPLACED = /\ufffd|\?{3}|(?<=\p{Script=Arabic})\?(?=\p{Script=Arabic})/u;

/** Whether letters were lost on the way: replaced by `?` or U+FFFD, or UTF-8 read as another encoding (`Ø³ÛŒØ±ÙˆØ³`). */
export function lettersLost(s: string): boolean {
  return REPLACED.test(s) || READ_AS_WESTERN.test(s);
}

/** The same of a name, which holds no question mark at all. */
export function nameLettersLost(name: string): boolean {
  return name.includes('?') || lettersLost(name);
}

/** Whether two names are one name however typed; an empty name is the same as none, itself included. */
export function sameName(a: string, b: string): boolean {
  const folded = searchText(a);
  return folded !== '' && folded === searchText(b);
}

/**
 * A whole number ≥ 0 typed in Latin, Persian or Arabic digits, with or without thousands marks (`٬` `,` `،`, one
 * kind, groups of three: a decimal comma is not read as one); null for anything else, also beyond the safe
 * integers.
 */
export function wholeNumber(s: string): number | null {
  const text = digitsToLatin(cleanText(s));
  if (!/^(?:[0-9]+|[0-9]{1,3}([٬,،])[0-9]{3}(?:\1[0-9]{3})*)$/.test(text)) return null;
  const value = Number(text.replace(/[٬,،]/g, ''));
  return Number.isSafeInteger(value) ? value : null;
}
