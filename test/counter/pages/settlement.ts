import type { Page } from 'playwright-core';

/** One settlement: its bill, its corrections, and what may be done now. */
export const settlementPage = (page: Page) => ({
  facts: page.getByRole('heading', { name: 'مشخصات درخواست' }),
  story: page.getByRole('heading', { name: 'روند' }),
  history: page.getByRole('link', { name: 'تاریخچه در Temporal' }),
  secondRevision: page.getByText('ویرایش ۲').first(),
  clearance: page.getByRole('button', { name: 'صدور مفاصاحساب' }),
  /** the facts and the bill's lines before and after a correction */
  changedFacts: page.getByRole('region', { name: 'مشخصاتی که تغییر کرده است' }),
  comparison: page.getByRole('region', { name: 'پیشین و تازه کنار هم' }),
  verify: page.getByRole('button', { name: 'تأیید', exact: true }),

  async reportError(description: string): Promise<void> {
    await page.getByText('گزارش خطا').first().click();
    await page.getByLabel('شرح خطا').fill(description);
    await page.getByRole('button', { name: 'گزارش خطا' }).click();
  },
  async submitReading(reading: number): Promise<void> {
    await page.getByLabel('رقم کنتور').fill(String(reading));
    await page.getByRole('button', { name: 'ثبت و مقایسه' }).click();
  },
  async requestRefund(reason: string): Promise<void> {
    await page.getByText('بازپرداخت بستانکاری').click();
    await page.getByRole('textbox', { name: 'دلیل' }).fill(reason);
    await page.getByRole('button', { name: 'درخواست بازپرداخت' }).click();
  },
  refundWaits: page.getByText('در انتظار تأیید شخص دوم'),
  refundConfirmed: page.getByText('بازپرداخت تأیید شده است'),
  /** the act of the second person, closed */
  confirmingRefund: page.getByText('تأیید بازپرداخت', { exact: true }),
  async confirmRefund(): Promise<void> {
    await page.getByText('تأیید بازپرداخت', { exact: true }).first().click();
    await page.getByRole('button', { name: 'تأیید بازپرداخت' }).click();
  },
});
