import { todayInTehran } from '../../src/domain/calendar/jalali.js';
import { idOf } from '../e2e/stage.js';
import { barriers, firstRow, itHasNoBarriers, openCounter } from './counter.js';
import { settlementPage } from './pages/settlement.js';

const counter = openCounter();

it('corrects an error: reported and submitted by the clerk, verified by the supervisor, live on both pages', async () => {
  const account = counter.stage.account();
  await counter.settled(account);
  const path = `/settlements/${idOf(account)}`;
  const clerkPage = await counter.open('clerk', { path });
  const supervisorPage = await counter.open('supervisor', { path });
  const [clerk, supervisor] = [settlementPage(clerkPage), settlementPage(supervisorPage)];
  await clerk.reportError('رقم جابه‌جا خوانده شده بود');
  await clerk.submitReading(account.reading + 45);
  await clerk.comparison.waitFor();
  expect(await barriers(clerkPage)).toEqual([]);
  // what the second person decides upon: the lines and the facts that differ
  await supervisor.changedFacts.waitFor();
  expect(await supervisor.changedFacts.locator('tbody').innerText()).toMatch(/^رقم کنتور\s+[۰-۹٬]+\s+[۰-۹٬]+$/);
  expect(await supervisor.comparison.locator('tbody .changed').count()).toBeGreaterThan(0);
  expect(await barriers(supervisorPage)).toEqual([]);
  const approver = settlementPage(await counter.open('approver', { path }));
  await approver.comparison.waitFor();
  // the second person's part is not for who submitted
  expect(await clerk.verify.count()).toBe(0);
  await supervisor.verify.click();
  await supervisor.secondRevision.waitFor();
  await clerk.secondRevision.waitFor();
  const { body } = await counter.stage.call('GET', path);
  expect(body).toMatchObject({ revision: 2, facts: { reading: account.reading + 45 }, corrections: [{ status: 'issued', revision: 2 }] });
});

it('issues the clearance letter once all is paid, and tells before that what is owed', async () => {
  const account = counter.stage.account();
  const { bill } = await counter.settled(account);
  const path = `/settlements/${idOf(account)}`;
  const page = await counter.open('clerk', { path });
  const { clearance } = settlementPage(page);
  await clearance.click();
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
  expect((await counter.stage.call('POST', '/billing/payments', { as: ['billing', '01'], body })).status).toBe(201);
  await page.getByText('چیزی برای پرداخت نمانده است').waitFor();
  const opened = page
    .context()
    .waitForEvent('request', (request) => request.isNavigationRequest() && request.url().endsWith('clearance.pdf'));
  await clearance.click();
  await opened;
  await page.getByRole('link', { name: 'گشودن مفاصاحساب' }).waitFor();
  expect((await counter.stage.call('GET', path)).body.clearance).toMatchObject({ by: 'clerk-01' });
});

it('shows a refund that is asked for, until a second person confirms it, and after', async () => {
  const account = counter.stage.account();
  const csv = `reference,subscription,paidOn,amount,paymentId,countedInBill\ncredit-1,${account.subscription},${todayInTehran(new Date())},90000000,,\n`;
  expect(
    (await counter.stage.call('POST', '/billing/feeds/payments', { as: ['billing', '01'], csv, headers: { 'content-type': 'text/csv' } }))
      .status,
  ).toBe(200);
  expect((await counter.settled(account)).bill.total).toBeLessThan(0);
  const path = `/settlements/${idOf(account)}`;
  const supervisor = settlementPage(await counter.open('supervisor', { path }));
  await supervisor.requestRefund('متقاضی از شهر می‌رود');
  await supervisor.refundWaits.waitFor();
  // not for who asked
  expect(await supervisor.confirmingRefund.count()).toBe(0);
  const approver = settlementPage(await counter.open('approver', { path }));
  await approver.confirmRefund();
  await approver.refundConfirmed.waitFor();
  await supervisor.refundConfirmed.waitFor();
  expect((await counter.stage.call('GET', path)).body.refund).toMatchObject({
    requestedBy: 'supervisor-01',
    confirmedBy: 'approver-01',
    reason: 'متقاضی از شهر می‌رود',
  });
});

describe('the pages', () => {
  let id: string;
  beforeAll(async () => {
    const account = counter.stage.account();
    await counter.settled(account);
    id = idOf(account);
  });

  itHasNoBarriers(counter, 'supervisor', '/settlements', firstRow);
  itHasNoBarriers(counter, 'supervisor', () => `/settlements/${id}`, firstRow);
});
