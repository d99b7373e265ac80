import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { FAULT_TAGS } from '../faults/faults.ts';

/** `npm run test:soak`: real time, hundreds of kills, gigabytes; prints its figures. Not part of any change's checks. */
export default defineConfig({
  test: {
    tags: FAULT_TAGS,
    include: ['__tests__/soak/**/*.test.ts', '__tests__/page/vectors.test.ts'],
    env: { VECTORS: 'all' },
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Each measures time: one after the other.
    fileParallelism: false,
    maxConcurrency: 10,
    disableConsoleIntercept: true,
    reporters: ['default', join(import.meta.dirname, '../peers/not-run-reporter.ts')],
  },
});
