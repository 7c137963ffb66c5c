import fc from 'fast-check';
import type { Payload } from '@temporalio/common';
import { createPayloadCodec, derivedEncryptionKey, newEncryptionKey, readEncryptionKeys } from '../../src/temporal/encryption.js';

const payload = (text: string): Payload => ({ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(text) });
const plain = ({ metadata, data }: Payload) => ({
  encoding: Buffer.from(metadata?.['encoding'] ?? []).toString(),
  data: Buffer.from(data ?? []).toString(),
});
const codecOf = (keys: string) => createPayloadCodec(readEncryptionKeys(keys));
const [OLD, NEW] = [newEncryptionKey('k1'), newEncryptionKey('k2')];

test('whatever is encrypted comes back, metadata and data, and nothing of it is to be seen', async () => {
  const codec = codecOf(OLD);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.dictionary(fc.string(), fc.uint8Array()), fc.uint8Array())), async (parts) => {
      const payloads = parts.map(([metadata, data]): Payload => ({ metadata, data }));
      const back = await codec.decode(await codec.encode(payloads));
      expect(
        back.map(({ metadata, data }) => [
          Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, [...value]])),
          [...(data ?? [])],
        ]),
      ).toEqual(
        parts.map(([metadata, data]) => [
          Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, [...value]])),
          [...data],
        ]),
      );
    }),
  );
  const [hidden] = await codec.encode([payload('{"name":"مریم رضایی"}')]);
  expect(Buffer.from(hidden?.data ?? []).includes(Buffer.from('مریم'))).toBe(false);
  expect(plain(hidden as Payload).encoding).toBe('binary/encrypted');
});

test('what holds nothing: a workflow without a result hands over an empty array for its bytes', async () => {
  const codec = codecOf(OLD);
  const empty = { metadata: { encoding: Buffer.from('binary/null') }, data: [] as unknown as Uint8Array };
  expect((await codec.decode(await codec.encode([empty, { metadata: empty.metadata }]))).map(plain)).toEqual([
    { encoding: 'binary/null', data: '' },
    { encoding: 'binary/null', data: '' },
  ]);
});

test('the same twice is not the same', async () => {
  const [a, b] = await codecOf(OLD).encode([payload('x'), payload('x')]);
  expect(Buffer.from(a?.data ?? []).equals(Buffer.from(b?.data ?? []))).toBe(false);
});

test('rotation: a new key is known everywhere, then used, and what is older is read by the one before', async () => {
  const before = await codecOf(OLD).encode([payload('older')]);
  const after = await codecOf(`${NEW},${OLD}`).encode([payload('newer')]);
  const known = codecOf(`${OLD}\n${NEW}\n`);
  expect((await known.decode([...before, ...after])).map(plain).map(({ data }) => data)).toEqual(['older', 'newer']);
  await expect(codecOf(NEW).decode(before)).rejects.toThrow('encrypted with the key k1, which is not configured');
});

test('what was written before there were keys is read as it is', async () => {
  expect((await codecOf(OLD).decode([payload('plain')])).map(plain)).toEqual([{ encoding: 'json/plain', data: 'plain' }]);
});

test.each([0, 5, 12, 20, -1])('a bit changed at %i is noticed', async (at) => {
  const codec = codecOf(OLD);
  const [hidden] = await codec.encode([payload('an amount')]);
  const data = Buffer.from(hidden?.data ?? []);
  const index = at < 0 ? data.length + at : at;
  data[index] = (data[index] ?? 0) ^ 1;
  await expect(codec.decode([{ ...hidden, data }])).rejects.toThrow();
});

test('a payload under the name of another key is noticed, also when both keys are the same', async () => {
  const same = OLD.replace('k1', 'k9');
  const [hidden] = await codecOf(OLD).encode([payload('x')]);
  await expect(
    codecOf(`${OLD},${same}`).decode([{ ...hidden, metadata: { ...hidden?.metadata, 'key-id': Buffer.from('k9') } }]),
  ).rejects.toThrow();
});

test('the key of a secret: always the same, another for another secret, in name and bytes', () => {
  const key = derivedEncryptionKey('one secret of thirty-two characters');
  expect(derivedEncryptionKey('one secret of thirty-two characters')).toBe(key);
  const other = derivedEncryptionKey('another secret of thirty-two characters');
  expect(readEncryptionKeys(`${key},${other}`).keys.size).toBe(2);
  expect(other.split(':')[1]).not.toBe(key.split(':')[1]);
});

test.each(['', 'k1', 'k1:', 'k1:c2hvcnQ=', `${OLD},${OLD}`, `k 1:${OLD.slice(3)}`, `${OLD};${NEW}`])('%j is no list of keys', (text) => {
  expect(() => readEncryptionKeys(text)).toThrow('holds no id:key pairs');
});
