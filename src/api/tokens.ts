import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { type Instant, type Operator, ROLES, type Role } from '../domain/settlement/settlement.js';
import type { SignOnBegun } from './identity-provider.js';

/** What a receipt says: who asked for which subscriber, and when the five minutes began. */
export interface Receipt {
  id: string;
  subscription: string;
  receivedAt: Instant;
  /** id of the operator who opened the request */
  operator: string;
}

/** What a session token says. */
export interface Session {
  id: string;
  operator: Operator;
  expiresAt: Date;
  /** the number that the person's record must still carry; null: made by `tasvieh token`, without a sign-in */
  version: number | null;
  /** opened with a one-time password: good for changing it and nothing else */
  mustChangePassword: boolean;
}

/** A sign-on that was begun: what the browser brings back, and the role that was asked for. */
export interface BegunSignOn extends SignOnBegun {
  id: string;
  role: Role | null;
  expiresAt: Date;
}

export interface Tokens {
  /** A session token; `ttl` in seconds. */
  issue(operator: Operator, options: { ttl: number; version?: number; mustChangePassword?: boolean }): Promise<string>;
  /** What a genuine, unexpired session token says; null for anything else, a receipt included. */
  readSession(token: string): Promise<Session | null>;
  issueReceipt(receipt: Omit<Receipt, 'id'>): Promise<string>;
  /** What a genuine, unexpired receipt says; null for anything else, a session token included. */
  readReceipt(token: string): Promise<Receipt | null>;
  /** What a browser keeps while it is at the provider of identities; `ttl` in seconds. */
  issueSignOn(begun: Omit<BegunSignOn, 'id' | 'expiresAt'>, ttl: number): Promise<string>;
  readSignOn(token: string): Promise<BegunSignOn | null>;
}

const ALGORITHM = 'HS256';
const ISSUER = 'tasvieh';
const SESSION = 'tasvieh/session';
const RECEIPT = 'tasvieh/receipt';
const SIGN_ON = 'tasvieh/sign-on';
/** A receipt is of use during one shift; later the paper slip and a late entry are the way. */
const RECEIPT_TTL_SECONDS = 12 * 3600;
const MIN_SECRET_BYTES = 32;
/** The end of the year 9999: beyond it neither JavaScript nor Postgres is sure to keep an instant. */
const LAST_EXPIRY_SECONDS = 253_402_300_799;

/**
 * Signs and reads tokens (JWT, HS256). The first secret signs, all of them verify, so that a secret can be replaced
 * without ending the sessions. RangeError for a secret under 32 bytes, which HS256 needs.
 */
export function createTokens(secret: string | readonly string[], now: () => Date = () => new Date()): Tokens {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  const ring = new Map<string, Uint8Array>();
  for (const text of secrets) {
    const key = new TextEncoder().encode(text);
    if (key.length < MIN_SECRET_BYTES) throw new RangeError(`a token secret needs at least ${MIN_SECRET_BYTES} bytes`);
    ring.set(keyId(key), key);
  }
  const current = [...ring][0];
  if (current === undefined) throw new RangeError('no token secret is given');
  const [currentId, currentKey] = current;

  const keyOf: JWTVerifyGetKey = ({ kid }) => {
    const key = kid === undefined ? undefined : ring.get(kid);
    if (key === undefined) throw new Error('unknown key id');
    return key;
  };

  const seconds = (): number => Math.floor(now().getTime() / 1000);

  function sign(audience: string, claims: JWTPayload, subject: string, id: string, ttl: number): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: currentId })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setSubject(subject)
      .setJti(id)
      .setIssuedAt(seconds())
      .setExpirationTime(seconds() + ttl)
      .sign(currentKey);
  }

  async function read(audience: string, token: string): Promise<JWTPayload | null> {
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience,
        requiredClaims: ['exp', 'sub', 'jti'],
        currentDate: now(),
      });
      // signed all the same: no date is that far away
      return (payload.exp ?? 0) <= LAST_EXPIRY_SECONDS ? payload : null;
    } catch {
      // forged, expired or of another kind: to the caller they are all no token
      return null;
    }
  }

  return {
    issue({ id, name, role, office }, { ttl, version, mustChangePassword }) {
      return sign(
        SESSION,
        { name, role, office, ...(version !== undefined && { version }), ...(mustChangePassword && { mustChangePassword }) },
        id,
        randomUUID(),
        ttl,
      );
    },
    async readSession(token) {
      const claims = await read(SESSION, token);
      if (claims?.sub === undefined || claims.jti === undefined || claims.exp === undefined) return null;
      const { name, role, office, version = null, mustChangePassword } = claims as Record<string, unknown>;
      if (typeof name !== 'string' || typeof office !== 'string' || !isRole(role) || (version !== null && typeof version !== 'number'))
        return null;
      return {
        id: claims.jti,
        operator: { id: claims.sub, name, role, office },
        expiresAt: new Date(claims.exp * 1000),
        version,
        mustChangePassword: mustChangePassword === true,
      };
    },
    issueReceipt({ subscription, receivedAt, operator }) {
      return sign(RECEIPT, { subscription, receivedAt }, operator, randomUUID(), RECEIPT_TTL_SECONDS);
    },
    async readReceipt(token) {
      const claims = await read(RECEIPT, token);
      if (claims?.sub === undefined || claims.jti === undefined) return null;
      const { subscription, receivedAt } = claims as { subscription?: unknown; receivedAt?: unknown };
      if (typeof subscription !== 'string' || typeof receivedAt !== 'string') return null;
      return { id: claims.jti, subscription, receivedAt, operator: claims.sub };
    },
    issueSignOn({ state, nonce, verifier, role }, ttl) {
      return sign(SIGN_ON, { state, nonce, verifier, role }, 'sign-on', randomUUID(), ttl);
    },
    async readSignOn(token) {
      const claims = await read(SIGN_ON, token);
      if (claims?.jti === undefined || claims.exp === undefined) return null;
      const { state, nonce, verifier, role } = claims as Record<string, unknown>;
      if (typeof state !== 'string' || typeof nonce !== 'string' || typeof verifier !== 'string') return null;
      return { id: claims.jti, state, nonce, verifier, role: isRole(role) ? role : null, expiresAt: new Date(claims.exp * 1000) };
    },
  };
}

function isRole(value: unknown): value is Role {
  return ROLES.includes(value as Role);
}

/** Names a secret without telling anything of it. */
function keyId(key: Uint8Array): string {
  return createHash('sha256').update('tasvieh key id').update(key).digest('hex').slice(0, 12);
}
