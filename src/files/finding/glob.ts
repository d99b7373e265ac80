import { sep } from 'node:path';
import { create } from '@actions/glob';
import { Minimatch } from 'minimatch';
import type { Pattern } from './patterns.ts';
import type { Entry } from './walk.ts';

/** The options that `@actions/glob` gives to minimatch, but for `nocase`, which depends on the system. */
const OPTIONS = { dot: true, nobrace: true, nocomment: true, noext: true, nonegate: true };
/** A pattern about a single name at any depth. */
const ANYWHERE = /^\*\*\/[^/]+(?:\/\*\*)?\/?$/;

type Segments = Minimatch['set'][number];

/**
 * A pattern relative to the root, as `@actions/glob` understands it, matched by the same copy of minimatch.
 *
 * A path is given as its names. A pattern that matches a directory also covers everything below; the caller handles
 * that.
 */
export class Glob {
  /** As the user wrote it. */
  readonly text: string;
  /** The names at the start of the pattern, up to the first wildcard. */
  readonly literals: readonly string[];
  /** Whether the pattern is about a single name at any depth, such as `**\/*.map`. */
  readonly isAnywhere: boolean;
  readonly #engine: Minimatch;
  readonly #segments: Segments;
  readonly #meansOnlyDirectories: boolean;
  /** The pattern without a final `*`, which matches every child of a directory. */
  readonly #parent: Segments | undefined;

  constructor({ text, glob }: Pattern) {
    const body = glob === '.' ? '**' : glob.replace(/\/$/, '');
    const nocase = sep === '\\';
    this.text = text;
    this.#engine = new Minimatch(body, { ...OPTIONS, nocase });
    this.#segments = this.#engine.set.flat().map(withoutBacktracking);
    this.#meansOnlyDirectories = glob.endsWith('/');
    this.#parent = /(?:^|\/)\*$/.test(glob) ? this.#segments.slice(0, -1) : undefined;
    // With `nocase`, minimatch turns even plain names into expressions.
    this.literals = literalsOf(nocase ? new Minimatch(body, OPTIONS).set.flat() : this.#segments);
    this.isAnywhere = ANYWHERE.test(glob);
  }

  /** Tells whether the pattern matches a path. */
  means(names: string[], kind: Entry['kind']): boolean {
    if (this.#meansOnlyDirectories && kind !== 'directory') return false;
    // `a/**` also means `a`: minimatch needs a slash after the name, which makes no difference for other patterns.
    return this.#engine.matchOne([...names, ''], this.#segments);
  }

  /** Tells whether the pattern may match something below a directory. */
  reaches(names: string[]): boolean {
    return this.#engine.matchOne(names, this.#segments, true);
  }

  /** Tells whether the pattern matches every child of a directory. */
  meansChildren(names: string[]): boolean {
    return this.#parent !== undefined && this.#engine.matchOne(names, this.#parent);
  }
}

/** What minimatch makes of a `*`. */
const STAR = '[^/]*?';

/**
 * Returns the same segment with each part between two stars taken where it stands first: what follows may then begin anywhere
 * behind it. Without that, each further star would multiply the time for a long name by the length of the name.
 */
function withoutBacktracking(segment: Segments[number]): Segments[number] {
  if (!(segment instanceof RegExp)) return segment;
  const parts = segment.source.split(STAR);
  if (parts.length < 4) return segment;
  // Of a look-ahead only the first match counts.
  const middle = parts.slice(1, -1).map((part, at) => `(?=(?<part${at}>${STAR}${part}))\\k<part${at}>`);
  return new RegExp(`${parts[0]}${middle.join('')}${STAR}${parts.at(-1)}`, segment.flags);
}

function literalsOf(segments: Segments): string[] {
  const names: string[] = [];
  for (const segment of segments) {
    if (typeof segment !== 'string') break;
    names.push(segment);
  }
  return names;
}

/** Names to look up on the way to the start of a search, by the path of their directory. */
export type Way = ReadonlyMap<string, ReadonlySet<string>>;

/** Asks `@actions/glob` which directories need no listing, and which names, and their signatures, to look up there. */
export async function findWay(patterns: readonly Pattern[], suffix: string): Promise<Way> {
  // The root is replaced by `/`, because a real root may have characters that patterns cannot express. Without options
  // the library prints no debug lines.
  const globber = await create(patterns.map(({ glob }) => `/${glob === '.' ? '' : glob}`).join('\n'));
  const way = new Map<string, Set<string>>();
  for (const path of globber.getSearchPaths()) {
    const names = path
      .split(sep)
      .slice(1)
      .filter((name) => name !== '');
    for (const [depth, name] of names.entries()) {
      const above = names.slice(0, depth).join('/');
      const wanted = way.get(above) ?? new Set();
      way.set(above, wanted.add(name));
      if (depth === names.length - 1) wanted.add(name + suffix);
    }
  }
  return way;
}
