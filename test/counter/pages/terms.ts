import type { Page } from 'playwright-core';

/** Deadlines, working days and documents of a day, and a change of them. */
export const termsPage = (page: Page) => {
  const changing = page.getByRole('region', { name: /^تغییر از/ });
  return {
    calendar: page.getByRole('application', { name: /^تقویم کاری/ }),
    day: page.getByRole('textbox', { name: 'در روز' }),
    correctionHours: page.getByLabel('مهلت اصلاح و تأیید (ساعت)'),
    propose: page.getByRole('button', { name: 'پیشنهاد به نفر دوم' }),
    changes: changing.getByRole('listitem'),
  };
};
