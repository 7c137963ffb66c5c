// npm start: everything on one machine.
import { build } from './build.mjs';
import { runNode } from './child.mjs';
import { asCommand, prepare, root } from './prepare.mjs';

await asCommand(async () => {
  const env = await prepare();
  await build();
  const args = process.argv.slice(2);
  return runNode(['--enable-source-maps', 'dist/src/main.js', ...(args.length > 0 ? args : ['start'])], { cwd: root, env });
});
