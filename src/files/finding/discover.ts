import { sortByPath } from '../names.ts';
import { createPause } from '../pause.ts';
import { isWithin } from '../real-path.ts';
import type { RefusedFile, ReleaseFile } from '../release-file.ts';
import { type ExamineOptions, examine, LinkTargets } from './examine.ts';
import { findWay, Glob, type Way } from './glob.ts';
import { LeftOutFiles, type Remainder } from './left-out.ts';
import { discoverOrphans, type OrphanSearch } from './orphans.ts';
import { OwnPaths } from './own-paths.ts';
import { takeSetsLiterally } from './patterns.ts';
import { type DiscoverOptions, findPlaces, type Passes, passesKnown, type RealPlaces } from './places.ts';
import { isNamed, narrow, type Scope, startScope } from './selection.ts';
import { type Entry, type Visit, type WalkOptions, walk } from './walk.ts';

/** The files that the patterns match, and everything unusual about the patterns. */
export interface Discovery extends Remainder, Pick<OrphanSearch, 'orphanFailure'> {
  /** Sorted by path, bytewise; without duplicates. */
  readonly files: readonly ReleaseFile[];
  /** Matched paths that cannot be signed, such as a FIFO or a link that leads elsewhere. */
  readonly refused: readonly RefusedFile[];
  /** Include patterns that match no file, as the user wrote them. */
  readonly unmatched: readonly string[];
  /** Exclude patterns that exclude nothing, as the user wrote them. */
  readonly idleExcludes: readonly string[];
  /** Paths that a pattern would match if its sets, such as `[id]`, were taken literally. */
  readonly misread: readonly Misread[];
}

/** A path that is spelled like a pattern that does not match it. */
interface Misread {
  /** The pattern as the user wrote it. */
  readonly text: string;
  readonly path: string;
}

/** Lists the files that match; excludes win. Throws `ROOT_OUTSIDE`, `FILE_NAME_NOT_UTF8`, `DIRECTORY_UNREADABLE`. */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { patterns, suffix, outputDirectory } = options;
  const search = new Search({ ...options, ...findPlaces(options) });
  const includes = patterns.filter((pattern) => !pattern.excludes);
  await search.run(await findWay(includes, suffix));
  return search.conclude(outputDirectory === undefined ? {} : await discoverOrphans(options, outputDirectory));
}

class Search {
  readonly #options: DiscoverOptions & RealPlaces;
  readonly #own: OwnPaths;
  readonly #start: Scope;
  readonly #examining: ExamineOptions;
  /** Patterns with sets, taken literally. */
  readonly #literal: readonly Glob[];
  readonly #files = new Map<string, ReleaseFile>();
  readonly #refused: RefusedFile[] = [];
  readonly #matched = new Set<Glob>();
  readonly #misread = new Map<string, Misread>();
  readonly #leftOut: LeftOutFiles;
  readonly #passes: Passes | undefined;

