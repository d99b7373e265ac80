import { ActionError } from '../../errors.ts';
import { show } from '../names.ts';
import { findListedPath, isBelow, isWithin, pathBelow } from '../real-path.ts';
import type { Pattern } from './patterns.ts';

/** Where to search, and what is never listed. */
export interface DiscoverOptions {
  /** Absolute path. */
  readonly root: string;
  /** Absolute path; nothing outside is ever signed. */
  readonly workspace: string;
  readonly patterns: readonly Pattern[];
  readonly followSymbolicLinks: boolean;
  readonly includeHiddenFiles: boolean;
  /** Suffix of signature files, which are never listed. */
  readonly suffix: string;
  /** Absolute path of RUNNER_TEMP; empty when it is not set. */
  readonly temporaryDirectory: string;
  /** Absolute path of the directory for signatures; `undefined` when they are next to their files. */
  readonly outputDirectory: string | undefined;
  /** Absolute paths of the files that this action writes for a release as a whole, and of their signatures. */
  readonly written: readonly string[];
  /** Paths from an earlier listing; these files and their signatures are skipped, so that only new files are found. */
  readonly known?: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** The root directory and the workspace with links resolved. */
export interface RealPlaces {
  readonly realRoot: string;
  readonly realWorkspace: string;
}

/** Resolves root and workspace, and checks that the root is inside; a root that does not exist has no files. */
export function findPlaces({ root, workspace }: Pick<DiscoverOptions, 'root' | 'workspace'>): RealPlaces {
  const [realRoot, realWorkspace] = [findListedPath(root), findListedPath(workspace)];
  if (!isWithin(realWorkspace, realRoot)) {
    throw new ActionError(
      'ROOT_OUTSIDE',
      `Input root: ${show(root)} leads out of the workspace, to ${show(realRoot)}.`,
      { hint: 'Set root to a directory that really lies in the workspace.' },
    );
  }
  return { realRoot, realWorkspace };
}

/** Tells whether a walk skips a file or link; `above` is the path of its directory with a final `/`, or empty. */
export type Passes = (name: string, above: string) => boolean;

/** Skips the known files, and their signatures next to them or in a directory below the root. */
export function passesKnown({
  known,
  realRoot,
  suffix,
  outputDirectory,
}: DiscoverOptions & RealPlaces): Passes | undefined {
  if (known === undefined) return undefined;
  const output = findListedPath(outputDirectory ?? realRoot);
  const top = isBelow(realRoot, output) ? `${pathBelow(realRoot, output)}/` : '';
  const isInTree = isWithin(realRoot, output);
  return (name, above) => {
    if (!name.endsWith(suffix)) return known.has(above + name);
    return isInTree && above.startsWith(top) && known.has(above.slice(top.length) + name.slice(0, -suffix.length));
  };
}
