// A real worker that is struck at one step of one settlement (STRIKE_STEP, STRIKE_FOR) and is like any for all others.
// STRIKE=kill: its process kills itself right after the step has committed, before Temporal hears of it: what is
// committed and what is recorded then differ, as after a power cut. STRIKE=halt: its process halts right before the
// step until it is continued, and then runs it late, when another worker's attempt is alive or done.
const activities = require('../../dist/src/activities/index.js');

const { STRIKE: how, STRIKE_STEP: step, STRIKE_FOR: settlement } = process.env;
let struck = false;
const create = activities.createActivities;
activities.createActivities = (deps) => {
  const real = create(deps);
  if (!(step in real)) throw new Error(`no step ${step}`);
  return {
    ...real,
    async [step](input, ...rest) {
      if (struck || (input.order?.id ?? input.id) !== settlement) return real[step](input, ...rest);
      struck = true;
      if (how === 'halt') {
        await new Promise((sent) => process.send('halts', sent));
        process.kill(process.pid, 'SIGSTOP');
      }
      const result = await real[step](input, ...rest);
      if (how === 'kill') {
        process.kill(process.pid, 'SIGKILL');
        // the signal may come a moment later: nothing must be answered meanwhile
        return new Promise(() => undefined);
      }
      process.send({ late: result });
      return result;
    },
  };
};
require('../../dist/src/main.js');
