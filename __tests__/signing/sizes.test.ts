import { describe, expect, test } from 'vitest';
import type { FileOutcome } from '../../src/files/release-file.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { findSizes, withSizes } from '../../src/signing/sizes.ts';

const outcome = (status: FileOutcome['status'], size: number, attempts = 1): FileOutcome => ({
  file: { path: `${size}.bin`, size },
  status,
  attempts,
  elapsedMs: 1,
});
const signed = [3, 1, 2].map((size) => outcome('signed', size));
const lost = [9, 7, 8].map((size) => outcome('failed', size));

describe('files that divide by their size', () => {
  test('are told, with the causes that this has', () => {
    expect(findSizes([...signed, ...lost], 2)).toEqual({
      facts: 'All 3 signed files have at most 3 bytes, all 3 that were not signed have at least 7',
      isCertain: true,
    });
    expect(findSizes([...lost, ...signed], 1)?.isCertain).toBe(false);
    const one = [...Array.from({ length: 19 }, () => outcome('failed', 5)), outcome('signed', 0)];
    expect(findSizes(one, 0)?.facts).toMatch(/^The only signed file has 0 bytes, all 19 that were/);
    const most = [outcome('not-tried', 6), ...Array.from({ length: 19 }, () => outcome('signed', 5))];
    expect(findSizes(most, 0)?.facts).toMatch(
      /^All 19 signed files have at most 5 bytes, the file that was not signed has 6/,
    );
  });

  test.each([
    ['a signed file is as large', [...signed, ...lost, outcome('signed', 7)]],
    ['they are so few that it may be chance', [...signed, ...lost.slice(1)]],
    ['no file was signed', lost],
    ['the others were not tried', [...signed, ...lost.map((each) => ({ ...each, attempts: 0 }))]],
  ])('are not told when %s', (_, outcomes) => {
    expect(findSizes(outcomes, 9)).toBeUndefined();
  });

  test('are not told when all signed files were sent before all others, and none was signed after a failure', () => {
    expect(findSizes([...signed, ...lost], 1)).toBeUndefined();
  });
});

test('the finding stands before the advice when files were signed after others had failed, else after it', () => {
  const failure = new Failure('request', 'RESP_EMPTY', 'It is empty.', { hint: 'Ask.' });
  const certain = { facts: 'Sizes differ', isCertain: true };
  const limit = 'a limit on size, in the service or in a gateway or proxy on the way';
  expect(withSizes(failure, certain).hint).toBe(`Sizes differ: the cause is probably ${limit}. Ask.`);
  expect(withSizes(failure, { ...certain, isCertain: false }).hint).toBe(
    `Ask. Sizes differ: unless this is chance, the cause is ${limit}.`,
  );
  expect(withSizes(failure.with({ code: 'SIGNATURE_INVALID' }), certain).hint).toBe('Ask.');
  expect(withSizes(failure, undefined)).toBe(failure);
  // A run that ended for want of quota or disk space has a cause that is not the size.
  const ended = (cause: Failure): unknown =>
    withSizes(new Failure('config', 'DEADLINE', 'It is late.', { hint: 'Ask.', cause }), certain).hint;
  expect(ended(failure)).toMatch(/^Sizes differ: .* Ask\.$/);
  expect(ended(failure.with({ code: 'THROTTLED' }))).toBe('Ask.');
});

test.each([
  ['SERVER_ERROR', {}, 'a limit on size, in the service or in a gateway or proxy on the way'],
  [
    'FORBIDDEN',
    { refusal: { isPage: true, advice: undefined } },
    'a limit on size in the web server or gateway that answered',
  ],
  ['RESP_HTML', {}, 'a limit on size in the web server or gateway that answered'],
  [
    'TIMEOUT',
    {},
    'a limit on size, in the service or in a gateway or proxy on the way, or a network that loses large packets (VPN, MTU)',
  ],
] as const)('the cause of sizes is in the network only where no answer came: %s', (code, facts, cause) => {
  const failure = new Failure('request', code, 'No.', facts);
  const { hint } = withSizes(failure, { facts: 'Sizes differ', isCertain: true });
  expect(hint).toBe(`Sizes differ: the cause is probably ${cause}.`);
});
