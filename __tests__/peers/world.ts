import { describe, test } from 'vitest';
import { NOT_RUN } from './not-run-reporter.ts';

/** Worlds that must stand: `.ci/run` names those that it has set up. */
const REQUIRED = (process.env['REQUIRED_WORLDS'] ?? '').split(/\s+/);

/**
 * Describes tests that need another system, which not every machine can hold.
 *
 * Where it is missing they do not run, and the last line of the report gives the reason; where it must stand, that is a
 * failure.
 */
export function describeWorld(name: string, missing: string | undefined, tests: () => void): void {
  if (missing === undefined) {
    describe(name, tests);
    return;
  }
  test(name, ({ skip }) => {
    if (REQUIRED.includes(name)) throw new Error(`${name} must run here: ${missing}`);
    skip(`${NOT_RUN}${name}: ${missing}`);
  });
}
