// npm run test:mutation [-- debt reading:100-140 …]: breaks the rules one place at a time and asks whether the tests of that rule notice.
// A module answers to its own tests, not to whoever happens to pass through it: that is stricter, and thirty times quicker.
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { root } from './prepare.mjs';

const AIM = 90;
const WORKERS = Number(process.env.TASVIEH_MUTATION_WORKERS ?? 2);
// the independent computation of the debt, in as few examples as still meet every kind of line
process.env.TASVIEH_RUNS ??= '600';
const folder = path.join(root, 'data', 'mutation');
/** Modules whose rules are tested under another name besides their own. */
const ALSO = {
  account: ['closing', 'debt', 'reading', 'cycle'],
  debt: ['debt-words', 'debt-borders', 'decisions', 'discount', 'earlier-settlement', 'debt-oracle'],
  'earlier-settlement': ['decisions'],
  'gas-price': ['decisions'],
  outage: ['outage-order'],
  reading: ['reading-words', 'reading-meters', 'decisions'],
  'late-decree': ['verification'],
  'service-terms': ['practice-tariff'],
  'step-table': ['step-table-words', 'following-tariff'],
  erasure: ['erasure-actions'],
  tariff: ['tariff-words', 'tariff-detail', 'tariff-schema', 'practice-tariff'],
  'tariff-names': ['tariff-detail'],
  'tariff-review': ['tariff-review-words', 'practice-tariff'],
  task: ['task-words'],
};

/** Where each module lives below src/domain and test/domain: name → folder. */
const folderOf = new Map(
  readdirSync(path.join(root, 'src/domain'), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [path.basename(file, '.ts'), path.dirname(file)]),
);
const modules = [...folderOf.keys()];
const sourceOf = (module) => path.join(root, 'src/domain', folderOf.get(module), `${module}.ts`);
const asked = process.argv.slice(2).map((one) => one.split(':'));
for (const [name] of asked.filter(([name]) => !modules.includes(name))) throw new Error(`src/domain/${name}.ts: no such module`);
const testsOf = (module) =>
  [module, ...(ALSO[module] ?? [])]
    .map((name) => path.join(root, 'test/domain', folderOf.get(module), `${name}.test.ts`))
    .filter((file) => existsSync(file));

const silent = new Proxy({}, { get: () => () => false });
const isText = (node) => node.isStringLiteral() || node.isTemplateLiteral();
/** The wording of an error that is thrown for programmers is nobody's contract; that it is thrown, and when, stays mutated. */
const wording = { shouldIgnore: (node) => (isText(node) && node.parentPath?.isNewExpression() ? 'wording of an error' : undefined) };

mkdirSync(folder, { recursive: true });
const untested = [];
for (const [module, range] of asked.length > 0 ? asked : modules.map((one) => [one])) {
  const tests = testsOf(module);
  if (tests.length === 0) {
    untested.push(module);
    continue;
  }
  const mutants = await mutate(module, tests, range?.split('-').map(Number));
  // a few lines alone are for looking at
  if (!range) writeFileSync(path.join(folder, `${module}.json`), JSON.stringify(mutants));
  report(module, mutants);
}

let [noticed, all] = [0, 0];
for (const module of modules) {
  const file = path.join(folder, `${module}.json`);
  if (!existsSync(file)) continue;
  const count = counted(JSON.parse(readFileSync(file, 'utf8')));
  noticed += count.noticed;
  all += count.all;
}
const score = (100 * noticed) / all;
process.stdout.write(
  `\n${noticed} of ${all} noticed: ${score.toFixed(1)} %${untested.length > 0 ? `; without tests of their own: ${untested.join(', ')}` : ''}\n`,
);
process.exitCode = score >= AIM ? 0 : 1;

