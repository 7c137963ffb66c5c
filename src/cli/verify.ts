import type { Command } from 'commander';
import type { VerifiedBill } from '../operations/verify.js';
import { Refusal } from '../refusal.js';
import { type CommandContext, withPool } from './context.js';

/** `verify`: issued bills, recomputed from their stored inputs. */
export function addVerifyCommand(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('recompute issued bills from their stored inputs: equal, or where they differ')
    .argument('[settlement]', 'id of a settlement: every revision of it')
    .option('--all', 'every bill of the database')
    .option('--json')
    .action(async (settlement: string | undefined, { all = false, json = false }: { all?: boolean; json?: boolean }, command: Command) => {
      if ((settlement === undefined) !== all) command.error('error: name a settlement, or ask for --all', { exitCode: 2 });
      await verify(context, settlement ?? null, json);
    });
}

async function verify(context: CommandContext, settlement: string | null, json: boolean): Promise<void> {
  const { say } = context;
  const [{ countIssuedBills }, { verifyBills }] = await Promise.all([
    import('../store/issued-bills.js'),
    import('../operations/verify.js'),
  ]);
  const terminal = process.stderr.isTTY;
  const different: VerifiedBill[] = [];
  let checked = 0;
  await withPool(context, 'tasvieh-verify', async (pool) => {
    const all = terminal && settlement === null ? await countIssuedBills(pool) : 0;
    for await (const bill of verifyBills(pool, settlement)) {
      checked++;
      if (!bill.equal) different.push(bill);
      if (all > 0 && checked % 100 === 0) process.stderr.write(`\r${checked} of ${all} bills`);
      if (json) continue;
      if (all > 0 && !bill.equal) process.stderr.write('\r');
      if (settlement !== null || !bill.equal)
        say(`${bill.settlement} r${bill.revision} (${bill.number}): ${bill.equal ? 'equal' : 'differs'}`);
      for (const { line, code, field, issued, computed } of bill.differences) {
        say(
          `  ${line === null ? 'bill' : `line ${line} ${code}`}, ${field}: issued ${JSON.stringify(issued)}, computed ${JSON.stringify(computed)}`,
        );
      }
    }
    if (all > 0) process.stderr.write('\r');
  });
  if (settlement !== null && checked === 0) throw new Refusal(`${settlement}: no bill is issued`);
  if (json) say(JSON.stringify({ checked, equal: checked - different.length, different }));
  else say(`${checked} bills: ${checked - different.length} equal, ${different.length} differ.`);
  if (different.length > 0) process.exitCode = 1;
}
