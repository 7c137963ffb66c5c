import { stringify } from 'csv-stringify/sync';
import type { z } from 'zod';
import { billingCycleWorkflowId, checkOpening, endOfDay, seriesOf } from '../domain/outbox/cycle.js';
import type { Cycle } from '../domain/settlement/account.js';
import { type JalaliDate, addDays, todayInTehran } from '../domain/calendar/jalali.js';
import type { CycleCounts } from '../domain/outbox/outbox.js';
import type { PostingBatch } from '../domain/outbox/outbox.js';
import type { OpenedCycle } from '../store/postings.js';
import { ACKNOWLEDGEMENT_WORKFLOW, BILLING_CYCLE_WORKFLOW } from '../workflows/messages.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { acknowledgementRequest, cycleParams, cycleView, cyclesQuery, openingRequest, postingsQuery } from './schemas.js';

type Params = z.output<typeof cycleParams>;

/** A timetable reaches so far: far enough that a closed cycle is told from an unknown one. */
const YEAR = 366;
const MONTH = 31;

/** GET /billing/cycles: the timetable with how each cycle stands. */
export async function listCycles({ res, query }: Call<unknown, z.output<typeof cyclesQuery>>, deps: ApiDeps) {
  const today = todayInTehran(deps.now());
  const timetable = await deps.billing.timetable({
    series: query.series ?? null,
    from: query.from ?? addDays(today, -MONTH),
    to: query.to ?? addDays(today, 3 * MONTH),
  });
  const names = timetable.map(({ cycle }) => cycle);
  const [opened, counts, batches] = await Promise.all([
    deps.postings.openedCycles(names),
    deps.postings.counts(names),
    deps.postings.batchCounts(names),
  ]);
  const items = timetable.map((cycle) =>
    viewOf(
      cycle,
      opened.find((each) => each.cycle === cycle.cycle),
      { counts: counts.get(cycle.cycle), batches: batches.get(cycle.cycle) },
      today,
    ),
  );
  res.json({ items });
}

/** POST /billing/cycles/{cycle}/opening: recorded, then its workflow tells every waiting settlement. Repeating it is harmless. */
export async function openCycle({ res, operator, params, body }: Call<Params, unknown, z.output<typeof openingRequest>>, deps: ApiDeps) {
  const { cycle } = params;
  const { eventId, closesOn } = body;
  const today = todayInTehran(deps.now());
  const [[standing], timetable] = await Promise.all([
    deps.postings.openedCycles([cycle]),
    deps.billing.timetable({ series: seriesOf(cycle), from: addDays(today, -YEAR), to: addDays(today, YEAR) }),
  ]);
  const planned = timetable.find((each) => each.cycle === cycle);
  const refusal = standing ? null : checkOpening(timetable, cycle, closesOn, today);
  if (refusal) {
    const { code, ...members } = refusal;
    throw new Problem(code, { members: { timetable: members } });
  }
  if (!planned) throw new Problem('CYCLE_UNKNOWN');
  const opened = standing ?? (await deps.postings.openCycle({ cycle, eventId, closesOn, by: operator }));
  if (opened.cycle !== cycle) throw new Problem('EVENT_EXISTS');
  if (opened.eventId !== eventId) throw new Problem('CYCLE_ALREADY_OPEN', { members: { eventId: opened.eventId } });
  if (opened.closesOn !== closesOn) throw new Problem('TIMETABLE_DIFFERS', { members: { timetable: { closesOn: opened.closesOn } } });
  // also for a repeat: the first may have ended between the record and the start
  if (opened.closedAt === null) {
    await deps.startWorkflow(
      BILLING_CYCLE_WORKFLOW,
      billingCycleWorkflowId(cycle),
      { opened: { eventId, cycle, closesOn }, closesAt: endOfDay(closesOn) },
      `دوره ${cycle} تا پایان ${closesOn}`,
    );
  }
  const [counts, batches] = await Promise.all([deps.postings.counts([cycle]), deps.postings.batchCounts([cycle])]);
  res.status(standing ? 200 : 201).json(viewOf(planned, opened, { counts: counts.get(cycle), batches: batches.get(cycle) }, today));
}

