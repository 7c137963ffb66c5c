import type { z } from 'zod';
import { staleFeeds } from '../domain/settlement/freshness.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { looked } from './access-log.js';
import { officeScope, sees } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { accountParams, accountsQuery, receiptRequest } from './schemas.js';
import { viewAccount } from './view.js';

/** GET /accounts: subscribers of the clerk's office, in pages. */
export async function findAccounts(call: Call<unknown, z.output<typeof accountsQuery>>, deps: ApiDeps) {
  const { res, operator, query } = call;
  const found = await deps.billing.findAccounts({
    query: query.query,
    office: officeScope(operator),
    // one more than asked tells whether another page follows
    limit: query.limit + 1,
    after: query.cursor ?? null,
  });
  const page = found.slice(0, query.limit);
  looked(
    call,
    deps,
    page.map(({ subscription }) => subscription),
  );
  res.json({
    items: page.map(({ subscription, billId, name, address, office, use, meterSerial }) => ({
      subscription,
      billId,
      name,
      address,
      office,
      use,
      meterSerial,
    })),
    next: found.length > query.limit ? (page.at(-1)?.subscription ?? null) : null,
  });
}

/** GET /accounts/{subscription}: all that the counter shows before a settlement. */
export async function showAccount(call: Call<z.output<typeof accountParams>>, deps: ApiDeps) {
  const { res, operator, params } = call;
  const today = todayInTehran(deps.now());
  const [reported, terms] = await Promise.all([deps.payments.reported(params.subscription), deps.serviceTerms(today)]);
  const snapshot = await deps.billing.account(params.subscription, today, reported);
  if (snapshot === null || !sees(operator, snapshot.account.office)) throw new Problem('ACCOUNT_NOT_FOUND');
  looked(call, deps, [params.subscription]);
  const known = await deps.settlements.known(params.subscription, snapshot.lastBill);
  res.json(viewAccount(snapshot, staleFeeds(snapshot.feeds, terms, today), known));
}

/** POST /requests: the five minutes run from here; the receipt itself carries the time, nothing is written. */
export async function openRequest({ res, operator, body }: Call<unknown, unknown, z.output<typeof receiptRequest>>, deps: ApiDeps) {
  const receivedAt = deps.now().toISOString();
  const request = await deps.tokens.issueReceipt({ subscription: body.subscription, receivedAt, operator: operator.id });
  res.status(201).json({ request, receivedAt });
}
