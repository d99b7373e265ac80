import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { ActionError, codeOf } from '../errors.ts';
import { show } from './names.ts';
import type { ReleaseFile } from './release-file.ts';

/** Files up to this many bytes are read once into memory; larger ones pass through two buffers. */
export const SMALL_FILE_BYTES = 1024 * 1024;

/** A multiple of three, so that base64 of one chunk leaves nothing over for the next. */
const CHUNK_BYTES = 384 * 1024;
// Neither exists on Windows. NONBLOCK: opening a FIFO that was swapped in would hang. NOFOLLOW: neither may a link be.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const readAsync = promisify(read);

/** A file that is open for one try. */
export interface OpenFile {
  readonly size: number;
  /** Yields the content from the start: an array of one chunk when it is in memory, else buffers that are reused. */
  read(): Uint8Array[] | AsyncGenerator<Uint8Array>;
  /** Throws `FILE_CHANGED` unless the file is still what was opened. */
  checkUnchanged(): void;
  close(): void;
}

/**
 * Opens a regular file for reading, never through a link.
 *
 * @throws ActionError `FILE_UNREADABLE`, `FILE_VANISHED`, `FILE_NOT_REGULAR`, `FILE_CHANGED`
 */
export function openFile(file: ReleaseFile): OpenFile {
  const descriptor = attempt(file, () => openSync(file.location, FLAGS));
  let before: BigIntStats;
  let chunk: Buffer | undefined;
  try {
    before = attempt(file, () => fstatSync(descriptor, { bigint: true }));
    checkListed(file, before);
    if (file.size <= SMALL_FILE_BYTES) chunk = attempt(file, () => readWhole(file, descriptor));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const checkUnchanged = (): void => compare(file, before);
  if (chunk === undefined) return { size: file.size, ...openLarge(file, descriptor), checkUnchanged };
  closeSync(descriptor);
  const content = [chunk];
  return { size: file.size, read: () => content, checkUnchanged, close: () => {} };
}

function checkListed(file: ReleaseFile, stat: BigIntStats): void {
  if (!stat.isFile()) throw notRegular(file);
  if (stat.size !== BigInt(file.size)) throw changed(file);
  if (file.inode !== undefined && Number(stat.ino) !== file.inode) throw changed(file);
}

function readWhole(file: ReleaseFile, descriptor: number): Buffer {
  const buffer = Buffer.allocUnsafe(file.size);
  let filled = 0;
  for (let count = -1; count !== 0 && filled < file.size; filled += count) {
    count = readSync(descriptor, buffer, filled, buffer.length - filled, filled);
  }
  if (filled !== file.size) throw changed(file);
  return buffer;
}

function openLarge(file: ReleaseFile, descriptor: number): Pick<OpenFile, 'read' | 'close'> {
  let closed = false;
  const reading = new Set<Promise<unknown>>();

  function readAt(buffer: Buffer, position: number): Promise<{ readonly bytesRead: number }> {
    const result = closed
      ? Promise.reject(new Error('The file was closed'))
      : readAsync(descriptor, buffer, 0, CHUNK_BYTES, position);
    reading.add(result);
    const forget = (): void => void reading.delete(result);
    result.then(forget, forget);
    return result;
  }

  return {
    read: () => readChunks(file, readAt),
    close() {
      if (closed) return;
      closed = true;
      // The number must not go to another file while a read is still on its way: it would read that one.
      if (reading.size === 0) closeSync(descriptor);
      else void Promise.allSettled(reading).then(() => closeSync(descriptor));
    },
  };
}

/** Reads ahead into the one buffer while the other is being used. */
async function* readChunks(
  file: ReleaseFile,
  readAt: (buffer: Buffer, position: number) => Promise<{ readonly bytesRead: number }>,
): AsyncGenerator<Uint8Array> {
  let [current, ahead] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  let position = 0;
  let pending = readAt(current, position);
  try {
    for (;;) {
      const { bytesRead } = await pending;
      if (bytesRead === 0) break;
      const chunk = current.subarray(0, bytesRead);
      position += bytesRead;
      if (position > file.size) throw changed(file);
      [current, ahead] = [ahead, current];
      pending = readAt(current, position);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof ActionError ? error : unreadable(file, error);
  } finally {
    // Nobody else may be waiting for it.
    await pending.catch(() => {});
  }
  if (position !== file.size) throw changed(file);
}

function compare(file: ReleaseFile, before: BigIntStats): void {
  const now = attempt(file, () => lstatSync(file.location, { bigint: true, throwIfNoEntry: false }));
  const same =
    now &&
    now.ino === before.ino &&
    now.dev === before.dev &&
    now.size === before.size &&
    now.mtimeNs === before.mtimeNs;
  if (!same) throw changed(file);
}

function attempt<T>(file: ReleaseFile, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ActionError) throw error;
    throw unreadable(file, error);
  }
}

function unreadable(file: ReleaseFile, error: unknown): ActionError {
  const name = show(file.path);
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ActionError('FILE_VANISHED', `${name} is gone since it was listed.`, { hint: LET_BE, cause: error });
    case 'ELOOP':
    case 'ENXIO':
    case 'EISDIR':
      return notRegular(file, error);
    default:
      return new ActionError('FILE_UNREADABLE', `${name} cannot be read (${codeOf(error) ?? 'unknown error'}).`, {
        hint: 'Give the user of the runner the right to read it, or exclude it in files.',
        cause: error,
      });
  }
}

const LET_BE = 'Let nothing write to the build outputs while they are signed.';

function notRegular(file: ReleaseFile, cause?: unknown): ActionError {
  return new ActionError('FILE_NOT_REGULAR', `${show(file.path)} is no regular file any more.`, {
    hint: LET_BE,
    cause,
  });
}

/** The file is not, or does not stay, what was listed. */
export function changed(file: Pick<ReleaseFile, 'path'>): ActionError {
  return new ActionError('FILE_CHANGED', `${show(file.path)} changed while it was being signed.`, { hint: LET_BE });
}
