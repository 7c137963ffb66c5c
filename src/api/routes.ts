import type { Role } from '../domain/settlement.js';
import { findAccounts, openRequest, showAccount } from './accounts.js';
import { closeSession, openSession } from './authentication.js';
import { streamEvents } from './events.js';
import { receiveFeed } from './feeds.js';
import { overrideFinding } from './overrides.js';
import { json, route, type Route } from './route.js';
import {
  accountPage,
  accountParams,
  accountsQuery,
  accountView,
  assignedView,
  assignmentRequest,
  billQuery,
  closureRequest,
  deliveryRequest,
  feedAnswer,
  feedParams,
  feedQuery,
  health,
  manyAssignmentRequest,
  operatorView,
  overrideRequest,
  overrideView,
  previewView,
  readiness,
  receiptRequest,
  receiptView,
  settlementPage,
  settlementParams,
  settlementsQuery,
  settlementView,
  taskPage,
  taskParams,
  tasksQuery,
  taskView,
} from './schemas.js';
import {
  announceSettlement,
  deliverSettlement,
  listSettlements,
  previewSettlement,
  printBill,
  settlementBody,
  showSettlement,
} from './settlements.js';
import { assignTask, assignTasks, closeTask, listTasks } from './tasks.js';

/** Who sees settlements: clerks and supervisors their own office's, the others all; billing gets postings, not settlements. */
const SEES_SETTLEMENTS: readonly Role[] = ['clerk', 'supervisor', 'approver', 'quality', 'admin'];
const COUNTER: readonly Role[] = ['clerk'];
const OFFICE: readonly Role[] = ['clerk', 'supervisor'];

const location = { Location: 'where the settlement is found' };

