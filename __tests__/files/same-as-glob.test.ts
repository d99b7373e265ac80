import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { create } from '@actions/glob';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { codeOf } from '../../src/errors.ts';
import { find, makeDirectory, plant } from './trees.ts';

const WINDOWS = sep === '\\';
/** Tells whether this system takes a name; Windows also takes two that differ in case for one. */
const isName = (name: string): boolean => !WINDOWS || !/["<>|?*:\n\t\\]|[ .]$|^A$/.test(name);

/** Names that patterns, shells and terminals stumble over. */
const NAMES = [
  ['a', 'b', 'ab', 'abc', 'A', 'x.zip', 'y.zip', '.env', '.cfg', '..x', 'a.b.c', '-x', '~x', '!n', '#h', 'v1'],
  ['two words', 'é', 'e\u0301', '日本', '😀', '😀.zip', 'a😀b', 'new\nline', '\nfirst', 'tab\t', ' lead', 'trail '],
  ['a[1]', '[b', 'c]', 'q?', 's*r', 'b\\c', 'p(1)', '+(a)', '@(b)', '$x', '^y', 'z|w', "it's", '%41', 'x=y'],
]
  .flat()
  .filter(isName);

/** Trees to compare; file systems of Windows take ten times as long. */
const RUNS = Number(process.env['RUNS'] ?? (WINDOWS ? 15 : 100));

const name = fc.constantFrom(...NAMES);
const path = fc.array(name, { minLength: 1, maxLength: 4 });

interface Plan {
  readonly root: string;
  readonly paths: readonly (readonly string[])[];
  readonly links: readonly { readonly at: readonly string[]; readonly to: number; readonly up: number }[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  root: fc.constantFrom(...['plain', 'a[1]', 'r*t', 'q?', 'b\\k', '[x', 'sp ace', '{a,b}', '日本'].filter(isName)),
  paths: fc.array(path, { minLength: 1, maxLength: 14 }),
  links: fc.array(fc.record({ at: path, to: fc.nat(20), up: fc.nat(3) }), { maxLength: 3 }),
});

/** Makes a tree; what does not fit beside the rest is left out. */
function grow({ root, paths, links }: Plan, directory: string): { readonly top: string; readonly made: string[][] } {
  const top = join(directory, root);
  mkdirSync(top);
  const made: string[][] = [];
  const tryTo = (segments: readonly string[], make: (location: string) => void): void => {
    try {
      const location = join(top, ...segments);
      mkdirSync(dirname(location), { recursive: true });
      make(location);
      // Wine makes no links, and says nothing.
      lstatSync(location);
      made.push([...segments]);
    } catch (error) {
      if (!['EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENOENT', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
    }
  };
  for (const segments of paths) tryTo(segments, (location) => writeFileSync(location, '', { flag: 'wx' }));
  const targets = made.slice();
  for (const { at, to, up } of links) {
    const target = targets[to % targets.length] ?? [];
    tryTo(at, (location) => symlinkSync(join(top, ...target.slice(0, Math.max(0, target.length - up))), location));
  }
  return { top, made };
}

/** Turns a name into a pattern that means it, or something like it. */
function toSegment(text: string, kind: number, where: number): string {
  const characters = Array.from(text);
  const at = where % characters.length;
  const change = (change: (character: string) => string): string =>
    characters.map((character, i) => (i === at ? change(character) : escapeOne(character))).join('');
  switch (kind % 11) {
    case 0:
      return '*';
    case 1:
      return '**';
    case 2:
      return change((character) => '?'.repeat(character.length));
    case 3:
      return `${characters.slice(0, at).map(escapeOne).join('')}*`;
    case 4:
      return `*${characters.slice(at).map(escapeOne).join('')}`;
    case 5:
      return change((character) => (/[\]!^\\\n-]/.test(character) || character.length > 1 ? '?' : `[${character}]`));
    case 6:
      return change((character) => (character.length > 1 || /\p{M}/u.test(character) ? '*' : '[a-zé日]'));
    case 7:
      return change((character) => (character.length > 1 ? '??' : '[!a-m]'));
    case 8:
      return `*${characters.slice(0, at).map(escapeOne).join('?')}*`;
    case 9:
      // As it is, so that brackets and the like have their meaning.
      return text.replace(/[\n\t{},]/g, '?');
    default:
      return characters.map(escapeOne).join('');
  }
}

function escapeOne(character: string): string {
  if (/[\n\t ,{}]/.test(character)) return '?';
  if (!/[[\]*?\\]/.test(character)) return character;
  // Where a backslash divides directories it escapes nothing.
  return WINDOWS ? (character === ']' ? character : `[${character}]`) : `\\${character}`;
}

interface PatternPlan {
  readonly from: number;
  readonly kinds: readonly number[];
  readonly where: number;
  readonly cut: number;
  readonly marks: string;
  readonly style: number;
  readonly slash: boolean;
}

const patternPlan: fc.Arbitrary<PatternPlan> = fc.record({
  from: fc.nat(20),
  kinds: fc.array(fc.nat(30), { minLength: 5, maxLength: 5 }),
  where: fc.nat(9),
  cut: fc.nat(6),
  marks: fc.constantFrom('', '', '', '', '!', '!', '!!', '! !', '!!!'),
  style: fc.nat(2),
  slash: fc.nat(7).map((n) => n === 0),
});

/** Writes one pattern as a user would, relative to the root, `./`, or absolute below it. */
function toBody({ from, kinds, where, cut, slash }: PatternPlan, made: readonly string[][]): string {
  const segments = made[from % Math.max(1, made.length)] ?? ['a'];
  const kept = segments.slice(0, cut === 0 ? undefined : cut);
  // A kind beyond the list leaves the name as it is.
  const body = kept
    .map((segment, at) => toSegment(segment, Math.min(kinds[at] ?? 10, 20), where + at))
    // The library forgets about escapes in a segment that starts with a wildcard and has no other.
    .map((segment) => (/^[*?]/.test(segment) ? segment.replace(/\\./g, '?') : segment))
    .join('/');
  return body.replace(/\s+$/, '?') + (slash ? '/' : '');
}

function escapeRoot(root: string): string {
  return (WINDOWS ? root : root.replaceAll('\\', '\\\\')).replace(/[[?*]/g, '[$&]');
}

/** Tells whether a file is named through a link that leads back to a directory above: we never enter such a link. */
function goesRound(top: string, file: string): boolean {
  const names = file.split('/').slice(0, -1);
  const reals = [top, ...names.map((_, at) => join(top, ...names.slice(0, at + 1)))].map((path) => realpathSync(path));
  return new Set(reals).size < reals.length;
}

/** Tells whether a file is a link, or is named through one. */
function goesThroughLink(top: string, file: string): boolean {
  const names = file.split('/');
  return names.some((_, at) => lstatSync(join(top, ...names.slice(0, at + 1))).isSymbolicLink());
}

test('finds the files that @actions/glob finds, with excludes last', async () => {
  const options = fc.record({ followSymbolicLinks: fc.boolean(), includeHiddenFiles: fc.boolean() });
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(
      plan,
      fc.array(fc.tuple(fc.array(patternPlan, { minLength: 1, maxLength: 4 }), options), {
        minLength: 6,
        maxLength: 6,
      }),
      async (trees, rounds) => {
        const directory = mkdtempSync(join(tmpdir(), 'same-'));
        try {
          const { top, made } = grow(trees, directory);
          for (const [plans, flags] of rounds) {
            const lines = plans.map((each) => {
              const body = toBody(each, made);
              const style = each.style === 0 && !/^[!#~\s]/.test(body) ? '' : each.style === 1 ? `${top}/` : './';
              const excludes = each.marks.replace(/[^!]/g, '').length % 2 === 1;
              return { line: `${each.marks}${style}${body}`, excludes, absolute: `${escapeRoot(top)}/${body}` };
            });
            if (lines.every(({ excludes }) => excludes)) continue;
            const wanted = await listByLibrary(lines, flags);
            if (wanted === undefined) continue;
            const paths = [...new Set(wanted.map((file) => relative(top, file).replaceAll(sep, '/')))]
              .filter((file) => (flags.followSymbolicLinks ? !goesRound(top, file) : !goesThroughLink(top, file)))
              .sort();
            const found = await find(top, lines.map(({ line }) => line).join('\n'), { ...flags, workspace: directory });
            compared += paths.length;
            expect(found.files.map(({ path }) => path).sort(), JSON.stringify({ lines, flags, made })).toEqual(paths);
          }
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(compared).toBeGreaterThan(RUNS);
});

test('gives character sets the meaning they have in @actions/glob', async () => {
  const top = plant(
    makeDirectory(),
    Object.fromEntries([NAMES, Array.from('-]!^z09_\u00a0Ä'), ['zz', 'aÄ9']].flat().map((file) => [file, ''])),
  );
  const patterns = [
    ['[a-]*', '[-a]*', '[--0]', '[a-c]', '[z-a]', '[z-a]*', '[!z-a]', '[!a-z]*', '[^a]', '[a\\-z]', '[\\]]'],
    ['[[]b', '[[]*'],
    ['x[', '[ab', 'a[1', '[b-', '[a-c-e]', '[?]', '[*]', 'q[?]', 's[*]r', '[a!]', '[a^]', '[\\^]', '[ab[]*'],
    ['[.]env', '.[ec]*'],
    ['[[:alpha:]]', '[[:upper:][:digit:]]', '?[[:alpha:]]*', '[[:punct:]]*', '[[:space:]]', '[[:blank:]]*'],
    ['[[:word:]]'],
    ['[[:alnum:]_]', '[[:lower:]]b', '[[:xdigit:]]', '[[:ascii:]]', '[[:cntrl:]]*', '[[:digit:]]', '[![:alpha:]]'],
    ['*[]]', '?[]x]', '?[!]]', '*[!]]*', 'a*a', 'ab*bc', 'x.*.zip', '*.zip'],
    ['[[:alpha]]', '[:alpha:]', '[[:nothing:]]', '*[[:alpha:]]', '??[[:digit:]]', 'a?b', 'a??b', '[😀]*'],
    ['?[[:punct:]]zip'],
  ]
    .flat()
    .filter((each) => !WINDOWS || !each.includes('\\'));
  for (const pattern of patterns) {
    const flags = { followSymbolicLinks: false, includeHiddenFiles: true };
    const wanted = await listByLibrary([{ absolute: `${top}/${pattern}`, excludes: false }], flags);
    const found = (await find(top, `./${pattern}`)).files.map(({ path }) => path);
    expect(found.sort(), pattern).toEqual(wanted?.map((file) => relative(top, file).replaceAll(sep, '/')).sort());
  }
});

interface Line {
  readonly absolute: string;
  readonly excludes: boolean;
}

/**
 * Asks the library for each include alone, since there a second pattern can hide what the first one names; `undefined`
 * where it gives up.
 */
async function listByLibrary(
  lines: readonly Line[],
  flags: { readonly followSymbolicLinks: boolean; readonly includeHiddenFiles: boolean },
): Promise<string[] | undefined> {
  const options = {
    followSymbolicLinks: flags.followSymbolicLinks,
    excludeHiddenFiles: !flags.includeHiddenFiles,
    matchDirectories: false,
  };
  const excludes = lines.filter((line) => line.excludes).map(({ absolute }) => `!${absolute}`);
  // It tells the log about every step.
  const silenced = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const found: string[] = [];
    for (const { absolute } of lines.filter((line) => !line.excludes)) {
      const globber = await create([absolute, ...excludes].join('\n'), options);
      found.push(...(await globber.glob()));
    }
    return found;
  } catch (error) {
    // It looks below files when a pattern says so.
    if (codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  } finally {
    silenced.mockRestore();
  }
}
