import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { ActionError } from '../../errors.ts';
import type { ReleaseFile } from '../release-file.ts';
import { changed, unreadable } from './read-errors.ts';

/** A multiple of three, so that the base64 of a chunk ends without a remainder. */
const CHUNK_BYTES = 384 * 1024;
const readAsync = promisify(read);

/** Fills a buffer from the start of an open file; returns the number of bytes read. */
export function fillFrom(descriptor: number, buffer: Buffer): number {
  let filled = 0;
  for (let count = -1; count !== 0 && filled < buffer.length; filled += count) {
    count = readSync(descriptor, buffer, filled, buffer.length - filled, filled);
  }
  return filled;
}

/** Reads into a buffer from a position in the file. */
type ReadAt = (buffer: Buffer, position: number) => Promise<{ readonly bytesRead: number }>;

/** Reads at given positions of an open descriptor, independent of its current position. */
export function readerOf(descriptor: number): ReadAt {
  return (buffer, position) => readAsync(descriptor, buffer, 0, buffer.length, position);
}

/** Yields a file, reading ahead into a second buffer; throws `FILE_UNREADABLE`, or `FILE_CHANGED` by its size. */
export async function* readChunks(
  file: Pick<ReleaseFile, 'path' | 'size'>,
  readAt: ReadAt,
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
    // The pending read may fail after the caller has stopped.
    await pending.catch(() => {});
  }
  if (position !== file.size) throw changed(file);
}
