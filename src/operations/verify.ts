import type { Pool } from 'pg';
import type { Tariff } from '../domain/tariff/tariff.js';
import { type Difference, differences, recompute } from '../domain/settlement/verification.js';
import { type IssuedBill, issuedBills } from '../store/issued-bills.js';
import { createTariffStore } from '../store/tariffs.js';

export interface VerifiedBill {
  settlement: string;
  revision: number;
  number: string;
  equal: boolean;
  differences: Difference[];
}

/** Recomputes issued bills from their stored inputs and says where one differs. Nothing of today's ledger is read. */
export async function* verifyBills(pool: Pool, settlement: string | null): AsyncGenerator<VerifiedBill> {
  const store = createTariffStore(pool);
  const known = new Set(await store.versions());
  for await (const issued of issuedBills(pool, settlement)) {
    const asked = issued.inputs.tariffs;
    const missing = Array.isArray(asked) ? asked.filter((version) => !known.has(version)) : [];
    const found =
      missing.length > 0
        ? [{ line: null, code: null, field: 'inputs.tariffs', issued: missing, computed: null }]
        : verifyBill(issued, Array.isArray(asked) ? await store.tariffs(asked) : []);
    yield {
      settlement: issued.settlement,
      revision: issued.revision,
      number: issued.number,
      equal: found.length === 0,
      differences: found,
    };
  }
}

function verifyBill({ bill, inputs, ...columns }: IssuedBill, tariffs: readonly Tariff[]): Difference[] {
  const whole = (field: string, issued: unknown, computed: unknown): Difference => ({ line: null, code: null, field, issued, computed });
  try {
    const debt = recompute(inputs, tariffs);
    if ('none' in debt) return [whole('inputs', bill.total, debt.none)];
    const found = differences(bill, debt, inputs.snapshot.account);
    for (const field of ['number', 'revision', 'total', 'payable', 'carry'] as const) {
      if (columns[field] !== bill[field]) found.push(whole(`stored.${field}`, columns[field], bill[field]));
    }
    return found;
  } catch (error) {
    // inputs that no bill can be computed from are the finding, not the end of the run
    return [whole('inputs', null, (error as Error).message)];
  }
}
