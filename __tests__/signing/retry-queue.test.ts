import { expect, test } from 'vitest';
import { RetryQueue } from '../../src/signing/retry-queue.ts';

/** Takes what is ready until nothing is. */
function drain(queue: RetryQueue, now: number): number[] {
  const jobs: number[] = [];
  for (let job = queue.ready(now); job !== undefined; job = queue.ready(now)) {
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
  expect([queue.ready(1e9), queue.soonest(1e9), queue.nextReadyAt()]).toEqual([
    undefined,
    undefined,
    Number.POSITIVE_INFINITY,
  ]);
});

test('repeats go ahead of fresh jobs once they are ready, the earliest first, and those of one time in their order', () => {
  const queue = new RetryQueue(9, 0);
  for (let job = 0; job < 6; job++) queue.take(job);
  queue.repeat(0, 300);
  queue.repeat(1, 100);
  queue.repeat(2, 200);
  queue.repeat(3, 100);
  queue.repeat(4, 400);
  queue.repeat(5, 0);
  expect(queue.nextReadyAt()).toBe(0);
  queue.take(5);
  expect([queue.ready(99), queue.nextReadyAt()]).toEqual([6, 100]);
  queue.take(6);
  expect(drain(queue, 300)).toEqual([1, 3, 2, 0, 7, 8]);
  expect([queue.ready(399), queue.soonest(399), queue.ready(400)]).toEqual([undefined, 4, 4]);
});

test('while only the canary may go, no other job does', () => {
  const queue = new RetryQueue(3, 1);
  expect(queue.readyCanary(0)).toBe(1);
  queue.take(1);
  expect(queue.readyCanary(0)).toBeUndefined();
  queue.repeat(1, 50);
  expect([queue.readyCanary(49), queue.readyCanary(50), queue.soonest(49)]).toEqual([undefined, 1, 0]);
});
