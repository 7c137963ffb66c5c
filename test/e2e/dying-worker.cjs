// A real worker whose process kills itself right after a step has committed for one settlement, before Temporal hears
// of it: what is committed and what is recorded then differ, as after a power cut. DIE_AFTER names the step, DIE_FOR the
// settlement; for all others it is a worker like any.
const activities = require('../../dist/src/activities/index.js');

const { DIE_AFTER: step, DIE_FOR: settlement } = process.env;
const create = activities.createActivities;
activities.createActivities = (deps) => {
  const real = create(deps);
  if (!(step in real)) throw new Error(`no step ${step}`);
  return {
    ...real,
    async [step](input, ...rest) {
      const result = await real[step](input, ...rest);
      if ((input.order?.id ?? input.id) !== settlement) return result;
      process.kill(process.pid, 'SIGKILL');
      // the signal may come a moment later: nothing must be answered meanwhile
      return new Promise(() => undefined);
    },
  };
};
require('../../dist/src/main.js');
