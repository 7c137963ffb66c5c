import { Command } from 'commander';
import type { CommandContext } from '../../src/cli/context.js';
import type { ServedConfig } from '../../src/process/processes.js';

/** Runs commands inside the test's process, as the command line would: what they printed and their exit code. */
export async function runCommand(
  add: (program: Command, context: CommandContext) => void,
  settings: Partial<ServedConfig>,
  args: string[],
): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const program = new Command('tasvieh').exitOverride().configureOutput({ writeErr: () => {} });
  const served = (): ServedConfig => settings as ServedConfig;
  add(program, { env: {}, say: (line) => void lines.push(line), served, databaseUrl: () => served().databaseUrl });
  await program.parseAsync(['node', 'tasvieh', ...args]);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, out: lines.join('\n') };
}
