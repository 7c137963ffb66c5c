import { CORRECTIVE_ACTION_WORKFLOW, correctiveActionWorkflowId } from '../../src/domain/correction/corrective-action.js';
import { todayInTehran } from '../../src/domain/calendar/jalali.js';
import type { Role } from '../../src/domain/settlement/settlement.js';
import { createCorrectiveActionStore } from '../../src/store/corrective-actions.js';
import { until } from '../e2e/stage.js';
import { barriers, firstRow, itHasNoBarriers, openCounter } from './counter.js';
import { correctiveActionPage } from './pages/corrective-action.js';

const counter = openCounter({ subscribers: 20 });

it('leads a corrective action from its opening by the quality unit to the effect that another person judges later', async () => {
  const quality = await counter.open('quality', { path: '/corrective-actions' });
  await correctiveActionPage(quality).open('مهر قبض‌ها خوانا نیست', 'سه اعتراض در یک هفته');
  const { pathname } = new URL(quality.url());

  // the company's are a supervisor's too, who finds it by its task
  const n = Number(pathname.split('/').at(-1));
  await until(
    'the task',
    20,
    async () =>
      (await counter.stage.pool.query(`select from app.tasks where kind = 'callMeeting' and detail->>'correctiveAction' = $1`, [String(n)]))
        .rowCount === 1,
  );
  const supervisor = await counter.open('supervisor', { path: '/tasks?kind=callMeeting' });
  const action = correctiveActionPage(supervisor);
  const today = todayInTehran(new Date());
  await supervisor.locator(`td a[href="${pathname}"]`).click();
  await action.callMeeting(today, ['مریم رضایی', 'رضا موسوی']);
  await action.recordMinutes('مهرها بررسی شد', 'مهر کهنه است');
  await action.fillAction('خرید مهر تازه', 'clerk-01', today);
  expect(await barriers(supervisor)).toEqual([]);
  await action.decide.click();
  await action.recordDone('مهر تازه رسید');
  await supervisor.getByText(/اثر اقدام از [۰-۹/]+ سنجیده می‌شود/).waitFor();
  expect((await counter.stage.call('GET', pathname, { as: ['quality', '01'] })).body).toMatchObject({
    status: 'done',
    meeting: { participants: ['مریم رضایی', 'رضا موسوی'], minutes: 'مهرها بررسی شد', cause: 'مهر کهنه است' },
    actions: [{ what: 'خرید مهر تازه', owner: 'clerk-01', done: { note: 'مهر تازه رسید', by: { id: 'supervisor-01' } } }],
  });
  await quality.goBack();
  await quality.reload();
  const row = quality.getByRole('row').filter({ hasText: 'مهر قبض‌ها خوانا نیست' });
  await row.getByText('سنجش اثر از').waitFor();
});

it('judges the effect of a corrective action by another person, and the quality unit closes it with a report', async () => {
  // at the day on which its effect may be judged, which is a month after the action
  const store = createCorrectiveActionStore(counter.stage.pool);
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
  await counter.stage.pool.query(`update app.corrective_actions set status = 'done', version = 4, story = $2 where n = $1`, [
    opened.n,
    JSON.stringify({ meeting, actions, closure: null }),
  ]);
  await counter.stage.client.workflow.start(CORRECTIVE_ACTION_WORKFLOW, {
    workflowId: correctiveActionWorkflowId(opened.n),
    taskQueue: 'tasvieh',
    args: [await store.get(opened.n)],
  });
  const path = `/corrective-actions/${opened.n}`;
  await until(
    'the task',
    20,
    async () =>
      (await counter.stage.pool.query(`select from app.tasks where detail->>'correctiveAction' = $1`, [String(opened.n)])).rowCount === 1,
  );

  const supervisor = await counter.open('supervisor', { path });
  const { judge, effect, reason } = correctiveActionPage(supervisor);
  await judge.waitFor();
  expect(await judge.isDisabled()).toBe(true);
  await effect.selectOption('yes');
  await reason.fill('نامه‌ای برنگشت');
  expect(await barriers(supervisor)).toEqual([]);
  await judge.click();
  // the end is the quality unit's
  await supervisor.getByText('پایان آن را واحد کیفیت ثبت می‌کند.').waitFor();
  const quality = await counter.open('quality', { path });
  await quality.getByText('نامه‌ای برنگشت').waitFor();
  expect(await barriers(quality)).toEqual([]);
  await correctiveActionPage(quality).close('با نشانی تازه خطایی نبود');
  expect((await counter.stage.call('GET', path, { as: ['quality', '01'] })).body).toMatchObject({
    status: 'closed',
    actions: [{ effect: { effective: true, note: 'نامه‌ای برنگشت', by: { id: 'supervisor-01' } } }],
    closure: { outcome: 'effective', report: 'با نشانی تازه خطایی نبود', by: { id: 'quality-01' } },
  });
});

describe('the pages', () => {
  let n: number;
  beforeAll(async () => {
    const opened = await counter.stage.call('POST', '/corrective-actions', {
      as: ['quality', '01'],
      body: { scope: 'cause', subject: 'feed', reason: 'برای این آزمون' },
    });
    ({ n } = opened.body as unknown as { n: number });
  });

  itHasNoBarriers(counter, 'quality', '/corrective-actions', firstRow);
  itHasNoBarriers(
    counter,
    'supervisor',
    () => `/corrective-actions/${n}`,
    (page) => page.locator('details[open]'),
  );
});
