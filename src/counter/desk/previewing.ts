import { useEffect, useRef, useState } from 'react';
import { Away, call, type Preview, Refused, useReachable } from '../api';

const TYPED_MS = 250;

export interface Previewing {
  preview: Preview | null;
  /** the figures belong to an earlier text */
  stale: boolean;
  away: boolean;
}

/** The preview of what is typed, once it rests; a late answer to an earlier text is dropped. `body` null: not enough yet. */
export function usePreview(body: Record<string, unknown> | null): Previewing {
  const text = body === null ? null : JSON.stringify(body);
  const [answer, setAnswer] = useState<{ text: string; preview: Preview | null; away: boolean } | null>(null);
  const reachable = useReachable();
  const settled = useRef<string | null>(null);

  useEffect(() => {
    if (text === null || (settled.current === text && reachable)) return undefined;
    const asking = new AbortController();
    const timer = setTimeout(() => {
      call<Preview>('POST', '/settlements/preview', { body: JSON.parse(text), signal: asking.signal }).then(
        ({ value }) => {
          settled.current = text;
          setAnswer({ text, preview: value, away: false });
        },
        (error: unknown) => {
          if (asking.signal.aborted) return;
          settled.current = error instanceof Away ? null : text;
          const errors =
            error instanceof Refused
              ? error.problem.errors.map((found) => ({ ...found, severity: found.severity ?? ('error' as const) }))
              : [];
          setAnswer({ text, preview: error instanceof Refused ? { bill: null, warnings: [], errors } : null, away: error instanceof Away });
        },
      );
    }, TYPED_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [text, reachable]);

  if (text === null || answer === null) return { preview: null, stale: text !== null, away: false };
  return { preview: answer.preview, stale: answer.text !== text, away: answer.away };
}
