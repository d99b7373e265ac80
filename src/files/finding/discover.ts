import { statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { ActionError } from '../../errors.ts';
import { show, sortByPath } from '../names.ts';
import { findRealPath, isBelow, isWithin } from '../real-path.ts';
import type { RefusedFile, ReleaseFile } from '../release-file.ts';
import { type ExamineOptions, examine } from './examine.ts';
import { findWay, type Glob, type Way } from './glob.ts';
import { OwnPaths } from './own-paths.ts';
import type { Pattern } from './patterns.ts';
import { isNamed, narrow, type Scope, startScope } from './selection.ts';
import { createPause, type Entry, type Visit, walk } from './walk.ts';

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
  readonly signal: AbortSignal;
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
 * @throws ActionError `ROOT_OUTSIDE`, `FILE_NAME_NOT_UTF8`, `DIRECTORY_UNREADABLE`; the reason of the signal
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const includes = options.patterns.filter((pattern) => !pattern.excludes);
  const search = new Search(options);
  const found = await search.run(await findWay(includes));
  const matched = new Set([...search.matched].map(({ text }) => text));
  return { ...found, unmatched: includes.map(({ text }) => text).filter((text) => !matched.has(text)) };
}

/** Resolves root and workspace, and sees that the one lies in the other; a root that is not there holds no files. */
export function findPlaces({ root, workspace }: Pick<DiscoverOptions, 'root' | 'workspace'>): RealPlaces {
  const realRoot = findRealPath(root).path ?? root;
  const realWorkspace = findRealPath(workspace).path ?? workspace;
  if (!isWithin(realWorkspace, realRoot)) {
    throw new ActionError(
      'ROOT_OUTSIDE',
      `Input root: ${show(root)} leads out of the workspace, to ${show(realRoot)}.`,
      { hint: 'Set root to a directory that really lies in the workspace.' },
    );
  }
  return { realRoot, realWorkspace };
}

/** One look through the tree. */
class Search {
  /** Include patterns with at least one file. */
  readonly matched = new Set<Glob>();
  readonly #options: DiscoverOptions & RealPlaces;
  readonly #own: OwnPaths;
  readonly #start: Scope;
  readonly #examining: ExamineOptions;
  readonly #files = new Map<string, ReleaseFile>();
  readonly #refused: RefusedFile[] = [];

  constructor(options: DiscoverOptions) {
    const places = findPlaces(options);
    this.#options = { ...options, ...places };
    this.#own = new OwnPaths({ ...options, ...places });
    this.#start = startScope(options);
    const answers = new Map<string, boolean>();
    this.#examining = {
      ...places,
      followSymbolicLinks: options.followSymbolicLinks,
      suffix: options.suffix,
      isOwn: (real) => this.#own.holds(real),
      // Thousands of links may lead to one place.
      isCovered: (real) => answers.get(real) ?? remember(answers, real, this.#covers(real)),
    };
  }

  async run(way: Way): Promise<Pick<Discovery, 'files' | 'refused'>> {
    const { signal } = this.#options;
    const links: Visit<Scope>[] = [];
    for await (const visits of walk(this.#walkOptions(way))) {
      for (const visit of visits) {
        if (visit.entry.kind === 'link') links.push(visit);
        else this.#judge(visit);
      }
    }
    // Whether a link can be left out depends on all files.
    const pause = createPause(signal);
    for (const visit of links) {
      await pause();
      this.#judge(visit);
    }
    return { files: sortByPath([...this.#files.values()]), refused: sortByPath(this.#refused) };
  }

  #walkOptions(way: Way): Parameters<typeof walk<Scope>>[0] {
    const { realRoot, realWorkspace, followSymbolicLinks, signal } = this.#options;
    const follow = (real: string): 'enter' | 'report' | 'ignore' => {
      if (this.#own.holds(real)) return 'ignore';
      return isWithin(realWorkspace, real) ? 'enter' : 'report';
    };
    return {
      root: realRoot,
      start: this.#start,
      step: (scope, entry) => this.#step(scope, entry),
      way,
      ...(followSymbolicLinks ? { follow } : {}),
      signal,
    };
  }

  /** What a search for files goes into and hands out. */
  #step(above: Scope, entry: Entry): Scope | undefined {
    const { path, name, kind } = entry;
    const { suffix, followSymbolicLinks } = this.#options;
    if (this.#own.has(entry)) return undefined;
    if (kind !== 'directory' && name.endsWith(suffix)) return undefined;
    const scope = narrow(above, entry);
    if (scope === undefined || kind === 'directory' || scope.meant.length > 0) return scope;
    // A link in the literal part of a pattern: saying nothing would hide why there is no file behind it.
    return kind === 'link' && !followSymbolicLinks && isNamed(scope, path) ? scope : undefined;
  }

  #judge({ entry, state }: Visit<Scope>): void {
    const outcome = examine(entry, this.#examining);
    if (outcome === undefined) return;
    const isRefused = 'error' in outcome;
    if (isRefused) this.#refused.push(outcome);
    else this.#files.set(outcome.path, outcome);
    // A pattern that matched only links that cannot be signed has matched nothing.
    if (isRefused && entry.kind !== 'file' && entry.kind !== 'other') return;
    for (const glob of state.meant) this.matched.add(glob);
  }

  /** Tells whether what a link leads to is signed without it: a file that is listed, or a directory that the patterns mean. */
  #covers(real: string): boolean {
    const { realRoot } = this.#options;
    if (!isBelow(realRoot, real) || this.#own.holds(real)) return false;
    const path = relative(realRoot, real).split(sep).join('/');
    if (this.#files.has(path)) return true;
    return statSync(real, { throwIfNoEntry: false })?.isDirectory() === true && this.#meansDirectory(path);
  }

  #meansDirectory(directory: string): boolean {
    let scope: Scope | undefined = this.#start;
    let path = '';
    for (const name of directory.split('/')) {
      path = path === '' ? name : `${path}/${name}`;
      scope &&= narrow(scope, { path, name, kind: 'directory' });
    }
    return scope !== undefined && scope.meant.length > 0;
  }
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): Value {
  map.set(key, value);
  return value;
}
