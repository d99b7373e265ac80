import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { WITH_SHELL_TOOLS } from '../../vitest.config.ts';
import { FAULT_TAGS } from '../faults/faults.ts';

/** `npm run test:peers`: real servers and shell tools of other makes, as root on Debian. */
export default defineConfig({
  test: {
    tags: FAULT_TAGS,
    include: ['__tests__/peers/**/*.test.ts', ...WITH_SHELL_TOOLS],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // These tests mostly wait for other processes, so two cores carry more than the one worker that is the default there.
    maxWorkers: 2,
    reporters: ['default', join(import.meta.dirname, 'not-run-reporter.ts')],
  },
});
