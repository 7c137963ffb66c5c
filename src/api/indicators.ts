import type { z } from 'zod';
import { indicators } from '../domain/indicators.js';
import { addDays, daysBetween, todayInTehran } from '../domain/jalali.js';
import { officeScope, requireOffice } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { indicatorsQuery, indicatorsView } from './schemas.js';

/** Days are told apart for so many of them; for more, months are. */
const MAX_DAYS = 400;

/** GET /indicators: K1 to K5 of a period, and how the risks stand. */
export async function showIndicators({ res, operator, query }: Call<unknown, z.output<typeof indicatorsQuery>>, deps: ApiDeps) {
  const scope = officeScope(operator);
  if (scope !== null && query.office !== undefined) requireOffice(operator, query.office);
  const today = todayInTehran(deps.now());
  const to = query.to ?? today;
  const from = query.from ?? addDays(to, -30);
  const errors = [
    ...(from > to ? [{ field: 'from', code: 'PERIOD_REVERSED', message: 'آغاز بازه پس از پایان آن است. تاریخ‌ها را جابه‌جا کنید.' }] : []),
    ...(query.by === 'day' && from <= to && daysBetween(from, to) > MAX_DAYS
      ? [{ field: 'by', code: 'PERIOD_TOO_LONG', message: `بازه برای روزشمار بیش از ${MAX_DAYS} روز است. بازه را کوتاه کنید یا ماهانه بخواهید.` }]
      : []),
  ];
  if (errors.length > 0) throw new Problem('INVALID_REQUEST', { errors });
  const asked = { from, to, office: scope ?? query.office ?? null };
  const [rows, risks] = await Promise.all([deps.indicators.counts({ ...asked, by: query.by ?? null }), deps.indicators.risks(asked)]);
  const view: z.input<typeof indicatorsView> = { ...asked, by: query.by ?? null, items: rows.map(({ group, counts }) => indicators(group, counts)), risks };
  res.json(view);
}
