import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { escapePath, readPatterns, takeSetsLiterally } from '../../src/files/finding/patterns.ts';
import { find, makeDirectory, plant, tell } from './trees.ts';

const ROOT = '/work space/a[1],{b}';
const globsOf = (text: string): readonly string[] =>
  readPatterns(text, ROOT).map(({ glob, excludes }) => `${excludes ? '! ' : ''}${glob}`);

function complaintOf(text: string): string {
  try {
    readPatterns(text, ROOT);
    return '';
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    expect(error).toMatchObject({
      code: 'PATTERN_INVALID',
      hint: 'Give one pattern per line, relative to root: dist/**, or *.zip. A line that starts with ! excludes.',
    });
    return error.message;
  }
}

describe('lines', () => {
  test.each([
    ['dist/**', ['dist/**']],
    ['\r\n a \r\n# no\n\n\t#no\r!b\n', ['a', '! b']],
    ['./a//b/./c/', ['a/b/c/']],
    ['.\n./\n././/', ['.', '.', '.']],
    ['a\n! b\n!!c\n! ! !d', ['a', '! b', 'c', '! d']],
    [`${ROOT}\n${ROOT}/\n${ROOT}/x y/**/\n!${ROOT}//z`, ['.', '.', 'x y/**/', '! z']],
    [`${ROOT}/..x\n..x/y\n...`, ['..x', '..x/y', '...']],
    ['a~\n~x\n~$doc', ['a~', '~x', '~$doc']],
    ['a! b\nC:x', ['a! b', 'C:x']],
    ['a[,]b\na\\,b\n[{]x[}]', ['a[,]b', 'a\\,b', '[{]x[}]']],
    ['a\\', ['a\\']],
    ['a[b]c[\\[d]\\[e', ['a[b]c[\\[d]\\[e']],
    ['[[/]\n[\\]x', ['[[][[]/]', '[[]\\]x']],
  ])('%j', (text, globs) => expect(globsOf(text)).toEqual(globs));

  test('keep what the user wrote', () => {
    expect(readPatterns('  !./dist/  \nx', '/r').map(({ text }) => text)).toEqual(['!./dist/', 'x']);
  });
});

describe('a line that cannot mean what it says is an error that names it', () => {
  test.each([
    ['dist/*.{zip,gz}', '“dist/*.{zip,gz}” uses braces or commas'],
    ['a.zip,b.zip', '“a.zip,b.zip” uses braces or commas'],
    ['x{a}', '“x{a}” uses braces'],
    ['../x', '“../x” holds “..”'],
    ['a/../b', '“a/../b” holds “..”'],
    ['/etc/*', '“/etc/*” lies outside root'],
    [`${ROOT}x/y`, 'lies outside root'],
    [`${ROOT}/../x`, 'lies outside root'],
    ['/work space/*/x', 'lies outside root'],
    ['~/x', '“~/x” starts with ~'],
    ['~', '“~” starts with ~'],
    ['!', '“!” excludes nothing'],
    ['a\n! !', 'excludes nothing'],
    ['!a\n!b', '“!a” only excludes'],
    ['', 'it holds no pattern'],
    ['# only\n\n', 'it holds no pattern'],
    ['a,b\n../c\nfine', '“a,b” uses braces'],
    ['a/'.repeat(32_769), 'is longer than 65536 characters'],
    ['[/'.repeat(20_000), 'is longer than 65536 characters'],
    [`a/${'?'.repeat(4097)}/b`, 'holds a name of more than 4096 characters'],
    ['x\u202e,y', '“x\\u{202e},y”'],
  ])('%j', (text, words) => expect(complaintOf(text)).toContain(words));

  test.each([
    ['x{ab}y', '“x{ab}y” uses braces or commas: give each alternative a line of its own ([,] matches a comma)'],
    [
      'a,b\nfine\n../c',
      '“a,b” uses braces or commas: give each alternative a line of its own ([,] matches a comma); “../c” holds “..”: patterns cannot leave root',
    ],
    ['!a\n../c', '“../c” holds “..”: patterns cannot leave root'],
    ['/etc/c/x', '“/etc/c/x” lies outside root'],
    ['/c/dist/x', '“/c/dist/x” lies outside root: in Git Bash such a path means C:\\, in this action it does not'],
  ])('%j: and the error says nothing else', (text, problems) => {
    expect(complaintOf(text)).toBe(`Input files: ${problems}.`);
  });

  test('but not one that is as long as a pattern may be', () => {
    expect(globsOf(`${'a/'.repeat(32_767)}aa`)[0]).toHaveLength(65_536);
  });
});

