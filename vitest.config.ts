import { defineConfig } from 'vitest/config';
import { FAULT_TAGS } from './__tests__/faults/faults.ts';

const NOT_HERE = ['__tests__/peers/**', '__tests__/soak/**', '__tests__/bench/**'];
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

/** Folders whose tests leave nothing behind in their process, so that files share one: a process of its own for each takes a third of their time. */
const SHARING = ['docs', 'files', 'identity', 'protocols', 'report', 'runner', 'signing', 'verifying'].map(
  (folder) => `__tests__/${folder}/**/*.test.ts`,
);

/** `npm test`: needs Node and `openssl` only; peers and soak have scripts of their own. */
export default defineConfig({
  test: {
    tags: FAULT_TAGS,
    // A machine may have many times more to do than it has processors.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Scenarios mostly wait for other processes, so two cores carry more than the one worker that is the default there.
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'sharing', include: SHARING, isolate: false } },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['__tests__/**/*.test.ts'],
          exclude: [...SHARING, ...NOT_HERE, ...WITH_SHELL_TOOLS],
        },
      },
    ],
  },
});
