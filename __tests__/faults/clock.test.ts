import { expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { jsonAnswer } from '../../src/rehearsal/requests/call.ts';
import type { ActionOptions } from '../../tools/runner/runner.ts';
import { status } from '../rehearsal/fault-samples.ts';
import { meet, SIGN_ONLY } from './meeting.ts';

const HOUR_MS = 3_600_000;
const files = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`f${at}`, undefined]));

function wrongClock(clock: Readonly<Record<string, number>>): Partial<ActionOptions> {
  return {
    nodeArgs: ['--import', new URL('preload-clock.ts', import.meta.url).href],
    env: { WRONG_CLOCK: JSON.stringify(clock), NODE_NO_WARNINGS: '1' },
  };
}

test.concurrent.each([
  ['2 min slow', -120_000, 60_000, '1[12]\\d s ahead of'],
  ['2 min fast', 120_000, 60_000, '1[12]\\d s behind'],
  ['2 h slow', -2 * HOUR_MS, 300_000, '7\\d\\d\\d s ahead of'],
  ['2 h fast', 2 * HOUR_MS, 300_000, '7\\d\\d\\d s behind'],
])(
  'a runner whose clock is %s signs after one refusal and says so',
  { tags: ['fault-57'] },
  async (_, offsetMs, windowMs, says) => {
    const long = { notBefore: new Date(Date.now() - 24 * HOUR_MS) };
    const pki = await createPki({ client: long, server: long });
    const { run, requests } = await meet({
      files,
      service: { pki, windowMs },
      inputs: SIGN_ONLY,
      run: wrongClock({ offsetMs }),
    });
    expect(run.exitCode, run.log).toBe(0);
    // On a busy machine others may start before the first refusal is read; each of them is refused once.
    expect(requests.length).toBeLessThanOrEqual(2 * (Object.keys(files).length + 1));
    const warnings = run.annotations.filter(({ title }) => title === 'Clocks differ').map(({ message }) => message);
    expect(warnings).toEqual([expect.stringMatching(says)]);
    expect(run.summary).toContain('dates its requests accordingly');
  },
);

test.concurrent('a clock that is right is not corrected, also when the service refuses', {
  tags: ['fault-57'],
}, async () => {
  const { run, errors } = await meet({ files: { a: status(401) } });
  expect(errors).toEqual(['UNAUTHORIZED']);
  expect(run.log).not.toContain('Clocks differ');
});

test.concurrent('a service that is more than a day off is not followed', { tags: ['fault-57'] }, async () => {
  const { run, errors, requests } = await meet({
    files,
    // What is in flight when the refusal comes has been sent.
    inputs: { concurrency: '3' },
    service: { now: () => Date.now() + 25 * HOUR_MS },
  });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['UNAUTHORIZED']);
  expect(requests.length).toBeLessThanOrEqual(5);
  expect(run.log).not.toContain('Clocks differ');
});

test.concurrent('a clock that is set back two hours during a run costs no file', {
  tags: ['fault-57'],
}, async () => {
  const { run } = await meet({
    files,
    service: { delayMs: 5 },
    inputs: SIGN_ONLY,
    run: wrongClock({ jumpMs: -2 * HOUR_MS, afterCalls: 60 }),
  });
  expect(run.exitCode, run.log).toBe(0);
  expect(Number(run.outputs['duration-ms'])).toBeLessThan(60_000);
});

test.concurrent('a refusal of a request that was over a minute old says that it was too old', {
  tags: ['fault-29'],
}, async () => {
  const refused = { kind: 'answer', answer: jsonAnswer(401, { message: 'stale' }) } as const;
  const { run, errors, receipts, signed } = await meet({
    files: { late: refused, once: [refused] },
    service: { windowMs: 24 * HOUR_MS },
    // Each look at the clock finds it 70 s on, as if every upload took that long.
    run: wrongClock({ stepMs: 70_000 }),
  });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['REQUEST_TOO_OLD']);
  expect(receipts['late']?.error?.message).toMatch(/\d+ s after the request was dated/);
  expect(signed).toEqual(['canary', 'once']);
});
