import type { z } from 'zod';
import { isSheet, readSheet, type Sheet, SheetError, type SheetFault } from '../document/sheet.js';
import { followingTariff, readStepTable } from '../domain/tariff/step-table.js';
import { tariffOn, type Tariff } from '../domain/tariff/tariff.js';
import { reviewTariff } from '../store/publication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { stepTableRequest, stepTableView } from './schemas.js';
import { viewReview } from './tariffs.js';

/**
 * POST /tariffs/steps: the document that a step table makes of the tariff before it, with everything that is wrong with
 * either and what people would pay; nothing is kept.
 */
export async function readSteps({ res, body }: Call<unknown, unknown, z.output<typeof stepTableRequest>>, deps: ApiDeps) {
  const { file, sheet: asked, base, version, title, source, from, to = null, illustrative } = body;
  const { sheet, rows } = await sheetOf(file, asked);
  const { gas, faults, byRow } = readStepTable(rows);
  const named = <F extends { path: string }>(found: F): F =>
    sheet === null ? found : { ...found, path: [sheet, ...(found.path === '' ? [] : [found.path])].join(', ') };
  const answer = (view: z.input<typeof stepTableView>): void => void res.json(view);
  if (faults.length > 0) {
    const review = {
      tariff: null,
      against: null,
      valid: false,
      faults: faults.map(named),
      warnings: [],
      doubts: [],
      differences: [],
      samples: [],
    };
    return answer({ sheet, document: null, review: viewReview(review) });
  }
  const before = beforeOf(
    (await deps.tariffs.published()).map(({ tariff }) => tariff),
    base,
    from,
  );
  const document = {
    ...followingTariff(before, { version, title, source, from, to }, gas),
    ...(illustrative !== undefined && { illustrative }),
  };
  const review = await reviewTariff(deps.tariffs, document, before.version);
  // of the table by row and column, of the rest by the document's paths
  const told = <F extends (typeof faults)[number]>(found: readonly F[]) =>
    found.map((each) => (byRow(each).path === each.path ? each : named(byRow(each))));
  answer({
    sheet,
    document: { ...document },
    review: viewReview({ ...review, faults: told(review.faults), warnings: told(review.warnings), doubts: told(review.doubts) }),
  });
}

function beforeOf(published: readonly Tariff[], base: string | undefined, from: Tariff['from']): Tariff {
  const found = base === undefined ? tariffOn(published, from) : published.find(({ version }) => version === base);
  if (found) return found;
  if (base === undefined) throw new Problem('NO_TARIFF_IN_FORCE');
  throw new Problem('INVALID_REQUEST', {
    errors: [{ field: 'base', code: 'NO_TARIFF', message: 'تعرفه‌ای با این نسخه منتشر نشده است. نسخه را از فهرست تعرفه‌ها بردارید.' }],
  });
}

const UNREADABLE: Record<SheetFault, string> = {
  NO_SHEETS: 'پروندهٔ CSV کاربرگ ندارد. نام کاربرگ را خالی بگذارید.',
  NOT_UTF8: 'کدگذاری پرونده UTF-8 نیست. در صفحه‌گسترده آن را «CSV UTF-8» ذخیره کنید.',
  NOT_CSV: 'پرونده CSV درستی نیست: شمار خانه‌های سطرها یکسان نیست یا نشان نقل‌قولی باز مانده است.',
  TOO_LARGE: 'پرونده بسیار بزرگ است. جدول پله‌ها را در پرونده‌ای جدا بگذارید.',
  NOT_XLSX: 'پرونده XLSX درستی نیست (شاید xls کهنه یا دارای گذرواژه است). آن را بی‌گذرواژه با پسوند xlsx ذخیره کنید.',
  WHICH_SHEET: 'پرونده چند کاربرگ پر دارد یا کاربرگی با این نام ندارد. کاربرگ جدول پله‌ها را نام ببرید.',
};

async function sheetOf({ name, content }: { name: string; content: string }, asked: string | undefined): Promise<Sheet> {
  if (!isSheet(name))
    throw new Problem('SHEET_UNREADABLE', {
      errors: [{ field: 'file.name', code: 'NOT_A_SHEET', message: 'نام پرونده به csv یا xlsx پایان نمی‌یابد.' }],
    });
  try {
    return await readSheet(name, Buffer.from(content, 'base64'), asked);
  } catch (error) {
    if (!(error instanceof SheetError)) throw error;
    const { code, sheets } = error;
    throw new Problem('SHEET_UNREADABLE', {
      errors: [{ field: code === 'WHICH_SHEET' || code === 'NO_SHEETS' ? 'sheet' : 'file', code, message: UNREADABLE[code] }],
      ...(sheets.length > 0 && { members: { sheets: [...sheets] } }),
    });
  }
}
