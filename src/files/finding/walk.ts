import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { dirname, sep } from 'node:path';
import { ActionError, codeOf } from '../../errors.ts';
import { otherSpellings, show } from '../names.ts';
import { createPause } from '../pause.ts';
import { findRealPath, locate, lookBehindLinks } from '../real-path.ts';
import type { Passes } from './places.ts';

/** Something in a tree. */
export interface Entry {
  /** Relative to the root, segments divided by `/`. */
  readonly path: string;
  readonly name: string;
  /** A followed link to a directory is a directory. */
  readonly kind: 'directory' | 'file' | 'link' | 'other';
  /** Absolute, by way of no link; behind a followed link, where that leads. */
  readonly location: string;
  /** Set for a followed link. */
  readonly isLink?: true;
}

/** Which directories a walk enters and which entries it hands out; a state is whatever the caller knows about a place. */
export interface WalkOptions<State> {
  /** Absolute, without links. */
  readonly root: string;
  /** The state of the root directory. */
  readonly start: State;
  /** Returns the state of something in a directory of the given state; `undefined` to pass it by. */
  readonly step: (state: State, entry: Entry) => State | undefined;
  /** Which files and links are passed by without a step. */
  readonly passes?: Passes;
  /** Names to look up in some directories, by their paths, where a listing of all names is not needed. */
  readonly way?: ReadonlyMap<string, Iterable<string>>;
  /** Follows links to directories, and tells whether to enter one; if not, it is handed out. */
  readonly follow?: (realDirectory: string) => boolean;
  /** Tells whether a directory may be passed by when it cannot be read. */
  readonly tolerates?: (state: State) => boolean;
  readonly signal: AbortSignal;
}

/** An entry that a walk hands out, with its state. */
export interface Visit<State> {
  readonly entry: Entry;
  readonly state: State;
}

/**
 * Lists what is below a directory, in one piece for each directory, without an order; directories only if they are not entered.
 *
 * A link that leads back to a directory on the way to it is never entered. The functions of the file system are
 * synchronous, which takes a tenth of the time; between names timers and signals have their turn.
 * @throws ActionError `FILE_NAME_NOT_UTF8`, `DIRECTORY_UNREADABLE`; the reason of the signal
 */
export async function* walk<State>(options: WalkOptions<State>): AsyncGenerator<readonly Visit<State>[]> {
  const pause = createPause(options.signal);
  const pending: Place<State>[] = [{ path: '', location: options.root, state: options.start, above: undefined }];
  for (let place = pending.pop(); place; place = pending.pop()) {
    await pause();
    const visits: Visit<State>[] = [];
    for (const visit of look(place, options)) {
      // A name may take long: it is held against thousands of patterns.
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

/** Looks at each name in a directory; `undefined` for what the caller does not want to see. */
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

/** Returns the directory that a link leads to, or the link when it leads to none. */
function followLink(link: Entry): Entry {
  // A circle of links, and a link that the system does not let us look behind, stay links.
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

/** Windows lists a file that is stored elsewhere, in a cloud or once for all copies, as a link; looked at by itself it is a file. */
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

/** Looks names up; `undefined` where the file system finds a name in another spelling too: only a listing shows the true one. */
function lookUp(directory: string, names: Iterable<string>): Found[] | undefined {
  const found: Found[] = [];
  for (const name of names) {
    const stat = statLink(locate(directory, name));
    if (stat === undefined) continue;
    // Windows finds a file by a short name too, which no listing shows.
    if (sep === '\\' && name.includes('~')) return undefined;
    // A directory folds the case of all names or of none; whether it folds compositions shows only a name that has some.
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
    // Too long, or no name at all for this system: nothing can be there.
    if (/^(?:ENOTDIR|ENAMETOOLONG|EINVAL|ERR_INVALID_ARG_VALUE)$/.test(codeOf(error) ?? '')) return undefined;
    throw unreadable(dirname(location), error);
  }
}

/** A decoded name with a replacement character may be such a name, or one whose bytes are not UTF-8 and that nothing can open. */
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
