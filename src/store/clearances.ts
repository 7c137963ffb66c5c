import type { Pool } from 'pg';
import { type ClearanceLetter, type ClearanceRefusal, clearanceLetter, clearanceRefusal } from '../domain/settlement/clearance.js';
import { todayInTehran, yearOf } from '../domain/calendar/jalali.js';
import type { Instant, Operator } from '../domain/settlement/settlement.js';
import { append } from './event-log.js';
import { inTransaction } from './pool.js';
import { settlementOf } from './settlements.js';

export interface ClearanceStore {
  /**
   * The letter of the settlement's valid revision: issued now with the next number of its office and year, or as it was
   * issued before. Refused while something is owed or being corrected; null when the settlement is not on record.
   */
  issue(id: string, by: Operator): Promise<{ letter: ClearanceLetter; issued: boolean } | { refusal: ClearanceRefusal } | null>;
}

interface Row {
  letter: Omit<ClearanceLetter, 'person'>;
  person: ClearanceLetter['person'];
}

export function createClearanceStore(pool: Pool): ClearanceStore {
  return {
    issue(id, by) {
      return inTransaction(pool, async (client) => {
        // two at once get one letter, and none is issued beside a correction or cancellation
        await client.query('select from app.settlements where id = $1 for update', [id]);
        const settlement = await settlementOf(client, id);
        if (!settlement) return null;
        const refusal = clearanceRefusal(settlement);
        if (refusal) return { refusal };
        const { rows } = await client.query<Row>('select letter, person from app.clearances where settlement_id = $1 and revision = $2', [
          id,
          settlement.revision,
        ]);
        if (rows[0]) return { letter: { ...rows[0].letter, person: rows[0].person }, issued: false };
        const { rows: times } = await client.query<{ now: Instant }>('select now()');
        const now = times[0]?.now ?? new Date().toISOString();
        const office = settlement.account?.office ?? settlement.clerk.office;
        const year = yearOf(todayInTehran(new Date(now)));
        const { rows: given } = await client.query<{ number: string }>(
          `insert into app.clearance_numbers as n (office, year, last) values ($1, $2, 1)
           on conflict (office, year) do update set last = n.last + 1 returning app.document_number('M-', office, year, last) as number`,
          [office, year],
        );
        const letter = clearanceLetter(settlement, {
          number: given[0]?.number ?? '',
          issuedAt: now,
          issuedBy: { id: by.id, name: by.name, office: by.office },
        });
        const { person, ...rest } = letter;
        await client.query(
          `with l as (insert into app.clearances as l (settlement_id, revision, number, issued_at, issued_by, letter, person) values ($1, $2, $3, $4, $5, $6, $7)
             returning l.settlement_id, l.revision, app.clearance_state(l) as state),
           ${append({
             from: 'l',
             settlement: 'settlement_id',
             kind: `'cleared'`,
             key: 'revision::text',
             at: '$4',
             data: `jsonb_build_object('number', $3::text, 'revision', revision, 'by', $5::jsonb->'id', 'role', $5::jsonb->'role')`,
             changed: `jsonb_build_object('clearances', jsonb_build_object(revision, state))`,
           })}
           select from e`,
          [
            id,
            settlement.revision,
            letter.number,
            now,
            JSON.stringify({ id: by.id, name: by.name, role: by.role, office: by.office }),
            JSON.stringify(rest),
            JSON.stringify(person),
          ],
        );
        return { letter, issued: true };
      });
    },
  };
}
