import type { Pool } from 'pg';
import type { Bill } from '../domain/settlement/settlement.js';
import type { BillInputs } from '../domain/settlement/verification.js';

/** A revision as it was issued, with what it was computed from and the sums beside it that are searched and counted. */
export interface IssuedBill {
  settlement: string;
  revision: number;
  number: string;
  bill: Bill;
  inputs: BillInputs;
  total: number;
  payable: number;
  carry: number;
}

const COLUMNS = 'settlement_id as settlement, revision, number, bill, inputs, total, payable, carry';

/** Every revision of one settlement, or of all, in pages by settlement and revision. */
export async function* issuedBills(pool: Pool, settlement: string | null, pageSize = 200): AsyncGenerator<IssuedBill> {
  let after: [string, number] = ['', 0];
  for (;;) {
    const { rows } = await pool.query<IssuedBill>(
      `select ${COLUMNS} from app.bills where (settlement_id, revision) > ($1, $2) and ($3::text is null or settlement_id = $3)
       order by settlement_id, revision limit $4`,
      [...after, settlement, pageSize],
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < pageSize) return;
    after = [last.settlement, last.revision];
  }
}

export async function countIssuedBills(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*) from app.bills');
  return rows[0]?.count ?? 0;
}
