import { expect, test } from 'vitest';
import { isBelow, isWithin } from '../../src/files/real-path.ts';

test.each([
  ['/a', '/a', true, false],
  ['/a', '/a/', true, false],
  ['/a', '/a/b', true, true],
  ['/a/', '/a/b', true, true],
  ['/a', '/ab', false, false],
  ['/a', '/', false, false],
  ['/a', '/a/../b', false, false],
  ['/a', '/a/..b', true, true],
  ['/', '/a', true, true],
  ['/', '/', true, false],
])('within %s is %s: %s, below it: %s', (directory, path, within, below) => {
  expect([isWithin(directory, path), isBelow(directory, path)]).toEqual([within, below]);
});
