import { relative, sep } from 'node:path';
import { findRealPath, isBelow, isWithin } from '../real-path.ts';

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
  readonly #relative = new Set<string>();
  readonly #real: string[] = [];
  readonly #workspace: string;

  constructor({ root, realRoot, realWorkspace, never }: OwnPathsOptions) {
    this.#workspace = realWorkspace;
    for (const path of never.filter((known) => known !== '')) {
      const real = findRealPath(path).path ?? path;
      // A directory that holds the root cannot be meant: nothing at all would be left.
      if (isBelow(root, path)) this.#relative.add(toSlashes(relative(root, path)));
      if (isBelow(realRoot, real)) this.#relative.add(toSlashes(relative(realRoot, real)));
      if (!isWithin(real, realRoot)) this.#real.push(real);
    }
  }

  /** Tells whether a path, relative to the root, is never matched. */
  has(path: string, name: string): boolean {
    return isOwnName(name) || this.#relative.has(path);
  }

  /** Tells whether a real path, which some link leads to, is never matched. */
  holds(real: string): boolean {
    if (this.#real.some((own) => isWithin(own, real))) return true;
    return isBelow(this.#workspace, real) && relative(this.#workspace, real).split(sep).some(isOwnName);
  }
}

function isOwnName(name: string): boolean {
  return name === '.git' || name.startsWith(TEMPORARY_PREFIX);
}

function toSlashes(path: string): string {
  return path.split(sep).join('/');
}
