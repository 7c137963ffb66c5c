import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Account, Stage } from '../e2e/stage.js';

/** A browser of a signed-in clerk of office 01 at `root`; `script` runs before each of its pages. */
export async function clerkAt(browser: Browser, stage: Stage, root: string, script = ''): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  context.setDefaultTimeout(30_000);
  await context.addCookies([{ name: 'tasvieh_session', value: await stage.tokenOf('clerk', '01'), url: root }]);
  await context.addInitScript(`localStorage.setItem('tasvieh-signed-in', 'x'); ${script}`);
  return context;
}

/** Writes a subscription into the search and opens it. */
export async function openSubscriber(page: Page, { subscription }: Account): Promise<void> {
  await page.locator('.search input').fill(subscription);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.subscriber h1');
}

/** From the empty desk to a form that can be issued. */
export async function fillForm(page: Page, account: Account, reading = account.reading + 40): Promise<void> {
  await openSubscriber(page, account);
  await page.getByLabel('رقم کنتور').fill(String(reading));
  await page.getByLabel('کد ملی').fill('0932833810');
  await page.waitForSelector('.preview .payable');
}
