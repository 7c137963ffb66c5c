import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Role } from '../../src/domain/settlement/settlement.js';
import { type Account, type Body, type Stage, idOf, openStage, requestFor, until } from '../e2e/stage.js';
import { openBrowser } from './browser.js';

interface Visit {
  path?: string;
  language?: 'fa' | 'en';
  office?: string;
}

/** The pages as people use them: a real browser in front of the real stack, both of this test file alone. */
export interface Counter {
  readonly stage: Stage;
  /** A page of somebody who is signed in as a role. */
  open(role: Role, visit?: Visit): Promise<Page>;
  /** A page of somebody who is not signed in. */
  openSignedOut(): Promise<Page>;
  /** Of a path of the counter. */
  address(path?: string): string;
  /** Settles an account over the API, up to its announcement. */
  settled(account: Account): Promise<Body>;
  /** The account's settlement of today, once it has its bill. */
  announced(account: Account): Promise<Body>;
}

/**
 * Registers what starts and ends browser and stack of a test file. After each test no page may have complained, the pages
 * are closed and an API that the test killed runs again.
 */
export function openCounter({ subscribers = 60, settings = {} }: { subscribers?: number; settings?: NodeJS.ProcessEnv } = {}): Counter {
  let stage: Stage;
  let browser: Browser;
  const complaints: string[] = [];
  /** one for each person, so that the scripts are read once */
  const contexts = new Map<string, Promise<BrowserContext>>();

  jest.setTimeout(90_000);
  beforeAll(async () => {
    // one after the other, so that whatever did start is known and closed
    browser = await openBrowser();
    stage = await openStage(subscribers);
    Object.assign(stage.settings, settings);
    await stage.startAll();
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
    await stage.startApi();
    expect(complaints.splice(0)).toEqual([]);
  });

  const address = (path = '/'): string => stage.address().replace('/api/v1', path);

  const watched = (page: Page): Page => {
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // the browser also reports each refused call; the page has its own words for it
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
    });
    return page;
  };

  const signedIn = async (role: Role, office: string, language: string): Promise<BrowserContext> => {
    const context = await browser.newContext({ viewport: DESK });
    await context.addCookies([{ name: 'tasvieh_session', value: await stage.tokenOf(role, office), url: address() }]);
    await context.addInitScript(
      `localStorage.setItem('tasvieh-signed-in', 'x'); localStorage.getItem('tasvieh-language') ?? localStorage.setItem('tasvieh-language', '${language}')`,
    );
    return context;
  };

  const announced = (account: Account): Promise<Body> =>
    until('the announcement', 30, async () => {
      const { body } = await stage.call('GET', `/settlements/${idOf(account)}`);
      return body.bill ? body : null;
    });

  return {
    get stage() {
      return stage;
    },
    address,
    announced,
    async open(role, { path = '/', language = 'fa', office = '01' } = {}) {
      const key = role + language + office;
      const opened = contexts.get(key) ?? signedIn(role, office, language);
      contexts.set(key, opened);
      const page = watched(await (await opened).newPage());
      await page.goto(address(path));
      return page;
    },
    async openSignedOut() {
      const context = await browser.newContext();
      const page = watched(await context.newPage());
      await page.goto(address());
      return page;
    },
    async settled(account) {
      await stage.call('POST', '/settlements', { body: requestFor(account) });
      return announced(account);
    },
  };
}

const DESK = { width: 1366, height: 768 };
const PHONE = { width: 390, height: 844 };

/** axe's findings as readable lines. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}

/** Waits until `expression` holds in the page; the page's own policy lets no text be evaluated in it. */
export const holds = (page: Page, expression: string): Promise<unknown> => until(expression, 20, () => page.evaluate(expression));

/** Tests that a page, once `ready`, has no barriers and stays within the width of a desk and of a phone. */
export function itHasNoBarriers(
  counter: Counter,
  role: Role,
  path: string | (() => string),
  ready: (page: Page) => ReturnType<Page['locator']>,
): void {
  const where = typeof path === 'string' ? path : 'one of them';
  it.each([
    ['fa', 'light', DESK],
    ['fa', 'dark', PHONE],
    ['en', 'light', DESK],
  ] as const)(`has no barriers at ${where}, for the role ${role}, in %s, %s, %j`, async (language, colorScheme, size) => {
    const page = await counter.open(role, { path: typeof path === 'string' ? path : path(), language });
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    await ready(page).first().waitFor();
    expect(await page.getAttribute('html', 'dir')).toBe(language === 'fa' ? 'rtl' : 'ltr');
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate(`document.documentElement.scrollWidth <= window.innerWidth`)).toBe(true);
  });
}

/** The first row of a list that has come. */
export const firstRow = (page: Page): ReturnType<Page['locator']> => page.locator('tbody').getByRole('row');
