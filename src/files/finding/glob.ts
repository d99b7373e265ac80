import { sep } from 'node:path';
import { create } from '@actions/glob';
import { GLOBSTAR, Minimatch } from 'minimatch';
import type { Pattern } from './patterns.ts';
import type { Entry } from './walk.ts';

/** The options that `@actions/glob` gives to minimatch. */
const OPTIONS = { dot: true, nobrace: true, nocase: sep === '\\', nocomment: true, noext: true, nonegate: true };

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
  readonly #engine: Minimatch;
  readonly #segments: Segments;
  readonly #meansOnlyDirectories: boolean;
  readonly #endsInGlobstar: boolean;
  /** The pattern without a final `*`, which matches every child of a directory. */
  readonly #parent: Segments | undefined;

  constructor({ text, glob }: Pattern) {
    const body = glob === '.' ? '**' : glob.replace(/\/$/, '');
    const last = body.slice(body.lastIndexOf('/') + 1);
    this.text = text;
    this.#engine = new Minimatch(body, OPTIONS);
    this.#segments = (this.#engine.set[0] ?? []).map(withoutBacktracking);
    this.#meansOnlyDirectories = glob.endsWith('/');
    this.#endsInGlobstar = last === '**';
    this.#parent = last === '*' && !this.#meansOnlyDirectories ? this.#segments.slice(0, -1) : undefined;
    // With `nocase`, minimatch turns even plain names into expressions.
    const readable = OPTIONS.nocase ? new Minimatch(body, { ...OPTIONS, nocase: false }).set[0] : this.#segments;
    this.literals = literalsOf(readable ?? []);
  }

  /** Tells whether the pattern matches a path. */
  means(names: string[], kind: Entry['kind']): boolean {
    if (this.#meansOnlyDirectories && kind !== 'directory') return false;
    // `a/**` also means `a`: minimatch needs a slash after the name.
    return this.#engine.matchOne(this.#endsInGlobstar ? [...names, ''] : names, this.#segments);
  }

  /** Tells whether the pattern may match something below a directory. */
  reaches(names: string[]): boolean {
    return this.#engine.matchOne(names, this.#segments, true);
  }

  /** Whether the pattern is about a single name at any depth, such as `**\/*.map`. */
  get isAnywhere(): boolean {
    const [first, second, ...others] = this.#segments;
    const isBelow = others.length === 0 || (others.length === 1 && others[0] === GLOBSTAR);
    return first === GLOBSTAR && second !== undefined && second !== GLOBSTAR && isBelow;
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

/**
 * Asks `@actions/glob` where the search for some patterns begins: directories above need not be listed.
 *
 * The names there are looked up together with their signatures, which end in `suffix`.
 */
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
