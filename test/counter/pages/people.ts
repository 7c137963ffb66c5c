import type { Page } from 'playwright-core';

/** The people of the offices, and one of them. */
export const peoplePage = (page: Page) => ({
  /** Answers the one-time password. */
  async add(name: string, id: string): Promise<string> {
    await page.getByText('افزودن کاربر').click();
    await page.getByLabel('نام', { exact: true }).fill(name);
    await page.getByLabel('نام کاربری', { exact: true }).fill(id);
    await page.getByRole('button', { name: 'ثبت کاربر' }).click();
    const said = await page
      .getByRole('status')
      .filter({ hasText: `گذرواژهٔ یک‌بارمصرف ${name}` })
      .locator('bdi')
      .innerText();
    return said.trim();
  },
  async recordQualification(): Promise<void> {
    await page.getByRole('button', { name: 'ثبت صلاحیت' }).click();
    await page.getByRole('cell', { name: 'بی‌پایان' }).waitFor();
  },
});
