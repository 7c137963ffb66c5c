import { useEffect, useEffectEvent } from 'react';

export type Key = 'issue' | 'print' | 'handOver' | 'clear' | 'explain';

/** By the key's place, since a Persian keyboard writes other letters there. */
function keyOf(event: KeyboardEvent): Key | null {
  if (event.isComposing) return null;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) return 'issue';
  if (event.key === 'Escape') return 'clear';
  if (!event.altKey || event.ctrlKey || event.metaKey) return null;
  switch (event.code) {
    case 'KeyN':
      return 'clear';
    case 'KeyP':
      return 'print';
    case 'KeyH':
      return 'handOver';
    case 'KeyE':
      return 'explain';
    default:
      return null;
  }
}

/** Calls what a key stands for, unless something lies open over the page. */
export function useKeys(acts: Partial<Record<Key, () => void>>): void {
  const press = useEffectEvent((event: KeyboardEvent): void => {
    const key = keyOf(event);
    const act = key === null ? undefined : acts[key];
    if (act === undefined || document.querySelector('[role=dialog]') !== null) return;
    // a button that has the focus would take Enter with Ctrl for its own
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) act();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => press(event);
    window.addEventListener('keydown', listen, { capture: true });
    return () => window.removeEventListener('keydown', listen, { capture: true });
  }, []);
}
