import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileMatcher, type Position } from '../../src/files/finding/matcher.ts';

function follow(glob: string, path: string): { readonly position: Position; readonly widest: number } {
  const matcher = compileMatcher(glob);
  let position = matcher.start;
  let widest = position.length;
  for (const name of path.split('/')) {
    position = matcher.advance(position, name);
    widest = Math.max(widest, position.length);
  }
  return { position, widest };
}

const means = (glob: string, path: string): boolean => compileMatcher(glob).matches(follow(glob, path).position);

test('a pattern of many wildcards takes no longer than its length times that of the name', () => {
  // Backtracking over all stars would not end in the life of this machine.
  const stars = `${'*a'.repeat(120)}*b`;
  expect(means(stars, 'a'.repeat(250))).toBe(false);
  expect(means(stars, `${'a'.repeat(249)}b`)).toBe(true);
  expect(means(`${'*?'.repeat(120)}[bc]`, 'a'.repeat(250))).toBe(false);
  expect(means('*'.repeat(5000), 'a')).toBe(true);
});

test('a pattern of many directories is at no more places than it has', () => {
  const glob = `${'**/a/'.repeat(100)}b`;
  const path = 'a/'.repeat(1500);
  const { position, widest } = follow(glob, `${path}c`);
  expect(compileMatcher(glob).matches(position)).toBe(false);
  expect(widest).toBeLessThanOrEqual(201);
  expect(means(glob, `${path}b`)).toBe(true);
  expect(follow(`${'**/*/'.repeat(100)}b`, path).widest).toBeLessThanOrEqual(202);
  expect(follow(`${'**/'.repeat(3000)}x`, path).widest).toBe(2);
});

test('what a directory swallows is meant, whatever the name', () => {
  const segment = fc.constantFrom('a', 'b', '*', '**', '?', 'a*', '[ab]', '');
  const glob = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => {
    const kept = segments.filter((text, at) => text !== '' || at === segments.length - 1).join('/');
    return kept === '' ? '.' : kept;
  });
  const path = fc.array(fc.constantFrom('a', 'b', 'ab', 'c'), { minLength: 1, maxLength: 5 });
  const property = fc.property(glob, path, fc.string(), (pattern, above, name) => {
    const matcher = compileMatcher(pattern);
    const { position } = follow(pattern, above.join('/'));
    if (matcher.matches(position)) expect(matcher.swallows(position)).toBe(true);
    if (matcher.swallows(position)) expect(matcher.matches(matcher.advance(position, name))).toBe(true);
    if (position.length === 0) expect(matcher.advance(position, name)).toEqual([]);
  });
  fc.assert(property, {
    numRuns: 2000,
    examples: [
      ['a/*', ['a'], 'x'],
      ['a/', ['a'], 'x'],
      ['**/', ['a'], 'x'],
    ],
  });
});
