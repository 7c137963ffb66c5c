import type { Pool } from 'pg';
import { type JalaliDate, daysBetween } from '../domain/calendar/jalali.js';
import {
  type LapsingQualification,
  type OperatorStanding,
  type Qualification,
  lapsingQualifications,
} from '../domain/people/qualification.js';
import type { Instant, Operator, Role } from '../domain/settlement/settlement.js';
import { searchText } from '../domain/text.js';
import { inTransaction } from './pool.js';

/** Who did something, as it is kept beside what was done; the command line and the counting of sign-ins have no role. */
export type Doer = Pick<Operator, 'id' | 'name'> & { role?: Role };

export interface RecordedQualification extends Qualification {
  certificate: string | null;
  recordedBy: Doer;
  recordedAt: Instant;
}

export interface PersonRecord {
  id: string;
  name: string;
  office: string;
  /** the first is taken when a sign-in names none */
  roles: Role[];
  active: boolean;
  mustChangePassword: boolean;
  createdAt: Instant;
  createdBy: Doer;
  /** every record, in the order of their recording */
  qualifications: RecordedQualification[];
}

export interface PersonChange {
  name?: string | undefined;
  office?: string | undefined;
  roles?: Role[] | undefined;
  active?: boolean | undefined;
}

/** A qualification that ends soon, and whose. */
export interface LapsingOfPerson extends LapsingQualification {
  id: string;
  name: string;
  office: string;
}

export interface PeopleStore {
  get(id: string): Promise<PersonRecord | null>;
  /** By id. `query`: words of name and id; `office` null = every office; `after` = the last id of the page before. */
  list(filter: { query: string | null; office: string | null; limit: number; after: string | null }): Promise<PersonRecord[]>;
  /** Records a person, who cannot sign in before a password is given; null when the id is taken. */
  record(person: Pick<PersonRecord, 'id' | 'name' | 'office' | 'roles'>, by: Doer): Promise<PersonRecord | null>;
  /**
   * Changes what differs. Another office, other roles and disabling end the person's sessions. `lastAdmin`: nobody would be
   * left to record people, nothing is changed. Null: no such person.
   */
  change(id: string, change: PersonChange, by: Doer): Promise<PersonRecord | 'lastAdmin' | null>;
  /** Adds a record, which supersedes those of the same code from its first day on. The same as the last one changes nothing. */
  qualify(
    id: string,
    qualification: Qualification & { certificate: string | null },
    by: Doer,
  ): Promise<{ person: PersonRecord; recorded: boolean } | null>;
  /** What a step needs to judge who issues, in one query. */
  standing(id: string): Promise<OperatorStanding>;
  /** Qualifications of active people whose last day lies in the span, both days included, without a renewal; soonest first. */
  lapsingQualifications(from: JalaliDate, to: JalaliDate): Promise<LapsingOfPerson[]>;
}

const PERSON = `
select u.id, u.name, u.office, u.roles, u.active, u.must_change_password as "mustChangePassword", u.created_at as "createdAt", u.created_by as "createdBy",
  coalesce((select json_agg(json_build_object('code', q.code, 'validFrom', q.valid_from, 'validTo', q.valid_to, 'certificate', q.certificate,
      'recordedBy', q.recorded_by, 'recordedAt', to_char(q.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by q.seq)
    from app.qualifications q where q.user_id = u.id), '[]') as qualifications
from app.users u`;

const QUALIFICATIONS_OF = `coalesce((select json_agg(json_build_object('code', q.code, 'validFrom', q.valid_from, 'validTo', q.valid_to) order by q.seq)
  from app.qualifications q where q.user_id = `;

/** Who records the people of a practice installation: as long as nobody else records anybody, an unknown clerk may issue. */
export const PRACTICE: Doer = { id: 'demo', name: 'demo' };

type Queryable = Pick<Pool, 'query'>;

async function personOf(on: Queryable, id: string): Promise<PersonRecord | null> {
  const { rows } = await on.query<PersonRecord>(`${PERSON} where u.id = $1`, [id]);
  return rows[0] ?? null;
}

/** Every change of a person leaves its event in the same transaction. */
export function personEvent(on: Queryable, id: string, kind: string, by: Doer, data: Record<string, unknown> = {}): Promise<unknown> {
  return on.query('insert into app.people_events (user_id, kind, by, data) values ($1, $2, $3, $4)', [
    id,
    kind,
    JSON.stringify({ id: by.id, name: by.name, role: by.role }),
    JSON.stringify(data),
  ]);
}

