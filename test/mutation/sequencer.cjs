const { default: Sequencer } = require('@jest/test-sequencer');

/** Quick tables first: most mutants fall there, and the first failure ends the run. */
module.exports = class extends Sequencer {
  sort(tests) {
    const slow = ({ path }) => Number(/properties|oracle/.test(path));
    return [...tests].sort((a, b) => slow(a) - slow(b) || a.path.localeCompare(b.path));
  }
};
