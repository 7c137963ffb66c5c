import type { Pool } from 'pg';
import type { Instant, Role } from '../domain/settlement/settlement.js';
import { hashPassword, isPassword, oneTimePassword } from './passwords.js';
import { type Doer, personEvent } from './people.js';
import { inTransaction } from './pool.js';

/** So many wrong passwords in a row lock a name for so long. */
export const ATTEMPTS = 5;
export const LOCKED_MS = 15 * 60_000;
/** Failures before that do not count any more. */
const FORGOTTEN_MS = 24 * 3600_000;
/** A one-time password is of use for so long. */
const ONE_TIME_MS = 3 * 24 * 3600_000;

/** Who guesses a password need not be its owner. */
const NOBODY_KNOWN: Doer = { id: 'sign-in', name: 'sign-in' };

export interface SignedIn {
  id: string;
  name: string;
  office: string;
  roles: Role[];
  mustChangePassword: boolean;
  /** what the session must carry, see `sessionState` */
  sessionVersion: number;
}

/** Refused: an unknown name, a wrong or ended password and a disabled person alike. */
export type SignInOutcome = { kind: 'signedIn'; person: SignedIn } | { kind: 'refused' } | { kind: 'locked'; until: Instant };

/** What Postgres knows of a session. */
export interface SessionState {
  /** signed out */
  ended: boolean;
  /** null: the session's owner is not recorded */
  person: { active: boolean; sessionVersion: number } | null;
}

export interface SignInStore {
  /** The active person of this name, for whom the provider of identities has vouched; null: there is none. */
  vouchedFor(id: string): Promise<SignedIn | null>;
  /** Uses up what may be used once; false when it was used before. */
  spend(id: string, expiresAt: Date): Promise<boolean>;
  signIn(id: string, password: string, now: Date): Promise<SignInOutcome>;
  /** By the person, who knows the current one: the same counting as of a sign-in. Ends all sessions; the outcome is for a new one. */
  changePassword(id: string, passwords: { current: string; next: string }, by: Doer, now: Date): Promise<SignInOutcome>;
  /** A one-time password, which must be changed at the first sign-in; ends all sessions and a lock. Null: no such person. */
  resetPassword(id: string, by: Doer, now: Date): Promise<string | null>;
  /** Of a practice installation: a password that need not be changed, for a person who has none yet. */
  givePassword(id: string, password: string, by: Doer): Promise<void>;
  sessionState(id: string, session: string): Promise<SessionState>;
  /** Signed out; the same again changes nothing. */
  endSession(session: string, expiresAt: Date): Promise<void>;
}

interface Row extends SignedIn {
  active: boolean;
  hash: string | null;
  expiresAt: Instant | null;
}

