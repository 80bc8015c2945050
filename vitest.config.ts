import { defineConfig } from 'vitest/config';

// Siblings are run from their sources: nothing has to be built before a unit test. Without `import` and
// `module`, which would reach the workers as conditions of Node and give CommonJS packages the builds for
// bundlers.
const conditions = ['geolens-source', 'node', 'development|production'];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Most of a test's time is waiting: for a server, a disk, a child.
    maxWorkers: 4,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/test/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: ['test/container/**'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // On a machine that is busy with all of them a moment is longer than a test thinks. What took a
          // second try is told at the end.
          retry: process.env['CI'] === 'true' ? 1 : 0,
        },
      },
    ],
  },
});
