import type { Page } from 'playwright-core';

/** Tariffs and resolutions: what is published, and the ways to propose another. */
export const rulesPage = (page: Page) => {
  const steps = page.locator('details', { hasText: 'جدول پله‌ها' });
  return {
    samples: page.getByRole('heading', { name: 'قبض‌های نمونه' }),
    ownProposal: page.getByText('پیشنهاد خود شماست'),
    /** of the form for a whole document */
    propose: page.getByRole('button', { name: 'پیشنهاد برای انتشار' }),
    steps: {
      form: steps,
      propose: steps.getByRole('button', { name: 'پیشنهاد برای انتشار' }),
      check: steps.getByRole('button', { name: 'خواندن و بررسی' }),
      choose: (csv: string): Promise<void> =>
        page.getByLabel('پروندهٔ CSV یا XLSX').setInputFiles({ name: 'rates.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) }),
    },
    chooseDocument: (document: object): Promise<void> =>
      page
        .getByLabel('پروندهٔ JSON')
        .setInputFiles({ name: 'tariff.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(document)) }),
    async withdraw(): Promise<void> {
      await page.getByText('برداشتن پیشنهاد').first().click();
      await page.getByRole('button', { name: 'برداشتن پیشنهاد' }).click();
      await page.getByText('پیشنهادی در انتظار نیست.').waitFor();
    },
    async publish(): Promise<void> {
      await page.getByRole('button', { name: 'دیدن و بررسی' }).click();
      await page.getByRole('button', { name: 'انتشار' }).click();
    },
  };
};
