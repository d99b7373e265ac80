import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNaturally, firstOf } from '../../src/report/summary/order.ts';

test('digits count by their value, other characters as they are', () => {
  const sorted = [
    'a',
    'a-1',
    'a-02',
    'a-2',
    'a-10',
    'a-10b',
    'a-10b2',
    'b',
    'b/9007199254740993',
    'b/9007199254740994',
  ];
  expect(sorted.toReversed().sort(compareNaturally)).toEqual(['a', 'a-1', 'a-2', 'a-02', ...sorted.slice(4)]);
});

const names = fc.array(fc.string({ unit: fc.constantFrom('0', '1', '2', '9', 'a', 'b', '-') }), { maxLength: 12 });

test('the order is total: two names are equal only when they are the same, and there are no circles', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: fc.constantFrom('0', '1', '9', 'a') }), { maxLength: 5 }), (some) => {
      for (const a of some) {
        for (const b of some) {
          expect(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a))).toBe(0);
          for (const c of some) {
            if (compareNaturally(a, b) < 0 && compareNaturally(b, c) < 0)
              expect(compareNaturally(a, c)).toBeLessThan(0);
          }
        }
      }
    }),
  );
});

test('the first few are those that sorting all would give', () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 6 }), (some, count) => {
      expect(firstOf(some, count, compareNaturally)).toEqual([...some].sort(compareNaturally).slice(0, count));
    }),
  );
});
