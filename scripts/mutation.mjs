// npm run test:mutation [-- debt reading …]: breaks the rules one place at a time and asks whether the tests of that rule notice.
// A module answers to its own tests, not to whoever happens to pass through it: that is stricter, and thirty times quicker.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import jest from '../jest.config.cjs';
import { root } from './prepare.mjs';

const AIM = 90;
// the independent computation of the debt, in as few examples as still meet every kind of line
process.env.TASVIEH_RUNS ??= '600';
const folder = path.join(root, 'data', 'mutation');
/** Modules whose rules are tested under another name besides their own. */
const ALSO = {
  account: ['closing', 'debt', 'reading', 'cycle'],
  debt: ['debt-words', 'decisions', 'discount', 'earlier-settlement', 'debt-oracle'],
  'earlier-settlement': ['decisions'],
  'gas-price': ['decisions'],
  reading: ['reading-words', 'reading-meters', 'decisions'],
  'late-decree': ['verification'],
  'service-terms': ['practice-tariff'],
  'step-table': ['step-table-words'],
  tariff: ['tariff-schema', 'tariff-detail', 'practice-tariff'],
  'tariff-names': ['tariff-detail'],
  'tariff-review': ['tariff-review-words', 'practice-tariff'],
  task: ['task-words'],
};

const modules = readdirSync(path.join(root, 'src/domain')).map((file) => path.basename(file, '.ts'));
const asked = process.argv.slice(2);
for (const name of asked.filter((one) => !modules.includes(one))) throw new Error(`src/domain/${name}.ts: no such module`);
const testsOf = (module) => [module, ...(ALSO[module] ?? [])].map((name) => `test/domain/${name}.test.ts`).filter((file) => existsSync(path.join(root, file)));

mkdirSync(folder, { recursive: true });
const untested = [];
for (const module of asked.length > 0 ? asked : modules) {
  const tests = testsOf(module);
  if (tests.length === 0) {
    untested.push(module);
    continue;
  }
  const results = await new Stryker({
    mutate: [`src/domain/${module}.ts`],
    testRunner: 'jest',
    jest: {
      projectType: 'custom',
      config: { ...jest, testMatch: tests.map((file) => `<rootDir>/${file}`), setupFiles: ['<rootDir>/test/mutation/setup.cjs'], testSequencer: '<rootDir>/test/mutation/sequencer.cjs' },
      enableFindRelatedTests: false,
    },
    coverageAnalysis: 'perTest',
    concurrency: Number(process.env.TASVIEH_MUTATION_WORKERS ?? 2),
    // loops without an end are rare; a busy machine is not, and must not pass for one
    timeoutMS: 15_000,
    plugins: ['@stryker-mutator/*', path.join(root, 'test/mutation/wording.mjs')],
    ignorers: ['wording'],
    reporters: [],
    logLevel: 'error',
    tempDirName: 'data/stryker',
    ignorePatterns: ['data', 'dist', 'docs', 'bench', 'src/counter', 'test/counter', 'test/e2e'],
  }).runMutationTest();
  const mutants = results.map(({ status, location, mutatorName, replacement }) => ({ status, line: location.start.line, column: location.start.column, mutator: mutatorName, replacement }));
  writeFileSync(path.join(folder, `${module}.json`), JSON.stringify(mutants));
  report(module);
}

let [noticed, all] = [0, 0];
for (const module of modules) {
  if (!existsSync(path.join(folder, `${module}.json`))) continue;
  const count = counted(module);
  noticed += count.noticed;
  all += count.all;
}
const score = (100 * noticed) / all;
process.stdout.write(`\n${noticed} of ${all} noticed: ${score.toFixed(1)} %${untested.length > 0 ? `; without tests of their own: ${untested.join(', ')}` : ''}\n`);
process.exitCode = score >= AIM ? 0 : 1;

function counted(module) {
  const mutants = JSON.parse(readFileSync(path.join(folder, `${module}.json`), 'utf8')).filter(({ status }) => !['Ignored', 'CompileError', 'RuntimeError'].includes(status));
  return { mutants, all: mutants.length, noticed: mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length };
}

function report(module) {
  const { mutants, all, noticed } = counted(module);
  process.stdout.write(`\n${module}: ${noticed} of ${all}\n`);
  const lines = readFileSync(path.join(root, 'src/domain', `${module}.ts`), 'utf8').split('\n');
  for (const { status, line, column, mutator, replacement } of mutants) {
    if (status === 'Killed' || status === 'Timeout') continue;
    process.stdout.write(`  ${module}.ts:${line}:${column} ${status} ${mutator} → ${replacement}\n    ${lines[line - 1].trim()}\n`);
  }
}
