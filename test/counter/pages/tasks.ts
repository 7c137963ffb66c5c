import type { Page } from 'playwright-core';

/** The task list: gives the chosen tasks to a colleague. */
export async function assignTasks(page: Page, ids: readonly string[], to: string): Promise<void> {
  for (const id of ids) await page.getByLabel(`برگزیدن ${id}`).check();
  await page.getByLabel('دادن به').selectOption(to);
  await page.getByRole('button', { name: 'بسپار' }).click();
}

/** The row of a settlement's task. */
export const taskRow = (page: Page, settlement: string) => {
  const row = page.getByRole('row').filter({ has: page.locator(`a[href="/settlements/${settlement}"]`) });
  return {
    async closeWithNote(note: string): Promise<void> {
      await row.locator('summary').click();
      await row.getByLabel('چه شد').fill(note);
      await row.getByRole('button', { name: 'بستن با یادداشت' }).click();
      await row.waitFor({ state: 'detached' });
    },
  };
};
