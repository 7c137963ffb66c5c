import { type JalaliDate, LAST_DAY, addDays, parseJalali } from '../calendar/jalali.js';
import { type ServiceRule, type ServiceTerms, serviceTermsOn } from '../settlement/service-terms.js';
import { type Dated, type RequiredDocument, type Tariff, covers, holdsOn, tariffOn } from './tariff.js';
import { latinDigits } from '../text.js';
import { type DayOff, type OpeningHours, isWeekday } from '../calendar/working-calendar.js';

/** A document that must be shown, without its dates. */
export type Requirement = Omit<RequiredDocument, 'from' | 'to'>;
/** The terms that are set anew, those of a group too; lists stand whole. */
export type ChangedTerms = Omit<ServiceRule, 'from' | 'to'>;

/** What an administrator changes of a tariff's service from a day on; rates are another matter. */
export interface TermsChange {
  from: JalaliDate;
  terms?: ChangedTerms;
  /** every document that is asked for from then on; absent: as it is */
  documents?: readonly Requirement[];
}

export interface Standing extends Dated {
  tariff: Tariff;
  /** the day lies after the tariff's last one */
  provisional: boolean;
}

/** The tariff of a day and the days around it on which no other stands. Null where there is none. */
export function standingOn(tariffs: readonly Tariff[], day: JalaliDate): Standing | null {
  const tariff = tariffOn(tariffs, day);
  if (!tariff) return null;
  const provisional = tariff.to !== null && tariff.to < day;
  const anchor = provisional ? (tariff.to as JalaliDate) : day;
  const turns = turningDays([tariff, ...tariffs], tariff);
  let from = anchor;
  for (const turn of turns.filter((each) => each <= anchor).reverse()) {
    if (tariffOn(tariffs, turn) !== tariff) break;
    from = turn;
  }
  const next = turns.find((turn) => turn > anchor && tariffOn(tariffs, turn) !== tariff);
  return { tariff, from, to: next === undefined ? tariff.to : addDays(next, -1), provisional };
}

/**
 * The tariff in force with the change, as a version that takes its place on all its days: its rates are the same, so no
 * bill's period is cut by it. Where the tariff is used provisionally the change holds from its last day on, as everything
 * of it does. Null where no tariff is in force.
 */
export function changedTariff(tariffs: readonly Tariff[], change: TermsChange, version: string): Tariff | null {
  const standing = standingOn(tariffs, change.from);
  if (!standing) return null;
  const { tariff, from, to } = standing;
  const first = tariff.to !== null && tariff.to < change.from ? tariff.to : change.from;
  const { provisionalTo, ...rest } = tariff;
  return {
    ...rest,
    version,
    from,
    to,
    // what ends before another has no day left to be used provisionally
    ...(provisionalTo !== undefined && to === tariff.to && { provisionalTo }),
    ...(change.documents && { requiredDocuments: withDocuments(tariff.requiredDocuments ?? [], first, change.documents) }),
    ...(change.terms && { service: withTerms(tariff.service ?? [], first, change.terms) }),
  };
}

/** A name that is free for the next version: `household-1405` → `household-1405.2` → `household-1405.3`. */
export function nextVersion(version: string, taken: readonly string[]): string {
  const root = version.replace(/\.\d+$/, '').slice(0, 70);
  let n = 2;
  while (taken.includes(`${root}.${n}`)) n++;
  return `${root}.${n}`;
}

/** A day off as people write it: `friday`, `1/13` of every year, `1405/1/21`; digits of the three scripts. Null when it is none. */
export function parseDayOff(text: string): DayOff | null {
  const typed = latinDigits(text).trim().toLowerCase();
  if (isWeekday(typed)) return typed;
  // a leap year has every day
  if (/^\d{1,2}\/\d{1,2}$/.test(typed)) return parseJalali(`1399/${typed}`)?.slice(5) ?? null;
  return parseJalali(typed);
}

/** What is asked for already stays under its own dates, what begins later stays too. */
function withDocuments(rules: readonly RequiredDocument[], first: JalaliDate, asked: readonly Requirement[]): RequiredDocument[] {
  const left = new Map(asked.map((each) => [contentOf(each), each]));
  const kept = rules.flatMap((rule) => {
    if (!covers(rule, first) || left.delete(contentOf(rule))) return [rule];
    return rule.from < first ? [{ ...rule, to: addDays(first, -1) }] : [];
  });
  return [...kept, ...[...left.values()].map((each) => ({ from: first, to: null, ...each }))];
}

/** Also what is set already for later days gets the change, each stretch of days as a rule of its own. */
function withTerms(rules: readonly ServiceRule[], first: JalaliDate, change: ChangedTerms): ServiceRule[] {
  const before = rules
    .filter((rule) => rule.from < first)
    .map((rule) => (rule.to === null || rule.to >= first ? { ...rule, to: addDays(first, -1) } : rule));
  const turns = turningDays(rules, { from: first, to: null });
  const after: ServiceRule[] = [];
  for (const from of [...new Set([first, ...turns])]) {
    const { from: _from, to: _to, ...standing } = rules.findLast((rule) => covers(rule, from)) ?? { from, to: null };
    const rule: ServiceRule = {
      from,
      to: null,
      ...standing,
      ...change,
      ...(change.correction && { correction: { ...standing.correction, ...change.correction } }),
      ...(change.correctiveAction && { correctiveAction: { ...standing.correctiveAction, ...change.correctiveAction } }),
    };
    const last = after.at(-1);
    if (last && contentOf(last) === contentOf(rule)) continue;
    if (last) last.to = addDays(from, -1);
    after.push(rule);
  }
  return [...before, ...after];
}

