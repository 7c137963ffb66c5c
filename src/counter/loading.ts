import { useCallback, useEffect, useRef, useState } from 'react';
import { Away, get, useReachable } from './api';

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
  return { value: current ? state.value : null, error: current ? state.error : null, loading: path !== null && !(current && (state.value !== null || state.error !== null)), reload };
}
