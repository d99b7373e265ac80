import { expect, test } from 'vitest';
import { Failure } from '../../src/signing/policy/failure.ts';
import { FAILURES, simulate } from './simulate.ts';

test('the canary’s answer ends its head start although its signature is not written yet', async () => {
  const run = await simulate(() => ({ afterMs: 10, rest: { ms: 5000 } }), { jobs: 100 });
  expect(run.requests[1]?.atMs).toBe(10);
  expect([run.green, run.elapsedMs > 5000]).toEqual([true, true]);
});

test('a signature that waits for the disk takes no slot, and does not count as a slow service', async () => {
  const run = await simulate(() => ({ afterMs: 1, rest: { ms: 300 } }), { jobs: 500, busyMs: 0.2 });
  expect(run.green).toBe(true);
  expect(run.requests.at(-1)?.atMs).toBeLessThan(250);
  expect(run.mostInFlight).toBeLessThanOrEqual(16);
});

test('a disk that does not answer stops new requests as soon as the waiting signatures fill the memory limit', async () => {
  const run = await simulate(() => ({ afterMs: 1, rest: { ms: 10_000 } }), {
    jobs: 3000,
    weight: (job) => (job === 2000 ? 5000 : 2),
    maxWeight: 1000,
  });
  const since = (fromMs: number): number =>
    run.requests.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 10_000).length;
  expect(run.green).toBe(true);
  expect([since(0), since(10_000) <= 500]).toEqual([500, true]);
  const heavy = run.requests.find(({ job }) => job === 2000)?.atMs ?? 0;
  expect(run.requests.filter(({ atMs }) => Math.abs(atMs - heavy) < 9990)).toHaveLength(1);
});

test('a signature that cannot be written loses its file alone, and is not asked for again', async () => {
  const failure = new Failure('file', 'OUTPUT_UNWRITABLE', 'It cannot be written.');
  const run = await simulate(({ job }) => ({ afterMs: 5, rest: { ms: 20, ...(job === 7 ? { failure } : {}) } }), {
    jobs: 50,
  });
  expect([...run.settled].filter(([, settled]) => settled.failure).map(([job]) => job)).toEqual([7]);
  expect([run.settled.get(7)?.failure, run.settled.size, run.requests.length]).toEqual([failure, 50, 50]);
});

test('a full disk ends the run; what was answered before is finished', async () => {
  const failure = new Failure('config', 'OUTPUT_FULL', 'The disk is full.');
  const run = await simulate(({ job }) => ({ afterMs: 5, rest: job === 7 ? { ms: 1, failure } : { ms: 50 } }), {
    jobs: 500,
  });
  expect(run.ending).toBe(failure);
  const written = [...run.settled.values()].filter((settled) => !settled.failure).length;
  expect(written).toBeGreaterThan(0);
  expect(run.settled.size + run.cutOff.size).toBe(run.requests.length);
  expect(run.requests.length).toBeLessThan(100);
});

test('a probe whose signature cannot be written does not count as the recovery of a later probe', async () => {
  const failure = new Failure('file', 'OUTPUT_UNWRITABLE', 'It cannot be written.');
  let recovered = false;
  const run = await simulate(
    ({ atMs }) => {
      const isDown = (atMs > 100 && atMs < 1000) || (atMs > 1100 && recovered && atMs < 20_000);
      if (isDown) return { afterMs: recovered ? 2000 : 20, failure: FAILURES.refused };
      if (atMs < 1000 || recovered) return { afterMs: 20 };
      recovered = true;
      return { afterMs: 20, rest: { ms: 7000, failure } };
    },
    { jobs: 2000, concurrency: 20 },
  );
  const second = run.outages[1];
  const probes = run.requests.filter(({ atMs }) => second && atMs > second.fromMs + 4000 && atMs < second.toMs);
  expect([run.outages.length, run.settled.size]).toEqual([2, 2000]);
  expect([...run.settled.values()].filter((settled) => settled.failure)).toHaveLength(1);
  expect(probes.length).toBeGreaterThan(2);
  expect(probes.filter(({ inFlight }) => inFlight > 1)).toEqual([]);
});
