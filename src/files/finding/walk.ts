import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { dirname, sep } from 'node:path';
import { ActionError, codeOf } from '../../errors.ts';
import { otherSpellings, show } from '../names.ts';
import { createPause } from '../pause.ts';
import { findRealPath, locate, lookBehindLinks } from '../real-path.ts';
import type { Passes } from './places.ts';

/** A directory, file, link or other entry of a tree. */
export interface Entry {
  /** Relative to the root, segments divided by `/`. */
  readonly path: string;
  readonly name: string;
  /** A followed link to a directory is a directory. */
  readonly kind: 'directory' | 'file' | 'link' | 'other';
  /** Absolute path without links; for a followed link, its target. */
  readonly location: string;
  /** Set for a followed link. */
  readonly isLink?: true;
}

/** Which directories a walk enters and which entries it yields; the caller gives each place a state. */
export interface WalkOptions<State> {
  /** Absolute path with links resolved. */
  readonly root: string;
  /** The state of the root directory. */
  readonly start: State;
  /** Returns the state of an entry from the state of its directory; `undefined` to skip the entry. */
  readonly step: (state: State, entry: Entry) => State | undefined;
  /** Which files and links are skipped without a step. */
  readonly passes?: Passes;
  /** Names to look up, by the path of their directory, in directories that need not be listed. */
  readonly way?: ReadonlyMap<string, Iterable<string>>;
  /** When set, links to directories are followed; tells whether to enter one. Otherwise the walk yields it. */
  readonly follow?: (realDirectory: string) => boolean;
  /** Tells whether a directory may be skipped when it cannot be read. */
  readonly tolerates?: (state: State) => boolean;
  readonly signal: AbortSignal;
}

/** An entry that a walk yields, with its state. */
export interface Visit<State> {
  readonly entry: Entry;
  readonly state: State;
}

/**
 * Lists everything below a directory, unordered, in one array per directory; entered directories are left out.
 *
 * A link to one of its own parent directories is never entered. Synchronous file system calls take a tenth of the time;
 * timers and signals run between names.
 *
 * @throws ActionError `FILE_NAME_NOT_UTF8`, `DIRECTORY_UNREADABLE`; the reason of the signal
 */
export async function* walk<State>(options: WalkOptions<State>): AsyncGenerator<readonly Visit<State>[]> {
  const pause = createPause(options.signal);
  const pending: Place<State>[] = [{ path: '', location: options.root, state: options.start, above: undefined }];
  for (let place = pending.pop(); place; place = pending.pop()) {
    await pause();
    const visits: Visit<State>[] = [];
    for (const visit of look(place, options)) {
      // Yields to timers for each name, because thousands of patterns may be compared with it.
      const turn = pause();
      if (turn) await turn;
      if (visit === undefined) continue;
      if (!isEntered(visit.entry, place, options)) visits.push(visit);
      else {
        const { path, location } = visit.entry;
        pending.push({ path, location, state: visit.state, above: place });
      }
    }
    yield visits;
  }
}

/** A directory that is still to be listed. */
interface Place<State> extends Pick<Entry, 'path' | 'location'>, Pick<Visit<State>, 'state'> {
  readonly above: Place<State> | undefined;
}

/** Yields each entry of a directory, or `undefined` for a name that the caller skips. */
function* look<State>(place: Place<State>, options: WalkOptions<State>): Generator<Visit<State> | undefined> {
  const prefix = place.path === '' ? '' : `${place.path}/`;
  const isTolerant = options.tolerates?.(place.state) === true;
  for (const { name, kind } of list(place, options)) {
    if (kind !== 'directory' && options.passes?.(name, prefix)) continue;
    const found: Entry = { path: prefix + name, name, kind, location: locate(place.location, name) };
    const entry = kind === 'link' && options.follow ? followLink(found) : found;
    const state = options.step(place.state, entry);
    if (state !== undefined && name.includes('\uFFFD') && !isTolerant) checkName(place.location, name);
    yield state && { entry, state };
  }
}

