import { firstRow, itHasNoBarriers, openCounter } from './counter.js';

const counter = openCounter({ subscribers: 20 });

it('makes a monthly report when it is asked for twice, and gives its files', async () => {
  const page = await counter.open('quality', { path: '/reports' });
  await page.getByText('ساختن دوبارهٔ گزارش یک ماه').click();
  const make = page.getByRole('button', { name: 'ساختن', exact: true });
  expect(await make.isDisabled()).toBe(true);
  await page.getByRole('checkbox').check();
  await make.click();
  const pdf = page.getByRole('link', { name: 'PDF گزارش' });
  await pdf.waitFor();
  const file = await page.request.get(counter.address((await pdf.getAttribute('href')) ?? ''));
  expect([file.status(), file.headers()['content-type']]).toEqual([200, 'application/pdf']);
});

describe('the page', () => {
  beforeAll(async () => {
    await counter.stage.pool.query(
      `insert into app.quality_reports (month, edition, made_at, report, pdf, xlsx) values ('1404/01', 1, now(), '{}', '', ''), ('1404/01', 2, now(), '{}', '', '')`,
    );
  });

  itHasNoBarriers(counter, 'quality', '/reports', firstRow);
});
