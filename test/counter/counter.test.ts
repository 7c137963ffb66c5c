import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { CLIENT, GOOD, startProvider, type TestProvider } from '../api/identity-provider.js';
import { type Account, type Body, type Stage, idOf, openStage, requestFor, until } from '../e2e/stage.js';
import type { Role } from '../../src/domain/settlement/settlement.js';
import { illustrativeTariff } from '../../src/embedded/demo.js';
import { CORRECTIVE_ACTION_WORKFLOW, correctiveActionWorkflowId } from '../../src/domain/correction/corrective-action.js';
import { todayInTehran } from '../../src/domain/calendar/jalali.js';
import { type TaskKind, taskId } from '../../src/domain/settlement/task.js';
import { createCorrectiveActionStore } from '../../src/store/corrective-actions.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createPeopleStore } from '../../src/store/people.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { openBrowser } from './browser.js';

// the page as people use it: a real browser before the real stack
jest.setTimeout(90_000);

let stage: Stage;
let browser: Browser;
/** What the pages complained about: nothing may be left at the end. */
const complaints: string[] = [];

beforeAll(async () => {
  // one after the other, so that whatever did start is known and closed
  browser = await openBrowser();
  stage = await openStage(240);
  stage.settings['TASVIEH_TEMPORAL_UI_URL'] = 'http://temporal.example/';
  await stage.startAll();
  // the system was there for ten days, office 01 was not
  await stage.pool.query(
    `insert into app.presences values ('*', now() - interval '10 days', now()), ('01', now() - interval '10 days', now() - interval '10 days')`,
  );
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

afterEach(async () => {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    await page.evaluate('localStorage.clear()').catch(() => undefined);
    await page.close();
  }
  // a test that failed may have left it down
  await stage.startApi();
});

const address = (path = '/'): string => stage.address().replace('/api/v1', path);

/** One for each who signs in, so that the scripts are read once. */
const contexts = new Map<string, Promise<BrowserContext>>();

/** A signed-in page of a role, in the language that the switch keeps. */
async function pageOf(
  role: Role,
  options: { path?: string; language?: 'fa' | 'en'; office?: string } = {},
): Promise<{ page: Page; context: BrowserContext }> {
  const { path = '/', language = 'fa', office = '01' } = options;
  const opened = contexts.get(role + language + office) ?? openContext(role, language, office);
  contexts.set(role + language + office, opened);
  const context = await opened;
  const page = watched(await context.newPage());
  await page.goto(address(path));
  return { page, context };
}

/** What a page complains about is kept. */
function watched(page: Page): Page {
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // what the network answered is told by the browser too; the page has words of its own for it
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  return page;
}

async function openContext(role: Role, language: 'fa' | 'en', office: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  await context.addCookies([{ name: 'tasvieh_session', value: await stage.tokenOf(role, office), url: address() }]);
  await context.addInitScript(
    `localStorage.setItem('tasvieh-signed-in', 'x'); localStorage.getItem('tasvieh-language') ?? localStorage.setItem('tasvieh-language', '${language}')`,
  );
  return context;
}

/** axe's findings as readable lines. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}

/** Waits until `expression` holds in the page; the page's own policy lets no text be evaluated in it. */
const holds = (page: Page, expression: string): Promise<unknown> => until(expression, 20, () => page.evaluate(expression));
const atSearch = `document.activeElement?.matches('.search input')`;

/** Settles an account over the API. */
async function settled(account: Account): Promise<Body> {
  await stage.call('POST', '/settlements', { body: requestFor(account) });
  return standing(account);
}

/** The account's settlement of today, once it has its bill. */
function standing(account: Account): Promise<Body> {
  return until('the announcement', 30, async () => {
    const { body } = await stage.call('GET', `/settlements/${idOf(account)}`);
    return body.bill ? body : null;
  });
}

/** A task that waits, as the settlement's workflow would open it. */
async function openTask(kind: TaskKind, settlement: string, role: Role): Promise<string> {
  const { id } = await createTaskStore(stage.pool).open({
    id: taskId(kind, settlement),
    kind,
    settlement,
    office: '01',
    role,
    dueAt: new Date(Date.now() - 60_000).toISOString(),
    detail: {},
  });
  return id;
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(`(document.activeElement?.labels?.[0] ?? document.activeElement)?.textContent ?? ''`);

/** From the empty desk to the filled form, by keys alone. */
async function fill(page: Page, account: Account, reading = account.reading + 40, shows = '.preview .payable'): Promise<void> {
  await holds(page, atSearch);
  await page.keyboard.type(account.subscription);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.subscriber h1');
  await holds(page, `document.activeElement?.labels?.[0]?.textContent === 'رقم کنتور'`);
  await page.keyboard.type(String(reading));
  for (let n = 0; n < 20 && !(await focused(page)).startsWith('کد ملی'); n++) await page.keyboard.press('Tab');
  await page.keyboard.type('0932833810');
  await page.waitForSelector(shows);
}

/** Ctrl+Enter, and a reason for whatever asks for one. */
async function issue(page: Page, after = '.announced-amount'): Promise<void> {
  const state = `document.querySelector('${after}') ? 'after' : document.activeElement?.matches('.finding .chip:not([data-selected])') ? 'asked' : ''`;
  await page.keyboard.press('Control+Enter');
  for (let n = 0; n < 5; n++) {
    if ((await holds(page, state)) === 'after') return;
    await page.keyboard.press('Space');
    // the focus stays on the chip: the key is the page's all the same
    await page.keyboard.press('Control+Enter');
  }
  await page.waitForSelector(after);
}

it('signs in by a token, and out again; both screens without barriers', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address());
  expect(await page.getAttribute('html', 'dir')).toBe('rtl');
  expect(await barriers(page)).toEqual([]);
  await page.click('summary');
  await page.getByLabel('توکن', { exact: true }).fill('nonsense');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('توکن', { exact: true }).fill(await stage.tokenOf('clerk', '02'));
  await page.keyboard.press('Enter');
  await page.waitForSelector('.search input');
  expect(await barriers(page)).toEqual([]);
  await page.getByRole('button', { name: 'خروج' }).click();
  await page.getByLabel('گذرواژه').waitFor();
  await page.reload();
  await page.getByLabel('گذرواژه').waitFor();
});

