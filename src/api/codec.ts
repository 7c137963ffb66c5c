import { timingSafeEqual } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { z } from 'zod';
import { looked } from './access-log.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { codecBody, codecParams } from './schemas.js';

/** What the Temporal UI and the `temporal` command need to show what is encrypted. */
export interface Codec extends Pick<PayloadCodec, 'decode'> {
  /** where the UI's pages come from: their calls are of another origin; null = none may */
  origin: string | null;
  /** whoever knows it decrypts without a sign-in: the UI of a practice installation; null = nobody */
  practiceKey: string | null;
}

type Payloads = z.output<typeof codecBody>;

/** POST /codec/decode: every look is in the log. */
export async function decodePayloads(call: Call<unknown, unknown, Payloads>, deps: ApiDeps): Promise<void> {
  const { codec } = deps;
  const { req, res, body } = call;
  let plain: Payload[];
  try {
    plain = await codec.decode(
      body.payloads.map(({ metadata, data }): Payload => ({ metadata: each(metadata, bytes), data: bytes(data) })),
    );
  } catch (error) {
    // an unknown key, or bytes that are not what they say
    req.log.warn({ err: error }, 'payloads could not be decrypted');
    throw new Problem('PAYLOAD_UNREADABLE');
  }
  // whose data a history holds is not known here: that somebody looked into one is
  if (req.operator) looked(call, deps, []);
  req.log.info({ operator: req.operator?.id ?? null, payloads: plain.length }, 'payloads were shown');
  res.json({
    payloads: plain.map(({ metadata, data }) => ({ metadata: each(metadata ?? {}, base64), data: base64(data ?? new Uint8Array()) })),
  });
}

/** POST /codec/{key}/decode: of a practice installation, where the UI signs nobody in. */
export function decodeForPractice(call: Call<z.output<typeof codecParams>, unknown, Payloads>, deps: ApiDeps): Promise<void> {
  const [given, right] = [Buffer.from(call.params.key), Buffer.from(deps.codec.practiceKey ?? '')];
  if (right.length === 0 || given.length !== right.length || !timingSafeEqual(given, right)) throw new Problem('NOT_FOUND');
  return decodePayloads(call, deps);
}

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

function each<A, B>(metadata: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, change(value)]));
}