/** Every call of the API and who may make it. */
export const ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/accounts',
    tag: 'accounts',
    summary: 'یافتن مشترک با شمارهٔ اشتراک، شناسهٔ قبض، کد ملی، سریال کنتور، نام یا نشانی',
    roles: OFFICE,
    query: accountsQuery,
    answers: { 200: { description: 'the subscribers of the office', schema: accountPage } },
    handle: findAccounts,
  }),
  route({
    method: 'get',
    path: '/accounts/{subscription}',
    tag: 'accounts',
    summary: 'اشتراک، کنتور، آخرین قبض، پرداخت‌های پس از آن و تازگی داده',
    roles: OFFICE,
    params: accountParams,
    answers: { 200: { description: 'the subscriber', schema: accountView } },
    problems: ['ACCOUNT_NOT_FOUND', 'UNAVAILABLE'],
    handle: showAccount,
  }),
  route({
    method: 'post',
    path: '/requests',
    tag: 'settlements',
    summary: 'گشودن درخواست: رسید امضاشده با زمان دریافت؛ پنج دقیقه از این‌جا آغاز می‌شود',
    roles: COUNTER,
    body: json(receiptRequest),
    answers: { 201: { description: 'the signed receipt', schema: receiptView } },
    handle: openRequest,
  }),
  route({
    method: 'post',
    path: '/settlements/preview',
    tag: 'settlements',
    summary: 'پیش‌نمایش: محاسبه بدون ثبت',
    roles: COUNTER,
    body: settlementBody,
    answers: { 200: { description: 'the computed debt and the findings', schema: previewView } },
    problems: ['UNAVAILABLE'],
    handle: previewSettlement,
  }),
  route({
    method: 'post',
    path: '/settlements',
    tag: 'settlements',
    summary: 'اعلام مانده',
    roles: COUNTER,
    body: settlementBody,
    answers: {
      200: { description: 'the same settlement exists: as it stands now', schema: settlementView, headers: location },
      201: { description: 'announced', schema: settlementView, headers: location },
      202: { description: 'received, the announcement takes longer', schema: settlementView, headers: location },
    },
    problems: ['SETTLEMENT_EXISTS', 'REJECTED', 'NOTHING_ACCEPTED', 'UNAVAILABLE'],
    handle: announceSettlement,
  }),
  route({
    method: 'get',
    path: '/settlements',
    tag: 'settlements',
    summary: 'فهرست تسویه‌ها',
    roles: SEES_SETTLEMENTS,
    query: settlementsQuery,
    answers: { 200: { description: 'one page', schema: settlementPage } },
    problems: ['UNAVAILABLE'],
    handle: listSettlements,
  }),
  route({
    method: 'get',
    path: '/settlements/{id}',
    tag: 'settlements',
    summary: 'یک تسویه',
    roles: SEES_SETTLEMENTS,
    params: settlementParams,
    answers: { 200: { description: 'the settlement', schema: settlementView } },
    problems: ['UNAVAILABLE'],
    handle: showSettlement,
  }),
  route({
    method: 'get',
    path: '/settlements/{id}/events',
    tag: 'settlements',
    summary: 'رویدادهای پیشرفت تسویه؛ با Last-Event-ID از همان‌جا ادامه می‌یابد',
    roles: SEES_SETTLEMENTS,
    params: settlementParams,
    answers: {
      200: {
        description: 'server-sent events: id = sequence number, event = kind, data = {at, data}; `end` is the last',
        media: 'text/event-stream',
      },
      204: { description: 'the settlement has ended and nothing is new: do not reconnect' },
    },
    problems: ['UNAVAILABLE'],
    handle: streamEvents,
  }),
  route({
    method: 'get',
    path: '/settlements/{id}/bill.pdf',
    tag: 'settlements',
    summary: 'صورتحساب تسویه؛ رونوشت با نشان المثنی',
    roles: SEES_SETTLEMENTS,
    params: settlementParams,
    query: billQuery,
    answers: { 200: { description: 'the document', media: 'application/pdf' } },
    problems: ['NO_BILL', 'UNAVAILABLE'],
    handle: printBill,
  }),
  route({
    method: 'post',
    path: '/settlements/{id}/delivery',
    tag: 'settlements',
    summary: 'تحویل صورتحساب: به چه کسی و چگونه',
    roles: COUNTER,
    params: settlementParams,
    body: json(deliveryRequest),
    answers: { 200: { description: 'delivered; the same again changes nothing', schema: settlementView } },
    problems: ['NOT_ALLOWED_NOW', 'UNAVAILABLE'],
    handle: deliverSettlement,
  }),
  route({
    method: 'post',
    path: '/settlements/{id}/overrides',
    tag: 'settlements',
    summary: 'پذیرش یافته‌ای که تنها سرپرست می‌پذیرد (کارکرد بسیار غیرعادی)؛ سپس متصدی همان درخواست را دوباره می‌فرستد',
    roles: ['supervisor'],
    params: settlementParams,
    body: json(overrideRequest),
    answers: {
      200: { description: 'the same stands already: the first is answered', schema: overrideView },
      201: { description: 'accepted', schema: overrideView },
    },
    problems: ['ACCOUNT_NOT_FOUND', 'NOT_ALLOWED_NOW', 'UNAVAILABLE'],
    handle: overrideFinding,
  }),
  route({
    method: 'get',
    path: '/tasks',
    tag: 'tasks',
    summary: 'آنچه در انتظار کسی است، با مهلت آن: متصدی و سرپرست ادارهٔ خود، صورتحساب آنچه به او مربوط است',
    roles: 'everyone',
    query: tasksQuery,
    answers: { 200: { description: 'one page: open ones by their due time, closed ones the newest first', schema: taskPage } },
    problems: ['UNAVAILABLE'],
    handle: listTasks,
  }),
  route({
    method: 'post',
    path: '/tasks/assignment',
    tag: 'tasks',
    summary: 'دادن چند وظیفه به یک نفر، مانند پایان شیفت: همه یا هیچ؛ مهلت‌ها می‌ماند',
    roles: ['supervisor'],
    body: json(manyAssignmentRequest),
    answers: { 200: { description: 'given; the same again changes nothing', schema: assignedView } },
    problems: ['UNAVAILABLE'],
    handle: assignTasks,
  }),
  route({
    method: 'post',
    path: '/tasks/{id}/assignment',
    tag: 'tasks',
    summary: 'دادن یک وظیفه به یک نفر؛ مهلت آن می‌ماند',
    roles: ['supervisor'],
    params: taskParams,
    body: json(assignmentRequest),
    answers: { 200: { description: 'given; the same again changes nothing', schema: taskView } },
    problems: ['NOT_ALLOWED_NOW', 'UNAVAILABLE'],
    handle: assignTask,
  }),
  route({
    method: 'post',
    path: '/tasks/{id}/closure',
    tag: 'tasks',
    summary: 'بستن وظیفه‌ای که با یادداشت یک نفر بسته می‌شود: دارندهٔ آن، نقش آن یا سرپرست اداره',
    roles: 'everyone',
    params: taskParams,
    body: json(closureRequest),
    answers: { 200: { description: 'closed; the first closing stands', schema: taskView } },
    problems: ['TASK_ENDS_WITH_WORK', 'UNAVAILABLE'],
    handle: closeTask,
  }),
  route({
    method: 'post',
    path: '/billing/feeds/{kind}',
    tag: 'billing',
    summary: 'دریافت پروندهٔ CSV از سامانهٔ صدور قبض: همه یا هیچ',
    roles: ['billing'],
    params: feedParams,
    query: feedQuery,
    streams: 'text/csv',
    answers: { 200: { description: 'what came in', schema: feedAnswer } },
    problems: ['FEED_REFUSED', 'UNAVAILABLE'],
    handle: receiveFeed,
  }),
  route({
    method: 'get',
    path: '/session',
    tag: 'session',
    summary: 'کاربر کنونی',
    roles: 'everyone',
    answers: { 200: { description: 'who the token names', schema: operatorView } },
    handle: ({ res, operator: { id, name, role, office } }) => void res.json({ id, name, role, office }),
  }),
  route({
    method: 'post',
    path: '/session',
    tag: 'session',
    summary: 'ورود صفحهٔ باجه: توکن در کوکی نگه داشته می‌شود',
    roles: 'everyone',
    answers: { 204: { description: 'the cookie is set' } },
    handle({ req, res }) {
      openSession(req, res);
      res.status(204).end();
    },
  }),
  route({
    method: 'delete',
    path: '/session',
    tag: 'session',
    summary: 'خروج از صفحهٔ باجه',
    roles: 'anyone',
    answers: { 204: { description: 'the cookie is gone' } },
    handle({ req, res }) {
      closeSession(req, res);
      res.status(204).end();
    },
  }),
];

/** Calls about the service itself; they also stand at the root, where probes look. */
export const SERVICE_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/healthz',
    tag: 'service',
    summary: 'آیا فرایند زنده است',
    roles: 'anyone',
    answers: { 200: { description: 'alive', schema: health } },
    handle: ({ res }, { version }) => void res.json({ status: 'ok', version }),
  }),
  route({
    method: 'get',
    path: '/readyz',
    tag: 'service',
    summary: 'آیا سامانه آمادهٔ کار است',
    roles: 'anyone',
    answers: {
      200: { description: 'ready', schema: readiness },
      503: { description: 'not ready, with what is missing', schema: readiness },
    },
    async handle({ res }, deps) {
      const { ready, checks } = await deps.ready();
      res.status(ready ? 200 : 503).json({ ready, checks });
    },
  }),
];
