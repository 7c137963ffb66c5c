// npm run bench [-- arguments]: the measurements beside their floor.
import { build } from './build.mjs';
import { runNode } from './child.mjs';
import { asCommand, prepare, root } from './prepare.mjs';

await asCommand(async () => {
  const env = await prepare();
  await build({ bench: true });
  return runNode(['dist/bench/main.js', ...process.argv.slice(2)], { cwd: root, env });
});
