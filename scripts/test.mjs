// npm test [-- jest's arguments]: ends with a line `N passed, N failed`.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { runNode } from './child.mjs';
import { asCommand, prepare, root } from './prepare.mjs';

await asCommand(async () => {
  let env;
  try {
    env = await prepare({ testServer: true });
    await build();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.stdout.write('0 passed, 1 failed\n');
    return 1;
  }
  const scratch = mkdtempSync(path.join(tmpdir(), 'tasvieh-test-'));
  try {
    const result = path.join(scratch, 'result.json');
    // without a terminal a missing snapshot is a failure, not something to write
    const ci = process.env.CI || !process.stdout.isTTY ? ['--ci'] : [];
    const code = await runNode(['node_modules/jest/bin/jest.js', ...ci, '--json', `--outputFile=${result}`, ...process.argv.slice(2)], {
      cwd: root,
      env,
      stdio: ['inherit', 2, 2],
    });
    if (existsSync(result)) {
      const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(result, 'utf8'));
      // a suite that could not even run counts as one failure
      process.stdout.write(`${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed\n`);
    }
    return code;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
