import { defineConfig } from 'vitest/config';
import { FAULT_TAGS } from './__tests__/faults/faults.ts';

/** Tests with scripts of their own. */
export const NOT_HERE = ['__tests__/peers/**', '__tests__/soak/**', '__tests__/bench/**'];
/** Scenarios that run the scripts of workflows, which call bash, jq, curl and zip; `npm run test:peers` has them. */
export const WITH_SHELL_TOOLS = [
  'attach',
  'check-release',
  'delivery',
  'examples',
  'own',
  'protocols',
  'readme',
  'reconcile',
  'reruns',
  'shards',
  'smuggling',
].map((name) => `__tests__/workflows/${name}.test.ts`);

/** `npm test`: needs Node and `openssl` only; peers and soak have scripts of their own. */
export default defineConfig({
  test: {
    tags: FAULT_TAGS,
    // A machine may have many times more to do than it has processors.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Scenarios mostly wait for other processes, so two cores carry four workers; the default there is one.
    maxWorkers: 4,
    // Files share a process, because one for each file takes half a second of a processor; the setup file holds that none leaves anything behind.
    isolate: false,
    setupFiles: '__tests__/helpers/leaves-nothing.ts',
    include: ['__tests__/**/*.test.ts'],
    exclude: [...NOT_HERE, ...WITH_SHELL_TOOLS],
  },
});