it('goes from an empty desk to the announced balance, the hand-over and the next subscriber by keyboard alone', async () => {
  const account = stage.account();
  const { page, context } = await pageOf('clerk');
  await fill(page, account);
  expect(await page.textContent('.subscriber h1')).toContain(account.name);
  expect(await page.textContent('.clock')).toMatch(/۰:[۰-۵][۰-۹]/);
  expect(await barriers(page)).toEqual([]);
  const previewed = await page.textContent('.preview .payable dd');
  await issue(page);
  const { bill } = await standing(account);
  const persian = (n: number): string => n.toLocaleString('fa-IR-u-nu-arabext').replaceAll(/[٬,]/g, '٬');
  expect(await page.textContent('.announced-amount')).toContain(persian(bill.payable));
  expect(previewed).toContain(persian(bill.payable));
  expect(await barriers(page)).toEqual([]);

  const [printed] = await Promise.all([
    context.waitForEvent('request', (request) => request.url().includes('bill.pdf')),
    page.keyboard.press('Alt+p'),
  ]);
  expect(printed.url()).toBe(address(`/api/v1/settlements/${idOf(account)}/bill.pdf`));
  await page.bringToFront();
  await page.keyboard.press('Alt+h');
  await page.waitForSelector('.hand-over');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.notice.good');
  expect((await stage.call('GET', `/settlements/${idOf(account)}`)).body).toMatchObject({
    status: 'delivered',
    delivery: { deliveredTo: account.name, channel: 'counter' },
  });

  await page.keyboard.press('Escape');
  await holds(page, atSearch);
});

it('opens the subscriber of a barcode that a scanner writes in one burst', async () => {
  const account = stage.account();
  const { bill } = await settled(account);
  const barcode = bill.payments[0]?.barcode ?? '';
  expect(barcode).toMatch(/^\d{26}$/);
  const { page } = await pageOf('clerk');
  await page.waitForSelector('.search input');
  await page.keyboard.type(barcode, { delay: 0 });
  await page.keyboard.press('Enter');
  await page.waitForSelector('.subscriber h1');
  expect(await page.textContent('.subscriber h1')).toContain(account.name);
  expect(await page.textContent('.subscriber')).toContain(account.subscription.replace(/\d/g, (d) => '۰۱۲۳۴۵۶۷۸۹'.charAt(Number(d))));
});

it('keeps what was typed over a reload, and gives back a form that was cleared', async () => {
  const account = stage.account();
  const { page } = await pageOf('clerk');
  await fill(page, account);
  await page.reload();
  await page.waitForSelector('.preview .payable');
  expect(await page.getByLabel('رقم کنتور').inputValue()).toBe(String(account.reading + 40));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: `برگرداندن فرم ${account.name}` }).click();
  expect(await page.getByLabel('کد ملی').inputValue()).toBe('0932833810');
  await page.keyboard.press('Alt+n');
  await page.waitForSelector('.search input');
  await page.reload();
  await page.waitForSelector('.search input');
});

it('issues once however often the key is pressed', async () => {
  const account = stage.account();
  const { page } = await pageOf('clerk');
  await fill(page, account);
  let sent = 0;
  page.on('request', (request) => void (sent += request.method() === 'POST' && request.url().endsWith('/settlements') ? 1 : 0));
  await page.evaluate(
    `for (let n = 0; n < 3; n++) window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, cancelable: true }))`,
  );
  await issue(page);
  const { rows } = await stage.pool.query<{ bills: number }>('select count(*)::int as bills from app.bills where settlement_id = $1', [
    idOf(account),
  ]);
  expect(rows).toEqual([{ bills: 1 }]);
  expect(sent).toBe(1);
});

it('goes on by itself when the service was away', async () => {
  const account = stage.account();
  const { page } = await pageOf('clerk');
  await fill(page, account);
  await stage.api.kill('SIGKILL');
  await issue(page, '.issue .waiting');
  await page.waitForSelector('.away:not(:empty)');
  await stage.startApi();
  await page.waitForSelector('.announced-amount');
  await page.waitForSelector('.away:empty', { state: 'attached' });
  const { rows } = await stage.pool.query<{ bills: number }>('select count(*)::int as bills from app.bills where settlement_id = $1', [
    idOf(account),
  ]);
  expect(rows).toEqual([{ bills: 1 }]);
});

it('goes on with a request whose page was closed before the answer', async () => {
  const account = stage.account();
  const { page } = await pageOf('clerk');
  await fill(page, account);
  await stage.api.kill('SIGKILL');
  await issue(page, '.issue .waiting');
  await stage.startApi();
  await page.reload();
  await page.waitForSelector('.announced-amount');
  expect((await stage.call('GET', `/settlements/${idOf(account)}`)).body.status).toBe('announced');
});

it('shows the settlement that exists beside other facts, and the way to correct it', async () => {
  const account = stage.account();
  await settled(account);
  await stage.pool.query(`update app.settlements set facts = facts || '{"meterState": "noUse"}' where id = $1`, [idOf(account)]);
  const { page } = await pageOf('clerk');
  await fill(page, account, account.reading + 41);
  // at a glance, before anything is issued
  await page.getByText('در همین دوره تسویه شده است').waitFor();
  await page.getByText('وضع کنتور «عدم مصرف» ثبت شده است').waitFor();
  await issue(page, '.exists');
  expect(await barriers(page)).toEqual([]);
  await page.getByRole('button', { name: 'گشودن تسویهٔ ثبت‌شده و اصلاح آن' }).click();
  await page.waitForSelector('.settlement-head');
  expect(new URL(page.url()).pathname).toBe(`/settlements/${idOf(account)}`);
  await page.goBack();
  await page.waitForSelector('.request');
  expect(await page.getByLabel('رقم کنتور').inputValue()).toBe(String(account.reading + 41));
});

