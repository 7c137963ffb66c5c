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
  const [answer, setAnswer] = useState<{ text: string; preview: Preview | null } | null>(null);
  const reachable = useReachable();
  const settled = useRef<string | null>(null);

  useEffect(() => {
    // while the service is away nothing is asked; once it is back what has no answer is
    if (text === null || !reachable || settled.current === text) return undefined;
    const asking = new AbortController();
    const timer = setTimeout(() => {
      call<Preview>('POST', '/settlements/preview', { body: JSON.parse(text), signal: asking.signal }).then(
        ({ value }) => {
          settled.current = text;
          setAnswer({ text, preview: value });
        },
        (error: unknown) => {
          // without an answer it is asked again once the service is back
          if (asking.signal.aborted || error instanceof Away) return;
          settled.current = text;
          const errors =
            error instanceof Refused
              ? error.problem.errors.map((found) => ({ ...found, severity: found.severity ?? ('error' as const) }))
              : [];
          setAnswer({ text, preview: error instanceof Refused ? { bill: null, warnings: [], errors } : null });
        },
      );
    }, TYPED_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [text, reachable]);

  if (text === null) return { preview: null, stale: false, away: false };
  const away = !reachable && answer?.text !== text;
  if (answer === null) return { preview: null, stale: true, away };
  return { preview: answer.preview, stale: answer.text !== text, away };
}