test('an absolute pattern may name the root by any path that leads there', () => {
  const outer = plant(makeDirectory(), {
    'disk/r/dist/a': '',
    alias: { link: 'disk' },
    'disk/r/inner': { link: 'dist' },
  });
  const places = [`${outer}/disk/r`, `${outer}/alias/r`];
  for (const root of places) {
    const globs = places.flatMap((place) => [
      `${place}/dist/**`,
      place,
      `${place}/`,
      `${place}/*/`,
      `!${place}/inner/x`,
    ]);
    expect(readPatterns(globs.join('\n'), root).map(({ glob }) => glob)).toEqual([
      'dist/**',
      '.',
      '.',
      '*/',
      'inner/x',
      'dist/**',
      '.',
      '.',
      '*/',
      'inner/x',
    ]);
    for (const elsewhere of [outer, `${outer}/disk/*/dist`, `${outer}/alias`, `${outer}/none/r/dist`, '/']) {
      expect(() => readPatterns(elsewhere, root)).toThrow(/lies outside root/);
    }
  }
});

test('a path written as a pattern means that path and no other', async () => {
  const names = [
    '[id].js',
    'i.js',
    'a*b',
    'aXb',
    'q?',
    'qq',
    '{a,b}',
    'back\\slash',
    '!not',
    '#note',
    '~home',
    ' lead',
    'trail ',
    '-',
    ']',
    '[',
    '[[',
    '[!a]',
  ];
  const root = plant(
    makeDirectory(),
    Object.fromEntries(
      names.flatMap((name) => [
        [name, ''],
        [`d [x]/${name}`, ''],
      ]),
    ),
  );
  const paths = names.flatMap((name) => [name, `d [x]/${name}`]);
  for (const path of paths) {
    expect(tell(await find(root, escapePath(path))).files, path).toEqual([path]);
    expect(tell(await find(root, `**\n!${escapePath(path)}`)).files.length, path).toBe(paths.length - 1);
  }
});

test('a line end in a path is any character of a pattern, which has no line ends', () => {
  expect(escapePath('a\nb\rc')).toBe('a?b?c');
});

test.each([
  ['a[id]/[xy].js', 'a[[]id]/[[]xy].js'],
  ['a[1]\\[b]', undefined],
  ['*.js', undefined],
  ['a\\[bc]', undefined],
])('%s: sets of several characters can be names', (glob, taken) => {
  expect(takeSetsLiterally({ text: 'as written', glob, excludes: true })).toEqual(
    taken && { text: 'as written', glob: taken, excludes: true },
  );
});

test('whatever the text, patterns stay below the root or are refused', () => {
  const piece = fc.constantFrom('..', '.', '/', 'a', '*', '!', ' ', '\n', '#', '~', '[', '\\', ROOT, ',', '\u2028');
  const text = fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }).map((pieces) => pieces.join(''));
  const property = fc.property(text, (files) => {
    if (complaintOf(files) !== '') return;
    for (const { glob } of readPatterns(files, ROOT)) {
      expect(glob).not.toMatch(/^\/|\/\/|^$|(?:^|\/)\.\.?(?:\/|$)(?<!^\.)/);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});