export function createSignInStore(pool: Pool): SignInStore {
  /**
   * Takes one of the attempts before the password is looked at, so that any number of guesses at the same moment stay
   * within them. The answer is the lock, or null.
   */
  async function attempt(id: string, now: Date): Promise<{ lockedBy: Instant | null; lastOne: boolean }> {
    const { rows } = await pool.query<{ locked_until: Instant | null }>(
      `with forgotten as (delete from app.sign_in_attempts where last_at < $2::timestamptz - $5 * interval '1 ms' and user_id <> $1)
       insert into app.sign_in_attempts as a (user_id, failed, last_at) values ($1, 1, $2)
       on conflict (user_id) do update set
         failed = case when a.locked_until is null and a.last_at >= $2::timestamptz - $5 * interval '1 ms' then a.failed + 1 else 1 end,
         locked_until = case when a.locked_until is null and a.last_at >= $2::timestamptz - $5 * interval '1 ms' and a.failed + 1 >= $3
           then $2::timestamptz + $4 * interval '1 ms' end,
         last_at = $2
       where a.locked_until is null or a.locked_until <= $2
       returning locked_until`,
      [id, now, ATTEMPTS, LOCKED_MS, FORGOTTEN_MS],
    );
    if (rows[0]) return { lockedBy: rows[0].locked_until, lastOne: rows[0].locked_until !== null };
    const { rows: locked } = await pool.query<{ locked_until: Instant }>(
      'select locked_until from app.sign_in_attempts where user_id = $1',
      [id],
    );
    // a success or a reset in between has taken the lock away: it is told as over
    return { lockedBy: locked[0]?.locked_until ?? now.toISOString(), lastOne: false };
  }

  const personOf = async (id: string): Promise<Row | null> => {
    const { rows } = await pool.query<Row>(
      `select id, name, office, roles, active, password_hash as hash, must_change_password as "mustChangePassword", password_expires_at as "expiresAt",
         session_version as "sessionVersion" from app.users where id = $1`,
      [id],
    );
    return rows[0] ?? null;
  };

  /** The person whose password it is, with the attempts forgiven. */
  async function identify(id: string, password: string, now: Date): Promise<SignInOutcome> {
    const { lockedBy, lastOne } = await attempt(id, now);
    if (lockedBy !== null && !lastOne) return { kind: 'locked', until: lockedBy };
    const found = await personOf(id);
    const right = await isPassword(password, found?.hash ?? null);
    if (right && found?.active && (found.expiresAt === null || Date.parse(found.expiresAt) > now.getTime())) {
      await pool.query('delete from app.sign_in_attempts where user_id = $1', [id]);
      const { name, office, roles, mustChangePassword, sessionVersion } = found;
      return { kind: 'signedIn', person: { id, name, office, roles, mustChangePassword, sessionVersion } };
    }
    if (lockedBy === null) return { kind: 'refused' };
    if (found) await personEvent(pool, id, 'locked', NOBODY_KNOWN, { until: lockedBy });
    return { kind: 'locked', until: lockedBy };
  }

  /** Whether this call is the one that ended it. */
  async function end(id: string, expiresAt: Date): Promise<boolean> {
    const { rowCount } = await pool.query(
      `with over as (delete from app.ended_sessions where expires_at < now())
       insert into app.ended_sessions (id, expires_at) values ($1, $2) on conflict do nothing`,
      [id, expiresAt],
    );
    return rowCount === 1;
  }

  return {
    signIn: identify,
    spend: end,

    async vouchedFor(id) {
      const found = await personOf(id);
      if (!found?.active) return null;
      const { name, office, roles, sessionVersion } = found;
      // a one-time password was not what opened the door
      return { id, name, office, roles, sessionVersion, mustChangePassword: false };
    },

    async changePassword(id, { current, next }, by, now) {
      const outcome = await identify(id, current, now);
      if (outcome.kind !== 'signedIn') return outcome;
      const kept = await hashPassword(next);
      const { person } = outcome;
      return inTransaction(pool, async (client): Promise<SignInOutcome> => {
        // disabled or reset since the look at the current one: that stands
        const { rows } = await client.query<{ sessionVersion: number }>(
          `update app.users set password_hash = $2, must_change_password = false, password_expires_at = null, session_version = session_version + 1
           where id = $1 and session_version = $3 returning session_version as "sessionVersion"`,
          [id, kept, person.sessionVersion],
        );
        if (!rows[0]) return { kind: 'refused' };
        await personEvent(client, id, 'passwordChanged', by);
        return { kind: 'signedIn', person: { ...person, ...rows[0], mustChangePassword: false } };
      });
    },

    async resetPassword(id, by, now) {
      const password = oneTimePassword();
      const kept = await hashPassword(password);
      return inTransaction(pool, async (client) => {
        const expiresAt = new Date(now.getTime() + ONE_TIME_MS).toISOString();
        const { rowCount } = await client.query(
          `update app.users set password_hash = $2, must_change_password = true, password_expires_at = $3, session_version = session_version + 1 where id = $1`,
          [id, kept, expiresAt],
        );
        if (rowCount === 0) return null;
        await client.query('delete from app.sign_in_attempts where user_id = $1', [id]);
        await personEvent(client, id, 'passwordReset', by, { expiresAt });
        return password;
      });
    },

    async givePassword(id, password, by) {
      const { rowCount } = await pool.query('select from app.users where id = $1 and password_hash is null', [id]);
      if (rowCount === 0) return;
      const kept = await hashPassword(password);
      await inTransaction(pool, async (client) => {
        const { rowCount: given } = await client.query('update app.users set password_hash = $2 where id = $1 and password_hash is null', [
          id,
          kept,
        ]);
        if (given) await personEvent(client, id, 'passwordGiven', by);
      });
    },

    async sessionState(id, session) {
      const { rows } = await pool.query<SessionState>({
        name: 'app.session-state',
        text: `select exists (select from app.ended_sessions where id = $2) as ended,
          (select json_build_object('active', active, 'sessionVersion', session_version) from app.users where id = $1) as person`,
        values: [id, session],
      });
      return rows[0] as SessionState;
    },

    async endSession(session, expiresAt) {
      await end(session, expiresAt);
    },
  };
}
