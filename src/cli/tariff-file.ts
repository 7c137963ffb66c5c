import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type Sheet, SheetError, isSheet, readSheet } from '../document/sheet.js';
import { type TariffDocument, readDocument } from '../domain/tariff/tariff-review.js';
import type { Tariff, TariffFault } from '../domain/tariff/tariff.js';
import { Refusal } from '../refusal.js';

/** The tariff document of a file, with everything that is wrong with it by JSON path. Refusal when it is no JSON at all. */
export function readTariffFile(file: string): TariffDocument {
  let json: unknown;
  try {
    json = JSON.parse(textOf(file));
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(`${file}: ${(error as Error).message}`);
  }
  return readDocument(json);
}

/** The tariff of a file; Refusal with every fault, the file and the path named on each line. */
export function tariffOfFile(file: string): Tariff {
  const { tariff, faults } = readTariffFile(file);
  if (!tariff) throw new Refusal(faultLines(file, faults).join('\n'));
  return tariff;
}

export function faultLines(file: string, faults: readonly TariffFault[]): string[] {
  return faults.map(({ path, code, message }) => `${[file, ...(path === '' ? [] : [path]), message].join(': ')} (${code})`);
}

export { isSheet as isStepTable };

/** The rows of a step table, CSV or XLSX. `sheet` names one of several; a CSV file has none. Refusal when it cannot be read. */
export async function readSheetFile(file: string, sheet?: string): Promise<Sheet> {
  try {
    return await readSheet(file, bytesOf(file), sheet);
  } catch (error) {
    if (error instanceof SheetError) throw new Refusal(`${file}: ${error.message}`);
    throw error;
  }
}

function textOf(file: string): string {
  const bytes = bytesOf(file);
  if (!isUtf8(bytes)) throw new Refusal(`${file}: not UTF-8`);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Refusal(`${file}: ${(error as Error).message}`);
  }
}
