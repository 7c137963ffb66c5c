import type { Page } from 'playwright-core';

/** Corrective actions: the quality unit's list, and one of them from its opening to its end. */
export const correctiveActionPage = (page: Page) => ({
  judge: page.getByRole('button', { name: 'ثبت سنجش اثر' }),
  effect: page.getByLabel('اثر', { exact: true }),
  reason: page.getByLabel('دلیل'),
  decide: page.getByRole('button', { name: 'تعیین اقدام' }),

  async open(subject: string, reason: string): Promise<void> {
    await page.getByText('گشودن اقدام اصلاحی').click();
    await page.getByLabel('موضوع').fill(subject);
    await page.getByLabel('دلیل').fill(reason);
    await page.getByRole('button', { name: 'گشودن', exact: true }).click();
    await page.getByRole('heading', { name: subject }).waitFor();
  },
  async callMeeting(day: string, participants: readonly string[]): Promise<void> {
    await page.getByLabel('روز جلسه', { exact: true }).fill(day);
    await page.getByLabel('شرکت‌کنندگان، هر نفر در یک سطر').fill(participants.join('\n'));
    await page.getByRole('button', { name: 'فراخوان جلسه' }).click();
  },
  async recordMinutes(minutes: string, cause: string): Promise<void> {
    await page.getByLabel('صورت‌جلسه', { exact: true }).fill(minutes);
    await page.getByLabel('علت تکرار خطا').fill(cause);
    await page.getByRole('button', { name: 'ثبت صورت‌جلسه' }).click();
  },
  async fillAction(what: string, owner: string, dueOn: string): Promise<void> {
    await page.getByLabel('چه کاری انجام شود').fill(what);
    await page.getByLabel('مسئول').selectOption(owner);
    await page.getByLabel('مهلت', { exact: true }).fill(dueOn);
  },
  async recordDone(note: string): Promise<void> {
    await page.getByLabel('چه شد').fill(note);
    await page.getByRole('button', { name: 'ثبت انجام اقدام' }).click();
  },
  async close(report: string): Promise<void> {
    await page.getByLabel('گزارش', { exact: true }).fill(report);
    await page.getByRole('button', { name: 'گزارش و پایان' }).click();
    await page.getByRole('heading', { name: 'پایان', exact: true }).waitFor();
  },
});
