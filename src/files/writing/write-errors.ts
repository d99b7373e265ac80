import { ActionError, codeOf } from '../../errors.ts';
import { HELD_SENTENCE } from '../../held.ts';
import { show } from '../names.ts';

interface Explanation {
  readonly kind: 'OUTPUT_FULL' | 'OUTPUT_UNWRITABLE';
  readonly why: string;
  readonly hint: string;
}

const CLEAR_THE_WAY = 'Clear the way, give the runner the right to write there, or set output-dir.';
const FULL: Explanation = {
  kind: 'OUTPUT_FULL',
  why: 'the disk is full',
  hint: 'Free some space, or set output-dir to another disk.',
};
const READ_ONLY: Explanation = {
  kind: 'OUTPUT_FULL',
  why: 'the file system is read-only',
  hint: 'Set output-dir to a directory that can be written.',
};
const DENIED: Explanation = { kind: 'OUTPUT_UNWRITABLE', why: 'no right to write there', hint: CLEAR_THE_WAY };
const OCCUPIED: Explanation = {
  kind: 'OUTPUT_UNWRITABLE',
  why: 'something else stands at its place',
  hint: CLEAR_THE_WAY,
};

const HELD: Explanation = {
  kind: 'OUTPUT_UNWRITABLE',
  why: HELD_SENTENCE,
  hint: 'Close that program, or have the scanner leave out the directory, and run the step again.',
};

/** By the code of the system's error; the first two concern every file that comes after. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EROFS: READ_ONLY,
  EACCES: DENIED,
  EPERM: DENIED,
  EISDIR: OCCUPIED,
  ENOTDIR: OCCUPIED,
  EEXIST: OCCUPIED,
  ENOTEMPTY: OCCUPIED,
  EBUSY: HELD,
  ETXTBSY: HELD,
};

/** Explains why a path cannot be written; an error that explains itself passes through. */
export function unwritable(path: string, error: unknown): ActionError {
  if (error instanceof ActionError) return error;
  const code = codeOf(error) ?? 'unknown error';
  const { kind, why, hint } = EXPLANATIONS[code] ?? {
    kind: 'OUTPUT_UNWRITABLE',
    why: 'the system refuses it',
    hint: CLEAR_THE_WAY,
  };
  return new ActionError(kind, `${show(path)} cannot be written: ${why} (${code}).`, { hint, cause: error });
}

/** What Linux says of a directory at the place of a file; Windows and macOS say that a right is missing, as of a held file. */
export function directoryError(cause?: unknown): Error {
  return Object.assign(new Error('EISDIR: a directory stands there', { cause }), { code: 'EISDIR' });
}

/** What a system says when a directory is to be where something else is. */
export function noDirectoryError(): Error {
  return Object.assign(new Error('ENOTDIR: no directory stands there'), { code: 'ENOTDIR' });
}
