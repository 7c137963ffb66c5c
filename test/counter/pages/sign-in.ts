import type { Page } from 'playwright-core';

/** What somebody sees who is not signed in, and the frame's way back to it. */
export const signInPage = (page: Page) => {
  const token = page.getByLabel('توکن', { exact: true });
  return {
    password: page.getByLabel('گذرواژه'),
    token,
    refused: page.getByRole('alert'),
    byCompany: page.getByRole('link', { name: 'ورود با حساب سازمانی' }),
    failed: page.getByRole('heading', { name: 'ورود انجام نشد' }),
    back: page.getByRole('link', { name: 'بازگشت به صفحهٔ ورود' }),
    async enterToken(text: string): Promise<void> {
      if (!(await token.isVisible())) await page.getByText('ورود با توکن').click();
      await token.fill(text);
      await page.keyboard.press('Enter');
    },
  };
};

/** What every page of somebody who is signed in has above it. */
export const framePage = (page: Page) => ({
  sections: page.getByRole('navigation', { name: 'بخش‌ها' }).getByRole('link'),
  header: page.getByRole('banner'),
  leave: page.getByRole('button', { name: 'خروج' }),
  toEnglish: page.getByRole('button', { name: 'Switch to English' }),
});
