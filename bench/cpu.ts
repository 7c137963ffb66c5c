import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks of Linux's /proc a second. */
const TICKS = 100;

/**
 * Milliseconds of CPU that a process has used so far, with those that it started unless `alone`; null where there is no /proc
 * or no such process.
 */
export function cpuMs(root: number, { alone = false } = {}): number | null {
  try {
    const processes = new Map(
      readdirSync('/proc').flatMap((name): [number, { parent: number; own: number; ended: number }][] => {
        const stat = /^[0-9]+$/.test(name) ? statOf(name) : null;
        return stat ? [[Number(name), stat]] : [];
      }),
    );
    const belongs = (pid: number): boolean => pid === root || (!alone && processes.has(pid) && belongs(processes.get(pid)?.parent ?? 0));
    if (!processes.has(root)) return null;
    let ticks = 0;
    for (const [pid, { own, ended }] of processes) if (belongs(pid)) ticks += own + (alone ? 0 : ended);
    return (ticks * 1000) / TICKS;
  } catch {
    return null;
  }
}

/** Ticks of a process, and of its children that have ended. */
function statOf(pid: string): { parent: number; own: number; ended: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name stands in parentheses and may hold spaces
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
    return { parent, own: user + system, ended: endedUser + endedSystem };
  } catch {
    return null;
  }
}
