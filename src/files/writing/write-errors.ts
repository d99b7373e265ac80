import { ActionError, codeOf, errorWithCode } from '../../errors.ts';
import { HELD_HINT, HELD_SENTENCE } from '../../held.ts';
import { show } from '../names.ts';

type Explanation = readonly [code: 'OUTPUT_FULL' | 'OUTPUT_UNWRITABLE', why: string, hint: string];

const CLEAR_THE_WAY =
  'Remove or rename what is in the way, give the runner the right to write there, or set output-dir.';
const FULL: Explanation = ['OUTPUT_FULL', 'the disk is full', 'Free some space, or set output-dir to another disk.'];
const DENIED: Explanation = ['OUTPUT_UNWRITABLE', 'the runner has no right to write there', CLEAR_THE_WAY];
const OCCUPIED: Explanation = ['OUTPUT_UNWRITABLE', 'something else is in its place', CLEAR_THE_WAY];
const HELD: Explanation = ['OUTPUT_UNWRITABLE', HELD_SENTENCE, HELD_HINT];
const OTHER: Explanation = ['OUTPUT_UNWRITABLE', 'the system refuses it', CLEAR_THE_WAY];

/** By the code of the system's error; `OUTPUT_FULL` also applies to every later file. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EROFS: ['OUTPUT_FULL', 'the file system is read-only', 'Set output-dir to a directory that can be written.'],
  EACCES: DENIED,
  EPERM: DENIED,
  EISDIR: OCCUPIED,
  ENOTDIR: OCCUPIED,
  EEXIST: OCCUPIED,
  ENOTEMPTY: OCCUPIED,
  EBUSY: HELD,
  ETXTBSY: HELD,
};

/** Explains why a path cannot be written; an `ActionError` is returned as it is. */
export function unwritable(path: string, error: unknown): ActionError {
  if (error instanceof ActionError) return error;
  const code = codeOf(error) ?? 'unknown error';
  const [kind, why, hint] = EXPLANATIONS[code] ?? OTHER;
  return new ActionError(kind, `${show(path)} cannot be written: ${why} (${code}).`, { hint, cause: error });
}

/** Builds Linux's error for a directory in the place of a file; Windows and macOS report a missing permission. */
export function directoryError(cause?: unknown): Error {
  return errorWithCode('EISDIR', 'EISDIR: there is a directory in its place', { cause });
}

/** Builds the error that a system reports for something else in the place of a directory. */
export function noDirectoryError(): Error {
  return errorWithCode('ENOTDIR', 'ENOTDIR: there is no directory');
}
