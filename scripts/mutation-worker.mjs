// Runs the tests of one module again and again in this process, each time with another mutant switched on and every source of the
// project loaded anew. jest would need a second or more for that each time; these tests only need test, test.each, describe and expect.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { transformSync } from '@swc/core';
import { expect } from 'expect';
import fc from 'fast-check';
import jest from '../jest.config.cjs';
import { root } from './prepare.mjs';

const require = createRequire(path.join(root, 'package.json'));
const [, swc] = Object.values(jest.transform)[0];
const unread = new RegExp(jest.transformIgnorePatterns[0]);
// a property has only to notice that something is broken, not to find the smallest case of it
fc.configureGlobal({ endOnFailure: true });

/** What Stryker's instrumented source looks at: the mutant that is on, how often it was passed and how often at most. */
const stryker = (globalThis.__stryker__ = {});
const compiled = new Map();
let order;

process.on('message', async (message) => {
  try {
    process.send({ told: message.source ? void (order = message) : message.unchanged ? await unchanged() : await withMutant(message) });
  } catch (error) {
    process.send({ error: String(error.stack) });
  }
});

/** Which test passes which mutant how often, and the time of each test (ms). */
async function unchanged() {
  const times = {};
  for (const [id, run] of loadTests()) {
    stryker.currentTestId = id;
    const started = performance.now();
    await run();
    times[id] = performance.now() - started;
  }
  return { coverage: stryker.mutantCoverage, times };
}

async function withMutant({ mutant, covering, most }) {
  Object.assign(stryker, { activeMutant: mutant, hitCount: 0, hitLimit: most });
  try {
    const tests = loadTests();
    for (const id of covering) await tests.get(id)();
  } catch {
    return stryker.hitCount > most ? 'Timeout' : 'Killed';
  }
  return 'Survived';
}

/** The tests by file, groups, title and number. */
function loadTests() {
  const tests = new Map();
  let group = '';
  const table = (add) => (rows) => (title, run) => rows.forEach((row) => add(title, () => run(...(Array.isArray(row) ? row : [row]))));
  const test = (title, run) => void tests.set(`${group} ${title} ${tests.size}`, run);
  const describe = (title, fill) => {
    const outer = group;
    group += ` ${title}`;
    fill();
    group = outer;
  };
  const globals = {
    test: Object.assign(test, { each: table(test) }),
    describe: Object.assign(describe, { each: table(describe) }),
    expect,
  };
  const loaded = new Map();
  for (const file of order.tests) {
    group = path.basename(file);
    load(file, loaded, globals);
  }
  return tests;
}

function load(file, loaded, globals) {
  if (loaded.has(file)) return loaded.get(file).exports;
  const module = { exports: {} };
  loaded.set(file, module);
  if (file.endsWith('.json')) return (module.exports = JSON.parse(readFileSync(file, 'utf8')));
  const required = (name) => {
    const source = name.startsWith('.') ? path.resolve(path.dirname(file), name).replace(/\.js$/, '.ts') : undefined;
    const resolved = source && existsSync(source) ? source : createRequire(file).resolve(name);
    return name.startsWith('node:') || unread.test(resolved) ? require(resolved) : load(resolved, loaded, globals);
  };
  compile(file)(module.exports, required, module, file, path.dirname(file), ...Object.values(globals));
  return module.exports;
}

function compile(file) {
  if (!compiled.has(file)) {
    const { code } = transformSync(file === order.source ? order.mutated : readFileSync(file, 'utf8'), {
      filename: file,
      swcrc: false,
      configFile: false,
      ...swc,
    });
    compiled.set(file, new Function('exports', 'require', 'module', '__filename', '__dirname', 'test', 'describe', 'expect', code));
  }
  return compiled.get(file);
}
