import { illustrativeTariff } from '../../src/embedded/demo.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { idOf } from '../e2e/stage.js';
import { barriers, openCounter } from './counter.js';
import { NATIONAL_ID, deskPage } from './pages/desk.js';
import { settlementPage } from './pages/settlement.js';

const counter = openCounter({ subscribers: 120 });

const billsOf = async (id: string): Promise<number | undefined> =>
  (await counter.stage.pool.query<{ bills: number }>('select count(*)::int as bills from app.bills where settlement_id = $1', [id])).rows[0]
    ?.bills;

const persianFigures = (text: string): string => text.replace(/\d/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'.charAt(Number(digit)));

it('goes from an empty desk to the announced balance, the hand-over and the next subscriber by keyboard alone', async () => {
  const { stage } = counter;
  const account = stage.account();
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.fill(account);
  expect(await desk.subscriber.textContent()).toContain(account.name);
  expect(await desk.timer.textContent()).toMatch(/۰:[۰-۵][۰-۹]/);
  expect(await barriers(page)).toEqual([]);
  const previewed = await desk.payable.textContent();
  await desk.issue();
  const { bill } = await counter.announced(account);
  const payable = bill.payable.toLocaleString('fa-IR-u-nu-arabext').replaceAll(/[٬,]/g, '٬');
  expect(await page.getByRole('main').textContent()).toContain(`قابل پرداخت ${payable}`);
  expect(previewed).toContain(payable);
  expect(await barriers(page)).toEqual([]);

  const [printed] = await Promise.all([
    page.context().waitForEvent('request', (request) => request.url().includes('bill.pdf')),
    page.keyboard.press('Alt+p'),
  ]);
  expect(printed.url()).toBe(counter.address(`/api/v1/settlements/${idOf(account)}/bill.pdf`));
  await page.bringToFront();
  await page.keyboard.press('Alt+h');
  await page.getByLabel('تحویل به').waitFor();
  await page.keyboard.press('Enter');
  await desk.handedOver.waitFor();
  expect((await stage.call('GET', `/settlements/${idOf(account)}`)).body).toMatchObject({
    status: 'delivered',
    delivery: { deliveredTo: account.name, channel: 'counter' },
  });

  await page.keyboard.press('Escape');
  await desk.atSearch();
});

it('opens the subscriber of a barcode that a scanner writes in one burst', async () => {
  const account = counter.stage.account();
  const { bill } = await counter.settled(account);
  const barcode = bill.payments[0]?.barcode ?? '';
  expect(barcode).toMatch(/^\d{26}$/);
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.find(barcode);
  expect(await desk.subscriber.textContent()).toContain(account.name);
  expect(await page.getByRole('region', { name: account.name }).textContent()).toContain(persianFigures(account.subscription));
});

it('keeps what was typed over a reload, and gives back a form that was cleared', async () => {
  const account = counter.stage.account();
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.fill(account);
  await page.reload();
  await desk.payable.waitFor();
  expect(await desk.reading.inputValue()).toBe(String(account.reading + 40));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: `برگرداندن فرم ${account.name}` }).click();
  expect(await desk.nationalId.inputValue()).toBe(NATIONAL_ID);
  await page.keyboard.press('Alt+n');
  await desk.search.waitFor();
  await page.reload();
  await desk.search.waitFor();
});

it('issues once however often the key is pressed', async () => {
  const account = counter.stage.account();
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.fill(account);
  const issues = desk.countIssues();
  await page.evaluate(
    `for (let n = 0; n < 3; n++) window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, cancelable: true }))`,
  );
  await desk.issue();
  expect(await billsOf(idOf(account))).toBe(1);
  expect(issues.sent).toBe(1);
});

it('goes on by itself when the service was away', async () => {
  const account = counter.stage.account();
  const desk = deskPage(await counter.open('clerk'));
  await desk.fill(account);
  await counter.stage.api.kill('SIGKILL');
  await desk.issue(desk.keptRequest);
  await desk.away.waitFor();
  await counter.stage.startApi();
  await desk.announced.waitFor();
  await desk.away.waitFor({ state: 'detached' });
  expect(await billsOf(idOf(account))).toBe(1);
});

it('goes on with a request whose page was closed before the answer', async () => {
  const account = counter.stage.account();
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.fill(account);
  await counter.stage.api.kill('SIGKILL');
  await desk.issue(desk.keptRequest);
  await counter.stage.startApi();
  await page.reload();
  await desk.announced.waitFor();
  expect((await counter.stage.call('GET', `/settlements/${idOf(account)}`)).body.status).toBe('announced');
});

it('shows the settlement that exists beside other facts, and the way to correct it', async () => {
  const account = counter.stage.account();
  await counter.settled(account);
  await counter.stage.pool.query(`update app.settlements set facts = facts || '{"meterState": "noUse"}' where id = $1`, [idOf(account)]);
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.fill(account, { reading: account.reading + 41 });
  // at a glance, before anything is issued
  await page.getByText('در همین دوره تسویه شده است').waitFor();
  await page.getByText('وضع کنتور «عدم مصرف» ثبت شده است').waitFor();
  await desk.issue(desk.exists);
  expect(await barriers(page)).toEqual([]);
  await page.getByRole('button', { name: 'گشودن تسویهٔ ثبت‌شده و اصلاح آن' }).click();
  await settlementPage(page).facts.waitFor();
  expect(new URL(page.url()).pathname).toBe(`/settlements/${idOf(account)}`);
  await page.goBack();
  await desk.reading.waitFor();
  expect(await desk.reading.inputValue()).toBe(String(account.reading + 41));
});

it('marks what is missing and what is wrong beside its field, and sends nothing', async () => {
  const account = counter.stage.account();
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.fill(account, { reading: account.reading - 1, says: desk.fault });
  const issues = desk.countIssues();
  await page.keyboard.press('Control+Enter');
  await desk.nationalId.fill('');
  await page.getByText('این را وارد کنید.').waitFor();
  expect(await desk.nationalId.getAttribute('aria-invalid')).toBe('true');
  expect(issues.sent).toBe(0);
  expect(await barriers(page)).toEqual([]);
});

it('asks for the documents of the day, by their names', async () => {
  const { stage } = counter;
  const from = '1406/12/01';
  const requiredDocuments = [{ from, to: null, purposes: ['balance'], anyOf: [{ code: 'BIRTH_CERTIFICATE', name: 'شناسنامه' }] }];
  const tariff = { ...illustrativeTariff(), version: 'documents-1406', from, requiredDocuments };
  await createTariffStore(stage.pool).publish(tariff, 'سارا نوری (m9)', 'admin (m1)');
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await desk.fill(stage.account());
  await page.getByLabel('سند مالکیت').waitFor();
  await desk.settlementDate.fill(from);
  await page.getByLabel('شناسنامه').waitFor();
  expect(await page.getByLabel('سند مالکیت').count()).toBe(0);
});

it('gives a sign of its office each minute, and learns so that the service is away', async () => {
  const page = await counter.open('clerk');
  const desk = deskPage(page);
  await page.clock.install();
  await page.goto(counter.address());
  await desk.atSearch();
  const sign = page.waitForRequest((request) => request.method() === 'GET' && request.url().endsWith('/api/v1/session'));
  await page.clock.fastForward(60_000);
  expect((await (await sign).response())?.status()).toBe(200);
  await counter.stage.api.kill('SIGKILL');
  await page.clock.fastForward(60_000);
  await desk.away.waitFor();
});