it('marks what is missing and what is wrong beside its field, and sends nothing', async () => {
  const account = stage.account();
  const { page } = await pageOf('clerk');
  await fill(page, account, account.reading - 1, '.finding.bad');
  let sent = 0;
  page.on('request', (request) => void (sent += request.method() === 'POST' && request.url().endsWith('/settlements') ? 1 : 0));
  await page.keyboard.press('Control+Enter');
  await page.getByLabel('کد ملی').fill('');
  await page.waitForSelector('[aria-invalid=true]');
  expect(sent).toBe(0);
  expect(await barriers(page)).toEqual([]);
});

it('corrects an error: reported and submitted by the clerk, verified by the supervisor, live on both pages', async () => {
  const account = stage.account();
  await settled(account);
  const path = `/settlements/${idOf(account)}`;
  const { page: clerk } = await pageOf('clerk', { path });
  const { page: supervisor } = await pageOf('supervisor', { path });
  await clerk.getByText('گزارش خطا').first().click();
  await clerk.getByLabel('شرح خطا').fill('رقم جابه‌جا خوانده شده بود');
  await clerk.getByRole('button', { name: 'گزارش خطا' }).click();
  await clerk.getByLabel('رقم کنتور').fill(String(account.reading + 45));
  await clerk.getByRole('button', { name: 'ثبت و مقایسه' }).click();
  await clerk.getByText('پیشین و تازه کنار هم').waitFor();
  expect(await barriers(clerk)).toEqual([]);
  // what the second person decides upon: the lines and the facts that differ
  const facts = supervisor.getByRole('region', { name: 'مشخصاتی که تغییر کرده است' });
  await facts.waitFor();
  expect(await facts.locator('tbody').innerText()).toMatch(/^رقم کنتور\s+[۰-۹٬]+\s+[۰-۹٬]+$/);
  const compared = supervisor.getByRole('region', { name: 'پیشین و تازه کنار هم' });
  expect(await compared.locator('tbody .changed').count()).toBeGreaterThan(0);
  expect(await barriers(supervisor)).toEqual([]);
  const { page: approver } = await pageOf('approver', { path });
  await approver.getByRole('region', { name: 'پیشین و تازه کنار هم' }).waitFor();
  // the second person's part is not for who submitted
  expect(await clerk.getByRole('button', { name: 'تأیید', exact: true }).count()).toBe(0);
  await supervisor.getByRole('button', { name: 'تأیید', exact: true }).click();
  await supervisor.getByText('ویرایش ۲').first().waitFor();
  await clerk.getByText('ویرایش ۲').first().waitFor();
  const { body } = await stage.call('GET', path);
  expect(body).toMatchObject({ revision: 2, facts: { reading: account.reading + 45 }, corrections: [{ status: 'issued', revision: 2 }] });
});

it('issues the clearance letter once all is paid, and tells before that what is owed', async () => {
  const account = stage.account();
  const { bill } = await settled(account);
  const path = `/settlements/${idOf(account)}`;
  const { page, context } = await pageOf('clerk', { path });
  await page.getByRole('button', { name: 'صدور مفاصاحساب' }).click();
  await page.getByRole('alert').getByText('مفاصاحساب صادر نمی‌شود').waitFor();
  expect(await barriers(page)).toEqual([]);
  const [slip] = bill.payments;
  if (!slip) throw new Error('nothing to pay');
  const today = todayInTehran(new Date());
  const body = {
    eventId: `paid-${account.subscription}`,
    subscription: account.subscription,
    paymentId: slip.paymentId,
    amount: slip.amount,
    paidOn: today,
    reference: `r-${account.subscription}`,
  };
  expect((await stage.call('POST', '/billing/payments', { as: ['billing', '01'], body })).status).toBe(201);
  await page.getByText('چیزی برای پرداخت نمانده است').waitFor();
  const opened = context.waitForEvent('request', (request) => request.isNavigationRequest() && request.url().endsWith('clearance.pdf'));
  await page.getByRole('button', { name: 'صدور مفاصاحساب' }).click();
  await opened;
  await page.getByRole('link', { name: 'گشودن مفاصاحساب' }).waitFor();
  expect((await stage.call('GET', path)).body.clearance).toMatchObject({ by: 'clerk-01' });
});

it('shows a refund that is asked for, until a second person confirms it, and after', async () => {
  const account = stage.account();
  const csv = `reference,subscription,paidOn,amount,paymentId,countedInBill\ncredit-1,${account.subscription},${todayInTehran(new Date())},90000000,,\n`;
  expect(
    (await stage.call('POST', '/billing/feeds/payments', { as: ['billing', '01'], csv, headers: { 'content-type': 'text/csv' } })).status,
  ).toBe(200);
  expect((await settled(account)).bill.total).toBeLessThan(0);
  const path = `/settlements/${idOf(account)}`;
  const { page: supervisor } = await pageOf('supervisor', { path });
  await supervisor.getByText('بازپرداخت بستانکاری').click();
  await supervisor.getByRole('textbox', { name: 'دلیل' }).fill('متقاضی از شهر می‌رود');
  await supervisor.getByRole('button', { name: 'درخواست بازپرداخت' }).click();
  await supervisor.getByText('در انتظار تأیید شخص دوم').waitFor();
  // not for who asked
  expect(await supervisor.getByText('تأیید بازپرداخت', { exact: true }).count()).toBe(0);
  const { page: approver } = await pageOf('approver', { path });
  await approver.getByText('تأیید بازپرداخت', { exact: true }).first().click();
  await approver.getByRole('button', { name: 'تأیید بازپرداخت' }).click();
  await approver.getByText('بازپرداخت تأیید شده است').waitFor();
  await supervisor.getByText('بازپرداخت تأیید شده است').waitFor();
  expect((await stage.call('GET', path)).body.refund).toMatchObject({
    requestedBy: 'supervisor-01',
    confirmedBy: 'approver-01',
    reason: 'متقاضی از شهر می‌رود',
  });
});

