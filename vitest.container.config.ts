import { defineConfig } from 'vitest/config';

const conditions = ['geolens-source', 'node', 'development|production'];

/** The tests on a Docker engine: one stack, one step after the other. */
export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name: 'container',
    include: ['test/container/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 15 * 60_000,
    reporters: ['verbose'],
  },
});
