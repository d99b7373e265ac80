import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shorten, showList } from '../../src/report/summary/units.ts';

test('a text that fits stays, and of another the beginning and the end', () => {
  expect(shorten('release.tar', 11)).toBe('release.tar');
  expect(shorten('a/very/long/path/to/release.tar', 16)).toBe('a/very/lon…e.tar');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 40 }), (text, limit) => {
      const short = shorten(text, limit);
      expect(short.length).toBeLessThanOrEqual(limit);
      expect(short.isWellFormed()).toBe(true);
    }),
  );
});

test('a list shows a few names, made safe, and how many more there are', () => {
  expect(showList(['a', 'b\n'], 2)).toBe('a, b\\n');
  expect(showList(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
  expect(
    showList(
      Array.from({ length: 20_001 }, (_, at) => `${at}`),
      1,
    ),
  ).toBe('0 and 20,000 more');
});