it('leads a corrective action from its opening by the quality unit to the effect that another person judges later', async () => {
  const { page: quality } = await pageOf('quality', { path: '/corrective-actions' });
  await quality.getByText('گشودن اقدام اصلاحی').click();
  await quality.getByLabel('موضوع').fill('مهر قبض‌ها خوانا نیست');
  await quality.getByLabel('دلیل').fill('سه اعتراض در یک هفته');
  await quality.getByRole('button', { name: 'گشودن', exact: true }).click();
  await quality.getByRole('heading', { name: 'مهر قبض‌ها خوانا نیست' }).waitFor();
  const { pathname } = new URL(quality.url());

  // the company's are a supervisor's too, who finds it by its task
  const n = Number(pathname.split('/').at(-1));
  await until(
    'the task',
    20,
    async () =>
      (await stage.pool.query(`select from app.tasks where kind = 'callMeeting' and detail->>'correctiveAction' = $1`, [String(n)]))
        .rowCount === 1,
  );
  const { page: supervisor } = await pageOf('supervisor', { path: '/tasks?kind=callMeeting' });
  await supervisor.locator(`td a[href="${pathname}"]`).click();
  await supervisor.getByLabel('روز جلسه', { exact: true }).fill(todayInTehran(new Date()));
  await supervisor.getByLabel('شرکت‌کنندگان، هر نفر در یک سطر').fill('مریم رضایی\nرضا موسوی');
  await supervisor.getByRole('button', { name: 'فراخوان جلسه' }).click();
  await supervisor.getByLabel('صورت‌جلسه', { exact: true }).fill('مهرها بررسی شد');
  await supervisor.getByLabel('علت تکرار خطا').fill('مهر کهنه است');
  await supervisor.getByRole('button', { name: 'ثبت صورت‌جلسه' }).click();
  await supervisor.getByLabel('چه کاری انجام شود').fill('خرید مهر تازه');
  await supervisor.getByLabel('مسئول').selectOption('clerk-01');
  await supervisor.getByLabel('مهلت', { exact: true }).fill(todayInTehran(new Date()));
  expect(await barriers(supervisor)).toEqual([]);
  await supervisor.getByRole('button', { name: 'تعیین اقدام' }).click();
  await supervisor.getByLabel('چه شد').fill('مهر تازه رسید');
  await supervisor.getByRole('button', { name: 'ثبت انجام اقدام' }).click();
  await supervisor.getByText(/اثر اقدام از [۰-۹/]+ سنجیده می‌شود/).waitFor();
  expect((await stage.call('GET', pathname, { as: ['quality', '01'] })).body).toMatchObject({
    status: 'done',
    meeting: { participants: ['مریم رضایی', 'رضا موسوی'], minutes: 'مهرها بررسی شد', cause: 'مهر کهنه است' },
    actions: [{ what: 'خرید مهر تازه', owner: 'clerk-01', done: { note: 'مهر تازه رسید', by: { id: 'supervisor-01' } } }],
  });
  await quality.goBack();
  await quality.reload();
  const row = quality.locator('tr', { hasText: 'مهر قبض‌ها خوانا نیست' });
  await row.getByText('سنجش اثر از').waitFor();
});

it('judges the effect of a corrective action by another person, and the quality unit closes it with a report', async () => {
  // at the day on which its effect may be judged, which is a month after the action
  const store = createCorrectiveActionStore(stage.pool);
  const [today, at] = [todayInTehran(new Date()), new Date().toISOString()];
  const who = (role: Role) => ({ id: `${role}-01`, name: 'مریم رضایی', role });
  const { action: opened } = await store.open({
    scope: 'other',
    subject: 'نشانی‌ها کهنه است',
    office: '01',
    month: today.slice(0, 7),
    openedAt: at,
    errors: null,
    threshold: null,
    openedBy: who('quality'),
    reason: 'نامه‌ها برگشت خورد',
  });
  const meeting = {
    on: today,
    participants: ['مریم رضایی'],
    calledBy: who('supervisor'),
    calledAt: at,
    minutes: 'بررسی شد',
    cause: 'خوراک نشانی ندارد',
    recordedBy: who('supervisor'),
    recordedAt: at,
  };
  const actions = [
    {
      what: 'افزودن نشانی به خوراک',
      owner: 'clerk-01',
      dueOn: today,
      decidedBy: who('supervisor'),
      decidedAt: at,
      done: { note: 'افزوده شد', by: who('clerk'), at },
      effectDueOn: today,
      effect: null,
    },
  ];
  await stage.pool.query(`update app.corrective_actions set status = 'done', version = 4, story = $2 where n = $1`, [
    opened.n,
    JSON.stringify({ meeting, actions, closure: null }),
  ]);
  await stage.client.workflow.start(CORRECTIVE_ACTION_WORKFLOW, {
    workflowId: correctiveActionWorkflowId(opened.n),
    taskQueue: 'tasvieh',
    args: [await store.get(opened.n)],
  });
  const path = `/corrective-actions/${opened.n}`;
  await until(
    'the task',
    20,
    async () => (await stage.pool.query(`select from app.tasks where detail->>'correctiveAction' = $1`, [String(opened.n)])).rowCount === 1,
  );

  const { page: supervisor } = await pageOf('supervisor', { path });
  const judge = supervisor.getByRole('button', { name: 'ثبت سنجش اثر' });
  await judge.waitFor();
  expect(await judge.isDisabled()).toBe(true);
  await supervisor.getByLabel('اثر', { exact: true }).selectOption('yes');
  await supervisor.getByLabel('دلیل').fill('نامه‌ای برنگشت');
  expect(await barriers(supervisor)).toEqual([]);
  await judge.click();
  // the end is the quality unit's
  await supervisor.getByText('پایان آن را واحد کیفیت ثبت می‌کند.').waitFor();
  const { page: quality } = await pageOf('quality', { path });
  await quality.getByText('نامه‌ای برنگشت').waitFor();
  await quality.getByLabel('گزارش', { exact: true }).fill('با نشانی تازه خطایی نبود');
  expect(await barriers(quality)).toEqual([]);
  await quality.getByRole('button', { name: 'گزارش و پایان' }).click();
  await quality.getByRole('heading', { name: 'پایان', exact: true }).waitFor();
  expect((await stage.call('GET', path, { as: ['quality', '01'] })).body).toMatchObject({
    status: 'closed',
    actions: [{ effect: { effective: true, note: 'نامه‌ای برنگشت', by: { id: 'supervisor-01' } } }],
    closure: { outcome: 'effective', report: 'با نشانی تازه خطایی نبود', by: { id: 'quality-01' } },
  });
});

