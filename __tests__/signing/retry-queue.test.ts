import { expect, test } from 'vitest';
import { RetryQueue } from '../../src/signing/schedule/queue.ts';
import { FAILURES } from './simulate.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Takes what is ready until nothing is. */
function drain(queue: RetryQueue, now: number): number[] {
  const jobs: number[] = [];
  for (let job = queue.ready(now, NEVER); job !== undefined; job = queue.ready(now, NEVER)) {
    queue.take(job);
    jobs.push(job);
    if (jobs.length > 100) throw new Error('It never ends.');
  }
  return jobs;
}

test.each([
  [5, 0, [0, 1, 2, 3, 4]],
  [5, 2, [2, 0, 1, 3, 4]],
  [5, 4, [4, 0, 1, 2, 3]],
  [1, 0, [0]],
  [0, 0, []],
])('%i jobs with the canary %i go once each, the canary first', (jobs, canary, order) => {
  const queue = new RetryQueue(jobs, canary);
  expect(drain(queue, 0)).toEqual(order);
  expect([queue.ready(1e9, 0), queue.probe(), queue.nextReadyAt(0)]).toEqual([undefined, undefined, NEVER]);
});

test('repeats that are due are sent before new jobs, the earliest first, and those of the same time in their order', () => {
  const queue = new RetryQueue(9, 0);
  for (let job = 0; job < 6; job++) queue.take(job);
  queue.repeat({ job: 0, readyAt: 300, reason: 'service' });
  queue.repeat({ job: 1, readyAt: 100, reason: 'service' });
  queue.repeat({ job: 2, readyAt: 200, reason: 'service' });
  queue.repeat({ job: 3, readyAt: 100, reason: 'service' });
  queue.repeat({ job: 4, readyAt: 400, reason: 'service' });
  queue.repeat({ job: 5, readyAt: 0, reason: 'service' });
  expect(queue.nextReadyAt(NEVER)).toBe(0);
  queue.take(5);
  expect([queue.ready(99, NEVER), queue.nextReadyAt(NEVER)]).toEqual([6, 100]);
  queue.take(6);
  expect(drain(queue, 300)).toEqual([1, 3, 2, 0, 7, 8]);
  expect([queue.ready(399, NEVER), queue.probe(), queue.ready(400, NEVER)]).toEqual([undefined, 4, 4]);
});

test('while only the canary may be sent, no other job is', () => {
  const queue = new RetryQueue(3, 1);
  expect(queue.readyCanary(0)).toBe(1);
  queue.take(1);
  expect(queue.readyCanary(0)).toBeUndefined();
  queue.repeat({ job: 1, readyAt: 50, reason: 'service' });
  expect([queue.readyCanary(49), queue.readyCanary(50), queue.probe()]).toEqual([undefined, 1, 2]);
});

test('probes take new jobs from the end, where they are the least like those before', () => {
  const queue = new RetryQueue(6, 4);
  for (const job of [4, 0]) queue.take(job);
  queue.repeat({ job: 0, readyAt: 0, reason: 'service' });
  expect([queue.probe('failed'), queue.probe('new')]).toEqual([0, 5]);
  const probes = [5, 3, 2].map((job) => {
    expect(queue.probe()).toBe(job);
    return queue.take(job);
  });
  expect(probes).toHaveLength(3);
  expect(drain(queue, 0)).toEqual([0, 1]);
  expect(queue.probe()).toBeUndefined();
});

test('a job that waits only for the service to recover is sent after new jobs, from the time at which the service may be asked', () => {
  const queue = new RetryQueue(4, 0);
  for (let job = 0; job < 3; job++) queue.take(job);
  queue.repeat({ job: 0, readyAt: 1000, reason: 'itself' });
  queue.repeat({ job: 1, readyAt: 2000, reason: 'service' });
  queue.repeat({ job: 2, readyAt: 3000, reason: 'service' });
  expect(queue.ready(500, 500)).toBe(3);
  queue.take(3);
  expect([queue.ready(499, 500), queue.ready(500, 500), queue.ready(500, NEVER)]).toEqual([undefined, 1, undefined]);
  expect([queue.nextReadyAt(500), queue.nextReadyAt(1500), queue.nextReadyAt(NEVER)]).toEqual([500, 1000, 1000]);
  queue.take(1);
  expect(queue.ready(500, 500)).toBe(2);
  queue.take(2);
  expect([queue.ready(500, 500), queue.nextReadyAt(500), queue.ready(1000, NEVER)]).toEqual([undefined, 1000, 0]);
});

test('a job that is held is sent when no other job waits, not even one that is not due', () => {
  const queue = new RetryQueue(3, 0);
  for (let job = 0; job < 3; job++) queue.take(job);
  queue.hold(0, FAILURES.wrongKey);
  queue.hold(1, FAILURES.wrongKey);
  queue.repeat({ job: 2, readyAt: 100, reason: 'itself' });
  expect([queue.ready(99, NEVER), queue.ready(100, NEVER)]).toEqual([undefined, 2]);
  queue.take(2);
  expect(drain(queue, 100)).toEqual([0, 1]);
});
