import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import type { z } from 'zod';
import { type JalaliDate, daysBetween, todayInTehran } from '../domain/calendar/jalali.js';
import { listXlsx } from '../document/report-workbook.js';
import type { UnsentPosting } from '../store/unsent.js';
import { looked } from './access-log.js';
import { officeScope, requireOffice } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { XLSX } from './indicators.js';
import type { Call } from './route.js';
import type { unsentQuery, unsentView } from './schemas.js';

/** Rows of a file that are read at once. */
const CSV_PAGE = 1000;

/** GET /billing/unsent: what billing has not taken yet, in pages as JSON, whole as CSV. */
export async function listUnsent(call: Call<unknown, z.output<typeof unsentQuery>>, deps: ApiDeps) {
  const { req, res, operator, query } = call;
  const scope = officeScope(operator);
  if (query.office !== undefined) requireOffice(operator, query.office);
  const filter = {
    office: scope ?? query.office,
    clerk: query.clerk === 'me' ? operator.id : query.clerk,
    cycle: query.cycle,
    dueBefore: query.dueBefore,
  };
  const csv = query.format === 'csv' || query.format === 'xlsx';
  const page = async (cursor: string | undefined) => {
    const found = await deps.unsent.page({ ...filter, limit: csv ? CSV_PAGE : query.limit, cursor });
    if (found.items.length > 0)
      looked(
        call,
        deps,
        found.items.map(({ subscription }) => subscription),
      );
    return found;
  };
  const [counts, first] = await Promise.all([deps.unsent.counts(filter), page(csv ? undefined : query.cursor)]);
  const today = todayInTehran(deps.now());
  if (!csv) {
    res.json({ counts, items: first.items.map((posting) => viewUnsent(posting, today)), next: first.next });
    return;
  }
  const counted = Object.entries(counts)
    .map(([status, count]) => `${status}=${count}`)
    .join(', ');
  res.set({ 'X-Unsent-Counts': counted, 'Content-Disposition': `attachment; filename="unsent.${query.format}"` });
  if (query.format === 'xlsx') {
    res.type(XLSX);
    if (req.method === 'HEAD') return void res.end();
    const all: View[] = [];
    for (let at = first; ; at = await page(at.next)) {
      for (const posting of at.items) all.push(viewUnsent(posting, today));
      if (at.next === null) break;
    }
    res.send(Buffer.from(await listXlsx('ارسال‌نشده', COLUMNS, all.map(cellsOf))));
    return;
  }
  async function* rows(): AsyncGenerator<string> {
    yield csvRows([], true);
    for (let at = first; ; at = await page(at.next)) {
      yield csvRows(
        at.items.map((posting) => viewUnsent(posting, today)),
        false,
      );
      if (at.next === null) return;
    }
  }
  res.type('text/csv');
  if (req.method === 'HEAD') res.end();
  else await pipeline(Readable.from(rows()), res);
}

type View = z.input<typeof unsentView>;

const COLUMNS = [
  'posting',
  'kind',
  'settlement',
  'subscription',
  'subscriber',
  'office',
  'clerk',
  'amount',
  'status',
  'cycle',
  'dueOn',
  'daysLeft',
  'timesLate',
  'reason',
] as const satisfies readonly (keyof View)[];

function cellsOf(item: View): (string | number | null)[] {
  return COLUMNS.map((name) => (name === 'clerk' ? item.clerk.name : item[name]));
}

/** For a spreadsheet: a text that would begin a formula (= + - @) gets an apostrophe; numbers stay numbers. */
function csvRows(items: View[], header: boolean): string {
  return stringify(
    items.map(cellsOf),
    // the mark tells spreadsheets that it is UTF-8
    { bom: header, header, columns: [...COLUMNS], escape_formulas: true, record_delimiter: 'windows' },
  );
}

function viewUnsent(posting: UnsentPosting, today: JalaliDate): View {
  return {
    posting: posting.posting,
    kind: posting.kind,
    settlement: posting.settlement,
    subscription: posting.subscription,
    subscriber: posting.subscriber,
    office: posting.office,
    clerk: { id: posting.clerk.id, name: posting.clerk.name },
    amount: posting.amount,
    status: posting.status,
    cycle: posting.cycle,
    dueOn: posting.dueOn,
    daysLeft: posting.dueOn === null ? null : daysBetween(today, posting.dueOn),
    timesLate: posting.timesLate,
    reason: posting.reason,
  };
}
