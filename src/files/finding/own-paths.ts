import { relative, sep } from 'node:path';
import { findRealPath, isBelow, isWithin, locate } from '../real-path.ts';
import type { Entry } from './walk.ts';

/** Start of the names of our temporary files, which are never matched. */
export const TEMPORARY_PREFIX = '.mtls-release-signing-';

/** What decides which paths are never matched. */
export interface OwnPathsOptions {
  /** Absolute, as it was given. */
  readonly root: string;
  /** The same directory without links. */
  readonly realRoot: string;
  readonly realWorkspace: string;
  /** Absolute paths of files and directories of our own. */
  readonly never: readonly string[];
}

/** Knows what is never matched: `.git`, our temporary names, and the paths that are ours. */
export class OwnPaths {
  readonly #locations = new Set<string>();
  readonly #workspace: string;

  constructor({ root, realRoot, realWorkspace, never }: OwnPathsOptions) {
    this.#workspace = realWorkspace;
    for (const path of never.filter((known) => known !== '')) {
      // The path may be a link: then neither the link nor its target is matched.
      const locations = [findRealPath(path).path ?? path];
      if (isBelow(root, path)) locations.push(locate(realRoot, relative(root, path)));
      // A directory that holds the root cannot be meant: nothing at all would be left.
      for (const location of locations) if (!isWithin(location, realRoot)) this.#locations.add(location);
    }
  }

  /** Tells whether an entry is never matched; those in a directory that is never matched are not asked about. */
  has({ location, name }: Pick<Entry, 'location' | 'name'>): boolean {
    return isOwnName(name) || this.#locations.has(location);
  }

  /** Tells whether a real path, to which some link leads, is never matched. */
  holds(real: string): boolean {
    for (const own of this.#locations) if (isWithin(own, real)) return true;
    return isBelow(this.#workspace, real) && relative(this.#workspace, real).split(sep).some(isOwnName);
  }
}

function isOwnName(name: string): boolean {
  return name === '.git' || name.startsWith(TEMPORARY_PREFIX);
}
