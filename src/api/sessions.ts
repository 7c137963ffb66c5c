import type { Logger } from 'pino';
import { isOutage } from '../store/outage.js';
import type { SessionState, SignInStore } from '../store/sign-in.js';
import { LateError, STORE_MS, inTime } from './in-time.js';
import { withoutData } from './problems.js';
import type { Session } from './tokens.js';

/** How long an answer of Postgres about a session is believed. */
const KEPT_MS = 5_000;
const MANY = 5_000;

export interface Sessions {
  /**
   * Whether a signed, unexpired session still stands: not signed out, its owner not disabled, no password reset and no
   * other role since. While Postgres is away the signature alone decides, so that settlements are still accepted.
   */
  stands(session: Session, log: Logger): Promise<boolean>;
  end(session: Session): Promise<void>;
  /** Asks Postgres anew for every session: something of a person has changed. */
  forget(): void;
}

export function createSessions(signIns: Pick<SignInStore, 'sessionState' | 'endSession'>, now: () => Date = () => new Date()): Sessions {
  const kept = new Map<string, { until: number; state: Promise<SessionState | null> }>();

  /** null: Postgres is away */
  async function ask({ id, operator }: Session, log: Logger): Promise<SessionState | null> {
    try {
      return await inTime(signIns.sessionState(operator.id, id), STORE_MS);
    } catch (error) {
      if (!(error instanceof LateError) && !isOutage(error)) throw error;
      log.warn({ err: withoutData(error), operator: operator.id }, 'Postgres is away: the session is accepted by its signature alone');
      return null;
    }
  }

  return {
    async stands(session, log) {
      const at = now().getTime();
      let known = kept.get(session.id);
      if (known === undefined || known.until <= at) {
        if (kept.size >= MANY) for (const [id, { until }] of kept) if (until <= at) kept.delete(id);
        known = { until: at + KEPT_MS, state: ask(session, log) };
        kept.set(session.id, known);
        // what failed is asked for again at once
        known.state.catch(() => kept.delete(session.id));
      }
      const state = await known.state;
      if (state === null) return true;
      if (state.ended) return false;
      // a token of `tasvieh token` may name somebody who is not recorded, such as the billing system
      if (state.person === null) return session.version === null;
      return state.person.active && (session.version === null || session.version === state.person.sessionVersion);
    },

    async end(session) {
      await signIns.endSession(session.id, session.expiresAt);
      kept.delete(session.id);
    },

    forget() {
      kept.clear();
    },
  };
}
