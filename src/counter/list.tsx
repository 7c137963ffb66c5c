import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useRested, type Pages } from './loading';
import { Trouble, Waiting } from './parts';
import { go, useAddress } from './router';
import { useWords } from './words';

interface Filters {
  /** what a filter stands at; '' when it does not */
  given(name: string): string;
  /** sets filters, '' takes one off */
  apply(change: Record<string, string>): void;
  /** takes all of them off */
  clear(): void;
  /** some stand */
  any: boolean;
  /** the query that the API gets */
  query: URLSearchParams;
}

/** The filters of a list. They stand in the page's address, so that Back brings them back. */
export function useFilters(page: string, names: readonly string[]): Filters {
  const { searchParams } = useAddress();
  const given = (name: string): string => searchParams.get(name) ?? '';
  const query = new URLSearchParams(names.flatMap((name) => (given(name) === '' ? [] : [[name, given(name)]])));
  const open = (next: URLSearchParams): void => go(next.size === 0 ? page : `${page}?${next.toString()}`, { replace: true });
  return {
    given,
    apply(change) {
      const next = new URLSearchParams(searchParams);
      for (const [name, value] of Object.entries(change)) {
        if (value === '') next.delete(name);
        else next.set(name, value);
      }
      open(next);
    },
    clear: () => open(new URLSearchParams()),
    any: searchParams.size > 0,
    query,
  };
}

/** Filters that are typed take effect when the hand rests. */
export function useTyped({ given, apply }: Filters, typed: Record<string, string>): void {
  const standing = Object.fromEntries(Object.keys(typed).map((name) => [name, given(name)]));
  useRested(JSON.stringify(typed), JSON.stringify(standing), (rested) => apply(JSON.parse(rested) as Record<string, string>));
}

/** The pages of a list that are there, what is on its way or went wrong, and the way to the next one. */
export function List<T>({
  pages: { items, here, error, reload, more },
  empty,
  children,
}: {
  pages: Pages<T>;
  empty: string;
  children: (items: readonly T[]) => ReactNode;
}) {
  const words = useWords();
  return (
    <>
      {error === null ? null : <Trouble error={error} retry={reload} />}
      {!here && error === null ? <Waiting /> : null}
      {here && items.length === 0 ? <p className="empty">{empty}</p> : null}
      {items.length === 0 ? null : children(items)}
      {more === null ? null : (
        <Button className="button" onPress={more}>
          {words.more}
        </Button>
      )}
    </>
  );
}
