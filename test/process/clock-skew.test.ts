import { skewOf, watchClocks } from '../../src/process/clock-skew.js';
import { createLog } from '../../src/process/logging.js';

/** Our clock, and how long a question is under way. */
function clock() {
  let ms = 1_000_000;
  return {
    now: () => ms,
    ask:
      (ahead: number, there = 5, back = 5) =>
      async () => {
        ms += there;
        const theirs = ms + ahead;
        ms += back;
        return theirs;
      },
  };
}

test.each([
  ['the same time', 0, 0],
  ['a second ahead, less the way back', 1_000, 995],
  ['a second behind, less the way there', -1_000, -995],
  ['so little apart that the way explains it', 4, 0],
])('%s', async (_what, ahead, skew) => {
  const ours = clock();
  expect(await skewOf(ours.ask(ahead), ours.now)).toBe(skew);
});

test('a slow answer is no skew', async () => {
  const ours = clock();
  expect(await skewOf(ours.ask(0, 3_000, 3_000), ours.now)).toBe(0);
});

test('clocks that are apart are logged once and told each time; one that does not answer has none', async () => {
  const lines: { level: number; clock?: string; skewMs?: number }[] = [];
  const log = createLog('test', 'warn', { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const told: Record<string, (number | null)[]> = { postgres: [], temporal: [] };
  const ending = new AbortController();
  // three comparisons apart, then two of clocks that agree
  const ahead = (): number => ((told['postgres']?.length ?? 0) < 3 ? 3_600_000 : 0);
  await watchClocks(
    { postgres: async () => Date.now() + ahead(), temporal: () => Promise.reject(new Error('away')) },
    {
      limitMs: 2_000,
      everyMs: 1,
      log,
      ending: ending.signal,
      tell: (clock, skewMs) => {
        told[clock]?.push(skewMs);
        if (told['temporal']?.length === 6) ending.abort();
      },
    },
  );
  expect(told['postgres']?.map((skew) => Math.round((skew ?? NaN) / 3_600_000)).slice(0, 5)).toEqual([1, 1, 1, 0, 0]);
  expect(told['temporal']).toEqual([null, null, null, null, null, null]);
  expect(lines).toEqual([
    expect.objectContaining({ level: 50, clock: 'postgres', limitMs: 2_000 }),
    expect.objectContaining({ level: 40, clock: 'postgres', skewMs: 0 }),
  ]);
});
