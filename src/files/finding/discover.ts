import { ActionError } from '../../errors.ts';
import { show, sortByPath } from '../names.ts';
import { findRealPath, isWithin } from '../real-path.ts';
import type { RefusedFile, ReleaseFile } from '../release-file.ts';
import { createCover } from './cover.ts';
import { type ExamineOptions, examine } from './examine.ts';
import { OwnPaths } from './own-paths.ts';
import type { Pattern } from './patterns.ts';
import {
  hide,
  isMeant,
  isNamed,
  leaveCircle,
  narrow,
  numbersOf,
  reaches,
  type Scope,
  startScope,
} from './selection.ts';
import { type Entry, type Following, type Visit, walk } from './walk.ts';

/** Where to look and what never counts. */
export interface DiscoverOptions {
  /** Absolute. */
  readonly root: string;
  /** Absolute; nothing outside is ever signed. */
  readonly workspace: string;
  readonly patterns: readonly Pattern[];
  readonly followSymbolicLinks: boolean;
  readonly includeHiddenFiles: boolean;
  /** Suffix of signature files, which are never matched. */
  readonly suffix: string;
  /** Absolute paths of files and directories of our own, never matched. */
  readonly never: readonly string[];
}

/** What the patterns stand for. */
export interface Discovery {
  /** Sorted by path, bytewise; every path once. */
  readonly files: readonly ReleaseFile[];
  /** Matched, but no regular file or a link that leads elsewhere. */
  readonly refused: readonly RefusedFile[];
  /** Include patterns without a file, as the user wrote them. */
  readonly unmatched: readonly string[];
}

/** The root directory and the workspace without links. */
export interface RealPlaces {
  readonly realRoot: string;
  readonly realWorkspace: string;
}

/**
 * Lists the files that the patterns mean; excludes always win.
 *
 * @throws ActionError `ROOT_OUTSIDE`, `FILE_NAME_NOT_UTF8`, `DIRECTORY_UNREADABLE`
 */
export function discover(options: DiscoverOptions): Discovery {
  const places = findPlaces(options);
  const own = new OwnPaths({ ...options, ...places });
  const scope = startScope(options.patterns);
  const files: ReleaseFile[] = [];
  const refused: RefusedFile[] = [];
  const links: Visit<Scope>[] = [];
  const matched = new Set<number>();
  const isCovered = createCover({ ...options, ...places, scope, own, files });
  const examining: ExamineOptions = { ...options, ...places, isOwn: (real) => own.holds(real), isCovered };

  function judge({ entry, state }: Visit<Scope>): void {
    const outcome = examine(entry, examining);
    if (outcome === undefined) return;
    const isRefused = 'error' in outcome;
    if (isRefused) refused.push(outcome);
    else files.push(outcome);
    // A pattern that matched only links that cannot be signed has matched nothing.
    if (!isRefused || entry.kind !== 'link') for (const number of numbersOf(state)) matched.add(number);
  }

  for (const visit of walk(options.root, { ...rulesOf(options, own, scope), ...followingOf(options, places, own) })) {
    if (visit.entry.kind === 'link') links.push(visit);
    else judge(visit);
  }
  // Whether a link can be left out depends on all files.
  for (const visit of links) judge(visit);
  const includes = options.patterns.filter((pattern) => !pattern.excludes);
  const unmatched = includes.filter((_, number) => !matched.has(number)).map(({ text }) => text);
  return { files: sortByPath(files), refused: sortByPath(refused), unmatched };
}

/** Resolves root and workspace, and sees that the one lies in the other; a root that is not there holds no files. */
export function findPlaces({ root, workspace }: DiscoverOptions): RealPlaces {
  const realRoot = findRealPath(root).path ?? root;
  const realWorkspace = findRealPath(workspace).path ?? workspace;
  if (!isWithin(realWorkspace, realRoot)) {
    throw new ActionError(
      'ROOT_OUTSIDE',
      `Input root: ${show(root)} leads out of the workspace, to ${show(realRoot)}.`,
      {
        hint: 'Set root to a directory that really lies in the workspace.',
      },
    );
  }
  return { realRoot, realWorkspace };
}

interface Rules {
  readonly start: Scope;
  readonly step: (scope: Scope, entry: Entry) => Scope | undefined;
  readonly enters: (scope: Scope) => boolean;
  readonly takes: (scope: Scope, entry: Entry) => boolean;
}

/** What a walk in search of files goes into and hands out. */
function rulesOf(options: DiscoverOptions, own: OwnPaths, start: Scope): Rules {
  const { suffix, includeHiddenFiles, followSymbolicLinks } = options;
  return {
    start,
    step(above, { path, name }) {
      if (own.has(path, name)) return undefined;
      const scope = narrow(above, name);
      return scope && !includeHiddenFiles && name.startsWith('.') ? hide(scope) : scope;
    },
    enters: reaches,
    takes(scope, { kind, name, path }) {
      if (name.endsWith(suffix)) return false;
      // A link in the literal part of a pattern: saying nothing would hide why there is no file behind it.
      return isMeant(scope) || (kind === 'link' && !followSymbolicLinks && isNamed(scope, path));
    },
  };
}

function followingOf(
  { followSymbolicLinks }: DiscoverOptions,
  { realWorkspace }: RealPlaces,
  own: OwnPaths,
): { readonly following?: Following<Scope> } {
  if (!followSymbolicLinks) return {};
  return {
    following: {
      judge(real) {
        if (own.holds(real)) return 'ignore';
        return isWithin(realWorkspace, real) ? 'enter' : 'report';
      },
      comeBack: leaveCircle,
    },
  };
}
