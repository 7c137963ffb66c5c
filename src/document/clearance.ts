import type { ClearanceLetter } from '../domain/settlement/clearance.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { persianDigits } from '../domain/text.js';
import { date, id, isolated, moment, number } from './figures.js';
import { amountInWords } from './words.js';

/** The values of clearance.typ. Every figure is text already: the template only lays out. */
export function clearancePage(letter: ClearanceLetter, issuer: string) {
  const { bill, payments, person } = letter;
  const nothing = bill.payable === 0;
  return {
    issuer: isolated(issuer),
    number: id(letter.number),
    issuedOn: date(todayInTehran(new Date(letter.issuedAt))),
    illustrative: bill.illustrative,
    settlementDate: date(letter.settlementDate),
    // after an erasure the letter still says for which subscription it was issued
    name: person.name === '' ? null : isolated(person.name),
    certifies:
      `به‌موجب صورتحساب تسویهٔ شمارهٔ ${id(bill.number)}${bill.revision > 1 ? ` (ویرایش ${number(bill.revision)})` : ''}، ${nothing ? '' : 'بدهی '}اشتراک ${id(letter.subscription)} ` +
      `تا پایان روز ${date(letter.settlementDate)} ` +
      (nothing ? 'مبلغی برای پرداخت ندارد' : 'به‌طور کامل پرداخت شده است') +
      ' و این شرکت بابت آن صورتحساب مطالبه‌ای ندارد.',
    subscriber: [
      ['نشانی', person.address === '' ? null : isolated(person.address)],
      ['کد پستی', person.postalCode === '' ? null : id(person.postalCode)],
      ['شمارهٔ اشتراک', id(letter.subscription)],
      ['شناسهٔ قبض', id(letter.billId)],
      ['شمارهٔ پرونده', id(letter.file)],
      ['رقم کنتور در تاریخ تسویه', letter.reading === null ? 'بدون قرائت' : persianDigits(String(letter.reading))],
    ],
    payments: payments.map(({ reference, paidOn, amount }) => ({ reference: id(reference), on: date(paidOn), amount: number(amount) })),
    payable: number(bill.payable),
    paid: number(letter.paid),
    words: nothing ? null : amountInWords(bill.payable),
    notices: notices(letter),
    record: [
      ['صادرکننده', isolated(letter.issuedBy.name)],
      ['دفتر', isolated(letter.issuedBy.office)],
      ['زمان صدور', moment(letter.issuedAt)],
      ['شناسهٔ تسویه', id(letter.settlement)],
    ],
  };
}

function notices({ bill, fee, payments, paid }: ClearanceLetter): string[] {
  const said: string[] = [];
  if (bill.carry > 0) said.push(`${number(bill.carry)} ریال کسری صورتحساب به صورتحساب دورهٔ آتی منتقل شده است و در این گواهی نیست.`);
  if (bill.carry < 0) said.push(`${number(-bill.carry)} ریال بستانکاری در حساب مشترک مانده است.`);
  if (paid > bill.payable) said.push(`${number(paid - bill.payable)} ریال بیش از مبلغ صورتحساب پرداخت شده و در حساب مشترک بستانکار است.`);
  if (bill.payable > 0 && payments.length === 0) said.push('مبلغ صورتحساب پیش از صدور آن پرداخت شده است.');
  if (fee !== null) said.push(`هزینهٔ صدور صورتحساب تسویه، ${number(fee)} ریال، در صورتحساب دورهٔ آتی دریافت می‌شود.`);
  said.push(
    bill.definitive
      ? 'این گواهی دربارهٔ مصرف پس از تاریخ تسویه چیزی نمی‌گوید.'
      : 'صورتحساب علی‌الحساب بوده است: مابه‌التفاوت قرائت یا تعرفهٔ قطعی جداگانه حساب می‌شود. این گواهی دربارهٔ مصرف پس از تاریخ تسویه چیزی نمی‌گوید.',
  );
  said.push('اگر صورتحساب اصلاح یا باطل شود این گواهی از اعتبار می‌افتد؛ درستی آن را با شمارهٔ گواهی از دفتر خدمات مشترکین بپرسید.');
  return said;
}
