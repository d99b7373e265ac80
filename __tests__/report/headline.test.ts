import { expect, test } from 'vitest';
import type { Code } from '../../src/codes.ts';
import { ActionError } from '../../src/errors.ts';
import { headline } from '../../src/report/summary/headline.ts';
import { describeTiming } from '../../src/report/summary/timing.ts';
import * as samples from './samples.ts';

const failure = (code: Code): ActionError => new ActionError(code, 'Something happened.');

test('a run whose files are all done says what failed after them', () => {
  const signed = { ...samples.green(3), outcomes: samples.signedFiles(3), failure: failure('ARTIFACT_FAILED') };
  expect(headline(signed)).toBe('Signing failed after 3 files were signed: ARTIFACT_FAILED.');
  const outcomes = samples.signedFiles(1, 'verified');
  const verified = { ...samples.verified(), outcomes, failure: failure('CHECKSUMS_DIFFER') };
  expect(headline(verified)).toBe('Verification failed after 1 file was found valid: CHECKSUMS_DIFFER.');
});

test('a run that ended before its first file says why', () => {
  expect(headline(samples.neverBegan())).toBe('Nothing was done: INPUT_INVALID.');
  const report = { ...samples.verified(), outcomes: [], failure: failure('NO_FILES_FOUND') };
  expect(headline(report)).toBe('Nothing was verified: NO_FILES_FOUND.');
});

test('times have a label, and are left out for a few files', () => {
  const outcomes = samples.signedFiles(100).map((one, at) => ({ ...one, elapsedMs: at }));
  expect(describeTiming(outcomes, 10_000)).toMatch(
    /^10 files\/s, .* [kM]B\/s\. Time of a file: median 50 ms, p95 95 ms, slowest 99 ms\.$/,
  );
  expect(describeTiming(outcomes.slice(0, 19), 10_000)).toMatch(/^1\.9 files\/s, [^;]*s\.$/);
});
