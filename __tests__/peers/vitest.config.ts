import { defineConfig } from 'vitest/config';
import { WITH_SHELL_TOOLS } from '../../vitest.config.ts';

/** `npm run test:peers`: real servers and shell tools of other makes, as root on Debian. */
export default defineConfig({
  test: {
    include: ['__tests__/peers/**/*.test.ts', ...WITH_SHELL_TOOLS],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
