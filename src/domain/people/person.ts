import { cleanText, latinDigits } from '../text.js';

/**
 * A national id (کد ملی) as its 10 Latin digits, leading zeros kept; null when it is not one. Digits of the three
 * scripts, plain or with the card's dashes (093-283381-0). Rule: the first nine digits × 10 … 2, summed,
 * r = sum mod 11; the last is r if r < 2, else 11 − r; ten equal digits are refused. The first three digits are no
 * test: published lists of them are incomplete.
 */
export function nationalId(text: string): string | null {
  const match = /^([0-9]{3})(-?)([0-9]{6})\2([0-9])$/.exec(latinDigits(cleanText(text)));
  if (!match) return null;
  const id = `${match[1]}${match[3]}${match[4]}`;
  // they pass the check digit
  if (/^([0-9])\1{9}$/.test(id)) return null;
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(id[i]) * (10 - i);
  const r = sum % 11;
  return Number(id[9]) === (r < 2 ? r : 11 - r) ? id : null;
}

/**
 * An Iranian mobile number as `09…`, 11 Latin digits; null when it is not one. Typed as 09…, 9…, 98…, +98… or
 * 0098…, in digits of the three scripts, with spaces and dashes anywhere.
 */
export function mobile(text: string): string | null {
  const match = /^(?:0098|\+?98|0)?(9[0-9]{9})$/.exec(latinDigits(cleanText(text)).replace(/[\s\u200c\p{Pd}]/gu, ''));
  return match ? `0${match[1]}` : null;
}

/**
 * A user name as it is kept: 2 to 40 small Latin letters, digits, dots, dashes and underscores, the first a letter or
 * digit; null when it is none. Capitals count as small, digits of the three scripts as Latin.
 */
export function userName(text: string): string | null {
  const name = latinDigits(cleanText(text)).toLowerCase();
  return /^[a-z0-9][a-z0-9._-]{1,39}$/.test(name) ? name : null;
}

/**
 * The user name in what a provider of identities calls somebody: `name@domain` (Entra ID, a mail address) or
 * `DOMAIN\name` (Active Directory). The domain must be one of `domains`, in whatever case, and is cut off; without
 * `domains` the text must be the bare name. Null for everybody else: the same name of another domain is another person.
 */
export function nameAtProvider(text: string, domains: readonly string[]): string | null {
  const claim = cleanText(text);
  if (domains.length === 0) return userName(claim);
  const [, byMail, mailDomain, windowsDomain, byWindows] = /^(?:([^@\\]+)@([^@\\]+)|([^@\\]+)\\([^@\\]+))$/.exec(claim) ?? [];
  const domain = (mailDomain ?? windowsDomain ?? '').toLowerCase();
  return domains.some((each) => each.toLowerCase() === domain) ? userName(byMail ?? byWindows ?? '') : null;
}
