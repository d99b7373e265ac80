import { expect, test } from 'vitest';
import { NOT_RUN } from '../../peers/not-run-reporter.ts';
import { tell } from '../soak-run.ts';
import { reasonOf } from './cannot-pass.ts';
import { SCOPE } from './scope.ts';
import { runSuite, setUp } from './suite.ts';

test("the project's own tests pass under Windows' Node, or a reason is listed for which they cannot", ({ skip }) => {
  const missing = setUp();
  if (missing !== undefined) skip(`${NOT_RUN}windows: ${missing}`);
  const outcomes = runSuite(SCOPE);
  const failed = outcomes.filter(({ status }) => status === 'failed');
  const reasons = failed.map((outcome) => ({ outcome, reason: reasonOf(outcome) }));
  const counts = Object.groupBy(reasons, ({ reason }) => reason ?? 'no reason is listed');
  tell('windows', {
    files: new Set(outcomes.map(({ file }) => file)).size,
    passed: outcomes.filter(({ status }) => status === 'passed').length,
    'cannot pass': failed.length,
    'not run': outcomes.filter(({ status }) => status === 'skipped').length,
    ...Object.fromEntries(Object.entries(counts).map(([reason, list]) => [`${reason}:`, list?.length ?? 0])),
  });
  for (const path of SCOPE)
    expect(
      outcomes.some(({ file, status }) => file.startsWith(path) && status === 'passed'),
      path,
    ).toBe(true);
  const unexpected = reasons.filter(({ reason }) => reason === undefined);
  expect(
    unexpected.map(({ outcome: { file, title, messages } }) => `${file}: ${title}: ${messages.slice(0, 600)}`),
  ).toEqual([]);
});
