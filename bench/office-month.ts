import { addDays, todayInTehran } from '../src/domain/calendar/jalali.js';
import type { QualificationCode } from '../src/domain/people/qualification.js';
import type { Role } from '../src/domain/settlement/settlement.js';
import { createPeopleStore } from '../src/store/people.js';
import { createPaymentStore } from '../src/store/payments.js';
import { type Account, type Stage, idOf, requestFor, until } from '../test/e2e/stage.js';

/** Nobody of these is real. */
const CLERKS = [
  ['m.rezaei', 'مریم رضایی'],
  ['r.mousavi', 'رضا موسوی'],
  ['z.amini', 'زهرا امینی'],
] as const;
const ERRORS = [
  ['reading', 'clerk', 'رقم جابه‌جا خوانده شده بود'],
  ['reading', 'applicant', 'متقاضی رقم را اشتباه اعلام کرده بود'],
  ['name', 'clerk', 'نام مشترک تازه نادرست نوشته شده بود'],
  ['payment', 'feed', 'پرداخت پیش از صدور نرسیده بود'],
  ['reading', 'applicant', 'رقم کنتور کناری اعلام شده بود'],
  ['document', 'clerk', 'مدرک در پرونده نبود'],
  ['meter', 'feed', 'تعویض کنتور ثبت نشده بود'],
] as const;

/**
 * A month of an office for the pictures and for whoever looks at the pages: settlements announced over the API and then
 * spread over the days before by hand, errors, people, tasks and payments. Synthetic throughout; answers the accounts.
 */
