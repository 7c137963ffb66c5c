import { until } from '../e2e/stage.js';
import { firstRow, itHasNoBarriers, openCounter } from './counter.js';

const counter = openCounter({ subscribers: 20 });

it('tells the quality unit who looked at a subscriber', async () => {
  const account = counter.stage.account();
  await counter.stage.call('GET', `/accounts/${account.subscription}`);
  // it is written beside the answer
  await until(
    'the entry',
    20,
    async () =>
      (await counter.stage.pool.query('select from app.access_log where subscriptions @> array[$1]', [account.subscription])).rowCount ===
      1,
  );
  const page = await counter.open('quality', { path: '/access-log' });
  await page.getByLabel('شمارهٔ اشتراک').fill(account.subscription);
  await page.waitForURL(/subscription=/);
  const row = firstRow(page);
  await row.getByText('پروندهٔ مشترک').waitFor();
  expect(await row.count()).toBe(1);
  expect(await row.innerText()).toContain('clerk-01');
  await page.getByLabel('نام کاربری').fill('nobody');
  await page.getByText('کسی داده‌ای را ندیده است').waitFor();
});

itHasNoBarriers(counter, 'quality', '/access-log', firstRow);
