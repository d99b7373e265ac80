import { compareBytewise, sortByPath } from '../names.ts';
import { findListedPath, isBelow, locate, lookAtPlace, pathBelow } from '../real-path.ts';
import type { LeftOutReason } from './own-paths.ts';
import type { DiscoverOptions } from './places.ts';
import type { Entry } from './walk.ts';

/** Paths that a pattern matches and that one rule leaves out. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  readonly count: number;
  /** The first paths in bytewise order, relative to the root. */
  readonly first: readonly string[];
}

/** A path that a pattern matches, but that is neither a signature of a listed file nor a file of this action. */
export interface Uncovered {
  readonly path: string;
  readonly reason: 'suffix' | 'temporary' | 'output-dir' | 'written';
}

/** A path that a pattern matches and to which this action writes. */
export type OwnPlace = Pick<Entry, 'path' | 'location'>;

/** A path that is left out, and how the patterns match it. */
interface Stray {
  readonly entry: Entry;
  readonly reason: LeftOutReason;
  /** Whether a pattern matches the path. */
  readonly isMeant: boolean;
  /** Whether a pattern matches the path without the suffix, so that the path may be the signature of a release file. */
  readonly signs?: boolean | undefined;
}

/** Result of the search for the paths that are left out. */
export interface Remainder {
  readonly leftOut: readonly LeftOut[];
  /** Sorted by path, bytewise. */
  readonly uncovered: readonly Uncovered[];
  /** Paths with a signature but without a file, sorted bytewise. */
  readonly orphans: readonly string[];
  /** Existing files where this action writes; the caller checks whether this run accounts for them. */
  readonly written: readonly OwnPlace[];
}

/** Number of paths that are kept as examples of a reason. */
const FIRST = 5;

/** Counts the paths that rules leave out, and finds those that no signature covers. */
export class LeftOutFiles {
  readonly #options: Pick<DiscoverOptions, 'root' | 'suffix' | 'known'>;
  readonly #files: ReadonlyMap<string, unknown>;
  /** The directory of the signatures, with links resolved; `undefined` when signatures are next to their files. */
  readonly #realOutput: string | undefined;
  readonly #counts = new Map<LeftOutReason, { count: number; first: string[] }>();
  readonly #uncovered: Uncovered[] = [];
  readonly #written: OwnPlace[] = [];
  readonly #unsettled: (Stray & Pick<Uncovered, 'reason'>)[] = [];

  /** @param files - By path; the search may still add files. */
  constructor(
    options: Pick<DiscoverOptions, 'root' | 'suffix' | 'known' | 'outputDirectory'>,
    files: ReadonlyMap<string, unknown>,
  ) {
    const { outputDirectory } = options;
    this.#options = options;
    this.#files = files;
    this.#realOutput = outputDirectory && findListedPath(outputDirectory);
  }

  /** Counts a path that a pattern matches. */
  add(reason: LeftOutReason, path: string): void {
    const known = this.#counts.get(reason) ?? { count: 0, first: [] };
    this.#counts.set(reason, known);
    known.count++;
    known.first = [...known.first, path].sort(compareBytewise).slice(0, FIRST);
  }

  /** Takes a path; a signature is judged later if its file has not been found yet. */
  take(stray: Stray): void {
    const { entry, reason, isMeant } = stray;
    if (reason === 'suffix' || reason === 'output-dir') {
      if (!this.#settleSignature(stray)) this.#unsettled.push({ ...stray, reason });
      return;
    }
    if (!isMeant) return;
    this.add(reason, entry.path);
    if (reason === 'temporary' || (reason === 'written' && entry.kind === 'link'))
      this.#uncovered.push({ path: entry.path, reason });
    else if (reason === 'written') this.#written.push(entry);
  }

  /** Judges the remaining signatures once all files are known; `lost` are orphans in a separate signature directory. */
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

  /** Returns the path of the file that an entry would be the signature of, judging by its place and name. */
  #signedBy({ path, location, name }: Entry): string | undefined {
    const { suffix } = this.#options;
    if (!name.endsWith(suffix) || name === suffix) return undefined;
    if (this.#realOutput === undefined) return path.slice(0, -suffix.length);
    return isBelow(this.#realOutput, location)
      ? pathBelow(this.#realOutput, location).slice(0, -suffix.length)
      : undefined;
  }
}

/** Tells whether a signature's file is gone; a link, device or the like is refused or left out as a file instead. */
export function isGone(location: string): boolean {
  return lookAtPlace(location)?.isDirectory() !== false;
}
