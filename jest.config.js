'use strict';

/** Types are checked by tsc (`npm run check`); here each file is only translated, which is several times faster. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
  setupFiles: ['<rootDir>/test/support/one-realm.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  testSequencer: '<rootDir>/test/support/sequencer.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // More than the two cores that it must do with: under two suites they idle a third of the time, while processes start and drain.
  maxWorkers: 3,
  testTimeout: 120_000,
};
