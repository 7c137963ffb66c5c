import type { Rial } from '../rial.js';
import { cleanText, latinDigits } from '../text.js';

/*
 * Bill id (شناسه قبض), 6 to 13 digits: file ≤ 8 · company 3 · service 1 · check 1.
 * Payment id (شناسه پرداخت), 6 to 13 digits: amount ÷ 1000 ≤ 8 · year 1 · period 2 · check1 · check2.
 * Ids are written without leading zeros; the halves of a barcode are padded to 13 digits.
 * Source: domain notes, Identifiers. The check digits let about 1.7 % of single-digit errors pass: a valid id is no
 * proof of the right customer. The rule of a subscription number's two check digits is not published.
 */

/** What one payment id can carry, in rial: eight digits of thousands. */
export const MAX_PAYMENT_ID_AMOUNT = 99_999_999_000;
/** Payment ids count in thousands of rial. */
export const AMOUNT_UNIT = 1000;
const GAS = 3;
const HALF = 13;

export interface BillIdParts {
  /** as in the id: 1 to 8 digits, no leading zeros */
  file: string;
  /** three digits */
  company: string;
  /** 3 = gas */
  service: number;
}

export type BillIdCheck = ({ valid: true } & BillIdParts) | { valid: false; file: null; company: null; service: null };

export type PaymentCheck =
  | { valid: true; amountRial: Rial; yearDigit: number; period: number; barcode: string }
  | { valid: false; amountRial: null; yearDigit: null; period: null; barcode: null };

const NO_BILL_ID: BillIdCheck = { valid: false, file: null, company: null, service: null };
const NO_PAYMENT: PaymentCheck = { valid: false, amountRial: null, yearDigit: null, period: null, barcode: null };

/** From the right × 2,3,4,5,6,7,2,…; r = sum mod 11; 0 if r < 2, else 11 − r. Leading zeros change nothing. */
function checkDigit(digits: string): number {
  let sum = 0;
  for (let i = digits.length - 1, weight = 2; i >= 0; i--, weight = weight === 7 ? 2 : weight + 1) {
    sum += (digits.charCodeAt(i) - 48) * weight;
  }
  const r = sum % 11;
  return r < 2 ? 0 : 11 - r;
}

/** An id as typed or scanned → 6 to 13 Latin digits without leading zeros; null when it is none. */
export function normalId(text: string): string | null {
  const digits = latinDigits(cleanText(text));
  if (!/^[0-9]{6,13}$/.test(digits)) return null;
  const id = digits.replace(/^0+/, '');
  return id.length >= 6 ? id : null;
}

function validBillId(text: string): string | null {
  const id = normalId(text);
  return id !== null && checkDigit(id.slice(0, -1)) === Number(id.at(-1)) ? id : null;
}

function whole(name: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 0 || value > most) throw new RangeError(`${name} is not 0 to ${most}: ${value}`);
  return value;
}

function knownBillId(text: string): string {
  const id = validBillId(text);
  if (id === null) throw new RangeError(`not a bill id: ${text}`);
  return id;
}

/**
 * The bill id of a subscriber. `file`: 1 to 8 digits after its leading zeros, which are dropped; `company`: 3 digits;
 * `service`: 0 to 9, gas = 3. RangeError otherwise.
 */
export function makeBillId({ file, company, service = GAS }: { file: string; company: string; service?: number }): string {
  if (!/^0*[1-9][0-9]{0,7}$/.test(file)) throw new RangeError(`file is not 1 to 8 digits: ${file}`);
  if (!/^[0-9]{3}$/.test(company)) throw new RangeError(`company is not 3 digits: ${company}`);
  const body = `${file.replace(/^0+/, '')}${company}${whole('service', service, 9)}`;
  return `${body}${checkDigit(body)}`;
}

/**
 * The payment id of one slip. `amount`: rial, a multiple of 1,000 from 1,000 to MAX_PAYMENT_ID_AMOUNT;
 * `yearDigit`: 0 to 9; `period`: 0 to 99. RangeError otherwise and for a bill id that is not valid.
 */
export function makePaymentId({
  billId,
  amount,
  yearDigit,
  period,
}: {
  billId: string;
  amount: Rial;
  yearDigit: number;
  period: number;
}): string {
  const id = knownBillId(billId);
  if (whole('amount', amount, MAX_PAYMENT_ID_AMOUNT) === 0 || amount % AMOUNT_UNIT !== 0) {
    throw new RangeError(`amount is no positive multiple of ${AMOUNT_UNIT} rial: ${amount}`);
  }
  const body = `${amount / AMOUNT_UNIT}${whole('yearDigit', yearDigit, 9)}${String(whole('period', period, 99)).padStart(2, '0')}`;
  const checked = `${body}${checkDigit(body)}`;
  return `${checked}${checkDigit(id + checked)}`;
}

/** Check of a typed or scanned bill id (three scripts, leading zeros accepted) and its parts; all null if invalid. */
export function checkBillId(billId: string): BillIdCheck {
  const id = validBillId(billId);
  if (id === null) return NO_BILL_ID;
  return { valid: true, file: id.slice(0, -5), company: id.slice(-5, -2), service: Number(id.at(-2)) };
}

/**
 * Check of a pair, typed or scanned (three scripts, leading zeros accepted): the bill id's digit and both of the
 * payment id's. Amount in rial; all null if invalid.
 */
export function checkPayment(billId: string, paymentId: string): PaymentCheck {
  const bill = validBillId(billId);
  const payment = normalId(paymentId);
  if (bill === null || payment === null) return NO_PAYMENT;
  const body = payment.slice(0, -2);
  const checked = payment.slice(0, -1);
  if (checked !== `${body}${checkDigit(body)}` || payment !== `${checked}${checkDigit(bill + checked)}`) return NO_PAYMENT;
  return {
    valid: true,
    amountRial: Number(body.slice(0, -3)) * AMOUNT_UNIT,
    yearDigit: Number(body.at(-3)),
    period: Number(body.slice(-2)),
    barcode: bill.padStart(HALF, '0') + payment.padStart(HALF, '0'),
  };
}

/** The 26 digits of the barcode (Code 128 C). RangeError when the pair is not valid: a wrong one is never printed. */
export function barcode(billId: string, paymentId: string): string {
  const check = checkPayment(billId, paymentId);
  if (!check.valid) throw new RangeError(`not a bill id and its payment id: ${billId} ${paymentId}`);
  return check.barcode;
}

/**
 * The amounts of the slips that pay `payable` (rial, ≥ 0, a multiple of 1,000, else RangeError): each fits a payment
 * id, their sum is exact; none for 0. Equal amounts need periods of their own, or their ids are equal too.
 */
export function splitPayable(payable: Rial): Rial[] {
  if (!Number.isSafeInteger(payable) || payable < 0 || payable % AMOUNT_UNIT !== 0) {
    throw new RangeError(`payable is no multiple of ${AMOUNT_UNIT} rial: ${payable}`);
  }
  const amounts: Rial[] = [];
  for (let left = payable; left > 0; left -= MAX_PAYMENT_ID_AMOUNT) amounts.push(Math.min(left, MAX_PAYMENT_ID_AMOUNT));
  return amounts;
}
