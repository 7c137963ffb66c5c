import { spawnSync } from 'node:child_process';
import path from 'node:path';

const project = path.resolve(__dirname, '..');

/** Lines that must be found end in `// rule`; every other line must not be. */
const PLANTED = `
import * as wf from '@temporalio/workflow';
import { condition, setHandler, type UpdateDefinition } from '@temporalio/workflow';
import type { Settlement } from '../domain/settlement.js';
import { Client } from '@temporalio/client'; // no-restricted-imports
import { readFileSync } from 'node:fs'; // no-restricted-imports
import { pool } from '../store/pool.js'; // no-restricted-imports
import { createActivities } from '../activities/index.js'; // no-restricted-imports
import type * as steps from '../activities/index.js';

export const used: unknown[] = [Client, readFileSync, pool, createActivities];
export type Used = [Settlement, typeof steps];

declare const update: UpdateDefinition<void, [string]>;
const handler = (_text: string): void => undefined;
const synchronous = (_text: string): void => undefined;
const byReference = async (_text: string): Promise<void> => wf.sleep(1);

export function fine(): void {
  setHandler(update, handler, { validator: synchronous });
  setHandler(update, handler, { validator: (_text) => undefined });
}

export async function faulty(): Promise<void> {
  setHandler(update, handler, { validator: async (_text) => wf.sleep(1) }); // no-restricted-syntax no-misused-promises
  setHandler(update, handler, { async validator(_text) { await wf.sleep(1); } }); // no-restricted-syntax no-misused-promises
  setHandler(update, handler, { validator: byReference }); // no-misused-promises
  wf.sleep(1); // no-floating-promises
  await condition(() => true);
  const anything: any = 1; // no-explicit-any
  used.push(anything as string);
}
`.trim();

it('finds floating promises, async validators by value and by reference, and imports that workflow code may not have', () => {
  // linted in the place of an existing workflow file, so that it has types; a process of its own, since ESLint loads its configuration as an ES module
  const eslint = path.join(project, 'node_modules/eslint/bin/eslint.js');
  const args = [eslint, '--stdin', '--stdin-filename', 'src/workflows/messages.ts', '--format', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, input: PLANTED, encoding: 'utf8' });
  expect(stderr).toBe('');
  const [result] = JSON.parse(stdout) as Array<{ messages: Array<{ ruleId: string | null; line: number; message: string }> }>;
  const found = result?.messages.map(({ ruleId, line, message }) => `${line}: ${ruleId?.replace('@typescript-eslint/', '') ?? message}`);

  const expected = PLANTED.split('\n').flatMap((text, index) =>
    (/ \/\/ ([a-z -]+)$/.exec(text)?.[1] ?? '')
      .split(' ')
      .filter(Boolean)
      .map((rule) => `${index + 1}: ${rule}`),
  );
  expect(expected.length).toBeGreaterThan(9);
  expect([...new Set(found)].sort()).toEqual(expected.sort());
});
