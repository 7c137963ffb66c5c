import { condition, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { TaskTimer } from '../domain/settlement/task.js';
import { untilPassed } from './acts.js';
import { taskClosed } from './messages.js';
import { OFFICE, SUBSCRIPTION, TASK_KIND, TASK_ROLE, TASK_STATE } from './search-attributes.js';
import { runStep } from './steps.js';

/** An escalated task is looked at again so often, lest one whose closing was never told stay open here for ever. */
const LOOK_AGAIN = '7 days';

/** The due time of a task that waits for a person: open until the task is closed, so that a supervisor sees it here. */
export async function task({ id, kind, office, role, subscription, summary, remindAt, dueAt, escalateAt }: TaskTimer): Promise<void> {
  let closed = false;
  const tell = (details: string): void => setCurrentDetails(`**${summary}**\n\n${details}`);
  // one that came before the first task is handled here and now
  setHandler(taskClosed, (outcome) => {
    closed = true;
    tell(`بسته شد${outcome ? `: ${outcome}` : ''}`);
  });
  // the task itself is on every list: no further one tells that its timer is in trouble
  const repeated = <T>(what: string, act: () => Promise<T>): Promise<T> =>
    untilPassed(what, act, {
      failed: async ({ failure }) => tell(`${what} انجام نشد (${failure}) و باز آزموده می‌شود`),
      passed: async () => undefined,
    });
  const closedBy = async (instant: string, timer: string): Promise<boolean> => {
    const wait = Date.parse(instant) - Date.now();
    return closed || (wait > 0 && (await condition(() => closed, wait, { summary: timer })));
  };

  upsertSearchAttributes([
    { key: OFFICE, value: office },
    { key: TASK_KIND, value: kind },
    { key: TASK_ROLE, value: role },
    { key: TASK_STATE, value: 'waiting' },
    ...(subscription === null ? [] : [{ key: SUBSCRIPTION, value: subscription }]),
  ]);
  if (!closed) tell('در انتظار انجام');
  if (remindAt !== null) {
    if (await closedBy(remindAt, 'یادآوری')) return;
    if (!(await repeated('یادآوری به دارندهٔ وظیفه', () => runStep('remindOfTask', 'یادآوری به دارندهٔ وظیفه', { id })))) return;
    if (!closed) tell('یادآوری شد؛ در انتظار انجام');
  }
  if (await closedBy(dueAt, 'مهلت انجام')) return;

  upsertSearchAttributes([{ key: TASK_STATE, value: 'overdue' }]);
  tell('مهلت گذشت؛ اگر بسته نشود به سرپرست می‌رود');
  if (await closedBy(escalateAt, 'رفتن به سرپرست')) return;

  while (await repeated('ارجاع به سرپرست', () => runStep('escalateTask', 'ارجاع به سرپرست', { id }))) {
    upsertSearchAttributes([
      { key: TASK_STATE, value: 'escalated' },
      { key: TASK_ROLE, value: 'supervisor' },
    ]);
    tell('مهلت گذشت و انجام نشد: نزد سرپرست است');
    if (closed || (await condition(() => closed, LOOK_AGAIN, { summary: 'آیا بسته شده است؟' }))) return;
  }
}
