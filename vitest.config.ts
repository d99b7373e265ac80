import { defineConfig } from 'vitest/config';

/** `npm test`: needs Node and `openssl` only; peers and soak have scripts of their own. */
export default defineConfig({
  test: {
    include: ['__tests__/**/*.test.ts'],
    exclude: ['__tests__/peers/**', '__tests__/soak/**', '__tests__/bench/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
