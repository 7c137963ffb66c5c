import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import path from 'node:path';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';

/** Keys by their id; new payloads take `current`, older ones the key they name. */
export interface EncryptionKeys {
  current: string;
  keys: ReadonlyMap<string, Buffer>;
}

/** A payload names a key that is not configured: an old one taken away too early, or another installation's. */
export class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError';
}

const FORM = 'holds no id:key pairs of 32 bytes in base64 each, the current one first';
const ENCODING = 'binary/encrypted';
/** Where a payload's metadata names its key. */
export const ENCRYPTION_KEY_ID = 'key-id';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Reads `id:key` pairs between commas or line ends, the current one first; a key is 32 bytes in base64. Throws a
 * RangeError that tells nothing of the text.
 */
export function readEncryptionKeys(text: string): EncryptionKeys {
  const keys = new Map<string, Buffer>();
  for (const pair of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const [, id, encoded] = /^([\w.-]{1,32}):([A-Za-z0-9+/]+={0,2})$/.exec(pair) ?? [];
    const key = Buffer.from(encoded ?? '', 'base64');
    if (id === undefined || key.length !== KEY_BYTES || keys.has(id)) throw new RangeError(FORM);
    keys.set(id, key);
  }
  const [current] = keys.keys();
  if (current === undefined) throw new RangeError(FORM);
  return { current, keys };
}

/** A new key in the form that `readEncryptionKeys` reads. */
export function newEncryptionKey(id: string): string {
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
}

/** The key of an installation that has set none: made of its signing secret, and named so that another secret is noticed. */
export function derivedEncryptionKey(secret: string): string {
  const derive = (purpose: string, bytes: number): Buffer => Buffer.from(hkdfSync('sha256', secret, '', purpose, bytes));
  return `secret-${derive('tasvieh payload key id', 4).toString('hex')}:${derive('tasvieh payload key', KEY_BYTES).toString('base64')}`;
}

/**
 * Encrypts every payload as a whole, its metadata too: AES-256-GCM under a nonce of its own, the key's id beside it and
 * bound to it. What was written before there were keys is read as it is.
 */
export function createPayloadCodec({ current, keys }: EncryptionKeys): PayloadCodec {
  const key = (id: string): Buffer => {
    const found = keys.get(id);
    if (!found) throw new UnknownKeyError(`A payload is encrypted with the key ${id}, which is not configured`);
    return found;
  };
  return {
    async encode(payloads) {
      return payloads.map((payload): Payload => {
        const nonce = randomBytes(NONCE_BYTES);
        const cipher = createCipheriv(CIPHER, key(current), nonce).setAAD(Buffer.from(current));
        const data = Buffer.concat([nonce, cipher.update(packed(payload)), cipher.final(), cipher.getAuthTag()]);
        return { metadata: { encoding: Buffer.from(ENCODING), [ENCRYPTION_KEY_ID]: Buffer.from(current) }, data };
      });
    },
    async decode(payloads) {
      return payloads.map((payload): Payload => {
        if (text(payload.metadata?.['encoding']) !== ENCODING) return payload;
        const id = text(payload.metadata?.[ENCRYPTION_KEY_ID]);
        const data = Buffer.from(payload.data ?? []);
        const decipher = createDecipheriv(CIPHER, key(id), data.subarray(0, NONCE_BYTES))
          .setAAD(Buffer.from(id))
          .setAuthTag(data.subarray(-TAG_BYTES));
        return unpacked(Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]));
      });
    },
  };
}

/** What clients and workers are given: the same on both sides, or neither reads the other. */
export function createDataConverter(keys: EncryptionKeys): DataConverter {
  return { payloadCodecs: [createPayloadCodec(keys)], failureConverterPath: FAILURE_CONVERTER };
}

const FAILURE_CONVERTER = path.resolve(__dirname, 'failure-converter');

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

/** Length of the metadata as JSON, the metadata, the data. */
function packed({ metadata, data }: Payload): Buffer {
  const head = Buffer.from(
    JSON.stringify(
      Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
    ),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  // what holds nothing, such as the result of a workflow without one, comes as an empty array
  return Buffer.concat([length, head, Buffer.from(data ?? [])]);
}

function unpacked(bytes: Buffer): Payload {
  const end = 4 + bytes.readUInt32BE(0);
  const metadata = JSON.parse(bytes.subarray(4, end).toString()) as Record<string, string>;
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    data: bytes.subarray(end),
  };
}
