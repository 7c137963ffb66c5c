/** What people type and read: three scripts of digits, thousands marks, amounts. */

const PERSIAN_ZERO = 0x06f0;
const ARABIC_ZERO = 0x0660;

/** Persian and Arabic digits as Latin ones; everything else stays. */
export function latinDigits(text: string): string {
  return text
    .replace(/[۰-۹]/g, (d) => String(d.charCodeAt(0) - PERSIAN_ZERO))
    .replace(/[٠-٩]/g, (d) => String(d.charCodeAt(0) - ARABIC_ZERO));
}

/** Latin digits as Persian ones. */
export function persianDigits(text: string): string {
  return text.replace(/[0-9]/g, (d) => String.fromCharCode(PERSIAN_ZERO + Number(d)));
}

/** The numbers of a text as Persian writes them: its digits, its marks for thousands and decimals between them, its sign for per cent. */
export function persianNumbers(text: string): string {
  return persianDigits(text)
    .replace(/(?<=[۰-۹]),(?=[۰-۹]{3})/g, '٬')
    .replace(/(?<=[۰-۹])\.(?=[۰-۹])/g, '٫')
    .replace(/(?<=[۰-۹])%/g, '٪');
}

/** Only the digits of a typed text, in Latin. */
export function onlyDigits(text: string): string {
  return latinDigits(text).replace(/[^0-9]/g, '');
}

/** A whole number with thousands marks, the sign in front: −1,234,567. */
export function grouped(amount: number): string {
  const digits = String(Math.abs(amount)).replace(/\B(?=(\d{3})+$)/g, ',');
  return amount < 0 ? `−${digits}` : digits;
}

/** An exact figure as the API sends it (`45`, `45.5`, `n/d`) as people write it: thousands marks, a fraction as a decimal. */
export function groupedText(figure: string): string {
  const fraction = /^(-?\d+)\/(\d+)$/.exec(figure);
  const decimal = fraction ? decimalOf(Number(fraction[1]), Number(fraction[2])) : figure;
  return decimal.replace(/^(≈?)-?(\d+)/, (whole, near: string) => near + grouped(Number(whole.slice(near.length))));
}

function decimalOf(numerator: number, denominator: number): string {
  const value = String(Number((numerator / denominator).toFixed(3)));
  return Number(value) * denominator === numerator ? value : `≈${value}`;
}
