/** Jest runs what `tsc -b` made: jose and kysely are ESM only, and TypeScript 7 has no transform for jest. */
export default {
  rootDir: '.',
  cacheDirectory: '<rootDir>/node_modules/.cache/parley/jest',
  testEnvironment: 'node',
  transform: {},
  testMatch: ['<rootDir>/{packages,services}/**/dist/**/*.test.js'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000, // a loaded machine stretches everything
  maxWorkers: 1, // a test is several processes already
  workerIdleMemoryLimit: '500MB', // jest keeps every loaded file in memory, so a worker is replaced in time
  setupFiles: ['<rootDir>/packages/testkit/dist/src/fresh-connections.js'],
  testSequencer: '<rootDir>/scripts/longest-first.cjs',
  globalSetup: '<rootDir>/packages/testkit/dist/src/global-setup.js',
  globalTeardown: '<rootDir>/packages/testkit/dist/src/global-teardown.js',
};
