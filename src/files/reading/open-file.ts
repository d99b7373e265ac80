import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { ActionError } from '../../errors.ts';
import { leadsTo } from '../descriptors.ts';
import { readInto, startHash } from '../hashing/file-hash.ts';
import type { ReleaseFile } from '../release-file.ts';
import { type FileStamp, matchesStamp, stampOf } from '../stamp.ts';
import { fillFrom, readChunks, readerOf } from './read-chunks.ts';
import { changed, movedDirectory, notRegular, unreadable } from './read-errors.ts';

/** Files up to this many bytes are read once into memory; larger ones pass through two buffers. */
export const SMALL_FILE_BYTES = 1024 * 1024;

// Windows has neither. NONBLOCK: opening a FIFO that was swapped in would hang. NOFOLLOW: the file may not be a link.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A file that is open for one attempt. */
export interface OpenFile {
  readonly size: number;
  /** Returns the content from the start: an array of one chunk for a file in memory, otherwise reused buffers. */
  read(): Uint8Array[] | AsyncGenerator<Uint8Array>;
  /** Lends the descriptor to another thread and keeps it open until `reader` ends; absent for a file in memory. */
  readonly lend?: <T>(reader: (descriptor: number) => Promise<T>) => Promise<T>;
  /** Checks that the file still has this SHA-256, given as hex; rejects with `FILE_CHANGED` or a read error. */
  checkUnchanged(sha256: string): Promise<void>;
  close(): void;
}

/**
 * Opens a regular file for reading, never through a link; `location` must have no link on the way.
 *
 * @throws ActionError `FILE_UNREADABLE`, `FILE_VANISHED`, `FILE_NOT_REGULAR`, `FILE_CHANGED`, `DIRECTORY_MOVED`
 */
export function openFile(file: ReleaseFile): OpenFile {
  const descriptor = attempt(file, () => openSync(file.location, FLAGS));
  let before: Stats;
  let chunk: Buffer | undefined;
  try {
    before = attempt(file, () => fstatSync(descriptor));
    if (!before.isFile()) throw notRegular(file);
    if (!isListed(file, before) && !leadsTo(descriptor, file.location)) throw elsewhere(file);
    if (before.size !== file.size) throw changed(file);
    if (file.size <= SMALL_FILE_BYTES) chunk = attempt(file, () => readWhole(file, descriptor));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const stamp = stampOf(before, Date.now());
  const checkUnchanged = (sha256: string): Promise<void> => compare(file, stamp, sha256);
  if (chunk === undefined) return { size: file.size, ...openLarge(file, descriptor), checkUnchanged };
  closeSync(descriptor);
  const content = [chunk];
  return { size: file.size, read: () => content, checkUnchanged, close: () => {} };
}

/** Tells whether an open file is the listed one by its inode number, unless that is beyond 2^53, and so rounded. */
function isListed({ stamp }: ReleaseFile, { dev, ino }: Stats): boolean {
  return Number.isSafeInteger(ino) && ino === stamp?.inode && dev === stamp.device;
}

/** Builds the error for a path that leads to another file than the listed one. */
function elsewhere(file: ReleaseFile): ActionError {
  // Windows follows links here, because it has no flag against that.
  const isLink = attempt(file, () => lstatSync(file.location, { throwIfNoEntry: false }))?.isSymbolicLink() === true;
  return isLink ? notRegular(file) : movedDirectory(dirname(file.location));
}

/** Reads a file from its start to its end; returns its SHA-256 as hex. */
export async function hashFile(file: ReleaseFile): Promise<string> {
  const open = openFile(file);
  try {
    const content = open.read();
    if (Array.isArray(content)) return hash('sha256', content[0] ?? '', 'hex');
    const sum = startHash({ algorithm: 'sha256' });
    await readInto(content, [sum]);
    return sum.digest().toString('hex');
  } finally {
    open.close();
  }
}

function readWhole(file: ReleaseFile, descriptor: number): Buffer {
  const buffer = Buffer.allocUnsafe(file.size);
  if (fillFrom(descriptor, buffer) !== file.size) throw changed(file);
  return buffer;
}

function openLarge(file: ReleaseFile, descriptor: number): Pick<OpenFile, 'read' | 'lend' | 'close'> {
  let closed = false;
  const uses = new Set<Promise<unknown>>();
  const readAt = readerOf(descriptor);

  function use<T>(work: () => Promise<T>): Promise<T> {
    const result = closed ? Promise.reject(new Error('The file was closed')) : work();
    uses.add(result);
    const forget = (): void => void uses.delete(result);
    result.then(forget, forget);
    return result;
  }

  return {
    read: () => readChunks(file, (buffer, position) => use(() => readAt(buffer, position))),
    lend: (reader) => use(() => reader(descriptor)),
    close() {
      if (closed) return;
      closed = true;
      // While a reader uses the descriptor, the number must not be reused, or the reader would read another file.
      if (uses.size === 0) closeSync(descriptor);
      else void Promise.allSettled(uses).then(() => closeSync(descriptor));
    },
  };
}

/** Compares content, because a scanner, a new name or other permissions change the file system data alone. */
async function compare(file: ReleaseFile, stamp: FileStamp, sha256: string): Promise<void> {
  const now = attempt(file, () => lstatSync(file.location, { throwIfNoEntry: false }));
  if (now && now.size === file.size && matchesStamp(stamp, now)) return;
  if ((await hashFile(file)) !== sha256) throw changed(file);
}

function attempt<T>(file: ReleaseFile, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ActionError) throw error;
    throw unreadable(file, error);
  }
}
