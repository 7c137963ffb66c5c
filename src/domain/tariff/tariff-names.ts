import { FEED_KINDS } from '../settlement/account.js';
import type { TariffFault } from './tariff.js';

/** Names that are read; of a list, those of its items; `*`: any name. */
interface Names {
  [name: string]: Names | null;
}

const names = (...list: readonly string[]): Names => Object.fromEntries(list.map((name) => [name, null]));
const dated = (...list: readonly string[]): Names => names('from', 'to', ...list);
const STEPS = names('uptoM3PerMonth', 'rialPerM3');
const FIXED = ['rialPerMonth', 'per', 'fixedPer', 'use'];

const DOCUMENT: Names = {
  ...dated('version', 'title', 'source', 'about', 'illustrative', 'provisionalTo'),
  seasons: dated('season'),
  gas: { ...names('use', 'season', 'climates', 'flat'), steps: STEPS },
  levy: dated('percent'),
  vat: dated('percent', 'base'),
  insurance: dated(...FIXED, 'area'),
  subscription: dated(...FIXED, 'capacityUpTo'),
  discounts: { ...dated('kind', 'title', 'use', 'climates', 'season', 'uptoM3PerMonth', 'steps'), spans: dated() },
  requiredDocuments: { ...dated('purposes', 'applicants'), anyOf: names('code', 'name') },
  service: {
    ...dated(
      'remindDaysBeforeClosing',
      'escalateAfterHours',
      'qualificationWarnDays',
      'outageAfterMinutes',
      'lateEntryWithinDays',
      'daysOff',
    ),
    staleAfterDays: names(...FEED_KINDS),
    openingHours: names('days', 'from', 'to'),
    correction: names('dueHours', 'remindHours', 'approvalAbove'),
    correctiveAction: names('perSettlement', 'perClerk', 'perCause', 'perOffice', 'effectAfterDays', 'meetingDueDays'),
  },
  collection: names('roundTo', 'notCollectedUpTo'),
  bands: names('highFactor', 'lowFactor', 'outerFactor', 'ignoreUpToM3PerMonth'),
  paymentPeriods: dated(),
};

const PUBLISHED_TABLE: Names = {
  ...names('about', 'source'),
  seasons: dated('season'),
  household: { ...names('season', 'climates'), steps: STEPS },
  flat: names('use', 'season', 'rialPerM3'),
  // the base stands as a remark: what is read is gas and subscription
  levies: { ...names('gasSupplyLevyPercentOfGasPrice', 'vatPercent', 'vatBase'), insuranceRialPerMonth: { '*': names('urban', 'rural') } },
};

/** Names of a tariff document, or of a published table, that nothing reads: `climate` for `climates` would mean every climate. */
export function unknownNames(json: unknown): TariffFault[] {
  const table = typeof json === 'object' && json !== null && 'household' in json;
  return unknown(json, table ? PUBLISHED_TABLE : DOCUMENT, '');
}

function unknown(value: unknown, known: Names, path: string): TariffFault[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => unknown(item, known, `${path}[${i}]`));
  return Object.entries(value).flatMap(([name, of]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const under = Object.hasOwn(known, name) ? known[name] : known['*'];
    if (under === undefined)
      return [{ path: at, code: 'UNKNOWN_NAME', message: 'nothing reads this name', detail: 'این نام شناخته نیست و خوانده نمی‌شود.' }];
    return under === null ? [] : unknown(of, under, at);
  });
}
