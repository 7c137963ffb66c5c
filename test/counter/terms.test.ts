import { barriers, itHasNoBarriers, openCounter } from './counter.js';
import { termsPage } from './pages/terms.js';

const counter = openCounter({ subscribers: 20 });

it('changes deadlines, working days and documents from a day on, and a second administrator publishes what they see', async () => {
  const page = await counter.open('admin', { path: '/terms' });
  const { day, correctionHours, calendar, propose, changes } = termsPage(page);
  await day.fill('1406/12/01');
  await page.getByRole('heading', { name: /اسفند/ }).waitFor();
  await correctionHours.fill('سی');
  await page.getByText('عدد صحیح بنویسید.').waitFor();
  await correctionHours.fill('0');
  await page.getByText('این تعرفه منتشر نمی‌شود').waitFor();
  expect(await propose.isDisabled()).toBe(true);
  await correctionHours.fill('۳۶');
  await calendar.getByRole('grid').getByRole('button', { disabled: false }).nth(3).click();
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
  await changes.filter({ hasText: /خواسته می‌شود: .*شناسنامه/ }).waitFor();
  expect(await changes.allInnerTexts()).toEqual([
    'مهلت اصلاح و تأیید (ساعت): ۲۴ ۳۶',
    expect.stringMatching(/^ساعت کار اداره‌ها: .*۱۴:۳۰.*۱۳:۰۰/),
    expect.stringMatching(/^تعطیل می‌شود: (پنجشنبه؛ )?[۰-۹]+ اسفند ۱۴۰۶(؛ پنجشنبه)?$/),
    'خواسته می‌شود: کارت ملی یا شناسنامه (تسویهٔ نهایی)',
  ]);
  expect(await barriers(page)).toEqual([]);
  await propose.click();
  await page.getByText('پیشنهاد خود شماست').waitFor();

  const second = await counter.open('admin', { path: '/terms', office: '02' });
  await second.getByRole('button', { name: 'دیدن و بررسی' }).click();
  await second.getByText(/خواسته می‌شود: .*شناسنامه/).waitFor();
  expect(await barriers(second)).toEqual([]);
  await second.getByRole('button', { name: 'انتشار' }).click();
  await second.getByRole('heading', { name: 'برای روزهای بعد تعیین شده است' }).waitFor();
  const inForce = await counter.stage.call('GET', '/terms?on=1406/12/01');
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

itHasNoBarriers(counter, 'admin', '/terms', (page) => page.getByRole('grid'));
