import { Command } from 'commander';
import { version } from '../../package.json';
import { addAuditCommand } from './audit.js';
import { addBillIdCommand } from './bill-id.js';
import { commandContext } from './context.js';
import { addDemoDataCommand } from './demo-data.js';
import { addEncryptionKeyCommand } from './encryption-key.js';
import { addFeeResolutionCommand } from './fee-resolution.js';
import { addFeedCommand } from './feed.js';
import { addHistoriesCommand } from './histories.js';
import { addLateDecreeCommand } from './late-decree.js';
import { addMigrateCommand } from './migrate.js';
import { addPersonCommand } from './person.js';
import { addPersonDataCommand } from './person-data.js';
import { addPriceCommand } from './price.js';
import { addServeCommands } from './serve.js';
import { addSettleCommand } from './settle.js';
import { addStartCommand } from './start.js';
import { addTariffCommand } from './tariff.js';
import { addTemporalNamespaceCommand } from './temporal-namespace.js';
import { addTokenCommand } from './token.js';
import { addVerifyCommand } from './verify.js';
import { addWorkerVersionCommand } from './worker-version.js';

/** In the order in which `--help` lists them. Each imports what talks to servers inside its action, so that the others start at once. */
const COMMANDS = [
  addStartCommand,
  addServeCommands,
  addMigrateCommand,
  addTemporalNamespaceCommand,
  addWorkerVersionCommand,
  addFeedCommand,
  addDemoDataCommand,
  addTokenCommand,
  addEncryptionKeyCommand,
  addSettleCommand,
  addVerifyCommand,
  addLateDecreeCommand,
  addPriceCommand,
  addTariffCommand,
  addFeeResolutionCommand,
  addPersonCommand,
  addPersonDataCommand,
  addAuditCommand,
  addHistoriesCommand,
  addBillIdCommand,
];

/** The command `tasvieh`. Exit codes: 0 done, 1 refused or failed with a message, 2 wrong usage. */
export function commandLine(env: NodeJS.ProcessEnv): Command {
  const program = new Command('tasvieh')
    .description('Announcement of the outstanding gas balance (account settlement), quality plan SSS-PM-02')
    .version(version)
    .showHelpAfterError()
    .exitOverride();
  const context = commandContext(env);
  for (const add of COMMANDS) add(program, context);
  return program;
}