  constructor(options: DiscoverOptions & RealPlaces) {
    this.#options = options;
    this.#own = new OwnPaths(options);
    this.#start = startScope(options);
    this.#leftOut = new LeftOutFiles(options, this.#files);
    this.#passes = passesKnown(options);
    this.#literal = options.patterns
      .flatMap((pattern) => takeSetsLiterally(pattern) ?? [])
      .map((each) => new Glob(each));
    this.#examining = {
      realRoot: options.realRoot,
      realWorkspace: options.realWorkspace,
      followSymbolicLinks: options.followSymbolicLinks,
      suffix: options.suffix,
      reasonBehind: (real) => this.#own.reasonBehind(real),
      targets: new LinkTargets({
        realRoot: options.realRoot,
        suffix: options.suffix,
        own: this.#own,
        start: this.#start,
        isListed: (path) => this.#files.has(path) || options.known?.has(path) === true,
      }),
    };
  }

  async run(way: Way): Promise<void> {
    const links: Visit<Scope>[] = [];
    for await (const visits of walk(this.#walkOptions(way))) {
      for (const visit of visits) {
        if (visit.state.leftOut !== undefined) continue;
        if (visit.entry.kind === 'link') links.push(visit);
        else this.#judge(visit);
      }
      // Signatures come after the files beside them, so that most are judged at once.
      for (const { entry, state } of visits) this.#leaveOut(entry, state);
    }
    // Links are judged last: whether a link can be left out depends on all files.
    const pause = createPause(this.#options.signal);
    for (const visit of links) {
      await pause();
      this.#judge(visit);
    }
  }

  conclude({ orphans, orphanFailure }: OrphanSearch): Discovery {
    const textsOf = (globs: Iterable<Glob>): Set<string> => new Set([...globs].map(({ text }) => text));
    const [matched, effective] = [textsOf(this.#matched), textsOf(this.#start.effective)];
    const { patterns } = this.#options;
    return {
      files: sortByPath([...this.#files.values()]),
      refused: sortByPath(this.#refused),
      unmatched: patterns.filter(({ text, excludes }) => !excludes && !matched.has(text)).map(({ text }) => text),
      idleExcludes: patterns.filter(({ text, excludes }) => excludes && !effective.has(text)).map(({ text }) => text),
      misread: [...this.#misread.values()],
      ...this.#leftOut.settle(orphans),
      orphanFailure,
    };
  }

  #walkOptions(way: Way): WalkOptions<Scope> {
    const { realRoot, realWorkspace, followSymbolicLinks, signal } = this.#options;
    const follow = (real: string): boolean =>
      isWithin(realWorkspace, real) && this.#own.reasonBehind(real) === undefined;
    return {
      root: realRoot,
      start: this.#start,
      step: (scope, entry) => this.#step(scope, entry),
      way,
      ...(this.#passes ? { passes: this.#passes } : {}),
      ...(followSymbolicLinks ? { follow } : {}),
      tolerates: ({ leftOut }) => leftOut !== undefined && leftOut !== 'output-dir',
      signal,
    };
  }

  /** Decides whether the walk enters a directory or yields an entry. */
  #step(above: Scope, entry: Entry): Scope | undefined {
    const { path, name, kind } = entry;
    const scope = narrow(above, entry);
    const reason = this.#own.reasonFor(entry) ?? scope?.leftOut;
    if (reason === undefined && kind !== 'directory' && name.endsWith(this.#options.suffix)) {
      return this.#stepSignature(above, entry, { ...(scope ?? { ...above, meant: [] }), leftOut: 'suffix' });
    }
    if (reason === undefined) this.#compareSpelling(entry);
    if (scope === undefined) return undefined;
    const isWanted = kind === 'directory' || scope.meant.length > 0;
    if (reason !== undefined) return isWanted ? { ...scope, leftOut: reason } : undefined;
    if (isWanted) return scope;
    // A link in the literal part of a pattern is reported, because it explains why the pattern matches no file.
    return kind === 'link' && !this.#options.followSymbolicLinks && isNamed(scope, path) ? scope : undefined;
  }

  /** Keeps a signature when a pattern matches it or the file that it would sign. */
  #stepSignature(above: Scope, { path, name }: Entry, scope: Scope): Scope | undefined {
    const unsigned = (text: string): string => text.slice(0, -this.#options.suffix.length);
    const signed = narrow(above, { path: unsigned(path), name: unsigned(name), kind: 'file' });
    const signs = signed !== undefined && signed.meant.length > 0;
    return signs || scope.meant.length > 0 ? { ...scope, signs } : undefined;
  }

  #compareSpelling({ path, kind }: Entry): void {
    for (const glob of this.#literal) {
      const { text } = glob;
      if (!this.#misread.has(text) && glob.means(path.split('/'), kind)) this.#misread.set(text, { text, path });
    }
  }

  #judge({ entry, state }: Visit<Scope>): void {
    const outcome = examine(entry, this.#examining);
    if (typeof outcome === 'string') {
      this.#leftOut.take({ entry, reason: outcome, isMeant: true });
      return;
    }
    const isRefused = 'error' in outcome;
    if (isRefused) this.#refused.push(outcome);
    else this.#files.set(outcome.path, outcome);
    // A pattern has no match if it matched only links that cannot be signed.
    if (isRefused && entry.kind !== 'file' && entry.kind !== 'other') return;
    for (const glob of state.meant) this.#matched.add(glob);
  }

  #leaveOut(entry: Entry, { leftOut: reason, meant, signs }: Scope): void {
    if (reason !== undefined) this.#leftOut.take({ entry, reason, isMeant: meant.length > 0, signs });
  }
}
