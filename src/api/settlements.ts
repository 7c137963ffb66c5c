import type { Response } from 'express';
import type { z } from 'zod';
import { checkAccount } from '../domain/settlement/assessment.js';
import { type ClearanceRefusal, clearanceRefusal } from '../domain/settlement/clearance.js';
import { type Halt, needsWorkflow } from '../domain/settlement/halt.js';
import { LAST_DAY, addDays, startOfDayInTehran } from '../domain/calendar/jalali.js';
import { settlementId, type Instant, type Operator, type Settlement, type SettlementOrder } from '../domain/settlement/settlement.js';
import { latinDigits, persianDigits } from '../domain/text.js';
import { looked, lookedAt } from './access-log.js';
import { officeOf, officeScope, requireOffice, sees } from './authentication.js';
import type { ApiDeps, SettlementFilter } from './deps.js';
import { STORE_MS, inTime } from './in-time.js';
import { Problem, problemErrors, withoutData, type ProblemError } from './problems.js';
import type { Call, JsonBody } from './route.js';
import {
  previewRequest,
  settlementRequest,
  successorRequest,
  type billQuery,
  type deliveryRequest,
  type SettlementRequest,
  type settlementParams,
  type settlementsQuery,
} from './schemas.js';
import { check } from './validation.js';
import { viewDebt, viewFinding, viewSettlement } from './view.js';
import { receivedSettlement, sameFacts } from '../domain/settlement/settlement.js';

/** The clerk waits this long for the announced balance; after it the page follows by events. */
const ANNOUNCE_MS = 3_000;

interface ReceivedRequest {
  request: SettlementRequest;
  /** start of the five minutes */
  receivedAt: Instant;
}

/** A settlement request with its receipt and the rules between its fields, all findings at once. */
const received = (schema: z.ZodType<SettlementRequest>): JsonBody<ReceivedRequest> => ({
  schema,
  async read(raw, deps) {
    const { value, errors } = check(schema, raw);
    const fields = isObject(raw) ? raw : {};
    const now = deps.now();
    let receivedAt = now.toISOString();

    const add = (field: string, code: string, message: string): void => {
      // a field that is wrong in itself has been told already
      if (!errors.some((error) => error.field === field)) errors.push({ field, code, message });
    };

    const { reading, readingSource, request, subscription } = fields;
    const noReading = reading === undefined || reading === null;
    if (noReading && ['declared', 'staff', 'estimated'].includes(readingSource as string)) {
      add('reading', 'READING_REQUIRED', 'رقم کنتور را وارد کنید، یا برای ماندهٔ بدون قرائت منبع را none بگذارید.');
    }
    if (!noReading && readingSource === 'none') {
      add('reading', 'READING_NOT_EXPECTED', 'ماندهٔ بدون قرائت رقم کنتور نمی‌پذیرد. رقم را بردارید یا منبع قرائت را بنویسید.');
    }
    if (typeof request === 'string' && request !== '') {
      const receipt = await deps.tokens.readReceipt(request);
      const asked = typeof subscription === 'string' ? latinDigits(subscription).replace(/[\s-]/g, '') : undefined;
      if (receipt === null) {
        add('request', 'RECEIPT_INVALID', 'رسید درخواست معتبر نیست یا مهلت آن گذشته است. درخواست تازه‌ای برای این مشترک باز کنید.');
      } else if (receipt.subscription !== asked) {
        add('request', 'RECEIPT_INVALID', 'این رسید برای اشتراک دیگری است. برای همین مشترک درخواست تازه‌ای باز کنید.');
      } else {
        receivedAt = receipt.receivedAt;
      }
    }
    const slip = value?.lateEntry ?? lateEntryOf(fields);
    if (slip !== undefined) {
      if (Date.parse(slip.receivedAt) > now.getTime()) {
        add('lateEntry.receivedAt', 'INSTANT_IN_FUTURE', 'زمان برگهٔ کاغذی در آینده است. زمان دریافت درخواست را از روی برگه بنویسید.');
      }
      // the clock of a late entry is the slip's, whenever its form was opened
      receivedAt = new Date(slip.receivedAt).toISOString();
    }
    if (errors.length > 0 || value === null) throw new Problem('INVALID_REQUEST', { errors });
    return { request: value, receivedAt };
  },
});
export const settlementBody = received(settlementRequest);
export const previewBody = received(previewRequest);

