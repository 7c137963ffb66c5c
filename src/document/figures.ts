import { todayInTehran } from '../domain/calendar/jalali.js';
import type { Rial } from '../domain/rial.js';
import type { Instant } from '../domain/settlement/settlement.js';
import { persianDigits } from '../domain/text.js';

// How figures, dates, ids and names are written into a right-to-left document.

// digits and their marks are not among them
const ARABIC_LETTER = /[\u0621-\u065f\u066e-\u06d3\u06ee\u06ef\u06fa-\u08ff\ufb50-\ufdff\ufe70-\ufefc]/;

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tehran', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** `۱۴۰۵/۰۳/۲۱، ساعت ۱۰:۱۵`, in Tehran whatever the machine's zone is. */
export function moment(at: Instant): string {
  const instant = new Date(at);
  return `${date(todayInTehran(instant))}، ساعت ${persianDigits(CLOCK.format(instant))}`;
}

/** `10:15` in Tehran, Latin digits. */
export function timeOfDay(at: Instant): string {
  return CLOCK.format(new Date(at));
}

export function date(d: string): string {
  return persianDigits(d);
}

/** A whole or decimal number, or a percentage, in Persian digits and marks: −۱۲٬۳۴۵٫۵ */
export function number(value: Rial | string): string {
  const [, sign = '', whole = '', places, percent] = /^(-?)([0-9]+)(?:\.([0-9]+))?(%?)$/.exec(String(value)) ?? [];
  if (!whole) return prose(String(value));
  const grouped = whole.replace(/\B(?=(?:[0-9]{3})+$)/g, '٬');
  const text = persianDigits(`${grouped}${places ? `٫${places}` : ''}${percent && '٪'}`);
  // only a sign would be carried to the other end by the text around it
  return sign ? `${LTR}−${text}${END}` : text;
}

/** Ids stay in Latin digits, left to right: they are typed into a bank's app. */
export function id(value: string): string {
  return `${LTR}${breakable(plain(value))}${END}`;
}

/**
 * A Persian sentence: its figures in Persian digits, but not those of a Latin name such as a tariff's version; what
 * is not a Persian word (1405-02, −500, household-1405-1) keeps its own order.
 */
export function prose(value: string): string {
  return plain(value).replace(/[^\s()«»،؛؟:.]+(?:[:.][^\s()«»،؛؟:.]+)*/g, (word) => {
    if (ARABIC_LETTER.test(word)) return breakable(persianDigits(word));
    if (MARKED_NUMBER.test(word)) return number(word.replaceAll(',', ''));
    const text = /[A-Za-z]/.test(word) ? word : persianDigits(word);
    return /[A-Za-z]|[-−+].|[0-9۰-۹][^0-9۰-۹٬٫/]/.test(text) ? `${LTR}${breakable(text)}${END}` : breakable(text);
  });
}

// a sum or a decimal; a plain row of digits may be an id and is not grouped
const MARKED_NUMBER = /^-?(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+\.[0-9]+)%?$/;
// isolates of the Unicode bidi algorithm: cheaper to lay out than a box for each figure
const LTR = '\u2066';
const ANY = '\u2068';
const END = '\u2069';

/** Data in the direction of its own first letter, whatever stands around it. */
export function isolated(value: string): string {
  return `${ANY}${breakable(plain(value))}${END}`;
}

/** Controls and bidi marks are not printed: they would break the line or turn what stands around them. */
function plain(value: string): string {
  return value
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .trim();
}

/** No Persian word is so long: it gets places to break at, else it would run out of its column. */
function breakable(value: string): string {
  return value.replace(/\S{25,}/gu, (word) => (word.match(/.{1,12}/gu) ?? []).join('\u200b'));
}
