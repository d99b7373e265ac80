import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatGuessedMs, formatMs, plural } from '../../src/report/summary/units.ts';

test.each([
  [0, '0 B'],
  [0.4, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [83_950_000, '84.0 MB'],
  [3 * 2 ** 30, '3.22 GB'],
  [5e15, '5,000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.2, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min 0 s'],
  [119_700, '2 min 0 s'],
  [185_000, '3 min 5 s'],
  [2 * 3_600_000 + 600_000, '2 h 10 min'],
])('%d milliseconds are %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

test.each([
  [10, '1 s'],
  [12_400, '12 s'],
  [59_700, '1 min'],
  [170_000, '3 min'],
  [7_800_000, '2 h 10 min'],
])('a guess of %d milliseconds is %s', (ms, text) => {
  expect(formatGuessedMs(ms)).toBe(text);
});

test('no number shows an exponent, and a count reads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (number) => {
      expect(formatBytes(number) + formatMs(number) + formatGuessedMs(number)).not.toContain('e');
      expect(Number(formatCount(number).replaceAll(',', ''))).toBe(number);
    }),
  );
  expect([plural(1, 'file'), plural(20_000, 'file')]).toEqual(['1 file', '20,000 files']);
});
