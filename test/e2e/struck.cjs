// A real worker or API that is struck once, at the moment that STRIKE (JSON) names, and is like any otherwise.
// - step, of: an activity of one settlement. `kill`: its process kills itself before the activity, inside the transaction of
//   `issue` when the number is given, or (`when` absent) right after the commit, before Temporal hears of it: what is
//   committed and what is recorded then differ, as after a power cut. `halt`: its process halts right before the activity
//   until it is continued, and then runs it late, when another worker's attempt is alive or done.
// - signal, after: the n-th signal of a name that its steps send. So many have arrived and no other one leaves: `kill`
//   then kills the process, `hold` lets the others leave when the parent says so.
// - call: of the posting store or the messenger. `kill`: the process kills itself when it is done, before anybody hears of it.
const activities = require('../../dist/src/activities/index.js');
const messengers = require('../../dist/src/temporal/messenger.js');
const issues = require('../../dist/src/store/issue.js');
const stores = require('../../dist/src/store/postings.js');

const { how, step, of, when = 'after', signal, after, call } = JSON.parse(process.env.STRIKE);
let struck = false;

/** The signal may come a moment later: nothing must be answered meanwhile. */
function die() {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

function strikeStep(real) {
  if (!(step in real)) throw new Error(`no step ${step}`);
  return {
    ...real,
    async [step](input, ...rest) {
      if (struck || (input.order?.id ?? input.id) !== of) return real[step](input, ...rest);
      struck = true;
      if (how === 'halt') {
        await new Promise((sent) => process.send('halts', sent));
        process.kill(process.pid, 'SIGSTOP');
      }
      if (how === 'kill' && when === 'before') return die();
      const result = await real[step](input, ...rest);
      if (how === 'kill') return die();
      process.send({ late: result });
      return result;
    },
  };
}

function strikeInside(real) {
  return {
    ...real,
    issue: (asked) => real.issue({ ...asked, entries: asked.order.id === of ? die : asked.entries }),
  };
}

function strikeSignals(real) {
  let sent = 0;
  let arrived = 0;
  const goOn = new Promise((resolve) => process.on('message', (word) => word === 'go on' && resolve()));
  return {
    ...real,
    async signal(id, name, payload) {
      if (name !== signal) return real.signal(id, name, payload);
      if (++sent > after) await goOn;
      const answer = await real.signal(id, name, payload);
      if (++arrived === after) {
        if (how === 'kill') return die();
        process.send('holds');
      }
      return answer;
    },
  };
}

function strikeCall(real) {
  if (!(call in real)) return real;
  return {
    ...real,
    async [call](...args) {
      const result = await real[call](...args);
      return struck ? result : ((struck = true), die());
    },
  };
}

const { createActivities } = activities;
if (step && when !== 'inside') activities.createActivities = (deps) => strikeStep(createActivities(deps));
const { createIssueStore } = issues;
if (when === 'inside') issues.createIssueStore = (...args) => strikeInside(createIssueStore(...args));
const { createMessenger } = messengers;
if (signal || call) messengers.createMessenger = (...args) => (signal ? strikeSignals : strikeCall)(createMessenger(...args));
const { createPostingStore } = stores;
if (call) stores.createPostingStore = (...args) => strikeCall(createPostingStore(...args));
require('../../dist/src/main.js');
