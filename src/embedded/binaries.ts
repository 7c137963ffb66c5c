import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { projectFolder } from './project-folder.js';

/** The Temporal dev server: TASVIEH_TEMPORAL_BIN, then PATH, then `bin` of the data folder (scripts/prepare.mjs fills it); null = none. */
export function temporalExecutable(env: NodeJS.ProcessEnv = process.env): string | null {
  return executable('TASVIEH_TEMPORAL_BIN', 'temporal', env);
}

/** The time-skipping test server, found the same way from TASVIEH_TEMPORAL_TEST_SERVER_BIN. */
export function testServerExecutable(env: NodeJS.ProcessEnv = process.env): string | null {
  return executable('TASVIEH_TEMPORAL_TEST_SERVER_BIN', 'temporal-test-server', env);
}

function executable(setting: string, name: string, env: NodeJS.ProcessEnv): string | null {
  const configured = env[setting];
  if (configured) {
    if (!isExecutable(configured)) throw new Error(`${setting}: ${configured} is not an executable file`);
    return path.resolve(configured);
  }
  const onPath = (env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const kept = path.resolve(projectFolder(), env['TASVIEH_DATA'] || 'data', 'bin');
  return [...onPath, kept].map((folder) => path.join(folder, name)).find(isExecutable) ?? null;
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
