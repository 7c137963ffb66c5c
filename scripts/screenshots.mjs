// npm run screenshots: the pictures of the docs, from a synthetic office.
import { build } from './build.mjs';
import { runNode } from './child.mjs';
import { asCommand, prepare, root } from './prepare.mjs';

await asCommand(async () => {
  const env = await prepare();
  await build({ bench: true });
  return runNode(['dist/bench/pictures.js'], { cwd: root, env });
});
