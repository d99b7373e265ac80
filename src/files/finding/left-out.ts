import { compareBytewise, sortByPath } from '../names.ts';
import { findListedPath, isBelow, locate, lookAtPlace, pathBelow } from '../real-path.ts';
import type { LeftOutReason } from './own-paths.ts';
import type { DiscoverOptions } from './places.ts';
import type { Entry } from './walk.ts';

/** Paths that a pattern means and that one rule leaves out. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  readonly count: number;
  /** The first paths, relative to the root, bytewise. */
  readonly first: readonly string[];
}

/** A path that a pattern means, and that no signature of a listed file and no file of our own accounts for. */
export interface Uncovered {
  readonly path: string;
  readonly reason: 'suffix' | 'temporary' | 'output-dir' | 'written';
}

/** A path that a pattern means and at which this action writes. */
export type OwnPlace = Pick<Entry, 'path' | 'location'>;

/** A path that is left out, and what the patterns say about it. */
interface Stray {
  readonly entry: Entry;
  readonly reason: LeftOutReason;
  /** Whether a pattern means the path. */
  readonly isMeant: boolean;
  /** Whether a pattern means the path without the suffix, so that it may sign a file of the release. */
  readonly signs: boolean;
}

/** What became of the paths that are left out. */
export interface Remainder {
  readonly leftOut: readonly LeftOut[];
  /** Sorted by path, bytewise. */
  readonly uncovered: readonly Uncovered[];
  /** Paths with a signature and without a file, sorted bytewise. */
  readonly orphans: readonly string[];
  /** What is already where this action writes; whether this run accounts for it is not known here. */
  readonly written: readonly OwnPlace[];
}

/** How many paths stand for all of a reason. */
const FIRST = 5;

/** Counts the paths that rules leave out, and finds those that no signature covers. */
export class LeftOutFiles {
  readonly #options: Pick<DiscoverOptions, 'root' | 'suffix' | 'known'>;
  readonly #files: ReadonlyMap<string, unknown>;
  /** The directory that signatures are in, without links; `undefined` when they are beside their files. */
  readonly #realOutput: string | undefined;
  readonly #counts = new Map<LeftOutReason, { count: number; first: string[] }>();
  readonly #uncovered: Uncovered[] = [];
  readonly #written: OwnPlace[] = [];
  readonly #unsettled: (Stray & Pick<Uncovered, 'reason'>)[] = [];

  /** @param files - By path; those that are found later count too. */
  constructor(
    options: Pick<DiscoverOptions, 'root' | 'suffix' | 'known' | 'outputDirectory'>,
    files: ReadonlyMap<string, unknown>,
  ) {
    const { outputDirectory } = options;
    this.#options = options;
    this.#files = files;
    this.#realOutput = outputDirectory && findListedPath(outputDirectory);
  }

  /** Counts a path that a pattern means. */
  add(reason: LeftOutReason, path: string): void {
    const known = this.#counts.get(reason) ?? { count: 0, first: [] };
    this.#counts.set(reason, known);
    known.count++;
    const last = known.first[FIRST - 1];
    if (last !== undefined && compareBytewise(last, path) < 0) return;
    known.first = [...known.first, path].sort(compareBytewise).slice(0, FIRST);
  }

  /** Takes a path whose account may depend on files that are not found yet. */
  take(stray: Stray): void {
    const { entry, reason, isMeant } = stray;
    if (reason === 'suffix' || reason === 'output-dir') {
      if (!this.#settleSignature(stray)) this.#unsettled.push({ ...stray, reason });
      return;
    }
    if (!isMeant) return;
    this.add(reason, entry.path);
    const isLink = entry.kind === 'link' || entry.isLink === true;
    if (reason === 'temporary' || (reason === 'written' && isLink)) this.#uncovered.push({ path: entry.path, reason });
    else if (reason === 'written') this.#written.push(entry);
  }

  /** Settles the account, once all files are known; `lost` are the orphans of a directory of its own for signatures. */
  settle(lost: readonly string[] | undefined): Remainder {
    const orphans = new Set(lost);
    for (const stray of this.#unsettled) {
      const { entry, reason, isMeant, signs } = stray;
      if (this.#settleSignature(stray)) continue;
      if (isMeant) this.add(reason, entry.path);
      const signed = this.#signedBy(entry);
      if (signed !== undefined && signs && isGone(locate(this.#options.root, signed))) orphans.add(signed);
      if (isMeant && (signed === undefined || !orphans.has(signed))) this.#uncovered.push({ path: entry.path, reason });
    }
    const counts = [...this.#counts].sort(([a], [b]) => compareBytewise(a, b));
    return {
      leftOut: counts.map(([reason, { count, first }]) => ({ reason, count, first })),
      uncovered: sortByPath(this.#uncovered),
      orphans: [...orphans].sort(compareBytewise),
      written: sortByPath(this.#written),
    };
  }

  #settleSignature({ entry, isMeant }: Stray): boolean {
    const signed = this.#signedBy(entry);
    if (signed === undefined || !(this.#files.has(signed) || this.#options.known?.has(signed))) return false;
    if (isMeant) this.add('signature', entry.path);
    return true;
  }

  /** Returns the path of the file that something would be the signature of, by its place. */
  #signedBy({ path, location, name }: Entry): string | undefined {
    const { suffix } = this.#options;
    if (!name.endsWith(suffix) || name === suffix) return undefined;
    if (this.#realOutput === undefined) return path.slice(0, -suffix.length);
    return isBelow(this.#realOutput, location)
      ? pathBelow(this.#realOutput, location).slice(0, -suffix.length)
      : undefined;
  }
}

/** Tells whether there is no file for a signature; links and the like are refused or left out as files, and not lost. */
export function isGone(location: string): boolean {
  return lookAtPlace(location)?.isDirectory() !== false;
}
