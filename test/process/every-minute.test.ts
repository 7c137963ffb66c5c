import { createSigns, everyMinute } from '../../src/process/every-minute.js';
import { createLog } from '../../src/process/logging.js';

test('signs are written once each, with the system’s own; what could not be written is not made up for', async () => {
  const written: string[][] = [];
  let away = false;
  const signs = createSigns({ heard: async (offices) => (away ? Promise.reject(new Error('away')) : void written.push([...offices])) });
  for (const office of ['01', '02', '01']) signs.heard(office);
  await signs.write();
  await signs.write();
  away = true;
  signs.heard('03');
  await expect(signs.write()).rejects.toThrow('away');
  away = false;
  signs.heard('04');
  await signs.write();
  expect(written).toEqual([['*', '01', '02'], ['*'], ['*', '04']]);
});

test('at once and again; one that fails keeps no other from its turn, and is logged when it begins and when it is over', async () => {
  const lines: { msg: string; act: string }[] = [];
  const log = createLog('api', 'info', { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const ending = new AbortController();
  const done = { steady: 0, failing: 0 };
  await everyMinute(
    {
      steady: async () => void done.steady++,
      failing: async () => {
        if (++done.failing === 6) ending.abort();
        if (done.failing < 4) throw new Error('away');
      },
    },
    { log, ending: ending.signal, everyMs: 1 },
  );
  expect(done).toEqual({ steady: 6, failing: 6 });
  expect(lines.map(({ msg, act }) => [msg, act])).toEqual([
    ['could not be done, trying every minute', 'failing'],
    ['done again', 'failing'],
  ]);
});
