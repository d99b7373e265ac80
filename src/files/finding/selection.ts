import { foldName } from '../names.ts';
import { Glob } from './glob.ts';
import type { LeftOutReason } from './own-paths.ts';
import type { DiscoverOptions } from './places.ts';
import type { Entry } from './walk.ts';

/** How the patterns apply to one place in the tree. */
export interface Scope {
  /** Include patterns that match the place, and so everything below. */
  readonly meant: readonly Glob[];
  /** Include patterns that may match something below. */
  readonly includes: Candidates;
  /** Exclude patterns that may match something below. */
  readonly excludes: Candidates;
  /** Whether wildcards match hidden names. */
  readonly seesHidden: boolean;
  /** Collects the exclude patterns that exclude something. */
  readonly effective: Set<Glob>;
  /** Why nothing from this place down is a file of the release. */
  readonly leftOut?: LeftOutReason;
  /** For a signature: whether a pattern matches the file that it would sign. */
  readonly signs?: boolean;
}

/** Patterns that may match below a directory, indexed by the next literal name: the input may list single files. */
class Candidates {
  readonly list: readonly Glob[];
  readonly #depth: number;
  /** Patterns by their next name, made on first use; the key `undefined` holds those with a wildcard there. */
  #byName: ReadonlyMap<string | undefined, readonly Glob[]> | undefined;

  /** @param depth - Number of names on the path from the root to the directory. */
  constructor(list: readonly Glob[], depth: number) {
    this.list = list;
    this.#depth = depth;
  }

  /** Returns the patterns that may match a name, or something below it. */
  named(name: string): readonly Glob[] {
    this.#byName ??= Map.groupBy(this.list, ({ literals }) => {
      const next = literals[this.#depth];
      return next === undefined ? undefined : foldName(next);
    });
    return [...(this.#byName.get(undefined) ?? []), ...(this.#byName.get(foldName(name)) ?? [])];
  }
}

/** Returns the scope of the root directory. */
export function startScope({
  patterns,
  includeHiddenFiles,
}: Pick<DiscoverOptions, 'patterns' | 'includeHiddenFiles'>): Scope {
  const included = patterns.filter((pattern) => !pattern.excludes).map((pattern) => new Glob(pattern));
  const excludes = patterns.filter((pattern) => pattern.excludes).map((pattern) => new Glob(pattern));
  const meansRoot = (glob: Glob): boolean => glob.means([], 'directory');
  const isNothing = excludes.some(meansRoot);
  const includes = isNothing ? [] : included;
  return {
    meant: includes.filter(meansRoot),
    includes: new Candidates(
      includes.filter((glob) => !meansRoot(glob)),
      0,
    ),
    excludes: new Candidates(excludes, 0),
    seesHidden: includeHiddenFiles,
    effective: new Set(isNothing ? excludes : []),
  };
}

type Step = Pick<Entry, 'path' | 'name' | 'kind'>;

/** Returns the scope one name further down; `undefined` when no pattern matches there or below. */
export function narrow(scope: Scope, step: Step): Scope | undefined {
  const isHidden = !scope.seesHidden && step.name.startsWith('.');
  if (!isHidden && scope.includes.list.length === 0 && scope.excludes.list.length === 0) return scope;
  const names = step.path.split('/');
  const excludes = scope.excludes.named(step.name);
  const excluding = excludes.filter(
    (glob) => glob.means(names, step.kind) || (step.kind === 'directory' && glob.meansChildren(names)),
  );
  if (excluding.length > 0) {
    noteEffect(scope, step, excluding, excludes);
    return undefined;
  }
  const seen = include(scope, step, ({ literals }) => !isHidden || literals.length > names.length);
  const hidden = isHidden && seen === undefined ? include(scope, step, () => true) : undefined;
  const found = seen ?? hidden;
  if (found === undefined) return undefined;
  const next = { ...scope, ...found, excludes: new Candidates(reaching(excludes, step), names.length) };
  return hidden ? { ...next, leftOut: 'hidden' } : next;
}

/** Applies the include patterns that `sees` accepts; `undefined` when they match nothing there or below. */
function include(
  scope: Scope,
  step: Step,
  sees: (glob: Glob) => boolean,
): Pick<Scope, 'meant' | 'includes'> | undefined {
  const names = step.path.split('/');
  const includes = scope.includes.named(step.name).filter(sees);
  const meaning = includes.filter((glob) => glob.means(names, step.kind));
  const below = reaching(includes, step).filter((glob) => !meaning.includes(glob));
  const meant = [...scope.meant.filter(sees), ...meaning];
  if (meant.length === 0 && below.length === 0) return undefined;
  return { meant, includes: new Candidates(below, names.length) };
}

/** Returns the patterns that may match something below a path. */
function reaching(globs: readonly Glob[], { path, kind }: Step): readonly Glob[] {
  return kind === 'file' ? [] : globs.filter((glob) => glob.reaches(path.split('/')));
}

/** Records `excluding` patterns with an effect; below a directory, which is then not searched, all `excludes` may have one. */
function noteEffect(scope: Scope, step: Step, excluding: readonly Glob[], excludes: readonly Glob[]): void {
  if (include(scope, step, () => true) === undefined) return;
  for (const glob of step.kind === 'directory' ? excludes : excluding) scope.effective.add(glob);
}

/** Tells whether a path is in the literal part of some pattern. */
export function isNamed({ includes }: Scope, path: string): boolean {
  const depth = path.split('/').length;
  return includes.list.some(({ literals }) => depth <= literals.length);
}

/** Returns the scope of a path; `undefined` when no pattern matches there or below. */
export function scopeAt(start: Scope, path: string, kind: Entry['kind']): Scope | undefined {
  const names = path.split('/');
  let scope: Scope | undefined = start;
  for (const [at, name] of names.entries()) {
    const isLast = at === names.length - 1;
    scope &&= narrow(scope, { path: names.slice(0, at + 1).join('/'), name, kind: isLast ? kind : 'directory' });
  }
  return scope?.leftOut === undefined ? scope : undefined;
}