it('makes a monthly report when it is asked for twice, and gives its files', async () => {
  const { page } = await pageOf('quality', { path: '/reports' });
  await page.getByText('ساختن دوبارهٔ گزارش یک ماه').click();
  const make = page.getByRole('button', { name: 'ساختن', exact: true });
  expect(await make.isDisabled()).toBe(true);
  await page.getByRole('checkbox').check();
  await make.click();
  const pdf = page.getByRole('link', { name: 'PDF گزارش' });
  await pdf.waitFor();
  const file = await page.request.get(address((await pdf.getAttribute('href')) ?? ''));
  expect([file.status(), file.headers()['content-type']]).toEqual([200, 'application/pdf']);
});

it('tells the quality unit who looked at a subscriber', async () => {
  const account = stage.account();
  await stage.call('GET', `/accounts/${account.subscription}`);
  // it is written beside the answer
  await until(
    'the entry',
    20,
    async () =>
      (await stage.pool.query('select from app.access_log where subscriptions @> array[$1]', [account.subscription])).rowCount === 1,
  );
  const { page } = await pageOf('quality', { path: '/access-log' });
  await page.getByLabel('شمارهٔ اشتراک').fill(account.subscription);
  await page.waitForURL(/subscription=/);
  const row = page.locator('tbody tr');
  await row.getByText('پروندهٔ مشترک').waitFor();
  expect(await row.count()).toBe(1);
  expect(await row.innerText()).toContain('clerk-01');
  await page.getByLabel('نام کاربری').fill('nobody');
  await page.getByText('کسی داده‌ای را ندیده است').waitFor();
});

describe('each screen', () => {
  let account: Account;
  let action: number;
  beforeAll(async () => {
    account = stage.account();
    await settled(account);
    const opened = await stage.call('POST', '/corrective-actions', {
      as: ['quality', '01'],
      body: { scope: 'cause', subject: 'feed', reason: 'برای این آزمون' },
    });
    action = (opened.body as unknown as { n: number }).n;
    await stage.pool.query(
      `insert into app.quality_reports (month, edition, made_at, report, pdf, xlsx) values ('1404/01', 1, now(), '{}', '', ''), ('1404/01', 2, now(), '{}', '', '')`,
    );
    await openTask('breached', idOf(account), 'supervisor');
    // of no slip: kept aside, with a task for billing
    await createPaymentStore(stage.pool).record(
      {
        eventId: 'e-1',
        reference: 'بانک/۱',
        subscription: account.subscription,
        paymentId: '4800511',
        amount: 48_000,
        paidOn: todayInTehran(new Date()),
      },
      '01',
      { id: 'b1', office: '01' },
    );
  });

  const screens: [path: () => string, role: Role, ready: string][] = [
    [() => '/settlements', 'supervisor', 'tbody tr'],
    [() => `/settlements/${idOf(account)}`, 'supervisor', '.lines'],
    [() => '/cycles', 'billing', 'tbody tr'],
    [() => '/tasks', 'supervisor', 'tbody tr'],
    [() => '/unsent', 'supervisor', 'tbody tr'],
    [() => '/payments', 'billing', 'tbody tr'],
    [() => '/indicators', 'supervisor', '.plot'],
    [() => '/corrective-actions', 'quality', 'tbody tr'],
    [() => `/corrective-actions/${action}`, 'supervisor', '.act[open]'],
    [() => '/reports', 'quality', 'tbody tr'],
    [() => '/access-log', 'quality', 'tbody tr'],
    [() => '/people', 'admin', 'tbody tr'],
    [() => '/people/clerk-01', 'admin', 'tbody tr'],
    [() => '/terms', 'admin', '.months'],
    [() => '/rules', 'admin', 'tbody tr'],
  ];
  it.each([
    ['fa', [false, true]],
    ['en', [false]],
  ] as const)(
    'has no barriers in %s, light on a desk, in Persian also dark on a phone, and stays in its width',
    async (language, phones) => {
      for (const [path, role, ready] of screens) {
        const { page } = await pageOf(role, { path: path(), language });
        for (const phone of phones) {
          await page.setViewportSize(phone ? { width: 390, height: 844 } : { width: 1366, height: 768 });
          await page.emulateMedia({ colorScheme: phone ? 'dark' : 'light' });
          await page.waitForSelector(ready);
          expect(await page.getAttribute('html', 'dir')).toBe(language === 'fa' ? 'rtl' : 'ltr');
          expect({ path: path(), phone, found: await barriers(page) }).toEqual({ path: path(), phone, found: [] });
          expect(await page.evaluate(`document.documentElement.scrollWidth <= window.innerWidth`)).toBe(true);
        }
      }
    },
    180_000,
  );

  it('changes its language by one switch', async () => {
    const { page } = await pageOf('supervisor', { path: '/settlements' });
    await page.getByRole('button', { name: 'Switch to English' }).click();
    await page.getByRole('heading', { name: 'Settlements' }).waitFor();
    expect(await page.getAttribute('html', 'dir')).toBe('ltr');
  });
});

