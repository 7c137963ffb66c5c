import { cleanText, latinDigits, searchText } from '../text.js';

export const PASSWORD_MIN_LENGTH = 10;

/** One password however the keyboard writes it: digits of the three scripts, ي and ی, ك and ک are the same. */
export function passwordText(typed: string): string {
  return latinDigits(cleanText(typed));
}

export interface PasswordFault {
  code: 'PASSWORD_TOO_SHORT' | 'PASSWORD_IS_NAME' | 'PASSWORD_OBVIOUS';
  /** Persian */
  message: string;
}

/** What is wrong with a new password. No rules of composition: they make passwords that are written on paper. */
export function passwordFaults(typed: string, { id, name }: { id: string; name: string }): PasswordFault[] {
  const faults: PasswordFault[] = [];
  const add = (code: PasswordFault['code'], message: string): void => void faults.push({ code, message });
  if ([...passwordText(typed)].length < PASSWORD_MIN_LENGTH) {
    add(
      'PASSWORD_TOO_SHORT',
      `گذرواژه دست‌کم ${PASSWORD_MIN_LENGTH} نویسه باشد. چند واژه که تنها شما کنار هم می‌گذارید بهتر از یک واژه است.`,
    );
  }
  const folded = searchText(typed);
  if (isOwnName(folded, id, name)) add('PASSWORD_IS_NAME', 'گذرواژه نام خود شماست. گذرواژه‌ای بنویسید که نام شما در آن نباشد.');
  if (isObvious(folded)) add('PASSWORD_OBVIOUS', 'این گذرواژه را به‌آسانی می‌توان حدس زد. گذرواژهٔ دیگری بنویسید.');
  return faults;
}

/** Without what is usually put before and after a word: digits and marks. */
function core(folded: string): string {
  return folded.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
}

function isOwnName(folded: string, id: string, name: string): boolean {
  const whole = [searchText(id), searchText(name)];
  const parts = [...whole, ...name.split(/[\s\u200c]/).map(searchText)].filter((part) => part !== '');
  return parts.includes(core(folded)) || whole.some((part) => part.length >= 4 && folded.includes(part));
}

const WORDS =
  'password|passwd|passw0rd|p@ssword|p@ssw0rd|admin|administrator|welcome|letmein|iloveyou|changeme|secret|qwerty|tasvieh|test|user|iran|رمز|عبور|گذرواژه|پسورد|تسویه|سلام|مدیر|کاربر|ایران';
const ONLY_WORDS = new RegExp(`^(?:${WORDS})+$`);
/** Rows of keyboards and alphabets, folded. */
const RUNS = [
  '0123456789',
  '123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'ضصثقفغعهخحجچشسیبلاتنمکگظطزرذدپو',
  'ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی',
];

function isObvious(folded: string): boolean {
  const characters = [...folded];
  if (new Set(characters).size < 5) return true;
  if (ONLY_WORDS.test(core(folded))) return true;
  const backwards = characters.reverse().join('');
  return RUNS.map((run) => run.repeat(Math.ceil(folded.length / run.length) + 1)).some(
    (run) => run.includes(folded) || run.includes(backwards),
  );
}
