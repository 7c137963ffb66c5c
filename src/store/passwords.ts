import { randomBytes, randomInt } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { passwordText } from '../domain/people/password.js';

/** argon2id, the package's algorithm when none is named, with OWASP's least figures: 19 MiB, two passes, one thread. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Node has four threads for such work; the others stay free for verifying tokens when a whole office signs in at once. */
const AT_ONCE = 2;

/** The hash to keep of a password. */
export function hashPassword(typed: string): Promise<string> {
  return inTurn(() => hash(passwordText(typed), COST));
}

let decoy: Promise<string> | undefined;

/** Whether the password is the one kept as `kept`; without one it takes as long and is false, so that time tells nothing. */
export async function isPassword(typed: string, kept: string | null): Promise<boolean> {
  const against = await (decoy ??= hashPassword(randomBytes(16).toString('hex')));
  const same = await inTurn(() => verify(kept ?? against, passwordText(typed)));
  return kept !== null && same;
}

/** No letter or digit that is read as another one. */
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A password to be read out once and typed once: 59 bits in three groups. */
export function oneTimePassword(): string {
  const group = (): string => Array.from({ length: 4 }, () => READABLE[randomInt(READABLE.length)]).join('');
  return [group(), group(), group()].join('-');
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  else running++;
  try {
    return await work();
  } finally {
    // who waits takes over the place
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