/** POST /settlements/preview: the same computation, nothing written. */
export async function previewSettlement(call: Call<unknown, unknown, ReceivedRequest>, deps: ApiDeps) {
  const { res, operator, body } = call;
  const { bill, warnings, errors } = await deps.preview(orderOf(body, operator));
  looked(call, deps, [body.request.subscription]);
  res.json({ bill: bill && viewDebt(bill), warnings: warnings.map(viewFinding), errors: errors.map(viewFinding) });
}

/** POST /settlements: announces the balance, or says what stands in the way or where to look. */
export function announceSettlement(call: Call<unknown, unknown, ReceivedRequest>, deps: ApiDeps): Promise<void> {
  return announceOrder(call, deps, orderOf(call.body, call.operator));
}

/** A request with the reason for which there is a further settlement of the same subscriber and date. */
export const successorBody: JsonBody<ReceivedRequest & { reason: string }> = {
  schema: successorRequest,
  async read(raw, deps) {
    const { reason, ...rest } = isObject(raw) ? raw : {};
    const { value, errors } = check(successorRequest.pick({ reason: true }), { reason });
    try {
      const received = await settlementBody.read(rest, deps);
      if (value !== null) return { ...received, ...value };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'INVALID_REQUEST') throw error;
      errors.push(...error.errors);
    }
    throw new Problem('INVALID_REQUEST', { errors });
  },
};

/** POST /settlements/{id}/successor: a further settlement after a cancellation, a payment and a return the same day, or an objection after the end. */
export async function succeedSettlement(
  call: Call<z.output<typeof settlementParams>, unknown, ReceivedRequest & { reason: string }>,
  deps: ApiDeps,
) {
  const { params, operator, body } = call;
  const before = await findSettlement(call, deps);
  const order = orderOf(body, operator);
  const first = order.id;
  if (params.id !== first && !params.id.startsWith(`${first}-`)) {
    throw new Problem('INVALID_REQUEST', {
      errors: [
        {
          field: 'settlementDate',
          code: 'NOT_A_SUCCESSOR',
          message: 'اشتراک و تاریخ باید همان تسویهٔ پیشین باشد. برای تاریخ دیگر تسویهٔ تازه ثبت کنید.',
        },
      ],
    });
  }
  if (before.announcedAt === null) throw new Problem('NOT_ALLOWED_NOW', { members: { settlement: viewSettlement(before) } });
  const number = params.id === first ? 1 : Number(params.id.slice(first.length + 1));
  // the number follows from the predecessor: a repeated call finds the settlement that it made
  await announceOrder(call, deps, {
    ...order,
    id: `${first}-${number + 1}`,
    predecessor: { id: before.id, reason: body.reason, by: operator.id },
  });
}

