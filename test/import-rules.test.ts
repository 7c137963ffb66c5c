import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const project = path.resolve(__dirname, '..');

interface Violation {
  rule: { name: string };
  from: string;
  to: string;
}

/** Every violation in `folder`/src as "file: rule". */
function violations(folder: string): string[] {
  const depcruise = path.join(project, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [depcruise, '--config', path.join(project, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src'];
  const output = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const { summary } = JSON.parse(output) as { summary: { violations: Violation[] } };
  return summary.violations.map(({ from, rule }) => `${from.replace(/^src\//, '')}: ${rule.name}`);
}

it('src keeps to the rooms', () => {
  expect(violations(project)).toEqual([]);
});

describe('a planted violation is found', () => {
  let folder: string;
  /** One file of the planted tree, what it says, and the rules it must break (none = allowed). */
  const planted: Array<[file: string, text: string, breaks: string[]]> = [
    ['domain/rial.ts', `import jalaali from 'jalaali-js';\nexport const rial = jalaali;\nexport interface Rial { value: number }\n`, []],
    ['domain/reads.ts', `import { pool } from '../store/pool.js';\nexport const reads = pool;\n`, ['domain-imports']],
    ['domain/package.ts', `import pg from 'pg';\nexport const client = pg;\n`, ['domain-packages']],
    ['domain/node.ts', `import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n`, ['domain-packages']],
    ['store/pool.ts', `import pg from 'pg';\nimport { rial } from '../domain/rial.js';\nexport const pool = [pg, rial];\n`, []],
    ['store/upwards.ts', `import type { Port } from '../billing/port.js';\nexport type Up = Port;\n`, ['store-imports']],
    ['store/settings.ts', `import type { Config } from '../config.js';\nexport type Settings = Config;\n`, ['top-level']],
    ['billing/port.ts', `export interface Port { pool: unknown }\n`, []],
    ['billing/rows.ts', `import { pool } from '../store/pool.js';\nexport const rows = pool;\n`, ['billing-imports']],
    ['document/bill.ts', `import { pool } from '../store/pool.js';\nexport const bill = pool;\n`, ['document-imports']],
    [
      'activities/step.ts',
      `import { bill } from '../document/bill.js';\nimport type { Config } from '../config.js';\nexport const step = (_: Config) => bill;\n`,
      [],
    ],
    ['activities/settings.ts', `import { config } from '../config.js';\nexport const settings = config;\n`, ['top-level-as-types']],
    ['activities/starts.ts', `import { main } from '../main.js';\nexport const starts = main;\n`, ['activities-imports', 'entry']],
    [
      'cli/price.ts',
      `import { routes } from '../api/routes.js';\nimport { config } from '../config.js';\nexport const price = [routes, config];\n`,
      [],
    ],
    ['process/commands.ts', `import { price } from '../cli/price.js';\nexport const commands = price;\n`, ['process-imports']],
    ['embedded/answers.ts', `import { routes } from '../api/routes.js';\nexport const answers = routes;\n`, ['embedded-imports']],
    ['operations/prints.ts', `import { bill } from '../document/bill.js';\nexport const prints = bill;\n`, ['operations-imports']],
    ['temporal/client.ts', `import { signal } from '../workflows/messages.js';\nexport const client = signal;\n`, []],
    ['temporal/server.ts', `import { answers } from '../embedded/answers.js';\nexport const server = answers;\n`, ['temporal-imports']],
    ['workflows/messages.ts', `import { defineSignal } from '@temporalio/workflow';\nexport const signal = defineSignal('signal');\n`, []],
    ['workflows/settlement.ts', `import type { step } from '../activities/step.js';\nexport type Step = typeof step;\n`, []],
    ['workflows/runs.ts', `import { step } from '../activities/step.js';\nexport const runs = step;\n`, ['workflows-activities-as-types']],
    ['workflows/client.ts', `import { Client } from '@temporalio/client';\nexport const client = Client;\n`, ['workflows-packages']],
    ['api/routes.ts', `import { signal } from '../workflows/messages.js';\nexport const routes = signal;\n`, []],
    ['api/story.ts', `import type { Step } from '../workflows/settlement.js';\nexport type Story = Step;\n`, ['api-imports']],
    ['counter/page.ts', `import type { Story } from '../api/story.js';\nexport type Page = Story;\n`, []],
    ['counter/server.ts', `import { routes } from '../api/routes.js';\nexport const server = routes;\n`, ['counter-api-as-types']],
    ['billing/first.ts', `import { second } from './second.js';\nexport const first = () => second;\n`, ['no-cycles']],
    ['billing/second.ts', `import { first } from './first.js';\nexport const second = () => first;\n`, []], // a cycle is reported once,
    ['billing/shape.ts', `import type { Other } from './other.js';\nexport interface Shape { other: Other }\n`, []],
    ['billing/other.ts', `import type { Shape } from './shape.js';\nexport interface Other { shape: Shape }\n`, []],
    ['billing/nowhere.ts', `import { gone } from './gone.js';\nexport const nowhere = gone;\n`, ['resolvable']],
    ['store/dev.ts', `import fc from 'fast-check';\nexport const dev = fc;\n`, ['declared-packages']],
    ['config.ts', `export interface Config { port: number }\nexport const config = 1;\n`, []],
    [
      'main.ts',
      `import { routes } from './api/routes.js';\nimport { config } from './config.js';\nexport const main = [routes, config];\n`,
      [],
    ],
  ];

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-imports-'));
    for (const file of ['package.json', 'tsconfig.json']) copyFileSync(path.join(project, file), path.join(folder, file));
    symlinkSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'));
    for (const [file, text] of planted) {
      mkdirSync(path.dirname(path.join(folder, 'src', file)), { recursive: true });
      writeFileSync(path.join(folder, 'src', file), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('each by its rule, and nothing else is', () => {
    const expected = planted.flatMap(([file, , breaks]) => breaks.map((rule) => `${file}: ${rule}`));
    expect([...new Set(violations(folder))].sort()).toEqual(expected.sort());
  });
});
