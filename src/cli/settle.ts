import type { Command } from 'commander';
import { readConfig, signingSecret } from '../config.js';
import { date, oneOf, whole } from './arguments.js';
import type { CommandContext } from './context.js';

/** `settle`: an account over the API, for practice. */
export function addSettleCommand(program: Command, { env, say }: CommandContext): void {
  program
    .command('settle')
    .description('settle an account over the API, as a counter does')
    .requiredOption('--subscription <number>')
    .option('--date <date>', 'settlement date, today when absent', date)
    .option('--reading <m3>', 'the counter’s figure; one more a day than the last bill’s when absent', whole)
    .option('--source <source>', 'declared|staff|estimated|none', oneOf(['declared', 'staff', 'estimated', 'none']))
    .option('--purpose <purpose>', 'balance|final', oneOf(['balance', 'final']))
    .option('--documents <codes...>', 'documents that were shown, by the tariff’s codes')
    .option('--national-id <id>', 'the applicant’s; a practice one when absent')
    .option('--office <office>', 'office of the clerk; the demo clerk’s when absent')
    .option('--api <url>', 'address of the API')
    .option('--json')
    .action(
      async ({
        office,
        nationalId,
        api,
        json,
        ...options
      }: {
        subscription: string;
        nationalId?: string;
        office?: string;
        api?: string;
        json?: boolean;
        reading?: number;
        documents?: string[];
      }) => {
        const config = readConfig(env);
        const [{ createTokens }, { DEMO_CLERK, DEMO_NATIONAL_ID, demoClerk }, { settleByApi }] = await Promise.all([
          import('../api/tokens.js'),
          import('../embedded/demo.js'),
          import('../embedded/settle-by-api.js'),
        ]);
        const token = await createTokens(signingSecret(config)).issue(demoClerk(office ?? DEMO_CLERK.office), { ttl: 600 });
        const settlement = await settleByApi(api ?? `http://${config.apiHost}:${config.apiPort}`, token, {
          ...options,
          nationalId: nationalId ?? DEMO_NATIONAL_ID,
        });
        if (json) say(JSON.stringify(settlement, null, 2));
        else
          say(
            `${settlement.id}: ${settlement.bill.payable} rial to pay, ${settlement.bill.carry} carried, announced in ${settlement.elapsedMs} ms`,
          );
      },
    );
}