export type TermName =
  | Exclude<keyof ServiceTerms, 'daysOff' | 'openingHours' | 'correction' | 'correctiveAction' | 'staleAfterDays'>
  | `${'correction' | 'correctiveAction' | 'staleAfterDays'}.${string}`;

/** What is otherwise from a day on. */
export interface TermsDifference {
  from: JalaliDate;
  /** null: a feed that is never stale */
  terms: { term: TermName; before: number | readonly number[] | null; after: number | readonly number[] | null }[];
  /** null: as they were */
  openingHours: { before: readonly OpeningHours[]; after: readonly OpeningHours[] } | null;
  daysOff: { added: DayOff[]; removed: DayOff[] };
  documents: { added: Requirement[]; removed: Requirement[] };
}

/** What of service terms, working days and documents is otherwise under `after` than under `before` on the days of `within`, each time that it becomes another difference. */
export function termsDifferences(before: readonly Tariff[], after: readonly Tariff[], within: Dated): TermsDifference[] {
  const found: TermsDifference[] = [];
  let last = '';
  for (const day of [within.from, ...rulesTurning([...before, ...after], within)]) {
    const of = difference(inForce(before, day), inForce(after, day), day);
    const content = contentOf(of);
    if (content !== last && !isNothing(of)) found.push(of);
    last = content;
  }
  return found;
}

/** What is decided already for days after `day`. */
export function laterTerms(tariffs: readonly Tariff[], day: JalaliDate): TermsDifference[] {
  return rulesTurning(tariffs, { from: day, to: null })
    .map((turn) => difference(inForce(tariffs, addDays(turn, -1)), inForce(tariffs, turn), turn))
    .filter((each) => !isNothing(each));
}

/** The documents that the tariff of a day asks for. */
export function documentsOn(tariffs: readonly Tariff[], day: JalaliDate): RequiredDocument[] {
  const tariff = tariffOn(tariffs, day);
  return tariff?.requiredDocuments?.filter((rule) => holdsOn(tariff, rule, day)) ?? [];
}

interface InForce {
  terms: ServiceTerms;
  documents: readonly RequiredDocument[];
}

function inForce(tariffs: readonly Tariff[], day: JalaliDate): InForce {
  return { terms: serviceTermsOn(tariffs, day), documents: documentsOn(tariffs, day) };
}

function difference(before: InForce, after: InForce, from: JalaliDate): TermsDifference {
  const [old, now] = [figuresOf(before.terms), figuresOf(after.terms)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return {
    from,
    terms: names
      .map((term) => ({ term, before: old.get(term) ?? null, after: now.get(term) ?? null }))
      .filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after)),
    openingHours:
      JSON.stringify(before.terms.openingHours) === JSON.stringify(after.terms.openingHours)
        ? null
        : { before: before.terms.openingHours, after: after.terms.openingHours },
    daysOff: {
      added: after.terms.daysOff.filter((day) => !before.terms.daysOff.includes(day)),
      removed: before.terms.daysOff.filter((day) => !after.terms.daysOff.includes(day)),
    },
    documents: { added: missing(after.documents, before.documents), removed: missing(before.documents, after.documents) },
  };
}

function isNothing({ terms, openingHours, daysOff, documents }: TermsDifference): boolean {
  return (
    openingHours === null &&
    terms.length + daysOff.added.length + daysOff.removed.length + documents.added.length + documents.removed.length === 0
  );
}

function missing(of: readonly RequiredDocument[], from: readonly RequiredDocument[]): Requirement[] {
  const there = new Set(from.map(contentOf));
  return of.filter((each) => !there.has(contentOf(each))).map(({ from: _from, to: _to, ...each }) => each);
}

/** Every figure under its dotted name. */
function figuresOf({
  staleAfterDays,
  remindDaysBeforeClosing,
  correction,
  correctiveAction,
  daysOff: _days,
  openingHours: _hours,
  ...single
}: ServiceTerms): Map<TermName, number | readonly number[]> {
  const groups = { correction, correctiveAction, staleAfterDays };
  return new Map<TermName, number | readonly number[]>([
    ...(Object.entries(groups) as [keyof typeof groups, Record<string, number>][]).flatMap(([group, terms]) =>
      Object.entries(terms).map(([name, value]): [TermName, number] => [`${group}.${name}`, value]),
    ),
    ['remindDaysBeforeClosing', remindDaysBeforeClosing],
    ...(Object.entries(single) as [keyof typeof single, number][]),
  ]);
}

/** The same content, whatever order its names stand in and whatever its dates are. */
function contentOf(rule: object): string {
  const { from: _from, to: _to, ...content } = rule as Partial<Dated>;
  return JSON.stringify(content, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Days of `within` on which a rule begins or is over, in order. */
function turningDays(rules: readonly Dated[], within: Dated): JalaliDate[] {
  const turns = rules.flatMap(({ from, to }) => [from, ...(to === null || to >= LAST_DAY ? [] : [addDays(to, 1)])]);
  return [...new Set(turns)].filter((day) => covers(within, day)).sort();
}

/** The same of tariffs and of what they say about documents and service; also the day after which one is used provisionally no more. */
function rulesTurning(tariffs: readonly Tariff[], within: Dated): JalaliDate[] {
  const rules = tariffs.flatMap((tariff) => [
    tariff,
    ...(tariff.requiredDocuments ?? []),
    ...(tariff.service ?? []),
    ...(tariff.provisionalTo === undefined ? [] : [{ from: tariff.from, to: tariff.provisionalTo }]),
  ]);
  return turningDays(rules, within).filter((day) => day > within.from);
}