/** All mutants of a module with what became of each. Stryker writes them into one source; a worker switches them on one by one. */
async function mutate(module, tests, [first, last] = [1, Infinity]) {
  const source = sourceOf(module);
  const { files, mutants } = await new Instrumenter(silent).instrument(
    [{ name: source, content: readFileSync(source, 'utf8'), mutate: true }],
    { plugins: null, excludedMutations: [], ignorers: [wording], noHeader: false },
  );
  const order = { source, mutated: files[0].content, tests };
  const reader = await startWorker(order);
  const { coverage, times } = (await reader.ask({ unchanged: true }, 600_000)) ?? {};
  reader.stop();
  if (!times) throw new Error(`${module}: its tests do not run, or not within ten minutes`);

  const results = mutants
    .map(({ id, location, mutatorName, replacement, status }) => {
      const [line, column] = [location.start.line + 1, location.start.column + 1];
      const everywhere = coverage.static[id] !== undefined;
      const passing = Object.entries(coverage.perTest).filter(([, hits]) => hits[id] !== undefined);
      // the quickest first: most mutants fall there, and the first failure ends the run
      const covering = (everywhere ? Object.keys(times) : passing.map(([test]) => test)).sort((a, b) => times[a] - times[b]);
      const hits = passing.reduce((sum, [, of]) => sum + of[id], coverage.static[id] ?? 0);
      return {
        id,
        covering,
        hits,
        status: status ?? (covering.length === 0 ? 'NoCoverage' : undefined),
        line,
        column,
        mutator: mutatorName,
        replacement,
      };
    })
    .filter(({ line }) => line >= first && line <= last);

  const waiting = results.filter(({ status }) => status === undefined);
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      let worker;
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        worker ??= await startWorker(order);
        const { id, covering, hits } = next;
        const usual = covering.reduce((sum, test) => sum + times[test], 0);
        next.status = await worker.ask({ mutant: id, covering, most: Math.max(100 * hits, 1_000) }, 10_000 + 5 * usual);
        if (next.status !== undefined) continue;
        // a loop without end, or one that eats the memory
        next.status = 'Timeout';
        worker.stop();
        worker = undefined;
      }
      worker?.stop();
    }),
  );
  return results.map(({ status, line, column, mutator, replacement }) => ({ status, line, column, mutator, replacement }));
}

/** `ask` answers undefined when the worker died or said nothing for `ms`. Throws when the tests fail without any mutant. */
async function startWorker(order) {
  const child = fork(fileURLToPath(new URL('mutation-worker.mjs', import.meta.url)), {
    execArgv: ['--max-old-space-size=700'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ask = (message, ms) =>
    new Promise((answer, refuse) => {
      const end = (settle, value) => {
        clearTimeout(timer);
        child.removeAllListeners();
        settle(value);
      };
      const timer = setTimeout(() => end(answer), ms);
      child
        .once('exit', () => end(answer))
        .once('message', ({ told, error }) => (error === undefined ? end(answer, told) : end(refuse, new Error(error))));
      child.send(message);
    });
  const worker = { ask, stop: () => child.kill('SIGKILL') };
  await worker.ask(order, 60_000);
  return worker;
}

function counted(mutants) {
  const judged = mutants.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError' && status !== 'RuntimeError');
  const of = (...statuses) => judged.filter(({ status }) => statuses.includes(status)).length;
  return { all: judged.length, noticed: of('Killed', 'Timeout'), timeouts: of('Timeout') };
}

function report(module, mutants) {
  const { all, noticed, timeouts } = counted(mutants);
  process.stdout.write(`\n${module}: ${noticed} of ${all}${timeouts > 0 ? `, ${timeouts} of them by running without end` : ''}\n`);
  const lines = readFileSync(sourceOf(module), 'utf8').split('\n');
  for (const { status, line, column, mutator, replacement } of mutants) {
    if (status === 'Killed' || status === 'Timeout' || status === 'Ignored') continue;
    process.stdout.write(`  ${module}.ts:${line}:${column} ${status} ${mutator} → ${replacement}\n    ${lines[line - 1].trim()}\n`);
  }
}
