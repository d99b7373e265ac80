import { foldName } from '../names.ts';
import { Glob } from './glob.ts';
import type { Pattern } from './patterns.ts';
import type { Entry } from './walk.ts';

/** What the patterns say about one place in the tree. */
export interface Scope {
  /** Include patterns that mean the place, and with it everything below. */
  readonly meant: readonly Glob[];
  /** Include patterns that may mean something below. */
  readonly includes: Candidates;
  /** Exclude patterns that may mean something below. */
  readonly excludes: Candidates;
  /** Whether a pattern sees a hidden name that it does not spell out. */
  readonly seesHidden: boolean;
}

/** Patterns that may mean something in a directory, found by the name that they wait for: files may be listed one by one. */
export class Candidates {
  readonly list: readonly Glob[];
  readonly #depth: number;
  #byName: Map<string, Glob[]> | undefined;
  #others: readonly Glob[] = [];

  /** @param depth - How many names lead from the root to the directory. */
  constructor(list: readonly Glob[], depth: number) {
    this.list = list;
    this.#depth = depth;
  }

  /** Returns the patterns that may mean something of a name, or below it. */
  named(name: string): readonly Glob[] {
    const byName = this.#index();
    if (byName.size === 0) return this.#others;
    return [...this.#others, ...(byName.get(foldName(name)) ?? [])];
  }

  #index(): ReadonlyMap<string, readonly Glob[]> {
    if (this.#byName) return this.#byName;
    this.#byName = new Map();
    const others: Glob[] = [];
    for (const glob of this.list) {
      const next = glob.literals[this.#depth];
      if (next === undefined) {
        others.push(glob);
        continue;
      }
      const key = foldName(next);
      const known = this.#byName.get(key);
      if (known) known.push(glob);
      else this.#byName.set(key, [glob]);
    }
    this.#others = others;
    return this.#byName;
  }
}

/** Which patterns there are. */
export interface ScopeOptions {
  readonly patterns: readonly Pattern[];
  readonly includeHiddenFiles: boolean;
}

/** Returns what the patterns say about the root directory. */
export function startScope({ patterns, includeHiddenFiles }: ScopeOptions): Scope {
  const included = patterns.filter((pattern) => !pattern.excludes).map((pattern) => new Glob(pattern));
  const excludes = patterns.filter((pattern) => pattern.excludes).map((pattern) => new Glob(pattern));
  const meansRoot = (glob: Glob): boolean => glob.means([], 'directory');
  const includes = excludes.some(meansRoot) ? [] : included;
  return {
    meant: includes.filter(meansRoot),
    includes: new Candidates(
      includes.filter((glob) => !meansRoot(glob)),
      0,
    ),
    excludes: new Candidates(excludes, 0),
    seesHidden: includeHiddenFiles,
  };
}

/**
 * Goes one name further down; `undefined` when nothing there or below is meant.
 */
export function narrow(scope: Scope, entry: Pick<Entry, 'path' | 'name' | 'kind'>): Scope | undefined {
  const { name, kind } = entry;
  const isHidden = !scope.seesHidden && name.startsWith('.');
  if (!isHidden && scope.includes.list.length === 0 && scope.excludes.list.length === 0) return scope;
  const names = entry.path.split('/');
  const excludes = scope.excludes.named(name);
  if (excludes.some((glob) => excludesAll(glob, names, kind))) return undefined;
  const includes = scope.includes.named(name).filter(({ literals }) => !isHidden || literals.length > names.length);
  const meaning = includes.filter((glob) => glob.means(names, kind));
  const below = includes.filter((glob) => kind !== 'file' && !meaning.includes(glob) && glob.reaches(names));
  const inherited = isHidden ? [] : scope.meant;
  const meant = meaning.length === 0 ? inherited : [...inherited, ...meaning];
  if (meant.length === 0 && below.length === 0) return undefined;
  const excludesBelow = excludes.filter((glob) => kind === 'directory' && glob.reaches(names));
  return {
    meant,
    includes: new Candidates(below, names.length),
    excludes: new Candidates(excludesBelow, names.length),
    seesHidden: scope.seesHidden,
  };
}

/** Tells whether an exclude pattern means a path, or every path below it. */
function excludesAll(glob: Glob, names: string[], kind: Entry['kind']): boolean {
  return glob.means(names, kind) || (kind === 'directory' && glob.meansChildren(names));
}

/** Tells whether some pattern has come to a path by names alone. */
export function isNamed({ includes }: Scope, path: string): boolean {
  const depth = path.split('/').length;
  return includes.list.some(({ literals }) => depth <= literals.length);
}
