import { stringify } from 'csv-stringify/sync';
import type { z } from 'zod';
import { INDICATOR_COLUMNS, indicatorsXlsx } from '../document/report-workbook.js';
import { staleFeeds } from '../domain/settlement/freshness.js';
import { type Indicators, indicators } from '../domain/quality/indicators.js';
import { type JalaliDate, addDays, daysBetween, todayInTehran } from '../domain/calendar/jalali.js';
import { type Outage, outageCounts, outagesOf } from '../domain/calendar/outage.js';
import { serviceTermsOn } from '../domain/settlement/service-terms.js';
import { officeScope, requireOffice } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { indicatorsQuery, indicatorsView } from './schemas.js';

export const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** Days are told apart for so many of them; for more, months are. */
const MAX_DAYS = 400;
/** The latest are listed; all are counted. */
const MOST_OUTAGES = 100;

/** GET /indicators: K1 to K5 of a period, and how the risks stand; as a file the figures alone. */
export async function showIndicators({ req, res, operator, query }: Call<unknown, z.output<typeof indicatorsQuery>>, deps: ApiDeps) {
  const scope = officeScope(operator);
  if (scope !== null && query.office !== undefined) requireOffice(operator, query.office);
  const today = todayInTehran(deps.now());
  const to = query.to ?? today;
  const from = query.from ?? addDays(to, -30);
  const errors = [
    ...(from > to ? [{ field: 'from', code: 'PERIOD_REVERSED', message: 'آغاز بازه پس از پایان آن است. تاریخ‌ها را جابه‌جا کنید.' }] : []),
    ...(query.by === 'day' && from <= to && daysBetween(from, to) > MAX_DAYS
      ? [
          {
            field: 'by',
            code: 'PERIOD_TOO_LONG',
            message: `بازه برای روزشمار بیش از ${MAX_DAYS} روز است. بازه را کوتاه کنید یا ماهانه بخواهید.`,
          },
        ]
      : []),
  ];
  if (errors.length > 0) throw new Problem('INVALID_REQUEST', { errors });
  const asked = { from, to, office: scope ?? query.office ?? null };
  const by = query.by ?? null;
  const rows = await deps.indicators.counts({ ...asked, by });
  const items = rows.map(({ group, counts }) => indicators(group, counts));
  if (query.format === 'csv' || query.format === 'xlsx') {
    res.set('Content-Disposition', `attachment; filename="indicators-${digits(from)}-${digits(to)}.${query.format}"`);
    if (query.format === 'csv') res.type('text/csv').send(indicatorsCsv(items));
    else res.type(XLSX).send(req.method === 'HEAD' ? '' : Buffer.from(await indicatorsXlsx(by, items)));
    return;
  }
  const [risks, stale, outages] = await Promise.all([deps.indicators.risks(asked), staleToday(today, deps), outagesBetween(asked, deps)]);
  const view: z.input<typeof indicatorsView> = {
    ...asked,
    by,
    items,
    risks: { ...risks, ...outageCounts(outages), staleFeeds: stale },
    outages: outages.slice(-MOST_OUTAGES).reverse(),
  };
  res.json(view);
}

/** R1: silences in working hours, by the terms of each day. */
async function outagesBetween(asked: { from: JalaliDate; to: JalaliDate; office: string | null }, deps: ApiDeps): Promise<Outage[]> {
  const [presences, versions] = await Promise.all([deps.presences.presences(asked), deps.tariffs.versions()]);
  const tariffs = await deps.tariffs.tariffs(versions);
  return outagesOf(presences, { ...asked, now: deps.now().toISOString() }, (day) => serviceTermsOn(tariffs, day));
}

/** R2: feeds that are stale today, by the terms in force. */
async function staleToday(today: JalaliDate, deps: ApiDeps): Promise<number> {
  if (!deps.billing.feeds) return 0;
  const [feeds, terms] = await Promise.all([deps.billing.feeds(), deps.serviceTerms(today)]);
  return staleFeeds(feeds, terms, today).length;
}

function digits(date: JalaliDate): string {
  return date.replaceAll('/', '');
}

/** The figures as a spreadsheet reads them; a name that would begin a formula gets an apostrophe. */
function indicatorsCsv(items: readonly Indicators[]): string {
  return stringify(
    items.map((item) => INDICATOR_COLUMNS.map(({ value }) => value(item))),
    { bom: true, header: true, columns: INDICATOR_COLUMNS.map(({ name }) => name), escape_formulas: true, record_delimiter: 'windows' },
  );
}
