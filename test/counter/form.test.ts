import type { Browser, Page } from 'playwright-core';
import { type Account, type Stage, openStage, until } from '../e2e/stage.js';
import { openBrowser } from './browser.js';
import { clerkAt, fillForm } from './clerk.js';

// what is to be mended can be seen: on the desk's usual screen, and on a phone
jest.setTimeout(90_000);

let stage: Stage;
let browser: Browser;
const root = (): string => stage.address().replace('/api/v1', '');

beforeAll(async () => {
  browser = await openBrowser();
  stage = await openStage(60);
  await stage.startAll();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

interface Seen {
  /** of the window's height */
  band: number;
  /** what has the focus can be seen whole, and nothing lies over it */
  focusedInView: boolean;
  focused: string;
}

const SEEN = `(() => {
  const focused = document.activeElement;
  const { top, bottom, left, right } = focused.getBoundingClientRect();
  const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return {
    band: document.querySelector('.issue').getBoundingClientRect().height / innerHeight,
    focusedInView: top >= 0 && bottom <= innerHeight && (focused === over || focused.contains(over)),
    focused: focused.closest('.field, .finding, .notice')?.textContent ?? focused.tagName,
  };
})()`;

async function filled(account: Account, size: { width: number; height: number }): Promise<Page> {
  const context = await clerkAt(browser, stage, root());
  const page = await context.newPage();
  await page.setViewportSize(size);
  await page.goto(root());
  await fillForm(page, account);
  return page;
}

describe.each([
  [1366, 768],
  [390, 844],
])('at %i × %i', (width, height) => {
  it('the first thing to mend is focused in view', async () => {
    const page = await filled(stage.account(), { width, height });
    await page.getByLabel('کد ملی').fill('');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('[aria-invalid=true]');
    // a finding that asks for a reason comes before the field
    await until('the focus', 20, () => page.evaluate(`document.activeElement.matches('[aria-invalid=true], .finding, .finding *')`));
    expect(await page.evaluate<Seen>(SEEN)).toMatchObject({ focusedInView: true });
  });

  it('what the API refuses does not cover the form, and its first finding is focused in view', async () => {
    const page = await filled(stage.account(), { width, height });
    const errors = Array.from({ length: 6 }, (_, n) => ({
      field: 'account',
      code: `X_${n}`,
      message: `ایراد ${n}: ${'توضیح '.repeat(12)}`,
    }));
    await page.route('**/api/v1/settlements', (route) =>
      route.fulfill({
        status: 422,
        contentType: 'application/problem+json',
        body: JSON.stringify({ type: 'x', title: 'x', status: 422, code: 'INVALID_REQUEST', detail: 'صدور ممکن نیست.', errors }),
      }),
    );
    const state = `document.body.textContent.includes('ایراد ۵') ? 'refused' : document.activeElement.matches('.finding .chip:not([data-selected])') ? 'asked' : ''`;
    await page.keyboard.press('Control+Enter');
    for (let n = 0; n < 5; n++) {
      if ((await until('an answer or a question', 20, () => page.evaluate<string>(state))) === 'refused') break;
      await page.keyboard.press('Space');
      await page.keyboard.press('Control+Enter');
    }
    await until('the focus', 20, async () => (await page.evaluate<Seen>(SEEN)).focused.includes('ایراد ۰'));
    const seen = await page.evaluate<Seen>(SEEN);
    expect(seen).toMatchObject({ focusedInView: true });
    expect(seen.band).toBeLessThan(0.15);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}-${width}-refused.png` });
  });
});
