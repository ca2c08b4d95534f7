/** Jest runs what `tsc -b` made: jose and kysely are ESM only, and TypeScript 7 has no transform for jest. */
export default {
  rootDir: '.',
  testEnvironment: 'node',
  transform: {},
  testMatch: ['<rootDir>/{packages,services,scripts}/**/dist/**/*.test.js'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 30_000,
  maxWorkers: 2, // most tests wait for processes, so two fit on two cores
  globalSetup: '<rootDir>/packages/testkit/dist/src/global-setup.js',
  globalTeardown: '<rootDir>/packages/testkit/dist/src/global-teardown.js',
};
