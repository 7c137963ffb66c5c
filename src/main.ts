#!/usr/bin/env node
import { CommanderError } from 'commander';
import { commandLine } from './cli/command-line.js';
import { ConfigError } from './config.js';
import { TariffError } from './domain/tariff/tariff.js';
import { Refusal } from './refusal.js';

// a reader that has seen enough (| head) is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

commandLine(process.env)
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // help and version end well; anything else is wrong usage
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const known = error instanceof Refusal || error instanceof ConfigError || error instanceof TariffError;
    process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = 1;
  });
