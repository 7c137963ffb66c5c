import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Role } from '../src/domain/settlement/settlement.js';
import { openBrowser } from '../test/counter/browser.js';
import { type Stage, idOf, openStage } from '../test/e2e/stage.js';
import { playMonth } from './office-month.js';

const FOLDER = 'docs/pictures';
const SUBSCRIBERS = 1600;

interface Picture {
  name: string;
  role: Role;
  path: string;
  /** what must be on the page before it is taken */
  ready: string;
  before?(page: Page): Promise<void>;
}

/** `npm run screenshots`: the pictures of the docs, from a synthetic office of a month. */
async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const browser = await openBrowser();
  let stage: Stage | undefined;
  try {
    stage = await openStage(SUBSCRIBERS);
    await stage.startAll();
    const accounts = await playMonth(stage);
    const fresh = stage.account();
    const corrected = accounts[8];
    if (!corrected) throw new Error('no settlement');
    const pictures: Picture[] = [
      {
        name: 'desk',
        role: 'clerk',
        path: '/',
        ready: '.preview .payable',
        async before(page) {
          await page.fill('.search input', fresh.subscription);
          await page.keyboard.press('Enter');
          await page.getByLabel('رقم کنتور').fill(String(fresh.reading + 40));
        },
      },
      { name: 'settlement', role: 'supervisor', path: `/settlements/${idOf(corrected)}`, ready: '.lines' },
      { name: 'tasks', role: 'supervisor', path: '/tasks', ready: 'tbody tr' },
      { name: 'indicators', role: 'supervisor', path: '/indicators', ready: '.plot' },
      { name: 'terms', role: 'supervisor', path: '/terms', ready: '.months' },
    ];
    for (const picture of pictures) {
      const file = path.join(FOLDER, `${picture.name}.png`);
      writeFileSync(file, await take(browser, stage, picture));
      process.stdout.write(`${file}  ${Math.round(statSync(file).size / 1000)} kB\n`);
    }
  } finally {
    await browser.close();
    await stage?.close();
  }
}

async function take(browser: Browser, stage: Stage, { role, path: at, ready, before }: Picture): Promise<Buffer> {
  const root = stage.address().replace('/api/v1', '');
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, colorScheme: 'light' });
  await context.addCookies([{ name: 'tasvieh_session', value: await stage.tokenOf(role, '01'), url: root }]);
  await context.addInitScript(`localStorage.setItem('tasvieh-signed-in', 'x')`);
  const page = await context.newPage();
  await page.goto(root + at);
  await before?.(page);
  await page.waitForSelector(ready);
  await page.evaluate('document.fonts.ready');
  const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' });
  await context.close();
  return picture;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
