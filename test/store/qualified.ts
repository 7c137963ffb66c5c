import type { Pool } from 'pg';
import { jalali } from '../../src/domain/calendar/jalali.js';
import { QUALIFICATIONS } from '../../src/domain/people/qualification.js';
import type { Operator } from '../../src/domain/settlement/settlement.js';
import { createPeopleStore } from '../../src/store/people.js';

/** Records an operator with all that issuing asks for. */
export async function recordQualified(pool: Pool, { id, name, role, office }: Operator): Promise<void> {
  const people = createPeopleStore(pool);
  const by = { id: 'test', name: 'test' };
  await people.record({ id, name, office, roles: [role] }, by);
  for (const code of QUALIFICATIONS)
    await people.qualify(id, { code, validFrom: jalali('1400/01/01'), validTo: null, certificate: null }, by);
}
