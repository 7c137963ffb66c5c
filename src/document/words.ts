import { type Rial, rial } from '../domain/rial.js';

const ONES = [
  '',
  'یک',
  'دو',
  'سه',
  'چهار',
  'پنج',
  'شش',
  'هفت',
  'هشت',
  'نه',
  'ده',
  'یازده',
  'دوازده',
  'سیزده',
  'چهارده',
  'پانزده',
  'شانزده',
  'هفده',
  'هجده',
  'نوزده',
];
const TENS = ['', '', 'بیست', 'سی', 'چهل', 'پنجاه', 'شصت', 'هفتاد', 'هشتاد', 'نود'];
const HUNDREDS = ['', 'یکصد', 'دویست', 'سیصد', 'چهارصد', 'پانصد', 'ششصد', 'هفتصد', 'هشتصد', 'نهصد'];
/** Names of the groups of three digits, from the right. */
const SCALES = ['', 'هزار', 'میلیون', 'میلیارد', 'تریلیون', 'کوادریلیون'];
const AND = ' و ';

/** 1 to 999. */
function group(n: number): string {
  const rest = n % 100;
  const below = rest < 20 ? [ONES[rest]] : [TENS[Math.trunc(rest / 10)], ONES[rest % 10]];
  return [HUNDREDS[Math.trunc(n / 100)], ...below].filter(Boolean).join(AND);
}

/**
 * An amount in rial as Persian words with its unit, `دوازده میلیون و سیصد و چهل و پنج هزار ریال`; 1,000 is
 * «یک هزار» and 100 «یکصد» as on cheques, where a word put in front must not change the sum. NotExactError when
 * it is no Rial.
 */
export function amountInWords(amount: Rial): string {
  const exact = rial(amount);
  if (exact === 0) return 'صفر ریال';
  const parts: string[] = [];
  let left = Math.abs(exact);
  for (const scale of SCALES) {
    const part = left % 1000;
    if (part > 0) parts.unshift(scale ? `${group(part)} ${scale}` : group(part));
    left = Math.trunc(left / 1000);
  }
  return `${exact < 0 ? 'منفی ' : ''}${parts.join(AND)} ریال`;
}