function list<State>({ path, location, state }: Place<State>, { way, tolerates }: WalkOptions<State>): Found[] {
  const wanted = way?.get(path);
  try {
    return (wanted && lookUp(location, wanted)) ?? readDirectory(location);
  } catch (error) {
    if (tolerates?.(state)) return [];
    throw error;
  }
}

/** Returns the directory that a link leads to, or the link itself when it leads to no directory. */
function followLink(link: Entry): Entry {
  // A circular link, or a link whose target cannot be examined, stays a link.
  const location = lookBehindLinks(link.location)?.isDirectory() ? findRealPath(link.location).path : undefined;
  return location === undefined ? link : { ...link, kind: 'directory', location, isLink: true };
}

function isEntered(entry: Entry, place: Place<unknown>, { follow }: Pick<WalkOptions<unknown>, 'follow'>): boolean {
  if (entry.kind !== 'directory' || isOnTheWay(entry.location, place)) return false;
  return !entry.isLink || follow === undefined || follow(entry.location);
}

function isOnTheWay(location: string, place: Place<unknown> | undefined): boolean {
  return place !== undefined && (place.location === location || isOnTheWay(location, place.above));
}

type Found = Pick<Entry, 'name' | 'kind'>;

function kindOf(entry: Dirent | Stats): Entry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function readDirectory(directory: string): Found[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).map((entry) => found(directory, entry));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw unreadable(directory, error);
  }
}

/** Windows lists a file in cloud or deduplicated storage as a link, but its stats say that it is a file. */
function found(directory: string, entry: Dirent): Found {
  const { name } = entry;
  const stat = entry.isSymbolicLink() ? statLink(locate(directory, name)) : undefined;
  return { name, kind: kindOf(stat ?? entry) };
}

function unreadable(directory: string, cause: unknown): ActionError {
  const text = `The directory ${show(directory)} cannot be read (${codeOf(cause) ?? 'unknown error'}).`;
  return new ActionError('DIRECTORY_UNREADABLE', text, {
    hint: 'Give the runner the right to read it, or exclude it in files.',
    cause,
  });
}

/** Looks names up; `undefined` if another spelling works too, so that only a listing shows the true name. */
function lookUp(directory: string, names: Iterable<string>): Found[] | undefined {
  const found: Found[] = [];
  for (const name of names) {
    const stat = statLink(locate(directory, name));
    if (stat === undefined) continue;
    // Windows also finds a file by its short name, which no listing shows.
    if (sep === '\\' && name.includes('~')) return undefined;
    // A directory folds the case of all names or of none; only a name that is not ASCII shows whether it folds
    // compositions.
    const isTold = found.length > 0 && ASCII.test(name);
    if (!isTold && hasOtherSpelling(directory, name, stat)) return undefined;
    found.push({ name, kind: kindOf(stat) });
  }
  return found;
}

const ASCII = /^[ -~]*$/;

function hasOtherSpelling(directory: string, name: string, { ino, dev }: Stats): boolean {
  return otherSpellings(name).some((other) => {
    const stat = statLink(locate(directory, other));
    return stat?.ino === ino && stat.dev === dev;
  });
}

function statLink(location: string): Stats | undefined {
  try {
    return lstatSync(location, { throwIfNoEntry: false });
  } catch (error) {
    // The name is too long or invalid on this system, so nothing can be there.
    if (/ENOTDIR|ENAMETOOLONG|EINVAL|ERR_INVALID_ARG_VALUE/.test(codeOf(error) ?? '')) return undefined;
    throw unreadable(dirname(location), error);
  }
}

/** Refuses a name that is not UTF-8. A replacement character in the decoded name alone does not prove that. */
function checkName(directory: string, name: string): void {
  for (const bytes of readdirSync(directory, { encoding: 'buffer' })) {
    if (bytes.toString('utf8') !== name || bytes.equals(Buffer.from(name))) continue;
    throw new ActionError(
      'FILE_NAME_NOT_UTF8',
      `In ${show(directory)} there is a name that is not UTF-8: bytes ${bytes.toString('hex')} (${show(name)}).`,
      { hint: 'Rename it, or exclude it in files: tools would see it under different names.' },
    );
  }
}
