import { crc32 } from 'node:zlib';

/** A cell as the XML of a workbook has it; a string is a shared one, a number a number. */
export type RawCell = string | number | { xml: string; style?: 'date'; type?: 'e' | 'b' | 'str' };

export interface RawSheet {
  name: string;
  /** by address: `B3` */
  cells: Record<string, RawCell>;
  merges?: string[];
  hidden?: boolean;
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** Rows of cells from A1 on. */
export function grid(rows: readonly (readonly RawCell[])[]): Record<string, RawCell> {
  return Object.fromEntries(
    rows.flatMap((row, r) => row.map((cell, c) => [`${String.fromCharCode(65 + c)}${r + 1}`, cell]).filter(([, cell]) => cell !== '')),
  );
}

/** The bytes of an XLSX workbook, part by part as spreadsheets write it, without the library that is to read it. */
export function workbook(sheets: readonly RawSheet[]): Buffer {
  const shared: string[] = [];
  const cellXml = (address: string, cell: RawCell): string => {
    if (typeof cell === 'number') return `<c r="${address}"><v>${cell}</v></c>`;
    if (typeof cell === 'string') {
      shared.push(cell);
      return `<c r="${address}" t="s"><v>${shared.length - 1}</v></c>`;
    }
    return `<c r="${address}"${cell.style ? ' s="1"' : ''}${cell.type ? ` t="${cell.type}"` : ''}>${cell.xml}</c>`;
  };
  const sheetXml = ({ cells, merges = [] }: RawSheet): string => {
    const rows = new Map<number, string>();
    for (const [address, cell] of Object.entries(cells)) {
      const row = Number(/\d+/.exec(address)?.[0]);
      rows.set(row, (rows.get(row) ?? '') + cellXml(address, cell));
    }
    const merged =
      merges.length === 0
        ? ''
        : `<mergeCells count="${merges.length}">${merges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`;
    return `<worksheet xmlns="${MAIN}"><sheetData>${[...rows].map(([row, xml]) => `<row r="${row}">${xml}</row>`).join('')}</sheetData>${merged}</worksheet>`;
  };
  const bodies = sheets.map(sheetXml);
  const each = (of: (sheet: RawSheet, n: number) => string): string => sheets.map((sheet, i) => of(sheet, i + 1)).join('');
  return zip({
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="${TYPE}.sharedStrings+xml"/>${each((_, n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${TYPE}.worksheet+xml"/>`)}</Types>`,
    '_rels/.rels': `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${RELATION}"><sheets>${each(({ name, hidden }, n) => `<sheet name="${escape(name)}" sheetId="${n}"${hidden ? ' state="hidden"' : ''} r:id="rId${n}"/>`)}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${PACKAGE}/relationships">${each((_, n) => `<Relationship Id="rId${n}" Type="${RELATION}/worksheet" Target="worksheets/sheet${n}.xml"/>`)}<Relationship Id="rIdS" Type="${RELATION}/styles" Target="styles.xml"/><Relationship Id="rIdT" Type="${RELATION}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    // style 1 is what a spreadsheet gives to 1-3 as soon as it is typed
    'xl/styles.xml': `<styleSheet xmlns="${MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="16" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst xmlns="${MAIN}" count="${shared.length}" uniqueCount="${shared.length}">${shared.map((text) => `<si><t xml:space="preserve">${escape(text)}</t></si>`).join('')}</sst>`,
    ...Object.fromEntries(bodies.map((xml, i) => [`xl/worksheets/sheet${i + 1}.xml`, xml])),
  });
}

const SCHEMAS = 'http://schemas.openxmlformats.org';
const MAIN = `${SCHEMAS}/spreadsheetml/2006/main`;
const PACKAGE = `${SCHEMAS}/package/2006`;
const RELATION = `${SCHEMAS}/officeDocument/2006/relationships`;
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** A ZIP file without compression. */
function zip(parts: Record<string, string>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(parts)) {
    const [title, body] = [Buffer.from(name), Buffer.from(text)];
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(0x21, 8);
    header.writeUInt32LE(crc32(body), 10);
    header.writeUInt32LE(body.length, 14);
    header.writeUInt32LE(body.length, 18);
    header.writeUInt16LE(title.length, 22);
    local.push(Buffer.from('PK\x03\x04', 'latin1'), header, title, body);
    const entry = Buffer.alloc(16);
    entry.writeUInt32LE(offset, 12);
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), header, entry.subarray(2), title);
    offset += 30 + title.length + body.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  const count = Object.keys(parts).length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
