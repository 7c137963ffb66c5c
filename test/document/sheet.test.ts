import { deflateRawSync } from 'node:zlib';
import { readSheet } from '../../src/document/sheet.js';
import { unpackedBytes } from '../../src/document/zip.js';
import { grid, workbook } from '../workbook.js';

/** A ZIP file of one part that unpacks to `size` bytes of one letter. */
function zipOf(size: number, declared = size): Buffer {
  const packed = deflateRawSync(Buffer.alloc(size, 'a'));
  const name = Buffer.from('xl/worksheets/sheet1.xml');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(declared, 22);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(declared, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  return Buffer.concat([local, name, packed, entry, name, end]);
}

test('a small file that unpacks to 104 MB is refused by its directory, before it is unpacked', async () => {
  const bomb = zipOf(104_000_000);
  expect(bomb.length).toBeLessThan(300_000);
  expect(unpackedBytes(bomb)).toBe(104_000_000);
  await expect(readSheet('rates.xlsx', bomb)).rejects.toMatchObject({ code: 'TOO_LARGE' });
});

test.each([
  ['one whose directory lies', zipOf(104_000_000, 10)],
  ['no directory at all', Buffer.from('PK and then nothing')],
  ['a directory that points nowhere', zipOf(10).map((byte, i, all) => (i === all.length - 6 ? 255 : byte)) as Buffer],
])('%s is no workbook', async (_, bytes) => {
  await expect(readSheet('rates.xlsx', Buffer.from(bytes))).rejects.toMatchObject({ code: 'NOT_XLSX' });
});

test('other work is done while a workbook is read', async () => {
  const bytes = workbook([{ name: 'Rates', cells: grid(Array.from({ length: 400 }, (_, i) => ['household', i])) }]);
  let turns = 0;
  const turning = setInterval(() => turns++, 1);
  const { rows } = await readSheet('rates.xlsx', bytes);
  clearInterval(turning);
  expect(rows).toHaveLength(400);
  expect(turns).toBeGreaterThan(3);
});
