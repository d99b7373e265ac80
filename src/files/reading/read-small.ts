import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { ActionError, codeOf } from '../../errors.ts';
import { leadsTo } from '../descriptors.ts';
import { show } from '../names.ts';
import { fillFrom } from './read-chunks.ts';

// Windows has no NONBLOCK; without it, opening a FIFO would hang.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** How a small file is read. */
export interface SmallFileOptions {
  /** Largest number of bytes to read. */
  readonly maxBytes: number;
  /** Whether a longer file is refused or cut. */
  readonly longer: 'refused' | 'cut';
  /** Where links are refused, no directory on the way to the location may be a link either. */
  readonly links: 'refused' | 'followed';
}

/** The bytes of a small file, or why they cannot be read, as the end of a sentence. */
export type SmallFile =
  | { readonly bytes: Buffer; readonly reason?: undefined }
  | { readonly reason: string; readonly cause?: unknown; readonly bytes?: undefined };

/** Reads a whole regular file; `undefined` when it does not exist. */
export function readSmallFile(location: string, options: SmallFileOptions): SmallFile | undefined {
  let descriptor: number | undefined;
  try {
    // Most of these files do not exist, and an exception for each file of a release would be the largest cost.
    const place = lstatSync(location, { throwIfNoEntry: false });
    if (place === undefined) return undefined;
    // Windows has no flag that refuses links.
    if (options.links === 'refused' && place.isSymbolicLink()) return { reason: LINK };
    descriptor = openSync(location, options.links === 'followed' ? FLAGS : FLAGS | NO_LINK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { reason: NOT_REGULAR };
    if (options.links === 'refused' && !leadsTo(descriptor, location)) return { reason: MOVED };
    const { maxBytes, longer } = options;
    if (longer === 'refused' && stat.size > maxBytes)
      return { reason: `it has ${stat.size} bytes, more than ${maxBytes}` };
    const buffer = Buffer.alloc(Math.min(stat.size, maxBytes));
    return { bytes: buffer.subarray(0, fillFrom(descriptor, buffer)) };
  } catch (cause) {
    const code = codeOf(cause) ?? 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return { reason: REASONS[code] ?? code, cause };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const NOT_REGULAR = 'it is not a regular file';
const MOVED = 'its directory was moved, or replaced by a link';
const LINK = 'it is a link';
const REASONS: Readonly<Record<string, string>> = { ELOOP: LINK, ENXIO: NOT_REGULAR, EISDIR: NOT_REGULAR };

/** Returns the SHA-256 of a text as base64url, the shortest printable form. */
export function hashText(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Largest signature file that is read, in bytes. */
export const MAX_SIGNATURE_FILE_BYTES = 64 * 1024;
/** Largest time stamp that is read, in bytes; stamps of public authorities have 6 to 8 kB. */
export const MAX_STAMP_BYTES = MAX_SIGNATURE_FILE_BYTES;

/** A single buffer for thousands of files that are compared one after the other; one byte more shows a longer file. */
const COMPARED = Buffer.allocUnsafe(MAX_SIGNATURE_FILE_BYTES + 1);

/** Tells whether a file (not a link) has this SHA-256, given as base64url; `false` also when it cannot be read. */
export function holdsText(location: string, sha256: string): boolean {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(location, FLAGS | NO_LINK);
    const length = readSync(descriptor, COMPARED, 0, COMPARED.length, 0);
    return hash('sha256', COMPARED.subarray(0, length), 'base64url') === sha256;
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Reads a signature file, if any; throws `SIGNATURE_UNREADABLE` for a link, a directory or a huge file. */
export function readSignatureFile(location: string): string | undefined {
  const file = readSmallFile(location, { maxBytes: MAX_SIGNATURE_FILE_BYTES, longer: 'refused', links: 'refused' });
  if (file === undefined || file.bytes) return file?.bytes.toString('utf8');
  throw new ActionError('SIGNATURE_UNREADABLE', `The signature ${show(location)} cannot be read: ${file.reason}.`, {
    hint: 'Remove it and sign the file again.',
    cause: file.cause,
  });
}
