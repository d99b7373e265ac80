import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError, codeOf } from '../../errors.ts';
import { show } from '../names.ts';
import { findRealPath, isBelow, isWithin, lookBehindLinks, pathBelow } from '../real-path.ts';
import type { RefusedFile, ReleaseFile } from '../release-file.ts';
import { compact, stampOf } from '../stamp.ts';
import type { Glob } from './glob.ts';
import type { LeftOutReason, OwnPaths } from './own-paths.ts';
import { type Scope, scopeAt } from './selection.ts';
import type { Entry } from './walk.ts';

/** What decides whether a matched path can be signed. */
export interface ExamineOptions {
  /** The root with links resolved. */
  readonly realRoot: string;
  /** The workspace with links resolved; nothing outside is ever signed. */
  readonly realWorkspace: string;
  readonly followSymbolicLinks: boolean;
  readonly suffix: string;
  /** Tells why the target of a link is never signed. */
  readonly reasonBehind: (real: string) => LeftOutReason | undefined;
  /** Tells which link targets are listed by their own path. */
  readonly targets: LinkTargets;
}

/** Longest name that file systems take: counted in bytes on Linux, elsewhere in UTF-16 units. */
const MAX_NAME = 255;

function lengthOf(name: string): number {
  return process.platform === 'linux' ? Buffer.byteLength(name) : name.length;
}

/** Examines a matched path; returns the file, or why it is refused or left out. */
export function examine(entry: Entry, options: ExamineOptions): ReleaseFile | RefusedFile | LeftOutReason {
  const { path, name, kind, location } = entry;
  if (lengthOf(name) + options.suffix.length > MAX_NAME) {
    return refuse(path, 'FILE_NAME_TOO_LONG', `has a name that is too long for ${options.suffix} to be added`);
  }
  switch (kind) {
    case 'file':
      return options.followSymbolicLinks ? withWay(take(path, location), options) : take(path, location);
    case 'link':
      return examineLink(entry, options);
    case 'directory':
      // The walk yields only a followed link that it does not enter.
      if (!isWithin(options.realWorkspace, location)) return outside(path, location);
      return options.reasonBehind(location) ?? 'circle';
    case 'other':
      return refuse(path, 'FILE_NOT_REGULAR', NOT_REGULAR);
  }
}

function examineLink({ path, location }: Entry, options: ExamineOptions): ReleaseFile | RefusedFile | LeftOutReason {
  const real = findRealPath(location);
  if (real.path === undefined) return broken(path, location, real.failure);
  if (!isBelow(options.realWorkspace, real.path)) return outside(path, real.path);
  if (options.followSymbolicLinks) return options.reasonBehind(real.path) ?? withWay(take(path, real.path), options);
  const reason = options.targets.reasonFor(path, real.path);
  if (reason !== undefined) return reason;
  const how = `is a link to ${readTarget(location)}, which no pattern matches`;
  return refuse(path, 'LINK_NOT_FOLLOWED', how);
}

/** Stores the path through links to a file, which must lead to the same file at the end of the run. */
function withWay(file: ReleaseFile | RefusedFile, { realRoot }: ExamineOptions): ReleaseFile | RefusedFile {
  const via = join(realRoot, file.path);
  return 'error' in file || via === file.location ? file : { ...file, via };
}

function take(path: string, location: string): ReleaseFile | RefusedFile {
  try {
    const stat = lstatSync(location, { throwIfNoEntry: false });
    if (stat === undefined) return refuse(path, 'FILE_VANISHED', 'vanished while the files were listed');
    if (!stat.isFile()) return refuse(path, 'FILE_NOT_REGULAR', NOT_REGULAR);
    return { path, location, size: compact(stat.size), stamp: stampOf(stat, Date.now()) };
  } catch (error) {
    return refuse(path, 'FILE_UNREADABLE', `cannot be examined (${codeOf(error) ?? 'unknown error'})`, error);
  }
}

function broken(path: string, location: string, failure: string): RefusedFile {
  const target = readTarget(location);
  if (failure === 'ENOENT') return refuse(path, 'LINK_BROKEN', `is a link to ${target}, which does not exist`);
  if (failure === 'ELOOP') return refuse(path, 'LINK_BROKEN', `is a link to ${target}, which leads back to itself`);
  return refuse(path, 'LINK_BROKEN', `is a link to ${target}, which cannot be reached (${failure})`);
}

function readTarget(location: string): string {
  try {
    return show(readlinkSync(location));
  } catch {
    return 'something that changes';
  }
}

