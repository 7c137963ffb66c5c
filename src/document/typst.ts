import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';

const FONT_WEIGHTS = ['Regular', 'Medium', 'Bold'];
// what so many documents did not use again is dropped: labels and template stay, and memory stays flat
const CACHE_AGE = 8;

/** Sets documents of one template, `<name>.typ` beside this file, as PDF; its compiler and fonts are made once. */
export function typesetter(name: string): (values: unknown) => Uint8Array {
  const template = join(__dirname, `${name}.typ`);
  const data = join(__dirname, `${name}.json`);
  const fonts = join(dirname(require.resolve('vazirmatn/package.json')), 'fonts', 'ttf');
  const compiler = NodeCompiler.create({
    workspace: __dirname,
    fontArgs: [{ fontBlobs: FONT_WEIGHTS.map((weight) => readFileSync(join(fonts, `Vazirmatn-${weight}.ttf`))) }],
  });
  compiler.addSource(template, readFileSync(template, 'utf8'));
  return (values) => {
    // the template reads its values as a JSON file: text never becomes Typst source
    compiler.mapShadow(data, Buffer.from(JSON.stringify(values)));
    try {
      // straight to bytes: a document object's native memory is freed only when the event loop turns
      return compiler.pdf({ mainFilePath: template });
    } finally {
      compiler.evictCache(CACHE_AGE);
    }
  };
}