/** A cycle of the timetable with how it stands. */
function viewOf(
  { cycle, series, fromDate, toDate, closesOn, issuesOn, objectionDays }: Cycle,
  opened: OpenedCycle | undefined,
  { counts, batches = 0 }: { counts: CycleCounts | undefined; batches: number | undefined },
  today: JalaliDate,
): z.input<typeof cycleView> {
  // once opened it closes on the day of its opening, whatever the timetable says later
  const closing = opened?.closesOn ?? closesOn;
  return {
    cycle,
    series,
    fromDate,
    toDate,
    closesOn: closing,
    issuesOn,
    objectionDays,
    state: closing < today || (opened && opened.closedAt !== null) ? 'closed' : opened ? 'open' : 'planned',
    openedAt: opened?.openedAt ?? null,
    batches,
    counts: counts ?? { due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 },
  };
}

/** GET /billing/cycles/{cycle}/postings: a numbered batch, frozen when it is first fetched, as JSON or CSV. */
export async function fetchBatch({ res, params, query }: Call<Params, z.output<typeof postingsQuery>>, deps: ApiDeps) {
  const { cycle } = params;
  const [opened] = await deps.postings.openedCycles([cycle]);
  if (!opened) throw new Problem('CYCLE_NOT_OPEN');
  const batch = query.batch === null ? await deps.postings.nextBatch(cycle) : await deps.postings.batch(cycle, query.batch);
  if (!batch && query.batch !== null) throw new Problem('BATCH_UNKNOWN');
  const { count, sum, items }: Pick<PostingBatch, 'count' | 'sum' | 'items'> = batch ?? { count: 0, sum: 0, items: [] };
  if (query.format !== 'csv') {
    res.json({ cycle, batch: batch?.batch ?? null, frozenAt: batch?.frozenAt ?? null, count, sum, items });
    return;
  }
  res
    .type('text/csv')
    .set({
      'X-Cycle': cycle,
      'X-Batch': String(batch?.batch ?? ''),
      'X-Control-Count': String(count),
      'X-Control-Sum': String(sum),
      'Content-Disposition': `attachment; filename="postings-${batch?.batch ?? 'none'}.csv"`,
    })
    .send(csv(items));
}

/** One column for each thing that some kind of posting tells, so that a batch program needs no JSON. */
const DETAIL = [
  'billNumber',
  'date',
  'reading',
  'readingSource',
  'total',
  'payable',
  'carry',
  'continues',
  'resolution',
  'name',
  'nationalId',
  'mobile',
  'from',
  'replaces',
  'lines',
] as const;

function csv(items: PostingBatch['items']): string {
  return stringify(
    items.map(({ posting, kind, subscription, settlement, amount, detail }) => [
      posting,
      kind,
      subscription,
      settlement,
      amount,
      ...DETAIL.map((name) => {
        const value = detail[name];
        return typeof value === 'object' && value !== null ? JSON.stringify(value) : ((value as string | number | null | undefined) ?? '');
      }),
    ]),
    {
      header: true,
      columns: ['posting', 'kind', 'subscription', 'settlement', 'amount', ...DETAIL],
      escape_formulas: true,
      record_delimiter: 'windows',
    },
  );
}

/** POST /billing/cycles/{cycle}/acknowledgements: kept as a whole, then carried to each settlement by a workflow of its own. */
export async function acknowledgeBatch(
  { res, operator, params, body }: Call<Params, unknown, z.output<typeof acknowledgementRequest>>,
  deps: ApiDeps,
) {
  const { cycle } = params;
  const result = await deps.postings.acknowledge({ ...body, cycle }, operator);
  switch (result.kind) {
    case 'noBatch':
      throw new Problem('BATCH_UNKNOWN');
    case 'otherContent':
      throw new Problem('EVENT_EXISTS');
    case 'controlTotal':
      throw new Problem('CONTROL_TOTAL_DIFFERS', { members: { batch: { count: result.count, sum: result.sum } } });
    case 'strangers':
      throw new Problem('INVALID_REQUEST', {
        errors: result.at.map((i) => ({
          field: `items.${i}.posting`,
          code: 'NOT_IN_BATCH',
          message: 'این قلم در دسته نیست. شناسهٔ قلم و شمارهٔ دسته را بررسی کنید.',
        })),
      });
    case 'recorded':
    case 'same':
      await deps.startWorkflow(
        ACKNOWLEDGEMENT_WORKFLOW,
        `acknowledgement/${body.eventId}`,
        { eventId: body.eventId, cycle },
        `تأیید صورتحساب: ${body.items.length} قلم از دوره ${cycle}`,
      );
      res.status(result.kind === 'same' ? 200 : 201).json({ eventId: body.eventId, cycle, batch: body.batch, items: body.items.length });
  }
}
