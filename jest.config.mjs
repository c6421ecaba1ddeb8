// One config, a project per kind: `npm run test:unit` runs the first alone; `npm test` runs all but `crash`, which takes its time.
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};
const project = (displayName, testMatch, more = {}) => ({ ...base, displayName, testMatch, ...more });

export default {
  projects: [
    project('unit', ['<rootDir>/src/**/*.test.ts', '<rootDir>/sandbox/**/*.test.ts'], { testPathIgnorePatterns: ['/node_modules/', '<rootDir>/src/gateway/'] }),
    // Over real sockets, and so slower than the rest beside their files.
    project('gateway', ['<rootDir>/src/gateway/**/*.test.ts']),
    project('contract', ['<rootDir>/test/contract/**/*.test.ts']),
    project('workflow', ['<rootDir>/test/workflow/**/*.test.ts', '<rootDir>/test/replay/**/*.test.ts']),
    project('fuzz', ['<rootDir>/test/fuzz/**/*.test.ts']),
    project('integration', ['<rootDir>/test/integration/**/*.test.ts']),
    project('e2e', ['<rootDir>/test/e2e/**/*.test.ts']),
    project('crash', ['<rootDir>/test/crash/**/*.test.ts']),
  ],
};
