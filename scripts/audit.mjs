// Asks the registry for known weaknesses (high and critical) of the packages that production runs. Exit code 1 when there are
// some; a registry that cannot be asked is told and is no failure.
import { spawnSync } from 'node:child_process';
import { root } from './prepare.mjs';

const LIMIT_MS = 60_000;
const npm = process.env.npm_execpath ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
const { stdout, stderr, error } = spawnSync(
  npm[0],
  [...npm[1], 'audit', '--omit=dev', '--audit-level=high', '--json', '--fetch-retries=1', '--fetch-timeout=20000'],
  {
    cwd: root,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    shell: process.platform === 'win32' && npm[0] === 'npm',
  },
);
const answer = parsed(stdout);
const counts = answer?.metadata?.vulnerabilities;
if (!counts) {
  const why =
    error?.code === 'ETIMEDOUT'
      ? `no answer within ${LIMIT_MS / 1000} s`
      : answer?.error?.summary || answer?.message || stderr?.trim().split('\n')[0] || error?.message || 'no answer that can be read';
  process.stderr.write(
    `audit: the dependencies were NOT checked: the registry cannot be asked (${why.replaceAll(/https?:\/\/\S+/g, '…')})\n`,
  );
} else {
  const grave = Object.values(answer.vulnerabilities ?? {}).filter(({ severity }) => ['high', 'critical'].includes(severity));
  for (const { name, severity, range } of grave) process.stderr.write(`audit: ${name} ${range}: ${severity}\n`);
  process.stderr.write(
    `audit: ${answer.metadata.dependencies?.prod ?? 'all'} packages of production asked for: ${grave.length} with high or critical weaknesses, ${counts.total} in all\n`,
  );
  process.exitCode = grave.length > 0 ? 1 : 0;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