it('gives tasks that wait to a colleague, and closes one with a note', async () => {
  const accounts = [stage.account(), stage.account()];
  for (const account of accounts) await settled(account);
  const ids = await Promise.all(accounts.map((account) => openTask('breached', idOf(account), 'supervisor')));
  const { page } = await pageOf('supervisor', { path: '/tasks?kind=breached' });
  for (const id of ids) await page.getByLabel(`برگزیدن ${id}`).check();
  expect(await page.locator('tr', { hasText: 'مهلت گذشت' }).count()).toBeGreaterThanOrEqual(2);
  await page.getByLabel('دادن به').selectOption('clerk-01');
  await page.getByRole('button', { name: 'بسپار' }).click();
  const assigned = async (): Promise<unknown[]> =>
    (await stage.pool.query('select assignee from app.tasks where id = any($1)', [ids])).rows;
  await until('the assignment', 20, async () =>
    (await assigned()).every((row) => (row as { assignee: string | null }).assignee === 'clerk-01'),
  );
  const { page: clerk } = await pageOf('clerk', { path: '/tasks' });
  const row = clerk.locator('tr', { has: clerk.locator(`a[href="/settlements/${idOf(accounts[0] as Account)}"]`) });
  await row.locator('summary').click();
  await row.getByLabel('چه شد').fill('برق رفته بود');
  await row.getByRole('button', { name: 'بستن با یادداشت' }).click();
  await row.waitFor({ state: 'detached' });
  expect((await stage.pool.query('select outcome from app.tasks where id = $1', [ids[0]])).rows).toEqual([{ outcome: 'برق رفته بود' }]);
});

it('shows every faulty row of a feed, and takes the mended file', async () => {
  const { page } = await pageOf('billing', { path: '/cycles' });
  await page.getByText('فرستادن پروندهٔ تازه').click();
  await page.getByLabel('خوراک', { exact: true }).selectOption('payments');
  const header = 'reference,subscription,paidOn,amount,paymentId,countedInBill\n';
  const send = async (rows: string): Promise<void> => {
    await page
      .getByLabel('پرونده', { exact: true })
      .setInputFiles({ name: 'payments.csv', mimeType: 'text/csv', buffer: Buffer.from(header + rows) });
    await page.getByRole('button', { name: 'فرستادن', exact: true }).click();
  };
  const { subscription } = stage.account();
  await send(`r-1,${subscription},1405/13/01,1000,,\nr-2,12,1405/01/01,x,,\n`);
  const faults = page.getByRole('region', { name: 'ایرادهای پرونده' });
  await faults.waitFor();
  const shown = await faults.locator('tbody tr').allInnerTexts();
  expect(shown.map((text) => text.split(/\s+/).slice(0, 2))).toEqual(
    expect.arrayContaining([
      ['۲', 'paidOn'],
      ['۳', 'subscription'],
      ['۳', 'amount'],
    ]),
  );
  await send(`r-1,${subscription},1405/01/01,1000,,\n`);
  await page.getByText('۱ ردیف خوانده شد').waitFor();
});

it('leads from an indicator to the settlements behind it, and from a settlement to its history', async () => {
  const account = stage.account();
  await settled(account);
  await stage.pool.query(`update app.settlements set within_target = false, elapsed_ms = 400000 where id = $1`, [idOf(account)]);
  const { page } = await pageOf('supervisor', { path: '/indicators' });
  await page.getByRole('region', { name: 'قطعی‌ها' }).getByRole('rowheader', { name: '۰۱' }).first().waitFor();
  await page.getByRole('link', { name: 'دیرتر از پنج دقیقه' }).click();
  await page.getByRole('heading', { name: 'تسویه‌ها' }).waitFor();
  await page.locator(`a[href="/settlements/${idOf(account)}"]`).click();
  const history = page.getByRole('link', { name: 'تاریخچه در Temporal' });
  expect(await history.getAttribute('href')).toBe(
    `http://temporal.example/namespaces/${stage.temporal.namespace}/workflows/settlement%2F${idOf(account)}`,
  );
  // the list was narrowed to what was counted as late
  await page.goBack();
  expect(new URL(page.url()).searchParams.get('only')).toBe('late');
  const { page: clerk } = await pageOf('clerk', { path: `/settlements/${idOf(account)}` });
  await clerk.waitForSelector('.story');
  expect(await clerk.getByText('تاریخچه در Temporal').count()).toBe(0);
});

it('gives a sign of its office each minute, and learns so that the service is away', async () => {
  const { page } = await pageOf('clerk');
  await page.clock.install();
  await page.goto(address());
  await holds(page, atSearch);
  const sign = page.waitForRequest((request) => request.method() === 'GET' && request.url().endsWith('/api/v1/session'));
  await page.clock.fastForward(60_000);
  expect((await (await sign).response())?.status()).toBe(200);
  await stage.api.kill('SIGKILL');
  await page.clock.fastForward(60_000);
  await page.waitForSelector('.away:not(:empty)');
});

it('records a person and tells the one-time password once', async () => {
  const { page } = await pageOf('admin', { path: '/people' });
  await page.getByText('افزودن کاربر').click();
  await page.getByLabel('نام', { exact: true }).fill('نرگس کاظمی');
  await page.getByLabel('نام کاربری', { exact: true }).fill('n.kazemi');
  await page.getByRole('button', { name: 'ثبت کاربر' }).click();
  const password = await page.locator('.one-time').innerText();
  const signedIn = await fetch(address('/api/v1/session'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'n.kazemi', password }),
  });
  expect(await signedIn.json()).toMatchObject({ id: 'n.kazemi', role: 'clerk', mustChangePassword: true });
  await page.getByRole('link', { name: 'نرگس کاظمی' }).click();
  await page.getByRole('button', { name: 'ثبت صلاحیت' }).click();
  await page.locator('td', { hasText: 'بی‌پایان' }).waitFor();
});

