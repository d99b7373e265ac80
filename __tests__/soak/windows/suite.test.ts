import { globSync } from 'node:fs';
import { sep } from 'node:path';
import { expect, test } from 'vitest';
import { NOT_HERE, WITH_SHELL_TOOLS } from '../../../vitest.config.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { NOT_RUN } from '../../peers/not-run-reporter.ts';
import { tell } from '../soak-run.ts';
import { needless, reasonOf } from './cannot-pass.ts';
import { runSuite, setUp } from './suite.ts';

/** Beginnings of paths such as `__tests__/files`, to run a part. */
const PART = (process.env['WINDOWS_TESTS'] ?? '').split(' ').filter((path) => path !== '');

/** The files of `npm test`. */
function filesOfTests(): string[] {
  const files = globSync('__tests__/**/*.test.ts', { cwd: ACTION_DIRECTORY, exclude: NOT_HERE });
  return files
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !WITH_SHELL_TOOLS.includes(path))
    .filter((path) => PART.length === 0 || PART.some((part) => path.startsWith(part)))
    .sort();
}

/** The set-up takes 10 minutes and the tests 16, and whenever Wine loses a process some of them run again. */
const LIMIT_MS = 3_600_000;

test("the project's own tests pass under Windows' Node, or a reason is listed for which they cannot", {
  timeout: LIMIT_MS,
}, async ({ skip }) => {
  const missing = setUp();
  if (missing !== undefined) skip(`${NOT_RUN}windows: ${missing}`);
  const outcomes = await runSuite(filesOfTests());
  const failed = outcomes.filter(({ status }) => status === 'failed');
  const reasons = failed.map((outcome) => ({ outcome, reason: reasonOf(outcome) }));
  const counts = Object.groupBy(reasons, ({ reason }) => reason ?? 'no reason is listed');
  const files = [...new Set(outcomes.map(({ file }) => file))].sort();
  tell('windows', {
    files: files.length,
    passed: outcomes.filter(({ status }) => status === 'passed').length,
    'cannot pass': failed.length,
    'not run': outcomes.filter(({ status }) => status === 'skipped').length,
    ...Object.fromEntries(Object.entries(counts).map(([reason, list]) => [`${reason}:`, list?.length ?? 0])),
  });
  const unexpected = reasons.filter(({ reason }) => reason === undefined);
  expect(
    unexpected.map(({ outcome: { file, title, messages } }) => `${file}: ${title}: ${messages.slice(0, 600)}`),
  ).toEqual([]);
  expect(files).toEqual(filesOfTests());
  expect(needless(outcomes), 'what is listed cannot pass').toEqual([]);
});
