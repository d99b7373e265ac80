import { expect, test } from 'vitest';
import { limitMs } from '../helpers/time.ts';
import { status } from '../rehearsal/fault-samples.ts';
import { type Encounter, type Meeting, meet, SIGN_ONLY } from './meeting.ts';

/** Time from one file's n-th request to the next request of any file, in milliseconds. */
function silenceAfter({ requests }: Meeting, name: string): number {
  const at = requests.findIndex((request) => request.name === name);
  return (requests[at + 1]?.at ?? 0) - (requests[at]?.at ?? 0);
}

test.concurrent.each([429, 503])(
  '%i with Retry-After makes the whole client wait',
  { tags: ['fault-33'] },
  async (code) => {
    const files: Record<string, Encounter> = { asked: [status(code, { 'retry-after': '1' })] };
    for (let at = 0; at < 20; at++) files[`f${at}`] = undefined;
    // One at a time: requests that are already under way cannot wait.
    const meeting = await meet({ files, inputs: { ...SIGN_ONLY, concurrency: '1' } });
    expect(meeting.run.exitCode, meeting.run.log).toBe(0);
    expect(meeting.receipts['asked']).toMatchObject({ attempts: 2 });
    expect(silenceAfter(meeting, 'asked')).toBeGreaterThanOrEqual(990);
    expect(meeting.requests).toHaveLength(23);
  },
);

test.concurrent.each([
  ['an hour', { 'retry-after': '3600' }, '3600 s'],
  ['the year 9999', { date: 'Sat, 21 Nov 2026 10:00:00 GMT', 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, ''],
])(
  '%s is longer than a run can wait: the run ends at once and says so',
  { tags: ['fault-33', 'fault-34'] },
  async (_, headers, wish) => {
    const { run, errors, requests, signed } = await meet({
      files: { asked: status(429, headers), a: undefined, b: undefined },
      inputs: { concurrency: '1' },
    });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['RETRY_AFTER_TOO_LONG']);
    expect(run.log).toMatch(new RegExp(`asks to wait ${wish}.*waits at most 120 s`));
    expect(requests.filter(({ name }) => name === 'asked')).toHaveLength(1);
    expect(signed).not.toContain('asked');
    // Far less than the wait that the service asked for.
    expect(run.durationMs).toBeLessThan(limitMs(9000));
  },
);

test.concurrent('a wait that is longer than the deadline allows ends the run too', { tags: ['fault-33'] }, async () => {
  const files = { asked: status(503, { 'retry-after': '30' }), a: undefined };
  const { run, errors } = await meet({ files, inputs: { concurrency: '1', deadline: '25' } });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['RETRY_AFTER_TOO_LONG']);
  // Less than the deadline, and than the wait that the service asked for.
  expect(run.durationMs).toBeLessThan(20_000);
});

test.concurrent('dates count from the Date of the answer, milliseconds are known, and nonsense is ignored', {
  tags: ['fault-34'],
}, async () => {
  const date = 'Sat, 21 Nov 2026 10:00:00 GMT';
  const files = {
    soon: [status(429, { date, 'retry-after': 'Sat, 21 Nov 2026 10:00:01 GMT' })],
    past: [status(429, { date, 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT' })],
    milliseconds: [status(429, { 'retry-after-ms': '700' })],
    negative: [status(429, { 'retry-after': '-3600' })],
    word: [status(429, { 'retry-after': 'tomorrow' })],
    apples: [status(429, { 'retry-after': '9000 apples' })],
    empty: [status(429, { 'retry-after': '' })],
  };
  const meeting = await meet({ files, inputs: { ...SIGN_ONLY, concurrency: '1' } });
  expect(meeting.run.exitCode, meeting.run.log).toBe(0);
  for (const name of Object.keys(files)) {
    expect(meeting.receipts[name], name).toMatchObject({ status: 'signed', attempts: 2 });
  }
  expect(silenceAfter(meeting, 'soon')).toBeGreaterThanOrEqual(990);
  expect(silenceAfter(meeting, 'milliseconds')).toBeGreaterThanOrEqual(690);
  expect(meeting.run.durationMs).toBeLessThan(limitMs(30_000));
});
