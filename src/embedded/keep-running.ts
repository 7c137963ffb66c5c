import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '../refusal.js';

const RESTART_MS = 1000;

/** Everything that was started, in order. It is stopped in reverse order, so that no part loses what it depends on. */
export class Started {
  private readonly parts: { stop(): Promise<void> }[] = [];
  private ending: Promise<void> | undefined;

  get stopping(): boolean {
    return this.ending !== undefined;
  }

  /** Adds a part. A part that arrives after the stop was requested is stopped at once. */
  async add<P extends { stop(): Promise<void> }>(part: P): Promise<P> {
    if (this.ending) {
      await part.stop();
      throw new Refusal('ended while starting');
    }
    this.parts.push(part);
    return part;
  }

  stop(): Promise<void> {
    return (this.ending ??= (async () => {
      for (let part = this.parts.pop(); part; part = this.parts.pop()) await part.stop();
    })());
  }
}

/** A process of ours. `ended` resolves with how it ended. */
export interface Part {
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts a part, and starts it again whenever it ends by itself, until everything is stopped. */
export async function keepRunning<P extends Part>(
  name: string,
  startPart: () => Promise<P>,
  say: (line: string) => void,
  started: Started,
): Promise<P> {
  let part = await startPart();
  const again = async (): Promise<void> => {
    for (;;) {
      const how = await part.ended;
      if (started.stopping) return;
      say(`  ${name} ended (${how}), starting again`);
      for (;;) {
        await pause(RESTART_MS);
        if (started.stopping) return;
        try {
          part = await startPart();
          break;
        } catch (error) {
          say(`  ${name}: ${(error as Error).message}`);
        }
      }
      // the stop came while it started
      if (started.stopping) return void (await part.stop());
    }
  };
  await started.add({ stop: () => part.stop() });
  void again();
  return part;
}