async function announceOrder(call: Call, deps: ApiDeps, order: SettlementOrder): Promise<void> {
  const { req, res, operator } = call;
  const stored = async (): Promise<Settlement | null> => {
    try {
      return await inTime(deps.settlements.get(order.id, { office: null }), STORE_MS);
    } catch (error) {
      req.log.warn({ err: withoutData(error) }, 'the store did not answer');
      return null;
    }
  };
  const mustBeSeen = (settlement: Settlement): void => {
    if (!sees(operator, officeOf(settlement))) throw new Problem('REJECTED', { errors: problemErrors(checkAccount(order, null)) });
  };
  /** It was there before this call: whether it still moves on is another matter. */
  const answerExisting = async (settlement: Settlement): Promise<void> => {
    mustBeSeen(settlement);
    await mustMoveOn(settlement, call, deps);
    answer(200, settlement);
  };
  const answer = (status: number, settlement: Settlement): void => {
    mustBeSeen(settlement);
    lookedAt(call, deps, settlement);
    res.status(status).location(`${req.baseUrl}/settlements/${order.id}`).json(viewSettlement(settlement));
  };
  const conflict = (settlement: Settlement | null): never => {
    if (settlement !== null) {
      mustBeSeen(settlement);
      lookedAt(call, deps, settlement);
    }
    throw new Problem('SETTLEMENT_EXISTS', settlement === null ? {} : { members: { settlement: viewSettlement(settlement) } });
  };
  const rejected = (errors: ProblemError[]): never => {
    throw new Problem(errors.some(({ code }) => code === 'FORBIDDEN') ? 'FORBIDDEN' : 'REJECTED', { errors });
  };

  const outcome = await deps.temporal.announce(order, { deadlineMs: ANNOUNCE_MS });
  switch (outcome.kind) {
    case 'announced':
      return answer(201, outcome.settlement);
    case 'existing':
      // the stored answer is of the first call; the clerk wants what stands now
      return answerExisting((await stored()) ?? outcome.settlement);
    case 'rejected':
      return rejected(problemErrors(outcome.errors));
    case 'conflict': {
      // a correction may have brought the facts together since that answer
      const settlement = (await stored()) ?? outcome.settlement;
      return settlement !== null && sameFacts(settlement.facts, order.facts) ? answerExisting(settlement) : conflict(settlement);
    }
    case 'closed': {
      const settlement = (await stored()) ?? (await deps.temporal.state(order.id));
      if (settlement === null) throw new Problem('NOTHING_ACCEPTED');
      if (settlement.status === 'rejected') return rejected(problemErrors(settlement.errors));
      return sameFacts(settlement.facts, order.facts) ? answerExisting(settlement) : conflict(settlement);
    }
    case 'pending': {
      const settlement = await stored();
      // a rejected one is of an earlier run under the same key
      if (settlement === null || settlement.status === 'rejected') return answer(202, receivedSettlement(order));
      if (!sameFacts(settlement.facts, order.facts)) return conflict(settlement);
      return answer(settlement.status === 'received' ? 202 : 200, settlement);
    }
    case 'unavailable':
      throw new Problem('NOTHING_ACCEPTED');
    case 'unanswered':
      throw new Problem('UNAVAILABLE', {
        detail:
          'پاسخی از سامانه نرسید و شاید درخواست ثبت شده باشد. همین درخواست را دوباره بفرستید؛ تکرار آن زیانی ندارد. اگر ادامه یافت برگهٔ کاغذی با زمان دریافت بنویسید.',
      });
  }
}

/** GET /settlements/{id} */
export async function showSettlement(call: Call<z.output<typeof settlementParams>>, deps: ApiDeps) {
  const settlement = await findSettlement(call, deps);
  call.res.json(viewSettlement(settlement, await haltOf(settlement, call, deps)));
}

/**
 * The settlement that the operator may see (who looked is noted), from Postgres, or from Temporal when Postgres does not know it yet or is
 * away. Throws UNAVAILABLE, or NOT_FOUND, also for another office's.
 */
export async function findSettlement(call: Call<z.output<typeof settlementParams>>, deps: ApiDeps): Promise<Settlement> {
  const settlement = await seekSettlement(call, deps);
  lookedAt(call, deps, settlement);
  return settlement;
}

/** The same, without a note of who looked: for answers without a person's data. */
export async function seekSettlement(
  { req, operator, params }: Call<z.output<typeof settlementParams>>,
  deps: ApiDeps,
): Promise<Settlement> {
  const office = officeScope(operator);
  let storeAway = false;
  try {
    const settlement = await inTime(deps.settlements.get(params.id, { office }), STORE_MS);
    if (settlement !== null) return settlement;
  } catch (error) {
    req.log.warn({ err: withoutData(error) }, 'the store did not answer');
    storeAway = true;
  }
  const live = await deps.temporal.state(params.id);
  if (live === null && storeAway) throw new Problem('UNAVAILABLE');
  if (live === null || !sees(operator, officeOf(live))) throw new Problem('NOT_FOUND');
  return live;
}

