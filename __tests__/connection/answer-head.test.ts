import { expect, test } from 'vitest';
import { readHeaders } from '../../src/connection/lenient/answer-head.ts';
import { workMs } from '../helpers/time.ts';

test('a header that comes once is a text, and one that comes more often a list in the order of its lines', () => {
  expect(readHeaders(['One: a', 'two: b', 'TWO : c', ' d', 'two:e'])).toEqual({ one: 'a', two: ['b', 'c d', 'e'] });
});

test('a header that comes a hundred thousand times is read in a time that grows no faster than its length', () => {
  const lines = Array.from({ length: 100_000 }, () => 'a:');
  expect(workMs(() => readHeaders(lines))).toBeLessThan(1000);
});
