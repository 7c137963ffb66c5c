import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ReadPage {
  /** read from right to left, figures in the order of their digits */
  lines: string[];
  inside: boolean;
  barcodes: [number, number][][];
}

export interface ReadPdf {
  pages: ReadPage[];
  /** glyphs of ی, of marks and of ZWNJ come out of a PDF in their own ways; letters and digits do not */
  text: string;
  barcodes: [number, number][][];
  /** whether all text is on the page */
  inside: boolean;
}

/** What is on the pages of PDF files. Several at once, since a process to read them takes longer than printing them. */
export function readPdfs(files: readonly Uint8Array[]): ReadPdf[] {
  const folder = mkdtempSync(join(tmpdir(), 'bill-'));
  try {
    const paths = files.map((bytes, i) => {
      const path = join(folder, `${i}.pdf`);
      writeFileSync(path, bytes);
      return path;
    });
    const out = execFileSync(process.execPath, [join(__dirname, 'pdf-text.mjs'), ...paths], { encoding: 'utf8', maxBuffer: 1 << 28 });
    return (JSON.parse(out) as ReadPage[][]).map((pages) => ({
      pages,
      text: pages.flatMap((page) => page.lines).join('\n'),
      barcodes: pages.flatMap((page) => page.barcodes),
      inside: pages.every((page) => page.inside),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
