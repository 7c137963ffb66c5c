// npm start: everything on one machine.
import { runNode } from './child.mjs';
import { asCommand, prepare, root } from './prepare.mjs';

await asCommand(async () => {
  const env = await prepare();
  // in a process that ends: the build's libraries would keep 400 MB while this one waits
  const built = await runNode(['scripts/build.mjs'], { cwd: root, env });
  if (built !== 0) return built;
  const args = process.argv.slice(2);
  return runNode(['--enable-source-maps', 'dist/src/main.js', ...(args.length > 0 ? args : ['start'])], { cwd: root, env });
});
