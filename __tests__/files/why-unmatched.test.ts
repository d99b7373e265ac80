import { sep } from 'node:path';
import { expect, test } from 'vitest';
import { whyUnmatched } from '../../src/files/finding/why-unmatched.ts';
import { makeDirectory, type Node, plant, searchOf } from './trees.ts';

const TREE: Readonly<Record<string, Node>> = {
  'dist/a.zip': '',
  'dist/b.zip': '',
  'dist/c.txt': '',
  'dist/c.txt.sign': '',
  'few/x': '',
  'few/y': '',
  'few/z': '',
  empty: { directory: true },
  'caf\u00e9/menu.txt': '',
};

/** Why each include of the patterns matched nothing. */
async function why(patterns: string, tree = TREE): Promise<readonly (string | undefined)[]> {
  const search = searchOf(plant(makeDirectory(), tree), patterns);
  const texts = search.patterns.flatMap(({ text, excludes }) => (excludes ? [] : [text]));
  return whyUnmatched(texts, search);
}

const LINE_END = 'it holds a backslash and an n, not a line end: write files: | and below it one pattern per line';
const QUOTES = 'the quotes are part of the pattern: leave them out';
const VARIABLE = 'no shell replaces the variable here: give a path relative to root';
const BACKSLASH = 'a backslash does not separate directories on this system: write / instead';
const DIST = 'dist holds a.zip, b.zip, c.txt and 1 more';
const ROOT = 'root holds caf\u00e9, dist, empty and 1 more';

test.each<[string, string | undefined]>([
  ["'dist/*.zip'", QUOTES],
  ['"dist/*.zip"', QUOTES],
  [`"dist/*.zip'`, `there is no "dist; ${ROOT}`],
  ['- dist/*.zip', 'the dash is part of the pattern: files is a text with one pattern per line, not a list'],
  ['-dist/*.zip', `there is no -dist; ${ROOT}`],
  ['$OUT/*.zip', VARIABLE],
  ['%OUT%/*.zip', VARIABLE],
  ['100 %/*.zip', `there is no 100 %; ${ROOT}`],
  [
    'cafe\u0301/*.txt',
    'it differs only in Unicode composition from caf\u00e9/menu.txt: copy that spelling, or write * for its letters with accents',
  ],
  ['dist/*.exe', DIST],
  ['dist/release/*.exe', `dist is there, dist/release is not; ${DIST}`],
  ['few/*.exe', 'few holds x, y, z'],
  ['empty/*.exe', 'empty is empty'],
  ['*.exe', ROOT],
  ['gone/*.exe', `there is no gone; ${ROOT}`],
  ['few/x/*.exe', undefined],
  ['few/x/y/*.exe', undefined],
  ["dist/'*.zip'", DIST],
  ["'dist'/*.zip", `there is no 'dist'; ${ROOT}`],
  ['a - b/*.zip', `there is no a - b; ${ROOT}`],
])('%s', async (pattern, reason) => expect(await why(pattern)).toEqual([reason]));

// Elsewhere a backslash divides directories, and a pattern matches names in another case.
test.runIf(sep === '/').each<[string, string | undefined]>([
  ['dist/a.zip\\ndist/b.zip', LINE_END],
  ['dist/a.zip\\n!dist/b.zip', LINE_END],
  ['few/x\\nfew', LINE_END],
  ['dist/gone\\nother/*', LINE_END],
  ['dist\\nothing', BACKSLASH],
  ['dist\\*.zip', BACKSLASH],
  ['DIST/a.ZIP', 'it differs only in case from dist/a.zip: patterns are case-sensitive on this system'],
  ['Few', 'it differs only in case from few/x: patterns are case-sensitive on this system'],
  ['dist/a.zip\\n/etc/x', LINE_END],
  ['Few/', 'it differs only in case from few/x: patterns are case-sensitive on this system'],
  ['few/X/', 'few is there, few/X is not; few holds x, y, z'],
])('%s', async (pattern, reason) => expect(await why(pattern)).toEqual([reason]));

test.each<[string, string | undefined]>([
  ['dist/*.zip\n!dist', 'the patterns that begin with ! exclude all files that it matches'],
  ['few\n!few/x\n!few/y\n!few/z', 'the patterns that begin with ! exclude all files that it matches'],
  [
    'dist/*.sign',
    'it matches only files that end in .sign, such as dist/c.txt.sign, and suffix says that these are signatures',
  ],
  ['dist/c*\n!dist/c.txt', 'the patterns that begin with ! exclude all files that it matches'],
])('%j', async (patterns, reason) => expect(await why(patterns)).toEqual([reason]));

test('each pattern is asked for its own files', async () => {
  expect(await why('dist/*.zip\nfew/*.exe\n!dist')).toEqual([
    'the patterns that begin with ! exclude all files that it matches',
    'few holds x, y, z',
  ]);
});

test('each pattern has its own reason, and what is no pattern of the search has none', async () => {
  expect(await why('gone/*\n$OUT/a\n!few')).toEqual([`there is no gone; ${ROOT}`, VARIABLE]);
  const search = searchOf(plant(makeDirectory(), TREE), 'dist\n!few');
  expect(await whyUnmatched(['few'], search)).toEqual([undefined]);
});
