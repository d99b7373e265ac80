import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { ActionError, codeOf } from '../../errors.ts';
import { show } from '../names.ts';

/** Largest signature file that is read, in bytes. */
export const MAX_SIGNATURE_FILE_BYTES = 64 * 1024;

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads an existing signature file; `undefined` when there is none.
 *
 * @throws ActionError `SIGNATURE_UNREADABLE` when something else stands at its place: a link, a directory, a huge file
 */
export function readSignatureFile(location: string): string | undefined {
  let descriptor: number | undefined;
  try {
    // Before a first signing there is none for any file: an exception for each would cost more than all else.
    if (lstatSync(location, { throwIfNoEntry: false }) === undefined) return undefined;
    descriptor = openSync(location, FLAGS);
    const size = checkRegular(descriptor, location);
    const bytes = Buffer.alloc(size);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, size, 0));
  } catch (error) {
    if (error instanceof ActionError) throw error;
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw unreadable(location, explain(error), error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function checkRegular(descriptor: number, location: string): number {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) throw unreadable(location, NOT_REGULAR);
  if (stat.size > MAX_SIGNATURE_FILE_BYTES)
    throw unreadable(location, `it has ${stat.size} bytes, more than any signature`);
  return stat.size;
}

const NOT_REGULAR = 'it is no regular file';

function explain(error: unknown): string {
  const code = codeOf(error) ?? 'unknown error';
  if (code === 'ELOOP') return 'it is a link';
  return code === 'ENXIO' || code === 'EISDIR' ? NOT_REGULAR : code;
}

function unreadable(location: string, why: string, cause?: unknown): ActionError {
  return new ActionError('SIGNATURE_UNREADABLE', `The signature ${show(location)} cannot be read: ${why}.`, {
    hint: 'Remove it and sign the file again.',
    cause,
  });
}
