import type { BillingPort } from '../billing/port.js';
import { closingCycles, remindUntil } from '../domain/outbox/closing.js';
import { endOfDay } from '../domain/outbox/cycle.js';
import { staleFeeds, staleText } from '../domain/settlement/freshness.js';
import { type JalaliDate, addDays, todayInTehran } from '../domain/calendar/jalali.js';
import type { Instant } from '../domain/settlement/settlement.js';
import { EVERY_OFFICE, type TaskKind, taskId } from '../domain/settlement/task.js';
import { type Halt, needsWorkflow } from '../domain/settlement/halt.js';
import type { AccessStore } from '../store/access-log.js';
import type { PeopleStore } from '../store/people.js';
import type { PostingStore } from '../store/postings.js';
import type { SettlementStore } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';
import type { TaskStore } from '../store/tasks.js';
import type { UnsentStore } from '../store/unsent.js';
import { createHaltNotes } from './halts.js';
import { termsOn } from './service-terms.js';
import type { TaskDesk, TaskRequest } from './task-desk.js';

export interface WatchDependencies {
  billing: BillingPort;
  postings: Pick<PostingStore, 'openedCycles'>;
  unsent: UnsentStore;
  tasks: Pick<TaskStore, 'openOf' | 'renew' | 'ofSettlement'>;
  settlements: Pick<SettlementStore, 'get' | 'openIds'>;
  /** of these open settlements those whose workflow does not run */
  halted(open: AsyncIterable<string>): AsyncIterable<{ settlement: string; halt: Halt }>;
  tariffs: TariffStore;
  people: Pick<PeopleStore, 'lapsingQualifications'>;
  accesses: Pick<AccessStore, 'expire'>;
  desk: TaskDesk;
}

/** The time for which the watch was scheduled: it acts for that day in Tehran, however late it runs. */
export interface WatchInput {
  at: Instant;
}

