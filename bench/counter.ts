import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { openBrowser } from '../test/counter/browser.js';
import { openStage } from '../test/e2e/stage.js';

const LOADS = 10;
const PREVIEWS = 30;
const SUBSCRIBERS = 120;

export interface CounterFigures {
  /** script of the first load, gzipped, kB */
  scriptKb: number;
  /** from the call of an empty browser to the field that takes the first key, ms */
  interactiveMs: number;
  /** the preview's call as the page makes it, ms; and from the last key to the balance on the page, its settling included */
  previewMs: number;
  shownMs: number;
  loads: number;
  previews: number;
}

/** The counter's page in a real Chromium on loopback: what is loaded, when it takes keys, when the balance is there. */
export async function benchCounter(): Promise<CounterFigures> {
  const browser = await openBrowser();
  const stage = await openStage(SUBSCRIBERS);
  try {
    await stage.startAll();
    const root = stage.address().replace('/api/v1', '');
    const token = await stage.tokenOf('clerk', '01');
    const desk = async (): Promise<{ page: Page; ms: number; end(): Promise<void> }> => {
      // a context of its own each time: nothing is kept from the load before
      const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
      await context.addCookies([{ name: 'tasvieh_session', value: token, url: root }]);
      await context.addInitScript(`localStorage.setItem('tasvieh-signed-in', 'x')`);
      const page = await context.newPage();
      const start = performance.now();
      await page.goto(`${root}/`, { waitUntil: 'commit' });
      await page.waitForSelector('.search input:focus');
      return { page, ms: performance.now() - start, end: () => context.close() };
    };
    const loads: number[] = [];
    for (let n = 0; n < LOADS; n++) {
      const { ms, end } = await desk();
      loads.push(ms);
      await end();
    }
    const { page, end } = await desk();
    const account = stage.account();
    await page.fill('.search input', account.subscription);
    await page.keyboard.press('Enter');
    const reading = page.getByLabel('رقم کنتور');
    const calls: number[] = [];
    const shown: number[] = [];
    page.on('requestfinished', (request) => {
      if (request.url().endsWith('/preview')) calls.push(request.timing().responseEnd);
    });
    for (let n = 0; n <= PREVIEWS; n++) {
      const start = performance.now();
      await reading.fill(String(account.reading + 30 + n));
      await page.waitForResponse(
        (response) =>
          response.url().endsWith('/preview') && (response.request().postData() ?? '').includes(String(account.reading + 30 + n)),
      );
      await page.waitForSelector('.preview .payable:not(.old *)');
      // the first one warms up
      if (n > 0) shown.push(performance.now() - start);
    }
    await end();
    return {
      scriptKb: firstLoadKb(),
      interactiveMs: median(loads),
      previewMs: median(calls.slice(1)),
      shownMs: median(shown),
      loads: LOADS,
      previews: PREVIEWS,
    };
  } finally {
    await browser.close();
    await stage.close();
  }
}

/** The entry and what it imports at once; pages that are loaded when they are opened are not among it. */
function firstLoadKb(): number {
  const folder = path.resolve('dist/counter');
  const assets = path.join(folder, 'assets');
  const entry = /assets\/([\w.-]+\.js)/.exec(readFileSync(path.join(folder, 'index.html'), 'utf8'))?.[1];
  if (entry === undefined) throw new Error('not built: node scripts/build.mjs');
  const needed = new Set([entry]);
  for (const name of needed) {
    const code = readFileSync(path.join(assets, name), 'utf8');
    for (const [, other] of code.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([\w.-]+\.js)["']/g)) if (other !== undefined) needed.add(other);
  }
  const known = new Set(readdirSync(assets));
  return (
    [...needed].filter((name) => known.has(name)).reduce((sum, name) => sum + gzipSync(readFileSync(path.join(assets, name))).length, 0) /
    1000
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