export async function playMonth(stage: Stage, { settlements = 70 }: { settlements?: number } = {}): Promise<Account[]> {
  const { pool } = stage;
  const people = createPeopleStore(pool);
  const by = { id: 'm.admin', name: 'مدیر سامانه' };
  const today = todayInTehran(new Date());
  const record = async (id: string, name: string, roles: Role[], qualified: QualificationCode[]): Promise<void> => {
    await people.record({ id, name, office: '01', roles }, by);
    for (const code of qualified)
      await people.qualify(
        id,
        {
          code,
          validFrom: addDays(today, -300),
          validTo: code === 'secondCopy' && id === 'r.mousavi' ? addDays(today, 12) : null,
          certificate: `گ-${code.length}${id.length}`,
        },
        by,
      );
  };
  for (const [id, name] of CLERKS) await record(id, name, ['clerk'], ['sevenSkills', 'billingSystem', 'secondCopy']);
  await record('n.kazemi', 'نرگس کاظمی', ['supervisor', 'clerk'], ['sevenSkills']);
  await record('h.yazdi', 'حسن یزدی', ['approver'], []);
  await record('m.admin', 'مدیر سامانه', ['admin'], []);

  const accounts = Array.from({ length: settlements }, () => stage.account());
  await Promise.all(
    Array.from({ length: 5 }, async (_, lane) => {
      for (const account of accounts.filter((__, n) => n % 5 === lane))
        await stage.call('POST', '/settlements', { body: requestFor(account) });
    }),
  );
  await until(
    'the announcements',
    60,
    async () => (await pool.query('select from app.settlements where announced_at is null')).rowCount === 0,
  );
  for (const [n, [kind, cause, description]] of ERRORS.entries()) {
    await stage.call('POST', `/settlements/${idOf(accounts[n + 8] as Account)}/corrections`, { body: { kind, cause, description } });
  }
  await until('the errors', 30, async () => (await pool.query('select from app.corrections')).rowCount === ERRORS.length);

  // a month's work in a minute: only what lists and counts read is moved
  await pool.query(
    `with n as (select id, row_number() over (order by id) as n from app.settlements),
     t as (select id, n, (n * 37) % 29 as days, case when n % 23 = 0 then 320000 + n * 700 else 38000 + (n * 7919) % 150000 end as ms from n where n > 8)
     update app.settlements s set received_at = s.received_at - make_interval(days => t.days::int, mins => (t.n * 13 % 240)::int), elapsed_ms = t.ms, within_target = t.ms <= 300000,
       announced_at = s.received_at - make_interval(days => t.days::int, mins => (t.n * 13 % 240)::int) + make_interval(secs => t.ms / 1000.0),
       at_risk_at = case when t.ms > 150000 then s.received_at end, breached_at = case when t.ms > 300000 then s.received_at end,
       clerk = (array['${CLERKS.map(([id]) => id).join(`','`)}'])[1 + t.n % 3],
       operator = jsonb_build_object('id', (array['${CLERKS.map(([id]) => id).join(`','`)}'])[1 + t.n % 3], 'name', (array['${CLERKS.map(([, name]) => name).join(`','`)}'])[1 + t.n % 3], 'role', 'clerk', 'office', '01')
     from t where t.id = s.id`,
  );
  await pool.query(
    "update app.corrections c set reported_at = s.announced_at + interval '3 hours' from app.settlements s where s.id = c.settlement_id",
  );
  const days = Array.from({ length: 29 }, (_, n) => addDays(today, -n));
  await pool.query(
    `with n as (select posting, row_number() over (order by posting) as n from app.postings)
     update app.postings p set status = 'taken', bill_serial = 'B-' || n.n, due_on = ($1::text[])[1 + n.n % 29] from n where n.posting = p.posting and n.n % 5 < 3`,
    [days],
  );
  await pool.query(
    `with n as (select posting, cycle, row_number() over (order by posting) as n from app.postings where status <> 'taken')
     insert into app.posting_moves (posting, from_cycle, to_cycle, why, due_on) select posting, cycle, cycle, 'late', ($1::text[])[1 + n % 29] from n where n % 9 = 0 on conflict do nothing`,
    [days],
  );
  await pool.query(
    `update app.postings p set status = 'late', times_late = 1 from app.posting_moves m where m.posting = p.posting and p.status = 'waiting'`,
  );

  const task = (
    kind: string,
    subject: string,
    settlement: string | null,
    role: Role,
    hours: number,
    detail: object = {},
  ): Promise<unknown> =>
    pool.query(
      `insert into app.tasks (id, kind, settlement_id, office, role, since, due_at, detail) values ($1 || '.' || $2, $1, $3, $4, $5, now() + make_interval(hours => $6::int - 9), now() + make_interval(hours => $6::int), $7) on conflict do nothing`,
      [kind, subject, settlement, settlement === null && kind !== 'unsentPostings' ? '*' : '01', role, hours, JSON.stringify(detail)],
    );
  const of = (n: number): string => idOf(accounts[n] as Account);
  for (const [n, hours] of [
    [0, -3],
    [1, 4],
    [2, 4],
    [3, 5],
  ] as const)
    await task('deliver', of(n), of(n), 'clerk', hours);
  await task('breached', of(22), of(22), 'supervisor', -20);
  await task('staleFeed', 'payments', null, 'billing', 6, { kind: 'payments' });
  await task('unsentPostings', '11-1405-06.01', null, 'supervisor', 7, { cycle: '11-1405-06', unsent: 4 });
  await task('qualificationLapses', 'r.mousavi.secondCopy', null, 'supervisor', 200, {
    person: 'r.mousavi',
    name: 'رضا موسوی',
    code: 'secondCopy',
    lastDay: addDays(today, 12),
  });
  const payments = createPaymentStore(pool);
  for (const [n, amount] of [118_000, 2_450_000, 560_000].entries()) {
    await payments.record(
      {
        eventId: `pay-${n}`,
        reference: `P-140${n}77`,
        subscription: (accounts[n + 30] as Account).subscription,
        paymentId: `${amount / 1000}50${n}11`,
        amount,
        paidOn: addDays(today, -n),
      },
      '01',
      { id: 'b1', office: '01' },
    );
  }
  return accounts;
}
