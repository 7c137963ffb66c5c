import { setImmediate as turn } from 'node:timers/promises';
import { createBillPrinter } from '../src/document/bill.js';
import type { Settlement } from '../src/domain/settlement/settlement.js';
import { settlement } from '../test/document/settlement-sample.js';

const WARM_UP = 30;
const BILLS = 200;

/** Bills of eight lines with one slip, no two alike, printed one after the other by one warm printer. */
export async function benchDocument(): Promise<{ name: string; medianMs: number; p95Ms: number; n: number }> {
  const printer = createBillPrinter();
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + BILLS; i++) {
    const input = { settlement: subscriber(i), copy: false as const, void: false };
    const start = performance.now();
    printer.bill(input);
    if (i >= WARM_UP) times.push(performance.now() - start);
    // the bytes handed out are freed only when the event loop turns, as between two requests
    await turn();
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { name: 'settlement bill as PDF', medianMs: at(0.5), p95Ms: at(0.95), n: times.length };
}

function subscriber(i: number): Settlement {
  const lines = (settlement().bill?.lines ?? []).map((line, k) => ({ ...line, amount: line.amount + i * (k + 1) * 7_919 }));
  return settlement({
    lines,
    account: { name: `علی کریمی ${i}`, address: `اصفهان، خیابان چهارباغ، پلاک ${i}` },
    bill: { number: `1405-02-${String(i).padStart(6, '0')}` },
  });
}
