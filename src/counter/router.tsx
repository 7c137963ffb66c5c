import { type ComponentProps, type MouseEvent, useSyncExternalStore } from 'react';

/** Addresses of the pages. The API answers each of them with the same document (src/api/pages.ts). */
const watchers = new Set<() => void>();

/** Grows with every page that is opened, also the same one anew. */
let visits = 0;
const count = (): void => void visits++;
window.addEventListener('popstate', count);

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  window.addEventListener('popstate', watcher);
  return () => {
    watchers.delete(watcher);
    window.removeEventListener('popstate', watcher);
  };
}

/** The page's address: path and query. */
export function useAddress(): URL {
  const href = useSyncExternalStore(watch, () => window.location.href);
  return new URL(href);
}

/** Another value for each page that is opened, the same while its filters change. */
export function useVisit(): number {
  return useSyncExternalStore(watch, () => visits);
}

export function go(to: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', to);
  else {
    count();
    window.history.pushState(null, '', to);
  }
  window.scrollTo(0, 0);
  for (const watcher of watchers) watcher();
}

/** A link inside the pages; a new tab by the browser's own keys works as ever. */
export function Link({ to, ...rest }: { to: string } & Omit<ComponentProps<'a'>, 'href' | 'onClick'>) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