it('changes deadlines, working days and documents from a day on, and a second administrator publishes what they see', async () => {
  const { page } = await pageOf('admin', { path: '/terms' });
  const proposing = page.getByRole('button', { name: 'پیشنهاد به نفر دوم' });
  await page.getByRole('textbox', { name: 'در روز' }).fill('1406/12/01');
  await page.getByRole('heading', { name: /اسفند/ }).waitFor();
  const due = page.getByLabel('مهلت اصلاح و تأیید (ساعت)');
  await due.fill('سی');
  await page.getByText('عدد صحیح بنویسید.').waitFor();
  await due.fill('0');
  await page.getByText('این تعرفه منتشر نمی‌شود').waitFor();
  expect(await proposing.isDisabled()).toBe(true);
  await due.fill('۳۶');
  await page.locator('.months .cell:not(.week, .year, [data-outside-month])').nth(3).click();
  await page.getByRole('group', { name: 'هر هفته' }).getByLabel('پنجشنبه').check();
  await page.getByLabel('تا ساعت').first().fill('۱۳:۰۰');
  await page.locator('summary', { hasText: 'مدرک تازه' }).click();
  await page.getByRole('combobox', { name: 'مدرک', exact: true }).selectOption({ label: 'کارت ملی' });
  await page.getByRole('button', { name: 'یا مدرکی دیگر' }).click();
  await page.getByRole('combobox', { name: 'یا این مدرک' }).selectOption({ label: 'مدرکی که در فهرست نیست' });
  await page.getByLabel('نام مدرک').fill('شناسنامه');
  await page.getByLabel('کد مدرک').fill('BIRTH_CERTIFICATE');
  await page.getByLabel('تسویهٔ نهایی').check();
  await page.getByRole('button', { name: 'افزودن به فهرست' }).click();
  const changes = page.locator('.changing .changes');
  await changes.getByText(/خواسته می‌شود: .*شناسنامه/).waitFor();
  expect(await changes.locator('li').allInnerTexts()).toEqual([
    'مهلت اصلاح و تأیید (ساعت): ۲۴ ۳۶',
    expect.stringMatching(/^ساعت کار اداره‌ها: .*۱۴:۳۰.*۱۳:۰۰/),
    expect.stringMatching(/^تعطیل می‌شود: (پنجشنبه؛ )?[۰-۹]+ اسفند ۱۴۰۶(؛ پنجشنبه)?$/),
    'خواسته می‌شود: کارت ملی یا شناسنامه (تسویهٔ نهایی)',
  ]);
  expect(await barriers(page)).toEqual([]);
  await proposing.click();
  await page.getByText('پیشنهاد خود شماست').waitFor();

  const { page: second } = await pageOf('admin', { path: '/terms', office: '02' });
  await second.getByRole('button', { name: 'دیدن و بررسی' }).click();
  await second.getByText(/خواسته می‌شود: .*شناسنامه/).waitFor();
  expect(await barriers(second)).toEqual([]);
  await second.getByRole('button', { name: 'انتشار' }).click();
  await second.getByRole('heading', { name: 'برای روزهای بعد تعیین شده است' }).waitFor();
  const inForce = await stage.call('GET', '/terms?on=1406/12/01');
  expect(inForce.body).toMatchObject({
    tariff: { version: 'illustrative-1397.2' },
    terms: {
      correction: { dueHours: 36, remindHours: 12 },
      daysOff: expect.arrayContaining(['thursday', 'friday', expect.stringMatching(/^1406\/12\//)]),
    },
    documents: [
      {
        anyOf: [
          { code: 'nationalCard', name: 'کارت ملی' },
          { code: 'BIRTH_CERTIFICATE', name: 'شناسنامه' },
        ],
        purposes: ['final'],
        applicants: null,
        from: '1406/12/01',
        to: null,
      },
    ],
  });
});

it('asks at the desk for the documents of the day, by their names', async () => {
  const account = stage.account();
  const { page } = await pageOf('clerk');
  await fill(page, account);
  await page.getByLabel('سند مالکیت').waitFor();
  // what an administrator has set for a later day
  await page.getByRole('textbox', { name: 'تاریخ تسویه' }).fill('1406/12/01');
  await page.getByLabel('شناسنامه').waitFor();
  expect(await page.getByLabel('سند مالکیت').count()).toBe(0);
  await page.keyboard.press('Alt+n');
});

it('reads a step table by row and column, and proposes the document that it makes', async () => {
  const { page } = await pageOf('admin', { path: '/rules' });
  await page.locator('summary', { hasText: 'جدول پله‌ها' }).click();
  const choose = (rates: string): Promise<void> =>
    page
      .getByLabel('پروندهٔ CSV یا XLSX')
      .setInputFiles({ name: 'rates.csv', mimeType: 'text/csv', buffer: Buffer.from(`کاربری,فصل,اقلیم,تا,نرخ\n${rates}`) });
  await choose('household,هر دو,,۴۵,۱۲۰۰\nhousehold,هر دو,,,هزار\n');
  await page.getByLabel('نسخه').fill('steps-1407');
  await page.getByLabel('عنوان').fill('تعرفهٔ ۱۴۰۷');
  await page.getByLabel('سند', { exact: true }).fill('مصوبهٔ آزمون');
  const form = page.locator('details', { hasText: 'جدول پله‌ها' });
  await form.getByLabel('از', { exact: true }).fill('1407/01/16');
  await page.getByRole('button', { name: 'خواندن و بررسی' }).click();
  await page.getByText('سطر ۳، ستون نرخ').waitFor();
  expect(await form.getByRole('button', { name: 'پیشنهاد برای انتشار' }).isDisabled()).toBe(true);
  await choose('household,هر دو,,۴۵,۱۲۰۰\nhousehold,هر دو,,,۱۸۰۰\n');
  await page.getByRole('button', { name: 'خواندن و بررسی' }).click();
  await page.getByRole('heading', { name: 'قبض‌های نمونه' }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await form.getByRole('button', { name: 'پیشنهاد برای انتشار' }).click();
  await page.getByText('پیشنهاد خود شماست').waitFor();
  expect((await stage.call('GET', '/tariffs/steps-1407', { as: ['admin', '01'] })).body).toMatchObject({
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
  await page.locator('summary', { hasText: 'برداشتن پیشنهاد' }).click();
  await page.getByRole('button', { name: 'برداشتن پیشنهاد' }).click();
  await page.getByText('پیشنهادی در انتظار نیست.').waitFor();
});

it('checks a tariff, proposes it, and publishes it by another administrator', async () => {
  const { page } = await pageOf('admin', { path: '/rules' });
  await page.getByText('تعرفهٔ تازه', { exact: true }).click();
  const choose = (document: object): Promise<void> =>
    page
      .getByLabel('پروندهٔ JSON')
      .setInputFiles({ name: 'tariff.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(document)) });
  const tariff = { ...illustrativeTariff(), version: 'practice-1406', from: '1406/01/16' };
  await choose({ ...tariff, title: '' });
  await page.getByText('این تعرفه منتشر نمی‌شود').waitFor();
  await page.getByText('متنی لازم است (نوشته نشده است).').waitFor();
  expect(await page.getByRole('button', { name: 'پیشنهاد برای انتشار' }).isDisabled()).toBe(true);
  await choose(tariff);
  await page.getByRole('heading', { name: 'قبض‌های نمونه' }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole('button', { name: 'پیشنهاد برای انتشار' }).click();
  await page.getByText('پیشنهاد خود شماست').waitFor();

  const { page: second } = await pageOf('admin', { path: '/rules', office: '02' });
  await second.getByRole('button', { name: 'دیدن و بررسی' }).click();
  await second.getByRole('button', { name: 'انتشار' }).click();
  await second.getByRole('rowheader', { name: 'practice-1406' }).waitFor();
  expect((await stage.pool.query(`select published_by, confirmed_by from app.tariffs where version = 'practice-1406'`)).rows).toEqual([
    { published_by: 'مریم رضایی (admin-01)', confirmed_by: 'مریم رضایی (admin-02)' },
  ]);
});

it('shows each role its own sections', async () => {
  const sections = async (role: Role): Promise<string[]> => {
    const { page } = await pageOf(role);
    await page.waitForSelector('.top nav a');
    return page.locator('.top nav a').allTextContents();
  };
  expect(await sections('clerk')).toContain('باجه');
  expect(await sections('supervisor')).not.toContain('باجه');
  expect(await sections('billing')).not.toContain('تسویه‌ها');
  expect(await sections('billing')).toEqual(expect.arrayContaining(['وظیفه‌ها', 'ارسال‌نشده‌ها', 'پرداخت‌ها', 'دوره‌ها']));
  expect(await sections('clerk')).not.toContain('شاخص‌ها');
  expect(await sections('quality')).toEqual(expect.arrayContaining(['اقدام اصلاحی', 'گزارش‌ها', 'دسترسی‌ها']));
  expect(await sections('supervisor')).not.toContain('دسترسی‌ها');
  expect(await sections('admin')).toContain('تعرفه و مقررات');
});

describe('the company’s own sign-on', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
    await createPeopleStore(stage.pool).record(
      { id: 'm.rezaei', name: 'مریم رضایی', office: '01', roles: ['clerk'] },
      { id: 'test', name: 'test' },
    );
    await stage.api.kill('SIGTERM');
    Object.assign(stage.settings, {
      TASVIEH_PUBLIC_URL: address('').replace(/\/$/, ''),
      TASVIEH_OIDC_ISSUER: provider.issuer,
      TASVIEH_OIDC_CLIENT_ID: CLIENT.clientId,
      TASVIEH_OIDC_CLIENT_SECRET: CLIENT.clientSecret,
    });
    await stage.startApi();
  }, 60_000);
  afterAll(() => provider?.close());

  const atDoor = async (): Promise<Page> => {
    const context = await browser.newContext();
    const page = watched(await context.newPage());
    await page.goto(address());
    await page.getByRole('link', { name: 'ورود با حساب سازمانی' }).waitFor();
    return page;
  };

  it('leads by its button to the provider and back, signed in', async () => {
    const page = await atDoor();
    expect(await barriers(page)).toEqual([]);
    const atProvider = page.waitForRequest((request) => request.url().startsWith(`${provider.issuer}/authorize`));
    await page.getByRole('link', { name: 'ورود با حساب سازمانی' }).click();
    await atProvider;
    await page.waitForSelector('.search input');
    expect(await page.textContent('.who')).toMatch(/مریم رضایی.*متصدی باجه.*ادارهٔ ۰۱/);
    await page.getByRole('button', { name: 'خروج' }).click();
    await page.getByRole('link', { name: 'ورود با حساب سازمانی' }).waitFor();
  });

  it.each([
    ['who turns back there', { refuses: 'access_denied' }, 'خود شما از آن گذشتید'],
    ['who is not recorded here', { claims: { preferred_username: 'nobody' } }, 'کاربر فعالی با این نام در این سامانه ثبت نشده است'],
  ])('tells %s what to do, and the way back to the door', async (_who, change, says) => {
    provider.behaviour = { ...GOOD, ...change };
    const page = await atDoor();
    await page.getByRole('link', { name: 'ورود با حساب سازمانی' }).click();
    await page.getByRole('heading', { name: 'ورود انجام نشد' }).waitFor();
    expect(await page.innerText('body')).toContain(says);
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('link', { name: 'بازگشت به صفحهٔ ورود' }).click();
    await page.getByLabel('گذرواژه').waitFor();
  });
});

it('left no error in the browser', async () => {
  expect(complaints).toEqual([]);
});
