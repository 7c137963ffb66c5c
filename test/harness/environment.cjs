const { closeSync, existsSync, fstatSync, openSync, readSync, statSync } = require('node:fs');
const { TestEnvironment } = require('jest-environment-node');

const LONGEST = 20_000;

/** Of the worker process: a logger that an earlier file installed still writes here. */
let lines = [];
/** Log files of the processes that a test file started, with their length when the running test began. */
const files = new Map();

const log = {
  write: (line) => void lines.push(line),
  follow: (file) => void files.set(file, sizeOf(file)),
};

/** Keeps what SDK, servers and our processes log, and prints it with the test that fails; a green run prints none of it. */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    files.clear();
    lines = [];
    this.global.testLog = log;
  }

  handleTestEvent({ name, test }) {
    if (name === 'test_start') {
      lines = [];
      for (const file of files.keys()) files.set(file, sizeOf(file));
    }
    if (name === 'test_done' && test.errors.length > 0) {
      const said = [...lines, ...[...files].map(([file, from]) => tail(file, from))].filter((text) => text !== '').join('\n');
      if (said !== '') test.errors.push(Object.assign(new Error(), { stack: `Log of this test:\n${said.slice(-LONGEST)}` }));
    }
  }
};

function sizeOf(file) {
  return existsSync(file) ? statSync(file).size : 0;
}

function tail(file, from) {
  if (!existsSync(file)) return '';
  const open = openSync(file, 'r');
  try {
    const { size } = fstatSync(open);
    const begin = Math.max(from, size - LONGEST);
    const bytes = Buffer.alloc(Math.max(0, size - begin));
    readSync(open, bytes, 0, bytes.length, begin);
    return bytes.length === 0 ? '' : `${file}:\n${bytes.toString()}`;
  } finally {
    closeSync(open);
  }
}
