import { expect, test } from 'vitest';
import { createScenario } from '../helpers/scenario.ts';
import { tell } from './soak-run.ts';

test('an upload that stalls once is tried again under another name', { tags: ['fault-64d'] }, async () => {
  const faults = [{ at: 'block', kind: 'stall', ms: 600_000 }] as const;
  await using scenario = await createScenario({ files: { 'dist/a': 'a' }, results: { faults } });
  const run = await scenario.run({}, { timeoutMs: 900_000 });
  tell('stalled upload', { seconds: (run.durationMs / 1000).toFixed(1), exit: run.exitCode ?? '' });
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs['artifact-name']).toBe('signatures-retry-1');
});
