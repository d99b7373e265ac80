import { describe, expect, test } from 'vitest';
import { failing } from './models.ts';
import { FAILURES, simulate } from './simulate.ts';

test('the canary is sent first, and no other file during its head start', async () => {
  const run = await simulate(() => ({ afterMs: 450 }), { jobs: 100, canary: 42 });
  expect(run.requests[0]).toMatchObject({ job: 42, atMs: 0, inFlight: 1 });
  expect(run.requests[1]).toMatchObject({ job: 0, atMs: 52 });
  expect(run.requests.slice(1).map(({ job }) => job)).toEqual(
    Array.from({ length: 100 }, (_, job) => job).filter((job) => job !== 42),
  );
});

test('the canary’s answer ends its head start early', async () => {
  const run = await simulate(() => ({ afterMs: 10 }), { jobs: 100 });
  expect(run.requests[1]?.atMs).toBe(10);
});

test('before the first connection is open, no file follows the canary', async () => {
  const headStart = (): Promise<unknown> => Promise.withResolvers<void>().promise;
  const run = await simulate(() => ({ afterMs: 450 }), { jobs: 100, headStart });
  expect(run.requests[1]?.atMs).toBe(450);
});

test('with a slow service all files of one wave are in flight before the first answer', async () => {
  const run = await simulate(() => ({ afterMs: 450 }), { jobs: 100 });
  expect(run.mostInFlight).toBe(100);
  expect(Math.max(...run.requests.map(({ atMs }) => atMs))).toBeLessThan(100);
  expect(run.elapsedMs).toBeLessThan(550);
});

test('with more files than slots, at most 40 requests are sent before the first answer', async () => {
  const run = await simulate(() => ({ afterMs: 450 }), { jobs: 500 });
  expect(run.requests.filter(({ atMs }) => atMs < 450).length).toBe(40);
  expect(run.mostInFlight).toBe(100);
  expect(run.elapsedMs).toBeLessThan(3500);
});

describe.each([0.1, 1, 2])('with a service that needs %d ms', (afterMs) => {
  test.each([
    [500, 12, 16],
    [2000, 31, 36],
    [5000, 48, 52],
  ])('%i files take no more connections than they pay for', async (jobs, fewest, most) => {
    const run = await simulate(() => ({ afterMs }), { jobs, busyMs: 0.2 });
    expect(run.green).toBe(true);
    expect(run.mostInFlight).toBeGreaterThanOrEqual(fewest);
    expect(run.mostInFlight).toBeLessThanOrEqual(most);
  });
});

test('concurrency below the initial limit holds from the start', async () => {
  const run = await simulate(() => ({ afterMs: 450 }), { jobs: 20, concurrency: 3 });
  expect([run.green, run.mostInFlight]).toEqual([true, 3]);
});

test('429 and 503 halve the limit once per quarter of a second, and successes raise the limit again', async () => {
  const model = failing(FAILURES.refused, ({ atMs }) => atMs > 3000 && atMs < 3100, 100);
  const run = await simulate(model, { jobs: 5000, concurrency: 64 });
  const mostAt = (fromMs: number, toMs: number): number =>
    Math.max(...run.requests.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ inFlight }) => inFlight));
  expect(run.green).toBe(true);
  expect(mostAt(2500, 3000)).toBe(64);
  expect(mostAt(3300, 3500)).toBeLessThanOrEqual(34);
  expect(mostAt(6000, 8000)).toBeGreaterThan(40);
});