/** How the workflow has ended that should still move a settlement on; the supervisor gets a task. Null while all is well. */
async function haltOf(settlement: Settlement, { req }: Pick<Call, 'req'>, deps: ApiDeps): Promise<Halt | null> {
  const halt = needsWorkflow(settlement) ? await deps.temporal.halted(settlement.id) : null;
  if (halt !== null) {
    req.log.error({ settlement: settlement.id, halt }, 'an open settlement has no workflow');
    await deps.tasks
      .noteHalt(settlement, halt)
      .catch((error: unknown) => req.log.warn({ err: withoutData(error) }, 'the daily watch will open the task'));
  }
  return halt;
}

/** Throws SETTLEMENT_HALTED with the settlement as it stands when no workflow moves it on. */
export async function mustMoveOn(settlement: Settlement, call: Pick<Call, 'req'>, deps: ApiDeps): Promise<void> {
  const halted = await haltOf(settlement, call, deps);
  if (halted !== null) throw new Problem('SETTLEMENT_HALTED', { members: { settlement: viewSettlement(settlement, halted) } });
}

/** What is on record of a settlement and no matter of its workflow. */
export function besideWorkflow({ copies, clearance }: Settlement): Pick<Settlement, 'copies' | 'clearance'> {
  return { copies, clearance };
}

/** GET /settlements: newest first as the store orders them; an own-office role sees its office whatever it asks. */
export async function listSettlements(call: Call<unknown, z.output<typeof settlementsQuery>>, deps: ApiDeps) {
  const { res, operator, query } = call;
  const scope = officeScope(operator);
  if (scope !== null && query.office !== undefined) requireOffice(operator, query.office);
  const office = scope ?? query.office;
  const filter: SettlementFilter = { limit: query.limit };
  if (office !== undefined) filter.office = office;
  if (query.status !== undefined) filter.status = query.status;
  if (query.clerk !== undefined) filter.clerk = query.clerk;
  if (query.subscription !== undefined) filter.subscription = query.subscription;
  if (query.only !== undefined) filter.only = query.only;
  if (query.from !== undefined) filter.from = startOfDayInTehran(query.from);
  // through the end of the day; after the calendar's last day nothing can come
  if (query.to !== undefined && query.to < LAST_DAY) filter.to = startOfDayInTehran(addDays(query.to, 1));
  if (query.cursor !== undefined) filter.cursor = query.cursor;
  const { items, next } = await deps.settlements.list(filter);
  looked(
    call,
    deps,
    items.map(({ facts }) => facts.subscription),
  );
  res.json({ items: items.map((each) => viewSettlement(each)), next });
}

/** POST /settlements/{id}/delivery: handed over, to whom and how. */
export async function deliverSettlement(
  call: Call<z.output<typeof settlementParams>, unknown, z.output<typeof deliveryRequest>>,
  deps: ApiDeps,
) {
  const { res, operator, params, body } = call;
  const before = await findSettlement(call, deps);
  const outcome = await deps.temporal.deliver(params.id, { ...body, by: operator });
  switch (outcome.kind) {
    case 'delivered':
      // a payment may be on record of which the workflow has not been told; of reprints and letters it never is
      res.json(viewSettlement({ ...outcome.settlement, payments: before.payments, paid: before.paid, ...besideWorkflow(before) }));
      return;
    case 'closed':
      // repeated after the end: it changes nothing, as before
      if (before.delivery?.deliveredTo === body.deliveredTo && before.delivery.channel === body.channel) {
        res.json(viewSettlement(before));
        return;
      }
      await mustMoveOn(before, call, deps);
      throw new Problem('NOT_ALLOWED_NOW');
    case 'notAllowed':
      throw new Problem('NOT_ALLOWED_NOW');
    case 'unavailable':
      throw new Problem('UNAVAILABLE', {
        detail: 'پاسخی از سامانه نرسید و شاید تحویل ثبت شده باشد. همین درخواست را دوباره بفرستید؛ تکرار آن زیانی ندارد.',
      });
  }
}

