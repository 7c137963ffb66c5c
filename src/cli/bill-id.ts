import type { Command } from 'commander';
import { barcode, checkBillId, checkPayment, makeBillId, makePaymentId } from '../domain/bill/bill-id.js';
import { latinDigits } from '../domain/text.js';
import { Refusal } from '../refusal.js';
import { whole } from './arguments.js';
import type { CommandContext } from './context.js';

/** `bill-id check` and `bill-id make`: bill ids, payment ids and their bar code. */
export function addBillIdCommand(program: Command, { say }: CommandContext): void {
  const show = (answer: Record<string, unknown>, json: boolean | undefined): void => {
    if (json) say(JSON.stringify(answer));
    else for (const [key, value] of Object.entries(answer)) say(`${key}: ${String(value)}`);
  };
  const billId = program.command('bill-id').description('bill ids, payment ids and their barcode');
  billId
    .command('check')
    .argument('<billId>')
    .argument('[paymentId]')
    .option('--json')
    .action((bill: string, payment: string | undefined, { json }: { json?: boolean }) => {
      const { valid, service } = checkBillId(bill);
      const paid = payment === undefined ? null : checkPayment(bill, payment);
      const answer = {
        valid: valid && (paid?.valid ?? true),
        service,
        ...(paid && { amountRial: paid.amountRial, barcode: paid.barcode }),
      };
      show(answer, json);
      if (!answer.valid) process.exitCode = 1;
    });
  billId
    .command('make')
    .requiredOption('--file <digits>', 'file number, 8 digits at most')
    .requiredOption('--company <digits>', 'company, 3 digits')
    .requiredOption('--amount <rial>', 'a multiple of 1000', whole)
    .requiredOption('--year <n>', 'year; its last digit is used', whole)
    .requiredOption('--period <n>', '0 to 99', whole)
    .option('--json')
    .action(
      ({
        file,
        company,
        amount,
        year,
        period,
        json,
      }: {
        file: string;
        company: string;
        amount: number;
        year: number;
        period: number;
        json?: boolean;
      }) => {
        try {
          const bill = makeBillId({ file: latinDigits(file), company: latinDigits(company) });
          const paymentId = makePaymentId({ billId: bill, amount, yearDigit: year % 10, period });
          show({ billId: bill, paymentId, barcode: barcode(bill, paymentId) }, json);
        } catch (error) {
          if (error instanceof RangeError) throw new Refusal(error.message);
          throw error;
        }
      },
    );
}
