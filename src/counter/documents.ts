import type { Terms } from './api';
import { useLoaded } from './loading';
import { useWords } from './words';

/** What a day asks applicants for, a rule each; none while it is not known, or for no day. */
export function useDocumentsOf(day: string | null): Terms['documents'] {
  return useLoaded<Terms>(day === null ? null : `/terms?on=${day}`).value?.documents ?? [];
}

/** The names of documents by their codes: the usual ones, and those that a day's rules name. */
export function useDocumentNames(day: string | null): (codes: readonly string[]) => string {
  const words = useWords();
  const named = useDocumentsOf(day).flatMap(({ anyOf }) => anyOf);
  return (codes) =>
    codes.map((code) => named.find((each) => each.code === code)?.name ?? words.form.documentNames[code] ?? code).join(words.and);
}
