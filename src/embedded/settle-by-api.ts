import { setTimeout as pause } from 'node:timers/promises';
import { daysBetween, jalali, todayInTehran } from '../domain/calendar/jalali.js';
import { Refusal } from '../refusal.js';

interface AnnouncedSettlement {
  id: string;
  status: string;
  elapsedMs: number;
  bill: { payable: number; total: number; carry: number };
}

export interface SettleOptions {
  subscription: string;
  /** of the applicant, who is taken for the owner */
  nationalId: string;
  date?: string;
  /** m³; absent: one more a day than the last bill's, so that the same day gives the same figure */
  reading?: number;
  source?: string;
  purpose?: string;
  /** codes of the documents that were shown */
  documents?: string[];
  confirm?: string[];
}

/** Opens a request and settles it over the API; waits when the announcement takes longer. Throws with the problem's text. */
export async function settleByApi(api: string, token: string, options: SettleOptions): Promise<AnnouncedSettlement> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const call = async (method: string, url: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await fetch(`${api}/api/v1${url}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const json = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Refusal(`${method} ${url}: ${JSON.stringify(json, null, 2)}`);
    return { status: response.status, json };
  };
  const { subscription } = options;
  const { json: receipt } = await call('POST', '/requests', { subscription });
  const { json: known } = await call('GET', `/accounts/${subscription}`);
  const lastBill = known['lastBill'] as { toReading: number; toDate: string } | null;
  const account = known['account'] as { name: string };
  const settlementDate = options.date ?? todayInTehran(new Date());
  const usual = lastBill ? lastBill.toReading + daysBetween(jalali(lastBill.toDate), jalali(settlementDate)) : 0;
  const request = {
    request: receipt['request'],
    subscription,
    settlementDate,
    reading: options.source === 'none' ? null : (options.reading ?? usual),
    readingSource: options.source ?? 'declared',
    purpose: options.purpose ?? 'balance',
    applicant: { kind: 'owner', name: account.name, nationalId: options.nationalId },
    documents: options.documents ?? [],
    confirmations: (options.confirm ?? ['HIGH_CONSUMPTION', 'LOW_CONSUMPTION', 'ZERO_CONSUMPTION', 'STALE_FEED']).map((code) => ({
      code,
      reason: 'settled from the command line',
    })),
  };
  const answer = await call('POST', '/settlements', request);
  let settlement = answer.json as unknown as AnnouncedSettlement;
  for (let left = 60; settlement.bill === null || settlement.bill === undefined; left--) {
    if (left === 0) throw new Refusal(`Settlement ${settlement.id} is not announced yet; its workflow continues.`);
    await pause(500);
    settlement = (await call('GET', `/settlements/${settlement.id}`)).json as unknown as AnnouncedSettlement;
  }
  return settlement;
}
