const { sep } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** What waits for servers and browsers longest, in this order; the rest fills the gaps. */
const LONG_FIRST = ['e2e', 'counter', 'workflows'].map((folder) => `${sep}test${sep}${folder}${sep}`);

/** Longest files first, so that the last ones are short: by jest's own timings, before the first full run by their kind. */
module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.every(({ duration }) => duration !== undefined)) return sorted;
    const rank = ({ path }) => LONG_FIRST.findIndex((folder) => path.includes(folder)) >>> 0;
    return [...sorted].sort((a, b) => rank(a) - rank(b));
  }
};