/** What the daily watch looks at. Each answers how many matters stand open; running it twice does nothing twice. */
export function createWatchActivities({
  billing,
  postings,
  unsent,
  tasks,
  tariffs,
  people,
  accesses,
  desk,
  settlements,
  halted,
}: WatchDependencies) {
  const noteHalt = createHaltNotes({ tasks, desk });
  const onDay = async ({ at }: WatchInput) => {
    const day = todayInTehran(new Date(at));
    return { day, terms: await termsOn(tariffs, day) };
  };
  /**
   * One open task for each matter that stands, named by the day on which it was noticed (the same may come again later);
   * the task of a matter that is settled ends. Opened again each time, lest one be left without its timer.
   */
  const keepTasks = async (
    kind: TaskKind,
    day: JalaliDate,
    matters: readonly (Matter & { subject: string })[],
    outcome: string,
  ): Promise<number> => {
    const open = new Map((await tasks.openOf(kind)).map(({ id }) => [id.slice(0, -NOTICED.length), id]));
    const standing = new Set<string>();
    for (const { subject, ...matter } of matters) {
      const known = open.get(taskId(kind, subject))?.slice(-NOTICED.length);
      standing.add(await keepTask(kind, `${subject}${known ?? `-${digits(day)}`}`, matter));
    }
    await endOthers(open.values(), standing, outcome);
    return standing.size;
  };
  const keepTask = async (kind: TaskKind, subject: string, matter: Matter): Promise<string> => {
    const { id } = await desk.open({ kind, subject, ...matter });
    await tasks.renew(id, matter.detail);
    return id;
  };
  const endOthers = async (open: Iterable<string>, standing: ReadonlySet<string>, outcome: string): Promise<void> => {
    for (const id of open) if (!standing.has(id)) await desk.close(id, { by: null, outcome });
  };

  return {
    /** R2: each stale feed is a task for billing, one for its kind and day; a fresh one ends it. */
    async watchFeeds(input: WatchInput): Promise<number> {
      if (!billing.feeds) return 0;
      const { day, terms } = await onDay(input);
      const stale = staleFeeds(await billing.feeds(), terms, day);
      const standing = new Set<string>();
      for (const feed of stale) {
        const detail = { feed: feed.kind, asOf: feed.asOf, days: feed.days, message: staleText(feed) };
        standing.add(
          await keepTask('staleFeed', `${feed.kind}-${feed.asOf ? digits(feed.asOf) : 'never'}`, {
            office: EVERY_OFFICE,
            at: input.at,
            detail,
          }),
        );
      }
      await endOthers(
        (await tasks.openOf('staleFeed')).map(({ id }) => id),
        standing,
        'fed',
      );
      return stale.length;
    },

    /** R4: a cycle near its closing that billing has not opened or not taken whole; on the closing day the offices hear of theirs. */
    async watchCycles(input: WatchInput): Promise<number> {
      const { day, terms } = await onDay(input);
      const until = remindUntil(day, terms);
      const [soon, waiting] = await Promise.all([
        until < day ? [] : billing.timetable({ series: null, from: day, to: until }),
        unsent.byCycle(until),
      ]);
      const names = [...new Set([...soon, ...waiting].map(({ cycle }) => cycle))];
      const opened = (await postings.openedCycles(names)).map(({ cycle }) => cycle);
      const closing = closingCycles(soon, opened, waiting, day);
      await keepTasks(
        'cycleClosing',
        day,
        closing.map((each) => ({ subject: each.cycle, office: EVERY_OFFICE, dueAt: endOfDay(each.closesOn), detail: { ...each } })),
        'done',
      );
      const due = waiting.filter(({ dueOn }) => dueOn <= day);
      await keepTasks(
        'unsentPostings',
        day,
        due.map(({ cycle, office, dueOn, count }) => ({
          subject: `${cycle}.${office}`,
          office,
          dueAt: endOfDay(dueOn),
          detail: { cycle, closesOn: dueOn, unsent: count },
        })),
        'sent',
      );
      return closing.length;
    },

    /** Postings that wait for no cycle, since no timetable was fed: a task for each series, open as long as they do. */
    async watchTimetable(input: WatchInput): Promise<number> {
      const { day } = await onDay(input);
      const series = await unsent.withoutCycle();
      return keepTasks(
        'noTimetable',
        day,
        series.map((each) => ({
          subject: each.series,
          office: EVERY_OFFICE,
          at: input.at,
          detail: { series: each.series, unsent: each.count },
        })),
        'fed',
      );
    },

    /** Tasks of payments that nobody could give their due times when they came. */
    watchPayments(): Promise<number> {
      return desk.takeUp();
    },

    /** R3: who soon may not issue any more, one for each person, qualification and last day; a renewal ends it, a lapse does not. */
    async watchQualifications(input: WatchInput): Promise<number> {
      const { day, terms } = await onDay(input);
      const lapsing = await people.lapsingQualifications(day, addDays(day, terms.qualificationWarnDays));
      const standing = new Set<string>();
      for (const { id: person, name, office, code, lastDay } of lapsing) {
        standing.add(
          await keepTask('qualificationLapses', `${person}.${code}-${digits(lastDay)}`, {
            office,
            dueAt: endOfDay(lastDay),
            detail: { person, name, code, lastDay },
          }),
        );
      }
      const renewed = (await tasks.openOf('qualificationLapses'))
        .filter(({ detail }) => String(detail['lastDay']) >= day)
        .map(({ id }) => id);
      await endOthers(renewed, standing, 'renewed');
      return lapsing.length;
    },

    /** Open settlements that no workflow moves on: a task for the supervisor until one does, or the settlement has ended. */
    async watchWorkflows(input: WatchInput): Promise<number> {
      const standing = new Set<string>();
      for await (const { settlement, halt } of halted(settlements.openIds())) {
        const now = await settlements.get(settlement, { office: null });
        if (now && needsWorkflow(now)) standing.add(await noteHalt(now, halt, todayInTehran(new Date(input.at))));
      }
      await endOthers(
        (await tasks.openOf('settlementHalted')).map(({ id }) => id),
        standing,
        'running',
      );
      return standing.size;
    },

    /** What the access log has kept for its three years leaves by itself; answers how many entries that were. */
    expireAccessLog: (): Promise<number> => accesses.expire(),
  };
}

/** What a task is about, by whom it is seen and when it is due. */
type Matter = Pick<TaskRequest, 'office' | 'dueAt' | 'at'> & { detail: Record<string, unknown> };

/** The end of an id: the day on which the matter was noticed. */
const NOTICED = '-14050904';

function digits(date: JalaliDate): string {
  return date.replaceAll('/', '');
}
