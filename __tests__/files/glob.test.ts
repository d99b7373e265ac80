import { createRequire } from 'node:module';
import { create } from '@actions/glob';
import fc from 'fast-check';
import { Minimatch } from 'minimatch';
import { expect, test, vi } from 'vitest';
import { findWay, Glob } from '../../src/files/finding/glob.ts';
import { readPatterns } from '../../src/files/finding/patterns.ts';

const compile = (glob: string): Glob => new Glob({ text: glob, glob, excludes: false });
const wayTo = (...globs: string[]): ReturnType<typeof findWay> =>
  findWay(
    globs.map((glob) => ({ text: glob, glob, excludes: false })),
    '.sign',
  );

test('minimatch is the copy that @actions/glob resolves to', () => {
  const ours = createRequire(import.meta.url);
  const theirs = createRequire(import.meta.resolve('@actions/glob'));
  expect(theirs.resolve('minimatch')).toBe(ours.resolve('minimatch'));
});

test('reading a pattern writes nothing to the log, also in a run with debug logging', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const before = process.env['RUNNER_DEBUG'];
  // Vitest takes back a variable of its own from the environment that its process began with, which runs in this process replace.
  process.env['RUNNER_DEBUG'] = '1';
  try {
    await wayTo('dist/##[warning]x/**');
    expect(written).not.toHaveBeenCalled();
    // The library does write when it is given options: the reason why it gets none.
    await create('/x', { matchDirectories: false });
    expect(written).toHaveBeenCalled();
  } finally {
    written.mockRestore();
    if (before === undefined) delete process.env['RUNNER_DEBUG'];
    else process.env['RUNNER_DEBUG'] = before;
  }
});

test.each([
  ['.', []],
  ['**', []],
  ['dist', ['dist']],
  ['dist/', ['dist']],
  ['dist/**/x', ['dist']],
  ['dist/[a].txt', ['dist', 'a.txt']],
  ['dist/\\*/[*]/x?', ['dist', '*', '*']],
  ['[id]/x', []],
])('the names at the beginning of %j that hold no wildcard are %j', (glob, literals) => {
  expect(compile(glob).literals).toEqual(literals);
});

test.each([
  ['**/*.map', true],
  ['**/node_modules/**', true],
  ['**/cache/', true],
  ['**/a/b', false],
  ['**/a/**/b', false],
  ['dist/**/x', false],
  ['*.map', false],
  ['**', false],
])('%s is about one name at any depth: %s', (glob, isAnywhere) => {
  expect(compile(glob).isAnywhere).toBe(isAnywhere);
});

test.each(['.', '**', '*', 'a', 'a/**', '**/a', '?', 'a/'])('%s means a directory a', (glob) => {
  expect(compile(glob).means(['a'], 'directory')).toBe(true);
  expect(compile(glob).means(['a'], 'file')).toBe(glob !== 'a/');
});

test('a search begins behind the names that hold no wildcard, with the signature of what may be a file', async () => {
  const ways = await wayTo('dist/app', 'dist/lib/**/x', 'dist/lib/y', 'a [[]b/\\*/c?');
  expect([...ways].map(([path, names]) => [path, [...names]])).toEqual([
    ['', ['dist', 'a [b']],
    ['dist', ['app', 'app.sign', 'lib', 'lib.sign']],
    ['a [b', ['*', '*.sign']],
  ]);
  expect(await wayTo('dist/app', '.')).toEqual(new Map());
  expect(await wayTo('dist/app', '*/x')).toEqual(new Map());
});

const segment = fc.constantFrom('a', 'b', '*', '**', '?', 'a*', '[ab]', '\\*', '');
const globs = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => {
  const kept = segments.filter((text, at) => text !== '' || at === segments.length - 1).join('/');
  return kept === '' ? '.' : kept;
});
const paths = fc.array(fc.constantFrom('a', 'b', 'ab', 'c', '*'), { minLength: 1, maxLength: 5 });

test('stars in one name mean what they mean to minimatch', () => {
  const part = fc.constantFrom(
    '*',
    '*',
    '*',
    'a',
    'b',
    '?',
    '[ab]',
    '[^a]',
    '[[:alpha:]]',
    '\\*',
    '.',
    '\u{1F600}',
    '1',
  );
  const letter = fc.constantFrom('a', 'a', 'b', '*', '.', '\u{1F600}', '1');
  const options = { dot: true, nobrace: true, nocomment: true, noext: true, nonegate: true };
  const property = fc.property(
    fc.array(part, { minLength: 3, maxLength: 12 }),
    fc.array(letter, { minLength: 1, maxLength: 12 }),
    (parts, letters) => {
      const [glob, name] = [parts.join(''), letters.join('')];
      fc.pre(!/^\*+$/.test(glob));
      const meant = new Minimatch(glob, options).match(name);
      expect(compile(glob).means([name], 'file'), `${glob} ${name}`).toBe(meant);
    },
  );
  fc.assert(property, { numRuns: 1500 });
});

// Without a bound each of these takes years.
test.each([
  ['*a*a*a*a*a*a*a*a*b', 'a'.repeat(255), false],
  [`${'*a'.repeat(255)}*`, 'a'.repeat(255), true],
  [`${'*[ab]?'.repeat(120)}*c`, 'ab'.repeat(127), false],
  [`${'**/*a*a*a*a*a*b/'.repeat(99)}**/x`, Array(99).fill('a'.repeat(255)).join('/'), false],
])('%.20s is held against a name that nearly fits', (glob, path, isMeant) => {
  expect(compile(glob).means(path.split('/'), 'file')).toBe(isMeant);
});

test('thousands of open brackets are read', () => {
  const lines = ['['.repeat(4096), '[\\]'.repeat(1365), '[['.repeat(2047)].join('\n');
  expect(readPatterns(lines, '/r').map((pattern) => new Glob(pattern).literals.length)).toEqual([1, 1, 1]);
});

test('whatever is meant is reached from every directory above', () => {
  const property = fc.property(globs, paths, (pattern, path) => {
    const glob = compile(pattern);
    if (!glob.means(path, 'file') && !glob.means(path, 'directory')) return;
    for (let length = 1; length < path.length; length++) {
      const above = path.slice(0, length);
      expect(glob.reaches(above) || glob.means(above, 'directory'), `${pattern} ${path.join('/')}`).toBe(true);
    }
    expect(path.slice(0, glob.literals.length)).toEqual(glob.literals.slice(0, path.length));
  });
  fc.assert(property, { numRuns: 5000 });
});

test('a pattern that means every child of a directory means each, whatever its name and kind', () => {
  const names = fc.string({ minLength: 1 }).filter((name) => !/^\.\.?$|\//.test(name));
  const kinds = fc.constantFrom('file', 'directory', 'link', 'other');
  const property = fc.property(globs, paths, names, kinds, (pattern, above, name, kind) => {
    const glob = compile(pattern);
    if (glob.meansChildren(above)) expect(glob.means([...above, name], kind)).toBe(true);
  });
  fc.assert(property, {
    numRuns: 3000,
    examples: [
      ['a/*', ['a'], 'x', 'file'],
      ['*/*/', ['a'], 'x', 'file'],
      ['**/*', ['a', 'b'], 'x', 'link'],
    ],
  });
  expect(compile('a/*').meansChildren(['a'])).toBe(true);
});
