import { illustrativeTariff } from '../../src/embedded/demo.js';
import { barriers, firstRow, itHasNoBarriers, openCounter } from './counter.js';
import { rulesPage } from './pages/rules.js';

const counter = openCounter({ subscribers: 20 });

it('reads a step table by row and column, and proposes the document that it makes', async () => {
  const page = await counter.open('admin', { path: '/rules' });
  const { steps, samples, ownProposal, withdraw } = rulesPage(page);
  await steps.form.locator('summary').first().click();
  const header = 'کاربری,فصل,اقلیم,تا,نرخ\n';
  await steps.choose(`${header}household,هر دو,,۴۵,۱۲۰۰\nhousehold,هر دو,,,هزار\n`);
  await page.getByLabel('نسخه').fill('steps-1407');
  await page.getByLabel('عنوان').fill('تعرفهٔ ۱۴۰۷');
  await page.getByLabel('سند', { exact: true }).fill('مصوبهٔ آزمون');
  await steps.form.getByLabel('از', { exact: true }).fill('1407/01/16');
  await steps.check.click();
  await page.getByText('سطر ۳، ستون نرخ').waitFor();
  expect(await steps.propose.isDisabled()).toBe(true);
  await steps.choose(`${header}household,هر دو,,۴۵,۱۲۰۰\nhousehold,هر دو,,,۱۸۰۰\n`);
  await steps.check.click();
  await samples.waitFor();
  expect(await barriers(page)).toEqual([]);
  await steps.propose.click();
  await ownProposal.waitFor();
  expect((await counter.stage.call('GET', '/tariffs/steps-1407', { as: ['admin', '01'] })).body).toMatchObject({
    published: false,
    document: {
      from: '1407/01/16',
      gas: expect.arrayContaining([
        expect.objectContaining({
          use: 'household',
          steps: [
            { uptoM3PerMonth: 45, rialPerM3: 1200 },
            { uptoM3PerMonth: null, rialPerM3: 1800 },
          ],
        }),
        expect.objectContaining({ use: 'bakery' }),
      ]),
    },
  });
  await withdraw();
});

it('checks a tariff, proposes it, and publishes it by another administrator', async () => {
  const page = await counter.open('admin', { path: '/rules' });
  await page.getByText('تعرفهٔ تازه', { exact: true }).click();
  const { chooseDocument, propose, samples, ownProposal } = rulesPage(page);
  const tariff = { ...illustrativeTariff(), version: 'practice-1406', from: '1406/01/16' };
  await chooseDocument({ ...tariff, title: '' });
  await page.getByText('این تعرفه منتشر نمی‌شود').waitFor();
  await page.getByText('متنی لازم است (نوشته نشده است).').waitFor();
  expect(await propose.isDisabled()).toBe(true);
  await chooseDocument(tariff);
  await samples.waitFor();
  expect(await barriers(page)).toEqual([]);
  await propose.click();
  await ownProposal.waitFor();

  const second = await counter.open('admin', { path: '/rules', office: '02' });
  await rulesPage(second).publish();
  await second.getByRole('rowheader', { name: 'practice-1406' }).waitFor();
  expect(
    (await counter.stage.pool.query(`select published_by, confirmed_by from app.tariffs where version = 'practice-1406'`)).rows,
  ).toEqual([{ published_by: 'مریم رضایی (admin-01)', confirmed_by: 'مریم رضایی (admin-02)' }]);
});

itHasNoBarriers(counter, 'admin', '/rules', firstRow);
