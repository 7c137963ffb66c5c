import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Where the package's own binary is unpacked once. */
const UNPACKED = path.resolve('node_modules/.cache/tasvieh-chromium');

interface Program {
  executablePath: string;
  args: string[];
  env: Record<string, string>;
}

/** The browser's program: the one that is named, the machine's, else the one that came as an npm package. */
function program(): Program {
  const named = process.env['TASVIEH_CHROMIUM'];
  if (named) return { executablePath: named, args: [], env: {} };
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const name of NAMES) {
      const file = path.join(folder, name);
      if (folder !== '' && isExecutable(file)) return { executablePath: file, args: [], env: {} };
    }
  }
  mkdirSync(UNPACKED, { recursive: true });
  // the package unpacks into the folder for temporary files, and its libraries only where it believes to be at home
  const unpack = `require('@sparticuz/chromium').executablePath().then((file) => process.stdout.write(file))`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', unpack], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: UNPACKED, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' },
  });
  if (status !== 0 || !existsSync(stdout)) throw new Error(`no Chromium: name one in TASVIEH_CHROMIUM (${stderr.slice(-500)})`);
  // its own list of fonts knows other folders, and a page without any font crashes it
  const fonts = path.join(UNPACKED, 'fonts.conf');
  writeFileSync(
    fonts,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${UNPACKED}/fonts</dir><cachedir>${UNPACKED}/fonts-cache</cachedir></fontconfig>`,
  );
  const libraries = [path.join(UNPACKED, 'al2023/lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return { executablePath: stdout, args: ['--headless=shell'], env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: fonts } };
}

/** A Chromium of its own, without a window; `pid` lets a failed test end it. */
export async function openBrowser(): Promise<Browser> {
  const { executablePath, args, env } = program();
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...args],
    env: { ...(process.env as Record<string, string>), ...env },
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