/** The people who work here and what they are qualified for. */
export function createPeopleStore(pool: Pool): PeopleStore {
  return {
    get: (id) => personOf(pool, id),

    async list({ query, office, limit, after }) {
      const words = (query ?? '')
        .split(/[\s\u200c]+/)
        .map(searchText)
        .filter((word) => word !== '');
      const { rows } = await pool.query<PersonRecord>(
        `${PERSON} where ($1::text is null or u.office = $1) and ($2::text is null or u.id > $2)
           and not exists (select from unnest($3::text[]) as word where position(word in u.search) = 0)
         order by u.id limit $4`,
        [office, after, words, limit],
      );
      return rows;
    },

    record({ id, name, office, roles }, by) {
      return inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          'insert into app.users (id, name, search, office, roles, created_by) values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing',
          [id, name, folded(id, name), office, roles, JSON.stringify({ id: by.id, name: by.name, role: by.role })],
        );
        if (rowCount === 0) return null;
        await personEvent(client, id, 'recorded', by, { name, office, roles });
        return personOf(client, id);
      });
    },

    change(id, change, by) {
      return inTransaction(pool, async (client) => {
        if (change.active === false || (change.roles && !change.roles.includes('admin'))) {
          // two admins who disable one another at once: the second waits here and then finds itself the last
          const { rows: admins } = await client.query<{ id: string }>(
            `select id from app.users where active and 'admin' = any(roles) order by id for update`,
          );
          if (admins.length === 1 && admins[0]?.id === id) return 'lastAdmin';
        }
        await client.query('select from app.users where id = $1 for update', [id]);
        const person = await personOf(client, id);
        if (person === null) return null;
        const { name, office, roles, active } = person;
        const before = { name, office, roles, active };
        const after = {
          name: change.name ?? name,
          office: change.office ?? office,
          roles: change.roles ?? roles,
          active: change.active ?? active,
        };
        const changed = (['name', 'office', 'roles', 'active'] as const).filter(
          (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
        );
        if (changed.length === 0) return person;
        const only = (of: typeof before) => Object.fromEntries(changed.map((field) => [field, of[field]]));
        await client.query(
          'update app.users set name = $2, search = $3, office = $4, roles = $5, active = $6, session_version = session_version + $7 where id = $1',
          [
            id,
            after.name,
            folded(id, after.name),
            after.office,
            after.roles,
            after.active,
            // a session says role and office: it is over when they change
            changed.some((field) => field !== 'name') ? 1 : 0,
          ],
        );
        await personEvent(client, id, 'changed', by, { before: only(before), after: only(after) });
        return personOf(client, id);
      });
    },

    qualify(id, { code, validFrom, validTo, certificate }, by) {
      return inTransaction(pool, async (client) => {
        await client.query('select from app.users where id = $1 for update', [id]);
        const person = await personOf(client, id);
        if (person === null) return null;
        const last = person.qualifications.findLast((each) => each.code === code);
        if (last && last.validFrom === validFrom && last.validTo === validTo && last.certificate === certificate)
          return { person, recorded: false };
        await client.query(
          'insert into app.qualifications (user_id, code, valid_from, valid_to, certificate, recorded_by) values ($1, $2, $3, $4, $5, $6)',
          [id, code, validFrom, validTo, certificate, JSON.stringify({ id: by.id, name: by.name, role: by.role })],
        );
        await personEvent(client, id, 'qualified', by, { code, validFrom, validTo, certificate });
        return { person: (await personOf(client, id)) as PersonRecord, recorded: true };
      });
    },

    async standing(id) {
      const { rows } = await pool.query<OperatorStanding>({
        name: 'app.operator-standing',
        text: `select exists (select from app.users where created_by ->> 'id' <> '${PRACTICE.id}') as managed,
          (select json_build_object('active', u.active, 'roles', u.roles, 'office', u.office) from app.users u where u.id = $1) as person,
          ${QUALIFICATIONS_OF}$1), '[]') as qualifications`,
        values: [id],
      });
      return rows[0] as OperatorStanding;
    },

    async lapsingQualifications(from, to) {
      const { rows } = await pool.query<{ id: string; name: string; office: string; qualifications: Qualification[] }>(
        `select u.id, u.name, u.office, ${QUALIFICATIONS_OF}u.id), '[]') as qualifications from app.users u
         where u.active and exists (select from app.qualifications q where q.user_id = u.id and q.valid_to between $1 and $2)`,
        [from, to],
      );
      const days = daysBetween(from, to);
      return rows
        .flatMap(({ qualifications, ...person }) =>
          lapsingQualifications(qualifications, from, days).map((each) => ({ ...person, ...each })),
        )
        .sort((a, b) => compare(a.lastDay, b.lastDay) || compare(a.id, b.id));
    },
  };
}

/** Words of the name are found without their gaps, so the id stands apart. */
function folded(id: string, name: string): string {
  return `${searchText(name)} ${searchText(id)}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
