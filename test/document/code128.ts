/** Bar and space widths of the 107 symbols, in modules (ISO/IEC 15417, table 1). */
const SYMBOLS = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 ' +
  '123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 ' +
  '232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 ' +
  '313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 ' +
  '111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 ' +
  '111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 ' +
  '114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112'
).split(' ');
const START_C = 105;
const STOP = 106;

/** The digits of a Code 128 C symbol from its bars [left, width] in modules; throws when it is none. */
export function decodeCode128C(bars: [number, number][]): string {
  const widths: number[] = [];
  let end: number | null = null;
  for (const [left, width] of bars) {
    if (end !== null) widths.push(left - end);
    widths.push(width);
    end = left + width;
  }
  const text = widths.join('');
  const values = (text.slice(0, -7).match(/.{6}/g) ?? []).map((symbol) => SYMBOLS.indexOf(symbol));
  if (SYMBOLS.indexOf(text.slice(-7)) !== STOP || values.length < 2 || values.includes(-1)) throw new Error(`no Code 128: ${text}`);
  const check = values.pop();
  const sum = values.reduce((total, value, i) => total + value * Math.max(i, 1), 0);
  if (values.shift() !== START_C || sum % 103 !== check) throw new Error(`not Code 128 C: ${text}`);
  if (values.some((value) => value > 99)) throw new Error('leaves set C');
  return values.map((value) => String(value).padStart(2, '0')).join('');
}
