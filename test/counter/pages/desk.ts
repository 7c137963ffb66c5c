import type { Page } from 'playwright-core';
import type { Account } from '../../e2e/stage.js';
import { holds } from '../counter.js';

/** The national id that `fill` writes. */
export const NATIONAL_ID = '0932833810';

/** The clerk's desk: the search, the request with its preview, and the announced balance. */
export const deskPage = (page: Page) => {
  const search = page.getByRole('combobox', { name: /^شمارهٔ اشتراک/ });
  const preview = page.getByRole('region', { name: 'پیش‌نمایش' });
  const announced = page.getByRole('heading', { name: /^(مانده اعلام شد|این تسویه پیش‌تر صادر شده بود)$/ });
  const focused = (): Promise<string> =>
    page.evaluate(`(document.activeElement?.labels?.[0] ?? document.activeElement)?.textContent ?? ''`);
  const atSearch = (): Promise<unknown> => holds(page, `document.activeElement?.matches('input[role=combobox]')`);
  /** Opens the subscriber of what is typed in one burst, as a scanner does. */
  const find = async (text: string): Promise<void> => {
    await atSearch();
    await page.keyboard.type(text, { delay: 0 });
    await page.keyboard.press('Enter');
    await page.getByText('نام را بلند بگویید').waitFor();
  };

  return {
    search,
    atSearch,
    /** the subscriber's name, large */
    subscriber: page.getByRole('heading', { level: 1 }),
    timer: page.getByRole('timer', { name: 'زمان از دریافت درخواست' }),
    reading: page.getByLabel('رقم کنتور'),
    nationalId: page.getByLabel('کد ملی'),
    settlementDate: page.getByRole('textbox', { name: 'تاریخ تسویه' }),
    payable: preview.getByRole('definition').first(),
    announced,
    /** the request is kept and sent again until the service answers */
    keptRequest: page.locator('form').getByText('درخواست نگه داشته شده است'),
    away: page.getByRole('status').filter({ hasText: 'آنچه نوشته‌اید نگه داشته شده است و صفحه خود به کار ادامه می‌دهد' }),
    fault: page.getByText('باید برطرف شود').first(),
    exists: page.getByRole('heading', { name: 'برای این اشتراک و تاریخ تسویهٔ دیگری هست' }),
    handedOver: page.getByRole('status').filter({ hasText: /^تحویل شد به/ }),

    find,
    /** From the empty desk to the filled form, by keys alone, until the preview says what comes of it. */
    async fill(account: Account, { reading = account.reading + 40, says = preview.getByText('قابل پرداخت') } = {}): Promise<void> {
      await find(account.subscription);
      await holds(page, `document.activeElement?.labels?.[0]?.textContent === 'رقم کنتور'`);
      await page.keyboard.type(String(reading));
      for (let n = 0; n < 20 && !(await focused()).startsWith('کد ملی'); n++) await page.keyboard.press('Tab');
      await page.keyboard.type(NATIONAL_ID);
      await says.waitFor();
    },
    /** Ctrl+Enter, and a reason for whatever asks for one, until `after` is there. */
    async issue(after = announced): Promise<void> {
      await page.keyboard.press('Control+Enter');
      // the focus goes to the first warning that asks for a reason
      const asked = page.locator('[role=group][aria-label="دلیل تأیید"] button[aria-pressed=false]:focus');
      for (let n = 0; n < 5; n++) {
        await after.or(asked).first().waitFor();
        if (await after.isVisible()) return;
        await page.keyboard.press('Space');
        // the focus stays on the chip: the key is the page's all the same
        await page.keyboard.press('Control+Enter');
      }
      await after.waitFor();
    },
    /** How many settlements the page has asked for. */
    countIssues(): { sent: number } {
      const count = { sent: 0 };
      page.on('request', (request) => {
        if (request.method() === 'POST' && request.url().endsWith('/settlements')) count.sent += 1;
      });
      return count;
    },
  };
};
