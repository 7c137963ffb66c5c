import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { type Account, type Stage, idOf, openStage, requestFor, until } from '../e2e/stage.js';
import { openBrowser } from './browser.js';
import { clerkAt, fillForm, openSubscriber } from './clerk.js';

// the service is there and does not answer: connections stay open, and nothing comes
jest.setTimeout(120_000);

let stage: Stage;
let browser: Browser;
const root = (): string => stage.address().replace('/api/v1', '');

beforeAll(async () => {
  browser = await openBrowser();
  stage = await openStage(120);
  await stage.startAll();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});
afterEach(async () => {
  process.kill(stage.api.pid, 'SIGCONT');
  for (const context of browser.contexts()) await context.close();
});

const halt = (): void => void process.kill(stage.api.pid, 'SIGSTOP');
const goOn = (): void => void process.kill(stage.api.pid, 'SIGCONT');
const saysAway = (page: Page): Promise<unknown> => page.waitForSelector('.away:not(:empty)');

async function clerk(path = '/', at = root()): Promise<Page> {
  const context = await clerkAt(browser, stage, at);
  const page = await context.newPage();
  await page.goto(at + path);
  return page;
}

async function announced(account: Account): Promise<string> {
  const id = idOf(account);
  await stage.call('POST', '/settlements', { body: requestFor(account) });
  await until('the announcement', 30, async () => (await stage.call('GET', `/settlements/${id}`)).body.bill !== null);
  return id;
}

it('a search that nobody answers: the page says so, and the answer comes by itself', async () => {
  const account = stage.account();
  const page = await clerk();
  await page.waitForSelector('.search input');
  halt();
  await page.locator('.search input').fill(account.subscription);
  await page.keyboard.press('Enter');
  await saysAway(page);
  goOn();
  // the one that was found is opened, as Enter asked for
  await page.waitForSelector('.subscriber h1');
  expect(await page.textContent('.subscriber h1')).toContain(account.name);
  await page.waitForSelector('.away:empty', { state: 'attached' });
});

it('a preview and an issue that nobody answers: both are sent again, and there is one bill', async () => {
  const account = stage.account();
  const page = await clerk();
  await fillForm(page, account);
  const before = await page.textContent('.preview .payable dd');
  halt();
  await page.getByLabel('رقم کنتور').fill(String(account.reading + 80));
  await saysAway(page);
  await page.waitForSelector('.preview .waiting');
  goOn();
  await page.waitForSelector('.preview[aria-busy=false] .payable');
  expect(await page.textContent('.preview .payable dd')).not.toBe(before);
  await page.waitForSelector('.away:empty', { state: 'attached' });

  halt();
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('form .notice .waiting');
  await saysAway(page);
  goOn();
  await page.waitForSelector('.announced-amount');
  const { rows } = await stage.pool.query<{ bills: number }>('select count(*)::int as bills from app.bills where settlement_id = $1', [
    idOf(account),
  ]);
  expect(rows).toEqual([{ bills: 1 }]);

  halt();
  await page.keyboard.press('Alt+h');
  await page.waitForSelector('.hand-over');
  await page.keyboard.press('Enter');
  await saysAway(page);
  goOn();
  await page.waitForSelector('.notice.good');
});

it('seven tabs with open settlements leave connections for the others, and each is told of its events', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 7; n++) ids.push(await announced(stage.account()));
  const context = await clerkAt(browser, stage, root());
  const tabs = new Map<string, Page>();
  for (const id of ids) {
    const tab = await context.newPage();
    tabs.set(id, tab);
    await tab.goto(`${root()}/settlements/${id}`);
    await tab.waitForSelector('.settlement-head');
  }
  for (const [id, tab] of tabs) {
    await stage.call('POST', `/settlements/${id}/delivery`, { body: { deliveredTo: 'علی کریمی', channel: 'counter' } });
    await tab.locator('.settlement-head .badge', { hasText: 'تحویل' }).first().waitFor();
  }
  const desk = await context.newPage();
  await desk.goto(root());
  await openSubscriber(desk, stage.account());
  // a tab that is closed takes nothing from the others
  const [first] = [...tabs.values()];
  await first?.close();
  await desk.keyboard.press('Alt+n');
  await openSubscriber(desk, stage.account());
});

describe('a connection that is dead without a word', () => {
  /** Passes bytes on, until the connections that it has are frozen: nothing comes, and nobody is told. */
  let line: Server;
  let open: Socket[] = [];
  beforeEach(async () => {
    line = createServer((client) => {
      const server = connect(Number(new URL(root()).port), '127.0.0.1');
      open.push(client, server);
      client.pipe(server).pipe(client);
      for (const each of [client, server]) each.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of open) socket.destroy();
    open = [];
    await new Promise((resolve) => line.close(resolve));
  });

  it('the events are asked for again over another one', async () => {
    const id = await announced(stage.account());
    const page = await clerk(`/settlements/${id}`, `http://127.0.0.1:${(line.address() as AddressInfo).port}`);
    await page.waitForSelector('.settlement-head');
    await page.getByRole('heading', { name: 'رویدادها' }).waitFor();
    for (const socket of open) socket.unpipe().pause();
    await stage.call('POST', `/settlements/${id}/delivery`, { body: { deliveredTo: 'علی کریمی', channel: 'counter' } });
    await page.locator('.settlement-head .badge', { hasText: 'تحویل' }).first().waitFor();
  });
});
