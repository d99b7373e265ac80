import { expect, test } from 'vitest';
import { findTwins, showTwins } from '../../src/files/lookalikes.ts';

test('twins are found by case and by Unicode form', () => {
  const paths = ['dist/README', 'dist/caf\u00e9', 'dist/cafe\u0301', 'dist/readme', 'dist/cafe', 'lib/readme'];
  expect(findTwins(paths)).toEqual([
    ['dist/caf\u00e9', 'dist/cafe\u0301'],
    ['dist/README', 'dist/readme'],
  ]);
});

test.each([
  ['a\u00e9', 'ae\u0301', 'a\u00e9 (\u00e9 is U+00E9) and ae\u0301 (e\u0301 is U+0065 U+0301)'],
  ['\u212b.zip', '\u00c5.zip', '\u212b.zip (\u212b is U+212B) and \u00c5.zip (\u00c5 is U+00C5)'],
  ['README', 'readme', 'README and readme'],
  [
    '\u00e9/\u00e9',
    'e\u0301/e\u0301',
    '\u00e9/\u00e9 (\u00e9 is U+00E9) and e\u0301/e\u0301 (e\u0301 is U+0065 U+0301)',
  ],
  ['A\n', 'a\n', 'A\\n and a\\n'],
])('%j and %j are told apart', (one, other, shown) => {
  expect(showTwins([one, other])).toBe(shown);
});
