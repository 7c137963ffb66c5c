import { useSyncExternalStore } from 'react';
import { billAddress } from './api';
import { Select } from './parts';
import { useWords } from './words';

export type Paper = 'a5' | 'receipt';

/** The printer is this machine's, so its paper is kept here. */
const KEPT = 'tasvieh-paper';
const watchers = new Set<() => void>();
const paperHere = (): Paper => (localStorage.getItem(KEPT) === 'receipt' ? 'receipt' : 'a5');

function usePaper(): Paper {
  return useSyncExternalStore((watcher) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }, paperHere);
}

/** What the printer of this machine takes: A5, or a strip of 80 mm. */
export function PaperChoice() {
  const words = useWords();
  const paper = usePaper();
  const choose = (chosen: Paper): void => {
    localStorage.setItem(KEPT, chosen);
    for (const watcher of watchers) watcher();
  };
  return <Select label={words.announced.paper} value={paper} onChange={choose} options={words.announced.papers} />;
}

let last: Window | null = null;

/** Opens the bill's document with the browser's print dialogue over it, on the paper of this machine. */
export function printBill(id: string, options: { revision?: number; copy?: boolean } = {}): void {
  // a window of its own each time: one that is used again tells nobody when its new document is there
  last?.close();
  const opened = window.open(billAddress(id, { ...options, receipt: paperHere() === 'receipt' }), '_blank');
  last = opened;
  opened?.addEventListener('load', () => {
    try {
      opened.print();
    } catch {
      // a viewer that does not let itself be told: the document is open, and has a button of its own
    }
  });
}
