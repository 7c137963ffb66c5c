import type { z } from 'zod';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { sees } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { overrideRequest, settlementParams } from './schemas.js';

/**
 * POST /settlements/{id}/overrides: a supervisor accepts what the clerk may not. The clerk then sends the same request
 * again; so it is taken before a settlement is on record and after a rejected one, not once a balance is announced.
 */
export async function overrideFinding(
  { res, operator, params: { id }, body }: Call<z.output<typeof settlementParams>, unknown, z.output<typeof overrideRequest>>,
  deps: ApiDeps,
) {
  const subscription = id.slice(0, id.indexOf('-'));
  const [snapshot, settlement] = await Promise.all([
    deps.billing.account(subscription, todayInTehran(deps.now())),
    deps.settlements.get(id, { office: null }),
  ]);
  if (snapshot === null || !sees(operator, snapshot.account.office)) throw new Problem('ACCOUNT_NOT_FOUND');
  if (settlement?.clerk.id === operator.id) throw new Problem('SECOND_PERSON_NEEDED');
  const refused =
    settlement?.status === 'rejected' && settlement.errors.some(({ code }) => code === body.code) ? settlement.facts.reading : null;
  const reading = body.reading ?? refused;
  const answer = (
    status: number,
    { code, reason, at, by, reading: accepted }: Awaited<ReturnType<ApiDeps['overrides']['of']>>[number],
  ): void => void res.status(status).json({ settlement: id, code, reason, reading: accepted, by: by.name, at });

  if (settlement !== null && settlement.status !== 'rejected' && settlement.status !== 'received') {
    // repeated after the announcement it rests on: it changes nothing
    const standing = (await deps.overrides.of(id, reading ?? settlement.facts.reading)).find(({ code }) => code === body.code);
    if (standing) return answer(200, standing);
    throw new Problem('NOT_ALLOWED_NOW', {
      detail: 'مانده این تسویه اعلام شده است و یافته‌ای در انتظار پذیرش نیست. اگر رقم نادرست است، درخواست اصلاح بدهید.',
    });
  }
  const { override, recorded } = await deps.overrides.record(id, { code: body.code, reason: body.reason, reading }, operator);
  answer(recorded ? 201 : 200, override);
}
