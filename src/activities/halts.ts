import type { Halt } from '../domain/settlement/halt.js';
import { type JalaliDate, todayInTehran } from '../domain/calendar/jalali.js';
import type { Settlement } from '../domain/settlement/settlement.js';
import type { TaskStore } from '../store/tasks.js';
import type { TaskDesk } from './task-desk.js';

/** Opens the supervisor's task of a halted settlement, one at a time; answers its id. */
export function createHaltNotes({ tasks, desk }: { tasks: Pick<TaskStore, 'ofSettlement'>; desk: Pick<TaskDesk, 'open'> }) {
  return async (
    { id, account, clerk }: Pick<Settlement, 'id' | 'account' | 'clerk'>,
    halt: Halt,
    day: JalaliDate = todayInTehran(new Date()),
  ): Promise<string> => {
    const open = (await tasks.ofSettlement(id)).find((task) => task.kind === 'settlementHalted' && task.closedAt === null);
    if (open) return open.id;
    const subject = `${id}-${day.replaceAll('/', '')}`;
    const office = account?.office ?? clerk.office;
    return (await desk.open({ kind: 'settlementHalted', settlementId: id, subject, office, detail: { halt } })).id;
  };
}
