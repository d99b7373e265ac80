import type { ActionError } from '../errors.ts';

/** A file that is to be signed or verified. */
export interface ReleaseFile {
  /** Relative to the root, segments divided by `/`. */
  readonly path: string;
  /** Where its bytes are; behind a followed link, the file the link leads to. */
  readonly location: string;
  /** Bytes when it was listed. */
  readonly size: number;
  /** When it was listed: another one would be another file. */
  readonly inode?: number;
}

/** A path that was matched but cannot be signed. */
export interface RefusedFile {
  readonly path: string;
  readonly error: ActionError;
}
