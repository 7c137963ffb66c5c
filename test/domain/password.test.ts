import { passwordFaults, passwordText } from '../../src/domain/password.js';

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

test('the same password on every keyboard', () => {
  expect(passwordText('كوه ۱۲٣ يلدا')).toBe(passwordText('کوه 123 یلدا'));
  expect(passwordText('Koh')).not.toBe(passwordText('koh'));
});

test('every fault says in Persian what to do', () => {
  for (const { message } of passwordFaults('مریم', PERSON)) expect(message).toMatch(/[آ-ی]{3}.*\./);
  expect(passwordFaults('مریم', PERSON).map(({ code }) => code)).toEqual(['PASSWORD_TOO_SHORT', 'PASSWORD_IS_NAME', 'PASSWORD_OBVIOUS']);
});
