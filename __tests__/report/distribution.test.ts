import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distribute } from '../../src/report/summary/timing.ts';

const times = fc
  .array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 200 })
  .map((list) => Float64Array.from(list).sort());

test('every number is in one bucket; the buckets are few, adjacent, and end with the largest number', () => {
  fc.assert(
    fc.property(times, (sorted) => {
      const buckets = distribute(sorted);
      expect(buckets.length).toBeLessThanOrEqual(10);
      for (const [at, { from, to, count }] of buckets.entries()) {
        expect(count).toBe(sorted.filter((time) => time >= from && time < to).length);
        expect(to).toBeGreaterThan(from);
        if (at > 0) expect(from).toBe(buckets[at - 1]?.to);
      }
      expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(sorted.length);
      expect(buckets[0]?.count).toBeGreaterThan(0);
      expect(buckets.at(-1)?.count).toBeGreaterThan(0);
    }),
  );
});

test('bounds are round, and as fine as ten buckets allow', () => {
  const bounds = (...list: number[]): number[] => distribute(list).map(({ from }) => from);
  expect(bounds(18, 40, 2400)).toEqual([10, 20, 50, 100, 200, 500, 1000, 2000]);
  expect(bounds(18, 40)).toEqual([15, 20, 25, 30, 40]);
  expect(bounds(0.2, 3)).toEqual([0, 1, 1.2, 1.5, 2, 2.5, 3]);
  expect(bounds(1, 9_999_999)).toEqual([1, 10, 100, 1000, 10_000, 100_000, 1_000_000]);
  expect(distribute([])).toEqual([]);
});
