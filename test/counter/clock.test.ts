import type { Browser } from 'playwright-core';
import { todayInTehran } from '../../src/domain/calendar/jalali.js';
import { type Stage, openStage } from '../e2e/stage.js';
import { openBrowser } from './browser.js';
import { clerkAt, openSubscriber } from './clerk.js';

// the workstation's clock is wrong, the server's is right
jest.setTimeout(90_000);

let stage: Stage;
let browser: Browser;
const root = (): string => stage.address().replace('/api/v1', '');
const DAY_MS = 86_400_000;

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

const clockOffBy = (ms: number): string =>
  `globalThis.Date = class extends Date { constructor(...given) { if (given.length === 0) super(Date.now()); else super(...given); } static now() { return performance.timeOrigin + performance.now() + ${ms}; } };`;
const persian = (text: string): string => text.replace(/\d/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'.charAt(Number(digit)));

it.each([
  ['a day behind', -DAY_MS, 'ساعت این رایانه ۱ روز عقب است'],
  ['three days ahead', 3 * DAY_MS, 'ساعت این رایانه ۳ روز جلو است'],
  ['five hours behind', -5 * 3_600_000, 'ساعت این رایانه ۵ ساعت عقب است'],
])('%s: the form’s date is the server’s day in Tehran, and the page names the difference', async (_what, ms, said) => {
  const context = await clerkAt(browser, stage, root(), clockOffBy(ms));
  const page = await context.newPage();
  await page.goto(root());
  await page.getByText(said).waitFor();
  expect(await page.evaluate('Math.abs(Date.now() - performance.timeOrigin - performance.now())')).toBeGreaterThan(Math.abs(ms) - 1000);
  await openSubscriber(page, stage.account());
  expect(await page.getByLabel('تاریخ تسویه', { exact: true }).inputValue()).toBe(persian(todayInTehran(new Date())));
});

it('a clock that agrees is not named', async () => {
  const context = await clerkAt(browser, stage, root(), clockOffBy(-20_000));
  const page = await context.newPage();
  await page.goto(root());
  await openSubscriber(page, stage.account());
  expect(await page.textContent('.wrong-clock')).toBe('');
});
