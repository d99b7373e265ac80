import { ActionError, codeOf } from '../../errors.ts';
import { HELD_HINT, HELD_SENTENCE } from '../../held.ts';
import { show } from '../names.ts';
import type { ReleaseFile } from '../release-file.ts';

type Named = Pick<ReleaseFile, 'path'>;

const LET_BE = 'Make sure that nothing writes to the build outputs while this step runs.';

/** Builds the error for a file that cannot be opened or read, from the system's error. */
export function unreadable(file: Named, error: unknown): ActionError {
  const name = show(file.path);
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ActionError('FILE_VANISHED', `${name} was removed after it was listed.`, {
        hint: LET_BE,
        cause: error,
      });
    case 'ELOOP':
    case 'ENXIO':
    case 'EISDIR':
      return notRegular(file, error);
    case 'EBUSY':
      return new ActionError('FILE_UNREADABLE', `${name} cannot be read: ${HELD_SENTENCE} (EBUSY).`, {
        hint: HELD_HINT,
        cause: error,
      });
    default:
      return new ActionError('FILE_UNREADABLE', `${name} cannot be read (${codeOf(error) ?? 'unknown error'}).`, {
        hint: 'Give the user of the runner the right to read it, or exclude it in files.',
        cause: error,
      });
  }
}

/** Builds the error for a path that is no longer a regular file. */
export function notRegular(file: Named, cause?: unknown): ActionError {
  return new ActionError('FILE_NOT_REGULAR', `${show(file.path)} is no longer a regular file.`, {
    hint: LET_BE,
    cause,
  });
}

/** Builds the error for a file that changed after it was listed. */
export function changed(file: Named): ActionError {
  return new ActionError('FILE_CHANGED', `${show(file.path)} changed while it was being read.`, { hint: LET_BE });
}

/** Builds the error for a directory that moved after the files were listed. */
export function movedDirectory(directory: string): ActionError {
  return new ActionError(
    'DIRECTORY_MOVED',
    `The directory ${show(directory)} was moved, or replaced by a link, during this run.`,
    { hint: LET_BE },
  );
}

/** Builds the error for a file, or the signature of one, that is another one at the end of the run. */
export function changedSince(path: string): ActionError {
  return new ActionError('FILE_CHANGED', `${show(path)} changed after it was signed or checked.`, {
    hint: 'Make sure that nothing writes to the build outputs or their signatures while this step runs.',
  });
}
