import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { Away, get, useReachable } from './api';

/** Who types is not interrupted. */
const REST_MS = 600;

export interface Loaded<T> {
  value: T | null;
  /** what went wrong with the last attempt; Away mends itself */
  error: unknown;
  loading: boolean;
  reload(): void;
}

/** What the API has under `path`, again whenever that changes or the service comes back; null: nothing to ask. */
export function useLoaded<T>(path: string | null): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; value: T | null; error: unknown }>({ path: null, value: null, error: null });
  const [asked, setAsked] = useState(0);
  const reachable = useReachable();
  const failed = useRef(false);

  useEffect(() => {
    if (path === null) return undefined;
    const asking = new AbortController();
    get<T>(path, asking.signal).then(
      (value) => {
        failed.current = false;
        setState({ path, value, error: null });
      },
      (error: unknown) => {
        if (asking.signal.aborted) return;
        failed.current = error instanceof Away;
        // what was there stays readable
        setState((before) => ({ path, value: before.path === path ? before.value : null, error }));
      },
    );
    return () => asking.abort();
  }, [path, asked]);

  const reload = useCallback(() => setAsked((n) => n + 1), []);
  useEffect(() => {
    if (reachable && failed.current) reload();
  }, [reachable, reload]);

  const current = state.path === path;
  return {
    value: current ? state.value : null,
    error: current ? state.error : null,
    loading: path !== null && !(current && (state.value !== null || state.error !== null)),
    reload,
  };
}

export interface Pages<T> {
  items: readonly T[];
  /** false until the first page is there */
  here: boolean;
  error: unknown;
  reload(): void;
  /** the next page; null on the last */
  more: (() => void) | null;
}

/** A list of the API, page after page; a changed `path` begins anew. */
export function usePages<T>(path: string): Pages<T> {
  const { value, error, reload } = useLoaded<{ items: T[]; next: string | null }>(path);
  const [later, setLater] = useState<{ of: unknown; items: T[]; next: string | null; error: unknown }>({
    of: null,
    items: [],
    next: null,
    error: null,
  });
  // pages belong to the first one as it was read: a reload begins anew
  const further = value !== null && later.of === value ? later : { items: [] as T[], next: value?.next ?? null, error: null };
  const { next } = further;
  const more = (): void => {
    if (next === null) return;
    get<{ items: T[]; next: string | null }>(`${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`).then(
      (page) => setLater({ of: value, items: [...further.items, ...page.items], next: page.next, error: null }),
      (problem: unknown) => setLater({ of: value, items: further.items, next, error: problem }),
    );
  };
  return {
    items: [...(value?.items ?? []), ...further.items],
    here: value !== null,
    error: error ?? further.error,
    reload,
    more: next === null ? null : more,
  };
}

/** Calls `act` again and again while the page is looked at. */
export function useOften(act: () => void, everyMs: number): void {
  const again = useEffectEvent(act);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

/** Calls `act` with what was typed once it rests and is not what stands already. */
export function useRested(typed: string, given: string, act: (typed: string) => void): void {
  const rested = useEffectEvent(act);
  useEffect(() => {
    if (typed === given) return undefined;
    const timer = setTimeout(() => rested(typed), REST_MS);
    return () => clearTimeout(timer);
  }, [typed, given]);
}
