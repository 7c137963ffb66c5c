import { CLIENT, GOOD, startProvider, type TestProvider } from '../api/identity-provider.js';
import type { Role } from '../../src/domain/settlement/settlement.js';
import { createPeopleStore } from '../../src/store/people.js';
import { barriers, openCounter } from './counter.js';
import { deskPage } from './pages/desk.js';
import { framePage, signInPage } from './pages/sign-in.js';

const counter = openCounter({ subscribers: 20 });

it('signs in by a token, and out again; both screens without barriers', async () => {
  const page = await counter.openSignedOut();
  const [door, desk] = [signInPage(page), deskPage(page)];
  expect(await page.getAttribute('html', 'dir')).toBe('rtl');
  expect(await barriers(page)).toEqual([]);
  await door.enterToken('nonsense');
  await door.refused.waitFor();
  await door.enterToken(await counter.stage.tokenOf('clerk', '02'));
  await desk.search.waitFor();
  expect(await barriers(page)).toEqual([]);
  await framePage(page).leave.click();
  await door.password.waitFor();
  await page.reload();
  await door.password.waitFor();
});

it('shows each role its own sections', async () => {
  const sections = async (role: Role): Promise<string[]> => {
    const frame = framePage(await counter.open(role));
    await frame.sections.first().waitFor();
    return frame.sections.allTextContents();
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

it('changes its language by one switch', async () => {
  const page = await counter.open('supervisor', { path: '/settlements' });
  await framePage(page).toEnglish.click();
  await page.getByRole('heading', { name: 'Settlements' }).waitFor();
  expect(await page.getAttribute('html', 'dir')).toBe('ltr');
});

describe('the company’s own sign-on', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    const { stage } = counter;
    provider = await startProvider();
    await createPeopleStore(stage.pool).record(
      { id: 'm.rezaei', name: 'مریم رضایی', office: '01', roles: ['clerk'] },
      { id: 'test', name: 'test' },
    );
    await stage.api.kill('SIGTERM');
    Object.assign(stage.settings, {
      TASVIEH_PUBLIC_URL: counter.address('').replace(/\/$/, ''),
      TASVIEH_OIDC_ISSUER: provider.issuer,
      TASVIEH_OIDC_CLIENT_ID: CLIENT.clientId,
      TASVIEH_OIDC_CLIENT_SECRET: CLIENT.clientSecret,
    });
    await stage.startApi();
  }, 60_000);
  afterAll(() => provider?.close());

  it('leads by its button to the provider and back, signed in', async () => {
    const page = await counter.openSignedOut();
    const [door, frame] = [signInPage(page), framePage(page)];
    await door.byCompany.waitFor();
    expect(await barriers(page)).toEqual([]);
    const atProvider = page.waitForRequest((request) => request.url().startsWith(`${provider.issuer}/authorize`));
    await door.byCompany.click();
    await atProvider;
    await deskPage(page).search.waitFor();
    expect(await frame.header.textContent()).toMatch(/مریم رضایی.*متصدی باجه.*ادارهٔ ۰۱/);
    await frame.leave.click();
    await door.byCompany.waitFor();
  });

  it.each([
    ['who turns back there', { refuses: 'access_denied' }, 'خود شما از آن گذشتید'],
    ['who is not recorded here', { claims: { preferred_username: 'nobody' } }, 'کاربر فعالی با این نام در این سامانه ثبت نشده است'],
  ])('tells %s what to do, and the way back to the door', async (_who, change, says) => {
    provider.behaviour = { ...GOOD, ...change };
    const page = await counter.openSignedOut();
    const door = signInPage(page);
    await door.byCompany.click();
    await door.failed.waitFor();
    expect(await page.innerText('body')).toContain(says);
    expect(await barriers(page)).toEqual([]);
    await door.back.click();
    await door.password.waitFor();
  });
});