const NOT_REGULAR = 'is a FIFO, socket or device, not a regular file';

function outside(path: string, real: string): RefusedFile {
  return refuse(path, 'LINK_OUTSIDE', `leads out of the workspace, to ${show(real)}`);
}

const HINTS = {
  FILE_NAME_TOO_LONG: 'Shorten the name, or exclude the file.',
  FILE_NOT_REGULAR: 'Exclude it in files; only regular files can be signed.',
  FILE_UNREADABLE: 'Give the user of the runner the right to read it, or exclude it in files.',
  FILE_VANISHED: 'Make sure that nothing writes to the build outputs while they are signed.',
  LINK_BROKEN: 'Remove the link, or exclude it in files.',
  LINK_NOT_FOLLOWED:
    'Match the target as well, exclude the link, or set follow-symbolic-links: true to sign its content.',
  LINK_OUTSIDE: 'Copy the file into the workspace, or exclude the link in files.',
} as const;

function refuse(path: string, code: keyof typeof HINTS, how: string, cause?: unknown): RefusedFile {
  return { path, error: new ActionError(code, `${show(path)} ${how}.`, { hint: HINTS[code], cause }) };
}

/** What decides whether a link needs a signature of its own. */
interface LinkTargetOptions extends Pick<ExamineOptions, 'realRoot' | 'suffix'> {
  readonly own: OwnPaths;
  readonly start: Scope;
  /** Tells whether a file is signed or checked, by its path. */
  readonly isListed: (path: string) => boolean;
}

/** Most missing files that are checked for each link: with all of 10,000, checking 1,500 links took a minute. */
const MAX_MISSING = 20;

/** Tells which link targets are listed by their own path; examines each target once, for thousands of links. */
export class LinkTargets {
  readonly #options: LinkTargetOptions;
  readonly #answers = new Map<string, readonly string[] | undefined>();

  constructor(options: LinkTargetOptions) {
    this.#options = options;
  }

  /** Returns why a link to a real path is left out; `undefined` when its target is not listed. */
  reasonFor(link: string, real: string): 'link' | 'partial-link' | undefined {
    if (!this.#answers.has(real)) this.#answers.set(real, this.#lookAt(real));
    const missing = this.#answers.get(real);
    if (missing === undefined) return undefined;
    const isMeant = (below: string): boolean =>
      (scopeAt(this.#options.start, `${link}/${below}`, 'file')?.meant ?? []).length > 0;
    return missing.some(isMeant) ? 'partial-link' : 'link';
  }

  /** Returns the first unlisted files below a link target, relative to it; `undefined` for an unlisted target. */
  #lookAt(real: string): string[] | undefined {
    const { realRoot, own, start, isListed } = this.#options;
    if (!isBelow(realRoot, real) || own.reasonBehind(real) !== undefined) return undefined;
    const path = pathBelow(realRoot, real);
    if (isListed(path)) return [];
    if (!lookBehindLinks(real)?.isDirectory()) return undefined;
    const scope = scopeAt(start, path, 'directory');
    if (scope === undefined || scope.meant.length === 0) return undefined;
    const missing: string[] = [];
    for (const each of this.#missingIn(real, { path, excludes: scope.excludes.list })) {
      if (missing.push(each.slice(path.length + 1)) === MAX_MISSING) break;
    }
    return missing;
  }

  /** Yields unlisted files, except those that an exclude for any directory, such as `*.map`, matches. */
  *#missingIn(
    directory: string,
    { path: above, excludes }: { readonly path: string; readonly excludes: readonly Glob[] },
  ): Generator<string> {
    if (excludes.every(({ isAnywhere }) => isAnywhere)) return;
    const { own, isListed, suffix } = this.#options;
    for (const entry of listOrNothing(directory)) {
      const { name } = entry;
      const [path, location] = [`${above}/${name}`, join(directory, name)];
      const kind = entry.isDirectory() ? 'directory' : 'file';
      const names = path.split('/');
      if (own.reasonFor({ location, name, kind }) !== undefined) continue;
      if (excludes.some((glob) => glob.isAnywhere && glob.means(names, kind))) continue;
      if (kind === 'directory') yield* this.#missingIn(location, { path, excludes });
      else if (entry.isFile() && !name.endsWith(suffix) && !isListed(path)) yield path;
    }
  }
}

/** Lists a directory; an excluded directory may be unreadable. */
function listOrNothing(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
