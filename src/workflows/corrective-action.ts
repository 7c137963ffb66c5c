import { allHandlersFinished, condition, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { ACTION_STATUS_WORDS, type Act, type CorrectiveAction, actionTitle, refusalOfAct } from '../domain/correction/corrective-action.js';
import { endOfDay } from '../domain/outbox/cycle.js';
import { addDays } from '../domain/calendar/jalali.js';
import { createInbox, troubleTask } from './acts.js';
import { expectedEnd } from './failures.js';
import { type ActAsked, correctiveActionState, takeAct } from './messages.js';
import { ACTION_STATUS, OFFICE } from './search-attributes.js';
import { runStep } from './steps.js';

/**
 * Errors repeat: a meeting is called and held, a cause found, an action decided and done, its effect judged after a set
 * time, and the matter closed with a report. It waits for months, and each step is a task that reminds and escalates.
 */
export async function correctiveAction(opened: CorrectiveAction): Promise<CorrectiveAction> {
  let action = opened;
  const inbox = createInbox(troubleTask({ subject: `action-${opened.n}`, office: opened.office }));
  const now = (): string => new Date().toISOString();
  const show = (): void => {
    const { status, errors, threshold, reason, meeting, actions } = action;
    const last = actions.at(-1);
    const lines = [
      `**${actionTitle(action)}**`,
      errors === null ? `به درخواست واحد کیفیت: ${reason}` : `${errors} خطا در ماه؛ حد ${threshold}`,
      ACTION_STATUS_WORDS[status],
      ...(status === 'called' && meeting ? [`جلسه در ${meeting.on}`] : []),
      ...(status === 'acting' && last ? [`مهلت اقدام ${last.dueOn}`] : []),
      ...(status === 'done' && last ? [`سنجش اثر از ${last.effectDueOn}`] : []),
    ];
    setCurrentDetails(lines.join('\n\n'));
    upsertSearchAttributes([{ key: ACTION_STATUS, value: status }]);
  };
  /** Looked at before it is accepted and again in its turn: of two who act at once the second hears what happened. */
  const mayI = ({ act, by }: ActAsked): void => {
    const refusal = refusalOfAct(action, act, by, now());
    if (refusal) throw expectedEnd(refusal, `${act.act} of corrective action ${action.n} (${action.status})`, [action]);
  };
  setHandler(correctiveActionState, () => action);
  const take = async (asked: ActAsked): Promise<CorrectiveAction> => {
    mayI(asked);
    action = await runStep('recordAct', ACT_SUMMARY[asked.act.act], { action, ...asked, at: now() });
    show();
    return action;
  };
  setHandler(takeAct, (asked) => inbox.ask(() => take(asked)), { validator: mayI });

  upsertSearchAttributes([{ key: OFFICE, value: action.office }]);
  show();
  const openStep = (what: string): void => inbox.add(what, () => runStep('openActionStep', what, { action, at: now() }));
  openStep('وظیفه: فراخوان جلسه');

  let judging = -1;
  while (action.status !== 'closed' || !inbox.isIdle() || !allHandlersFinished()) {
    const effectDueOn = action.status === 'done' && judging !== action.version ? action.actions.at(-1)?.effectDueOn : null;
    if (!inbox.holds() && effectDueOn) {
      // the first moment of the day on which the effect may be judged
      const wait = Date.parse(endOfDay(addDays(effectDueOn, -1))) - Date.now();
      if (wait <= 0 || !(await condition(() => inbox.holds(), wait, { summary: 'سنجش اثر اقدام' }))) {
        judging = action.version;
        openStep('وظیفه: سنجش اثر');
      }
    } else await condition(() => inbox.holds() || (action.status === 'closed' && inbox.isIdle() && allHandlersFinished()));
    await inbox.next();
  }
  return action;
}

const ACT_SUMMARY: Record<Act['act'], string> = {
  call: 'فراخوان جلسه',
  minutes: 'صورت‌جلسه و علت',
  plan: 'تعیین اقدام، مسئول و مهلت',
  done: 'انجام اقدام',
  effect: 'سنجش اثر',
  close: 'گزارش و پایان',
};
