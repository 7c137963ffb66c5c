import type { Requirement, TariffReview, Terms } from '../api';
import { monthDay } from '../dates';
import { grouped } from '../digits';
import { Num, Said, useFigures } from '../parts';
import { useSpeech, useWords } from '../words';

type Difference = TariffReview['differences'][number];

export function sameRequirement(a: Requirement, b: Requirement): boolean {
  const content = ({ anyOf, purposes, applicants }: Requirement): string =>
    JSON.stringify([anyOf.map(({ code, name }) => [code, name]), purposes, applicants]);
  return content(a) === content(b);
}

/** The name of a deadline or threshold, with its unit. */
export function useTermName(): (term: string) => string {
  const words = useWords();
  return (term) => {
    const [group, feed = ''] = term.split('.');
    return group === 'staleAfterDays' ? words.terms.staleOf(words.account.feedKinds[feed] ?? feed) : (words.terms.names[term] ?? term);
  };
}

/** A day off in words: Fridays, 13 Farvardin of every year, one date. */
export function useDayOff(): (day: string) => string {
  const { words, language } = useSpeech();
  const figures = useFigures();
  return (day) => {
    const weekday = words.terms.weekdays[day];
    if (weekday !== undefined) return weekday;
    return day.length === 5 ? monthDay(`1399/${day}`, language) : `${monthDay(day, language)} ${figures(day.slice(0, 4))}`;
  };
}

/** Opening hours in words: Thursday: 07:30 to 12:30. */
export function useHours(): (of: Terms['terms']['openingHours'][number]) => string {
  const words = useWords();
  const figures = useFigures();
  return ({ days, from, to }) =>
    `${days === null ? words.terms.workingDays : days.map((day) => words.terms.weekdays[day] ?? day).join(words.and)}: ${words.terms.fromTo(figures(from), figures(to))}`;
}

/** A requirement in words. */
export function useRequirement(): (of: Requirement) => { names: string; purposes: string; applicants: string } {
  const words = useWords();
  return ({ anyOf, purposes, applicants }) => ({
    names: anyOf.map(({ name }) => name).join(words.terms.orWord),
    purposes: purposes.map((each) => words.terms.purposes[each]).join(words.and),
    applicants: applicants === null ? words.terms.everyApplicant : applicants.map((each) => words.form.applicants[each]).join(words.and),
  });
}

/** What becomes otherwise of service terms, working days and documents, each time from a day on. */
export function Differences({ differences }: { differences: readonly Difference[] }) {
  const words = useWords();
  return (
    <>
      {differences.map((difference) => (
        <div key={difference.from} className="difference">
          <h3>
            {words.terms.from} <Num>{difference.from}</Num>
          </h3>
          <Changes difference={difference} />
        </div>
      ))}
    </>
  );
}

function Changes({ difference: { terms, openingHours, daysOff, documents } }: { difference: Difference }) {
  const words = useWords();
  const figures = useFigures();
  const nameOf = useTermName();
  const dayOff = useDayOff();
  const hours = useHours();
  const tell = useRequirement();
  const value = (of: Difference['terms'][number]['before']): string =>
    of === null ? words.terms.never : typeof of === 'number' ? grouped(of) : of.length === 0 ? words.terms.noneOfThem : of.join(words.and);
  const requirement = (of: Requirement): string => {
    const { names, purposes, applicants } = tell(of);
    return `${names} (${purposes}${of.applicants === null ? '' : `${words.and}${applicants}`})`;
  };
  const list = (title: string, items: readonly string[], gone: boolean) =>
    items.length === 0 ? null : (
      <li className={gone ? 'gone' : 'come'}>
        {title}: <Said>{items.join(words.terms.listed)}</Said>
      </li>
    );
  return (
    <ul className="changes">
      {terms.map(({ term, before, after }) => (
        <li key={term}>
          {nameOf(term)}: <s>{figures(value(before))}</s> <strong>{figures(value(after))}</strong>
        </li>
      ))}
      {openingHours === null ? null : (
        <li>
          {words.terms.opening}: <s>{openingHours.before.map(hours).join(words.terms.listed) || words.none}</s>{' '}
          <strong>{openingHours.after.map(hours).join(words.terms.listed) || words.none}</strong>
        </li>
      )}
      {list(words.terms.daysCome, daysOff.added.map(dayOff), false)}
      {list(words.terms.daysGo, daysOff.removed.map(dayOff), true)}
      {list(words.terms.documentsCome, documents.added.map(requirement), false)}
      {list(words.terms.documentsGo, documents.removed.map(requirement), true)}
    </ul>
  );
}
