import { idOf } from '../e2e/stage.js';
import { itHasNoBarriers, openCounter } from './counter.js';
import { settlementPage } from './pages/settlement.js';

const counter = openCounter({ settings: { TASVIEH_TEMPORAL_UI_URL: 'http://temporal.example/' } });

beforeAll(async () => {
  // the system was there for ten days, office 01 was not
  await counter.stage.pool.query(
    `insert into app.presences values ('*', now() - interval '10 days', now()), ('01', now() - interval '10 days', now() - interval '10 days')`,
  );
});

it('leads from an indicator to the settlements behind it, and from a settlement to its history', async () => {
  const account = counter.stage.account();
  await counter.settled(account);
  await counter.stage.pool.query(`update app.settlements set within_target = false, elapsed_ms = 400000 where id = $1`, [idOf(account)]);
  const page = await counter.open('supervisor', { path: '/indicators' });
  await page.getByRole('region', { name: 'قطعی‌ها' }).getByRole('rowheader', { name: '۰۱' }).first().waitFor();
  await page.getByRole('link', { name: 'دیرتر از پنج دقیقه' }).click();
  await page.getByRole('heading', { name: 'تسویه‌ها' }).waitFor();
  await page.locator(`a[href="/settlements/${idOf(account)}"]`).click();
  expect(await settlementPage(page).history.getAttribute('href')).toBe(
    `http://temporal.example/namespaces/${counter.stage.temporal.namespace}/workflows/settlement%2F${idOf(account)}`,
  );
  // the list was narrowed to what was counted as late
  await page.goBack();
  expect(new URL(page.url()).searchParams.get('only')).toBe('late');
  const clerk = await counter.open('clerk', { path: `/settlements/${idOf(account)}` });
  const { story, history } = settlementPage(clerk);
  await story.waitFor();
  expect(await history.count()).toBe(0);
});

describe('the page', () => {
  beforeAll(() => counter.settled(counter.stage.account()));

  // the charts are for the eye alone; each has a table for the others
  itHasNoBarriers(counter, 'supervisor', '/indicators', (page) => page.locator('figure svg'));
});
