import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isBelow, isSamePlace, isWithin, pathInside } from '../../src/files/real-path.ts';
import { makeDirectory, plant } from './trees.ts';

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

test('a path leads into a directory by its spelling, or once the links of both are resolved', () => {
  const outer = plant(makeDirectory(), { 'disk/r/a': '', alias: { link: 'disk' }, 'disk/out': { link: '/' } });
  const at = (path: string): string => join(outer, path);
  expect(pathInside(at('alias/r'), at('disk/r/new/file'))).toBe('new/file');
  expect(pathInside(at('disk/r'), at('alias/r'))).toBe('');
  expect(pathInside(at('alias/r'), at('alias/r/x'))).toBe('x');
  expect(pathInside(at('disk/r'), at('alias/other'))).toBeUndefined();
  expect(pathInside(at('alias/r'), at('disk'))).toBeUndefined();
  // By its spelling it is inside: where it leads is for others to judge.
  expect(pathInside(at('disk'), at('disk/out'))).toBe('out');
  expect(pathInside(outer, `/${'x'.repeat(5000)}`)).toBeUndefined();
});

test('two spellings are one place only where the file system finds one file by both', () => {
  const directory = plant(makeDirectory(), { '.GIT/x': '', '.git/x': '', é: '' });
  const at = (path: string): string => join(directory, path);
  expect(isSamePlace(at('.git'), at('.git'))).toBe(true);
  expect(isSamePlace(at('.git'), at('.GIT'))).toBe(false);
  expect(isSamePlace(at('none'), at('NONE'))).toBe(false);
  expect(isSamePlace(at('é'), at('e\u0301'))).toBe(false);
  linkSync(at('é'), at('other'));
  expect(isSamePlace(at('é'), at('other'))).toBe(false);
});

test('hard links whose names differ only in case or composition are two places', () => {
  const root = plant(makeDirectory(), { 'dist/SUMS': 'x', 'dist/é': 'x', 'Dist/other': '' });
  const at = (path: string): string => join(root, path);
  for (const [one, other] of [
    ['dist/SUMS', 'dist/sums'],
    ['dist/SUMS', 'Dist/SUMS'],
    ['dist/é', 'dist/e\u0301'],
  ] as const) {
    linkSync(at(one), at(other));
    expect(isSamePlace(at(one), at(other)), other).toBe(false);
    expect(isSamePlace(at(one), at(one))).toBe(true);
  }
});
