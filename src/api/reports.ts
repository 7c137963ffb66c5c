import type { z } from 'zod';
import { QUALITY_REPORT_WORKFLOW, type ReportOrder, monthIsOver, qualityReportWorkflowId } from '../domain/quality/quality-report.js';
import type { ApiDeps } from './deps.js';
import { XLSX } from './indicators.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { reportList, reportOrdered, reportParams, reportQuery } from './schemas.js';

type OfMonth<Q = unknown> = Call<z.output<typeof reportParams>, Q>;

/** GET /reports: every edition, the newest month first. */
export async function listReports({ res }: Call, deps: ApiDeps) {
  const items = await deps.reports.list();
  const view: z.input<typeof reportList> = {
    items: items.map(({ month, edition, madeAt, madeBy }) => {
      const file = (kind: string): string => `/api/v1/reports/${month.replace('/', '-')}.${kind}?edition=${edition}`;
      return { month, edition, madeAt, madeBy, pdf: file('pdf'), xlsx: file('xlsx') };
    }),
  };
  res.json(view);
}

/** POST /reports/{month}: it is made (again), as the next edition; asked twice before that is there, it is made once. */
export async function makeReport({ res, operator, params: { month } }: OfMonth, deps: ApiDeps) {
  if (!monthIsOver(month, deps.now().toISOString())) throw new Problem('MONTH_NOT_OVER');
  const last = (await deps.reports.list()).find((each) => each.month === month);
  const order: ReportOrder = { month, edition: (last?.edition ?? 0) + 1, by: operator.name };
  await deps.startWorkflow(
    QUALITY_REPORT_WORKFLOW,
    qualityReportWorkflowId(month, order.edition),
    order,
    `گزارش کیفی ماه ${month}، ویرایش ${order.edition}`,
  );
  const view: z.input<typeof reportOrdered> = { month, edition: order.edition };
  res.status(202).location('/api/v1/reports').json(view);
}

const file =
  (kind: 'pdf' | 'xlsx', type: string) =>
  async ({ req, res, params: { month }, query: { edition } }: OfMonth<z.output<typeof reportQuery>>, deps: ApiDeps) => {
    const found = await deps.reports.file(month, edition, kind);
    if (!found) throw new Problem('NO_REPORT');
    res.type(type).set({
      'Content-Disposition': `${kind === 'pdf' ? 'inline' : 'attachment'}; filename="quality-${month.replace('/', '-')}-${found.edition}.${kind}"`,
      'Content-Length': String(found.bytes.length),
    });
    if (req.method === 'HEAD') res.end();
    else res.send(found.bytes);
  };

/** GET /reports/{month}.pdf and .xlsx: the newest edition, or the one asked for. */
export const showReportPdf = file('pdf', 'application/pdf');
export const showReportXlsx = file('xlsx', XLSX);
