import { ApplicationFailure, CancellationScope, TemporalFailure, log, sleep } from '@temporalio/workflow';
import { runStep } from './steps.js';

/** An act that failed for a reason that a repeat of its step does not mend, and its attempts so far. */
export interface Trouble {
  /** Persian, as the task shows it */
  what: string;
  /** a failure's type or an error's name: no message, which could name a person */
  failure: string;
  attempts: number;
}

/** Told when an act fails, and when it passes after all. Neither may throw. */
export interface TroubleReport {
  failed(trouble: Trouble): Promise<void>;
  passed(trouble: Trouble): Promise<void>;
}

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 86_400_000;

/** Opens a task when an act fails and closes it when the act passes. `subject` names the workflow, `settlementId` what it settles. */
export function troubleTask(of: { subject: string; office: string; settlementId?: string }): TroubleReport {
  const opened = new Map<Trouble, string>();
  let count = 0;
  const swallowing = async (step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      // the act's next attempt reports again
      log.error('a failed act could not be reported', { failure: nameOf(error) });
    }
  };
  return {
    failed: (trouble) =>
      swallowing(async () => {
        const subject = opened.get(trouble) ?? `${of.subject}.${Date.now()}.${++count}`;
        opened.set(trouble, subject);
        const { what, failure } = trouble;
        await runStep('reportFailedAct', 'وظیفه: کاری که انجام نشد', { ...of, subject, act: what, failure, at: now() });
      }),
    passed: (trouble) =>
      swallowing(async () => {
        const subject = opened.get(trouble);
        if (subject === undefined) return;
        await runStep('closeFailedAct', 'پایان وظیفه: کار انجام شد', { subject });
        opened.delete(trouble);
      }),
  };
}

export interface Inbox {
  /** For whoever waits for the answer: runs `act` in its turn and answers or throws what it does; the failure is that message's alone. */
  ask<T>(act: () => T | Promise<T>): Promise<T>;
  /** For signals and timers, where nobody waits: an act that fails is tried again after a pause, ever longer, and is a task meanwhile. Acts may run twice. */
  add(what: string, act: () => unknown): void;
  /** The same at once: within the turn of the act that awaits it, or beside the acts that wait. Never throws. */
  surely(what: string, act: () => unknown): Promise<void>;
  /** Whether an act waits for its turn. */
  holds(): boolean;
  /** Whether no act waits, for its turn or for a further attempt. */
  isIdle(): boolean;
  /** Runs the act whose turn it is. Never throws. */
  next(): Promise<void>;
}

/**
 * The acts of one workflow, one after another. Whatever an act throws, at once or later, ends here and never the workflow.
 * `disturbed`: an act that somebody asked for failed unexpectedly, perhaps half done.
 */
export function createInbox(report: TroubleReport, disturbed: () => void = () => undefined): Inbox {
  const acts: (() => Promise<void>)[] = [];
  let setAside = 0;

  const attempt = async (act: () => unknown, trouble: Trouble): Promise<void> => {
    const again = trouble.attempts > 0;
    trouble.attempts++;
    try {
      await act();
    } catch (error) {
      // the loop's own wait tells the same
      if (CancellationScope.current().consideredCancelled) return;
      if (!again) setAside++;
      trouble.failure = nameOf(error);
      void tryLater(act, trouble).catch(() => undefined);
      return;
    }
    if (!again) return;
    await report.passed(trouble);
    setAside--;
  };
  const tryLater = async (act: () => unknown, trouble: Trouble): Promise<void> => {
    log.error('an act failed', { act: trouble.what, failure: trouble.failure, attempts: trouble.attempts });
    await report.failed(trouble);
    await sleep(pauseAfter(trouble.attempts), { summary: `تلاش دوباره: ${trouble.what}` });
    acts.push(() => attempt(act, trouble));
  };
  const troubleOf = (what: string): Trouble => ({ what, failure: '', attempts: 0 });

  return {
    ask: (act) =>
      new Promise((resolve, reject) =>
        acts.push(async () => {
          try {
            resolve(await act());
          } catch (error) {
            reject(failureOf(error));
            if (!isExpected(error)) disturbed();
          }
        }),
      ),
    add: (what, act) => void acts.push(() => attempt(act, troubleOf(what))),
    surely: (what, act) => attempt(act, troubleOf(what)),
    holds: () => acts.length > 0,
    isIdle: () => acts.length === 0 && setAside === 0,
    async next() {
      await acts.shift()?.();
    },
  };
}

/** Repeats `act` until it passes, after a pause that grows; for what a workflow cannot go on without. Throws when cancelled. */
export async function untilPassed<T>(what: string, act: () => Promise<T>, report: TroubleReport): Promise<T> {
  const trouble: Trouble = { what, failure: '', attempts: 0 };
  for (;;) {
    trouble.attempts++;
    try {
      const value = await act();
      if (trouble.attempts > 1) await report.passed(trouble);
      return value;
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error;
      trouble.failure = nameOf(error);
      log.error('an act failed', { act: what, failure: trouble.failure, attempts: trouble.attempts });
      await report.failed(trouble);
      await sleep(pauseAfter(trouble.attempts), { summary: `تلاش دوباره: ${what}` });
    }
  }
}

/** The type of a message's failure that nobody foresaw. */
export const ACT_FAILED = 'ACT_FAILED';

/** As a message's answer: anything but a failure of Temporal's would keep the workflow's task failing for ever. */
export function failureOf(error: unknown): TemporalFailure {
  if (error instanceof TemporalFailure) return error;
  return ApplicationFailure.create({
    type: ACT_FAILED,
    message: error instanceof Error ? error.message : String(error),
    nonRetryable: true,
    ...(error instanceof Error && { cause: error }),
  });
}

/** A message handler whose failure is its message's alone, whatever it throws. */
export function contained<A extends unknown[], T>(handler: (...args: A) => T | Promise<T>): (...args: A) => Promise<T> {
  return async (...args) => {
    try {
      return await handler(...args);
    } catch (error) {
      throw failureOf(error);
    }
  };
}

/** A refusal: thrown before anything changed. */
function isExpected(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.category === 'BENIGN';
}

function nameOf(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.type ?? error.name;
  return error instanceof Error ? error.name : typeof error;
}

function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
}

function now(): string {
  return new Date().toISOString();
}
