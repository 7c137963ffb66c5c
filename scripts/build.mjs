// Builds the counter's pages, compiles src (and bench when asked to) into dist, copies what is not TypeScript, bundles the workflows; does nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { asCommand, root } from './prepare.mjs';

const dist = path.join(root, 'dist');
const stamp = path.join(dist, '.built.json');
const say = (line) => process.stderr.write(`build: ${line}\n`);

/** Throws when it does not compile. `bench`: with the measurements and the samples of test/ that they use. */
export async function build({ bench = false } = {}) {
  await buildCounter();
  const sources = [
    ...filesUnder('src').filter((file) => !isCounter(file)),
    ...(bench
      ? [
          ...filesUnder('bench'),
          ...['test/document', 'test/vectors', 'test/e2e', 'test/counter', 'test/store']
            .flatMap(filesUnder)
            .filter((file) => !file.endsWith('.test.ts')),
          'test/servers.ts',
        ]
      : []),
  ].sort();
  const project = bench ? 'tsconfig.bench.json' : 'tsconfig.build.json';
  const settings = ['tsconfig.json', 'tsconfig.build.json', project, 'package.json', 'package-lock.json', 'scripts/build.mjs'];
  const hash = hashOf([...settings, ...sources]);
  const last = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : { hash: '', sources: [] };
  if (last.hash === hash) return;

  // what came from a source that is gone must not stay
  for (const file of last.sources.filter((file) => !sources.includes(file))) {
    const output = path.join(dist, file.replace(/\.tsx?$/, '.js'));
    for (const gone of [output, `${output}.map`]) rmSync(gone, { force: true });
    // the compiler must not believe that its output is still there
    for (const project of ['build', 'bench']) rmSync(path.join(dist, `${project}.tsbuildinfo`), { force: true });
  }
  rmSync(stamp, { force: true });

  say('tsc');
  const require = createRequire(path.join(root, 'package.json'));
  const { status } = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', project], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('build: does not compile');

  for (const file of sources.filter(isAsset)) {
    const copy = path.join(dist, file);
    mkdirSync(path.dirname(copy), { recursive: true });
    copyFileSync(path.join(root, file), copy);
  }

  const workflows = path.join(dist, 'src', 'workflows', 'index.js');
  if (existsSync(workflows)) {
    say('workflow bundle');
    await bundleWorkflows(workflows, path.join(dist, 'workflow-bundle.js'), [path.join(path.dirname(workflows), 'interceptors.js')]);
  } else say('no src/workflows/index.ts, no workflow bundle');

  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, JSON.stringify({ hash, sources }));
}

/** The counter's pages into dist/counter; by a stamp of their own, since the compiler has no part in them. */
async function buildCounter() {
  const out = path.join(dist, 'counter');
  const stamp = path.join(dist, '.counter.json');
  const hash = hashOf(['vite.config.mjs', 'package-lock.json', ...filesUnder('src/counter').sort()]);
  if (existsSync(stamp) && existsSync(out) && JSON.parse(readFileSync(stamp, 'utf8')).hash === hash) return;
  rmSync(stamp, { force: true });
  say('counter pages');
  const { build } = await import('vite');
  const { output } = await build({ configFile: path.join(root, 'vite.config.mjs'), logLevel: 'warn' });
  const chunks = new Map(output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
  // the entry with what it imports at once
  const first = new Set([...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of first) for (const other of chunks.get(name)?.imports ?? []) first.add(other);
  const size = [...first].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? '').length, 0);
  say(`counter pages: ${Math.round(size / 1000)} kB of script gzipped at first, ${chunks.size - first.size} parts later`);
  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, JSON.stringify({ hash }));
}

/** The bundle replaces the one before in one go: a worker that starts meanwhile reads the old or the new one. */
export async function bundleWorkflows(workflowsPath, target, workflowInterceptorModules = []) {
  const { bundleWorkflowCode, DefaultLogger } = createRequire(path.join(root, 'package.json'))('@temporalio/worker');
  const failureConverterPath = path.join(path.dirname(workflowsPath), '../temporal/failure-converter.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    failureConverterPath,
    workflowInterceptorModules,
    preloadModules: [path.join(path.dirname(workflowsPath), 'sandbox.js')],
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(`${target}.new`, code);
  renameSync(`${target}.new`, target);
}

/** The counter's pages are built by their own tool. */
function isCounter(file) {
  return file.startsWith('src/counter/');
}

function isAsset(file) {
  return !/\.tsx?$/.test(file);
}

function filesUnder(folder) {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path
        .relative(root, path.join(entry.parentPath ?? entry.path, entry.name))
        .split(path.sep)
        .join('/'),
    );
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await asCommand(async () => {
    await build();
    return 0;
  });
}
