import { defineConfig } from 'vitest/config';

/**
 * The tests that mutants have to survive: those that run the rooms in this process. What starts the committed bundle sees
 * no mutant, and what takes seconds (simulations, vectors, real connections, a mebibyte of anything) would be run a thousand times.
 */
export default defineConfig({
  test: {
    include: ['__tests__/{files,identity,signing,verifying}/**/*.test.ts'],
    exclude: [
      '__tests__/files/same-as-glob.test.ts',
      '__tests__/identity/size.test.ts',
      '__tests__/signing/{changing-file,policy-simulation,real-service,tls-sessions}.test.ts',
      '__tests__/verifying/vectors.test.ts',
    ],
    testTimeout: 20_000,
  },
});
