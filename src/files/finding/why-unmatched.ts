import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { foldName, show } from '../names.ts';
import { lookBehindLinks } from '../real-path.ts';
import type { ReleaseFile } from '../release-file.ts';
import { discover } from './discover.ts';
import { Glob } from './glob.ts';
import { type Pattern, readPatterns } from './patterns.ts';
import type { DiscoverOptions } from './places.ts';

/** A suffix that no name has, so that no file is taken for a signature. */
const NO_SUFFIX = '\0';
/** Number of names that are shown of a directory, enough to recognise it. */
const MAX_NAMES = 3;

/** File lists that the explanations use; each is made once, on first use. */
interface Lists {
  /** Files that the patterns would match without excludes, signatures included. */
  readonly meant: () => Promise<readonly ReleaseFile[]>;
  /** Every file below the root. */
  readonly all: () => Promise<readonly ReleaseFile[]>;
}

/** Returns why each pattern matched no file, as part of a sentence, or `undefined`; walks the tree at most twice. */
export async function whyUnmatched(
  texts: readonly string[],
  options: DiscoverOptions,
): Promise<readonly (string | undefined)[]> {
  const meant = options.patterns.filter(({ text, excludes }) => !excludes && texts.includes(text));
  const lists: Lists = {
    meant: once(() => list(meant, options)),
    all: once(() => list([{ text: '.', glob: '.', excludes: false }], options)),
  };
  const reasons: (string | undefined)[] = [];
  for (const text of texts) reasons.push(await explain(text, options, lists));
  return reasons;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

async function explain(text: string, options: DiscoverOptions, lists: Lists): Promise<string | undefined> {
  if (await wouldMatchAsLines(text, options.root, lists)) return NO_LINE_END;
  const slip = SLIPS.find(({ form }) => form.test(text))?.why;
  if (slip !== undefined) return slip;
  const pattern = options.patterns.find((each) => each.text === text && !each.excludes);
  if (pattern === undefined) return undefined;
  const glob = new Glob(pattern);
  const found = (await lists.meant()).filter(({ path }) => meansAnyOf(glob, path.split('/')));
  const [signature] = found.filter(({ path }) => path.endsWith(options.suffix));
  if (found.some(({ path }) => !path.endsWith(options.suffix)))
    return 'the patterns that begin with ! exclude all files that it matches';
  if (signature !== undefined)
    return `it matches only files that end in ${options.suffix}, such as ${show(signature.path)}, and suffix says that these are signatures`;
  return findAlike(pattern, await lists.all()) ?? howFar(pattern, options.root);
}

const NO_LINE_END = 'it holds a backslash and an n, not a line end: write files: | and below it one pattern per line';

/** Shell, YAML and Windows syntax that is literal in a pattern. */
const SLIPS: readonly { readonly form: RegExp; readonly why: string }[] = [
  { form: /^(['"]).*\1$/, why: 'the quotes are part of the pattern: leave them out' },
  { form: /^-\s/, why: 'the dash is part of the pattern: files is a text with one pattern per line, not a list' },
  { form: /\$\w+|%\w+%/, why: 'no shell replaces the variable here: give a path relative to root' },
  ...(sep === '\\'
    ? [{ form: /\\\]/, why: 'a backslash is no escape character on this system: write [[] for [, and ] as it is' }]
    : [
        { form: /\\n[^\s]*[*./]/, why: NO_LINE_END },
        { form: /\\[\w*.]/, why: 'a backslash does not separate directories on this system: write / instead' },
      ]),
];

/** Tells whether each part of a pattern, split at literal `\n`, matches: `out\net8.0` is a valid path on Windows. */
async function wouldMatchAsLines(text: string, root: string, lists: Lists): Promise<boolean> {
  const lines = text.split('\\n');
  const globs = lines.length > 1 ? includesOf(lines, root) : [];
  if (globs.length === 0) return false;
  const files = await lists.all();
  return globs.every((glob) => files.some(({ path }) => meansAnyOf(glob, path.split('/'))));
}

function includesOf(lines: readonly string[], root: string): readonly Glob[] {
  try {
    return readPatterns(lines.join('\n'), root).flatMap((each) => (each.excludes ? [] : [new Glob(each)]));
  } catch {
    // A line is not a valid pattern.
    return [];
  }
}

/** Finds a file that the pattern would match except for composition or case. */
function findAlike({ text, glob }: Pattern, files: readonly ReleaseFile[]): string | undefined {
  for (const { difference, fold, remedy } of ALIKE) {
    const folded = new Glob({ text, glob: fold(glob), excludes: false });
    const alike = files.find(({ path }) => meansAnyOf(folded, fold(path).split('/')));
    if (alike) return `it differs only in ${difference} from ${show(alike.path)}: ${remedy}`;
  }
  return undefined;
}

const ALIKE = [
  {
    difference: 'Unicode composition',
    fold: (path: string): string => path.normalize('NFC'),
    remedy: 'copy that spelling, or write * for its letters with accents',
  },
  { difference: 'case', fold: foldName, remedy: 'patterns are case-sensitive on this system' },
] as const;

function meansAnyOf(glob: Glob, names: string[]): boolean {
  return names.some((_, at) => glob.means(names.slice(0, at + 1), at + 1 < names.length ? 'directory' : 'file'));
}

async function list(patterns: readonly Pattern[], options: DiscoverOptions): Promise<readonly ReleaseFile[]> {
  try {
    return (await discover({ ...options, patterns, suffix: NO_SUFFIX })).files;
  } catch {
    options.signal.throwIfAborted();
    // An excluded directory may be unreadable; the run already has an error.
    return [];
  }
}

/** Says which part of the path exists, and what it contains. */
function howFar({ glob }: Pattern, root: string): string | undefined {
  const segments = glob.split('/');
  let there = '';
  for (const [at, segment] of segments.entries()) {
    if (/[*?[\]\\]/.test(segment)) break;
    const next = segments.slice(0, at + 1).join('/');
    const found = lookBehindLinks(join(root, next));
    if (found === undefined) {
      const missing = there === '' ? `there is no ${show(next)}` : `${show(there)} is there, ${show(next)} is not`;
      return [missing, contentsOf(root, there)].filter((part) => part !== undefined).join('; ');
    }
    if (!found.isDirectory()) return undefined;
    there = next;
  }
  return contentsOf(root, there);
}

function contentsOf(root: string, directory: string): string | undefined {
  const where = directory === '' ? 'root' : show(directory);
  try {
    const names = readdirSync(join(root, directory)).sort();
    if (names.length === 0) return `${where} is empty`;
    const first = names.slice(0, MAX_NAMES).map(show).join(', ');
    return `${where} holds ${first}${names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''}`;
  } catch {
    return undefined;
  }
}
