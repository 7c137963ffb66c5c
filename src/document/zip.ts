const END_OF_DIRECTORY = 0x06054b50;
const ENTRY = 0x02014b50;
/** An end of directory without a comment, and the longest comment. */
const END_BYTES = 22;
const COMMENT_BYTES = 65_535;

/** What the entries of a ZIP file unpack to by its directory, in bytes; null when it has none that can be read. */
export function unpackedBytes(zip: Buffer): number | null {
  for (let end = zip.length - END_BYTES; end >= Math.max(0, zip.length - END_BYTES - COMMENT_BYTES); end--) {
    if (zip.readUInt32LE(end) !== END_OF_DIRECTORY) continue;
    const entries = zip.readUInt16LE(end + 10);
    let at = zip.readUInt32LE(end + 16);
    let total = 0;
    for (let i = 0; i < entries; i++) {
      if (at + 46 > zip.length || zip.readUInt32LE(at) !== ENTRY) return null;
      total += zip.readUInt32LE(at + 24);
      at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    }
    return total;
  }
  return null;
}
