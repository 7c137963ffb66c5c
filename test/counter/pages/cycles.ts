import type { Page } from 'playwright-core';

/** The billing unit's cycles, and the form that sends a feed's file. */
export const cyclesPage = (page: Page) => ({
  faults: page.getByRole('region', { name: 'ایرادهای پرونده' }),
  async chooseFeed(kind: string): Promise<void> {
    await page.getByText('فرستادن پروندهٔ تازه').click();
    await page.getByLabel('خوراک', { exact: true }).selectOption(kind);
  },
  async send(csv: string): Promise<void> {
    await page.getByLabel('پرونده', { exact: true }).setInputFiles({ name: 'feed.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.getByRole('button', { name: 'فرستادن', exact: true }).click();
  },
});
