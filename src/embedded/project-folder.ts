import path from 'node:path';

/** The same from src and from dist/src; dist has a package.json of its own. */
export function projectFolder(): string {
  return path.resolve(__dirname, __dirname.includes(`${path.sep}dist${path.sep}`) ? '../../..' : '../..');
}