/** GET /settlements/{id}/bill.pdf: the current bill or an earlier revision, which is void. */
export async function printBill(call: Call<z.output<typeof settlementParams>, z.output<typeof billQuery>>, deps: ApiDeps) {
  const { res, params, query, operator } = call;
  const current = await findSettlement(call, deps);
  const wanted = query.revision ?? current.revision;
  const settlement = wanted === current.revision ? current : await deps.settlements.revision(params.id, wanted);
  if (!settlement?.bill) throw new Problem('NO_BILL');
  const name = `settlement-${params.id}-r${wanted}.pdf`;
  if (onlyHeads(call)) return sendPdf(res, name, null);
  const copy = query.copy === true && (await deps.copies.record(params.id, wanted, operator));
  sendPdf(
    res,
    name,
    await deps.printer.bill({
      settlement,
      copy,
      void: wanted < current.revision || current.status === 'cancelled',
      paper: query.paper ?? 'a5',
    }),
  );
}

/** GET /settlements/{id}/clearance.pdf: issued once all is paid, and the same letter from then on. */
export async function printClearance(call: Call<z.output<typeof settlementParams>>, deps: ApiDeps) {
  const { res, params, operator } = call;
  const settlement = await findSettlement(call, deps);
  if (onlyHeads(call)) {
    const refusal = clearanceRefusal(settlement);
    if (refusal) refuseClearance(refusal);
    return sendPdf(res, `clearance-${params.id}.pdf`, null);
  }
  const outcome = await deps.clearances.issue(params.id, operator);
  // Temporal knows it and Postgres not yet: no bill can be on record
  if (outcome === null) throw new Problem('NO_BILL');
  if ('refusal' in outcome) return refuseClearance(outcome.refusal);
  sendPdf(res, `clearance-${outcome.letter.number}.pdf`, await deps.printer.clearance(outcome.letter));
}

function refuseClearance(refusal: ClearanceRefusal): never {
  switch (refusal.code) {
    case 'STILL_OWED': {
      const { payable, paid, remaining } = refusal;
      throw new Problem('STILL_OWED', {
        detail: `از مبلغ صورتحساب (${persianAmount(payable)} ریال) هنوز ${persianAmount(remaining)} ریال پرداخت نشده است و مفاصاحساب صادر نمی‌شود. پس از پرداخت و ثبت آن دوباره تلاش کنید.`,
        members: { owed: { payable, paid, remaining } },
      });
    }
    case 'CORRECTION_OPEN':
      throw new Problem('CORRECTION_OPEN', { members: { correction: refusal.n } });
    default:
      throw new Problem(refusal.code);
  }
}

function persianAmount(amount: number): string {
  return persianDigits(String(amount).replace(/\B(?=(?:[0-9]{3})+$)/g, '٬'));
}

/** Express answers HEAD by the handler of GET: looking at the heads must neither count a reprint nor issue a letter. */
function onlyHeads({ req }: Call): boolean {
  return req.method === 'HEAD';
}

function sendPdf(res: Response, name: string, pdf: Uint8Array | null): void {
  res.set('Content-Type', 'application/pdf').set('Content-Disposition', `inline; filename="${name}"`);
  if (pdf === null) res.end();
  else res.send(Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength));
}

function orderOf({ request, receivedAt }: ReceivedRequest, clerk: Operator): SettlementOrder {
  const { request: _receipt, confirmations = [], ...facts } = request;
  return {
    id: settlementId(facts.subscription, facts.settlementDate),
    facts: { ...facts, confirmations },
    clerk,
    receivedAt,
  };
}

/** The time of a slip in a request that is wrong elsewhere: its own fault is to be told with the others. */
function lateEntryOf(fields: Record<string, unknown>): { receivedAt: string } | undefined {
  const slip = fields['lateEntry'];
  const receivedAt = isObject(slip) ? slip['receivedAt'] : undefined;
  return typeof receivedAt === 'string' && !Number.isNaN(Date.parse(receivedAt)) ? { receivedAt } : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
