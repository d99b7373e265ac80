import { ActionError } from '../../errors.ts';
import { show } from '../names.ts';
import { findListedPath, isBelow, isWithin, pathBelow } from '../real-path.ts';
import type { Pattern } from './patterns.ts';

/** Where to look, and what never counts. */
export interface DiscoverOptions {
  /** Absolute. */
  readonly root: string;
  /** Absolute; nothing outside is ever signed. */
  readonly workspace: string;
  readonly patterns: readonly Pattern[];
  readonly followSymbolicLinks: boolean;
  readonly includeHiddenFiles: boolean;
  /** Suffix of signature files, which are never listed. */
  readonly suffix: string;
  /** Absolute path of RUNNER_TEMP; empty when it is not set. */
  readonly temporaryDirectory: string;
  /** Where signatures are, absolute; `undefined` when they are beside their files. */
  readonly outputDirectory: string | undefined;
  /** Absolute paths of the files that this action writes for a release as a whole, and of their signatures. */
  readonly written: readonly string[];
  /** Paths that an earlier look listed, given to look for others alone: these and their signatures are passed by. */
  readonly known?: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** The root directory and the workspace without links. */
export interface RealPlaces {
  readonly realRoot: string;
  readonly realWorkspace: string;
}

/** Resolves root and workspace, and sees that the one lies in the other; a root that is not there holds no files. */
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

/** Tells whether a walk passes a file or link by; `above` is the path of its directory with a `/`, or empty. */
export type Passes = (name: string, above: string) => boolean;

/** Passes by the known files, and their signatures where these are beside the files or in a directory below the root. */
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
