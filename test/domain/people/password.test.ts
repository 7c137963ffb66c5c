import { passwordFaults, passwordText } from '../../../src/domain/people/password.js';

const PERSON = { id: 'm.rezaei', name: 'مریم رضایی' };
const codes = (typed: string, person = PERSON): string[] => passwordFaults(typed, person).map(({ code }) => code);

test.each([
  'باران روی پل قدیمی',
  'lantern-orbit-77',
  'هفت‌سین ۱۴۰۵ آبی',
  'correct horse battery',
  // no composition rules: ten digits that are no row are allowed
  '8203915746',
])('%s is accepted', (typed) => expect(codes(typed)).toEqual([]));

test.each([
  ['', ['PASSWORD_TOO_SHORT', 'PASSWORD_OBVIOUS']],
  ['kT4!x9#pq', ['PASSWORD_TOO_SHORT']],
  // invisible marks and outer spaces do not count
  ['  kT4!x9#pq \u200f', ['PASSWORD_TOO_SHORT']],
  ['password1405', ['PASSWORD_OBVIOUS']],
  ['PassWord!!!1', ['PASSWORD_OBVIOUS']],
  ['admin12345', ['PASSWORD_OBVIOUS']],
  ['AdminAdmin99', ['PASSWORD_OBVIOUS']],
  ['۱۴۰۵ رمز عبور', ['PASSWORD_OBVIOUS']],
  ['گذرواژه۱۲۳۴', ['PASSWORD_OBVIOUS']],
  ['aaaaaaaaaaaa', ['PASSWORD_OBVIOUS']],
  ['1212121212', ['PASSWORD_OBVIOUS']],
  ['1234567890', ['PASSWORD_OBVIOUS']],
  ['۱۲۳۴۵۶۷۸۹۰', ['PASSWORD_OBVIOUS']],
  ['123456789123', ['PASSWORD_OBVIOUS']],
  ['9876543210', ['PASSWORD_OBVIOUS']],
  ['qwertyuiop', ['PASSWORD_OBVIOUS']],
  ['poiuytrewq', ['PASSWORD_OBVIOUS']],
  ['ضصثقفغعهخح', ['PASSWORD_OBVIOUS']],
  ['m.rezaei-1405', ['PASSWORD_IS_NAME']],
  ['xxM.REZAEIyz', ['PASSWORD_IS_NAME']],
  ['مريم رضايي ۱۲', ['PASSWORD_IS_NAME']],
  ['رضایی۱۳۶۵۱۲', ['PASSWORD_IS_NAME']],
])('%s: %j', (typed, expected) => expect(codes(typed)).toEqual(expected));

test('a short login name is found alone, not inside other words', () => {
  const person = { id: 'ali', name: 'علی' };
  expect(codes('ali1234567', person)).toEqual(['PASSWORD_IS_NAME']);
  expect(codes('quality of light', person)).toEqual([]);
});

test.each<[string, string[]]>([
  // four letters of a name are enough to be found inside, three are not
  ['xxreza-lamp-7', ['PASSWORD_IS_NAME']],
  ['xxrez-a-lamp-7', []],
  // digits between words make another word of them; before and after they do not
  ['admin4user9test', []],
  ['49-admin-user-test-49', []],
  ['49adminusertest49', ['PASSWORD_OBVIOUS']],
  // four signs are too few, however they are mixed, five are not
  ['xkqzxqkzzk', ['PASSWORD_OBVIOUS']],
  ['xkqzxqkzzm', []],
])('a limit from both sides: %s', (typed, expected) => expect(codes(typed, { id: 'reza', name: '' })).toEqual(expected));

test('digits alone are nobody’s name, also where a name is empty or begins with a space', () => {
  expect(codes('8203915746', { id: 'x', name: ' مریم' })).toEqual([]);
  expect(codes('8203915746', { id: '', name: '' })).toEqual([]);
});

test('the same password on every keyboard', () => {
  expect(passwordText('كوه ۱۲٣ يلدا')).toBe(passwordText('کوه 123 یلدا'));
  expect(passwordText('Koh')).not.toBe(passwordText('koh'));
});

test('every fault says in Persian what to do', () => {
  expect(passwordFaults('مریم', PERSON)).toEqual([
    { code: 'PASSWORD_TOO_SHORT', message: 'گذرواژه دست‌کم 10 نویسه باشد. چند واژه که تنها شما کنار هم می‌گذارید بهتر از یک واژه است.' },
    { code: 'PASSWORD_IS_NAME', message: 'گذرواژه نام خود شماست. گذرواژه‌ای بنویسید که نام شما در آن نباشد.' },
    { code: 'PASSWORD_OBVIOUS', message: 'این گذرواژه را به‌آسانی می‌توان حدس زد. گذرواژهٔ دیگری بنویسید.' },
  ]);
});
