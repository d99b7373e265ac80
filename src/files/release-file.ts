import type { ActionError } from '../errors.ts';
import type { FileStamp } from './stamp.ts';

/** A file that is to be signed or verified. */
export interface ReleaseFile {
  /** Relative to the root, segments divided by `/`. */
  readonly path: string;
  /** Where the content is; for a followed link, its target. */
  readonly location: string;
  /** The path through followed links, when it differs from the location. */
  readonly via?: string;
  /** Size in bytes when the file was listed. */
  readonly size: number;
  /** File system data from when the file was listed; absent for a file that was never listed. */
  readonly stamp?: FileStamp;
}

/** A path that was matched but cannot be signed. */
export interface RefusedFile {
  readonly path: string;
  readonly error: ActionError;
}

/** Result for one file. */
export interface FileOutcome {
  readonly file: Pick<ReleaseFile, 'path' | 'size'>;
  readonly status: 'signed' | 'reused' | 'verified' | 'failed' | 'not-tried';
  /** SHA-256 of the signed or checked content, as hex. */
  readonly sha256?: string | undefined;
  /** SHA-256 of the text of the written or valid signature, as base64url. */
  readonly signatureSha256?: string | undefined;
  /** Version of the key that signed, where the service tells it. */
  readonly keyVersion?: number | undefined;
  /** Number of attempts, including those that ended before a request because the file was gone. */
  readonly attempts: number;
  /** Number of attempts that sent a request although the service may have signed the file already. */
  readonly blindRepeats?: number;
  readonly elapsedMs: number;
  readonly error?: ActionError | undefined;
  /** Set for a failure that is not about a release file: a signature without a file, or a path without a signature. */
  readonly stray?: 'orphan' | 'uncovered';
}

/** Returns the result of a file that was not attempted, or not yet. */
export function notTried(file: Pick<ReleaseFile, 'path' | 'size'>): FileOutcome {
  return { file, status: 'not-tried', attempts: 0, elapsedMs: 0 };
}

/** Returns the failure of a path that no attempt can be about. */
export function failedPath(path: string, error: ActionError, stray?: FileOutcome['stray']): FileOutcome {
  return { ...notTried({ path, size: 0 }), status: 'failed', error, ...(stray && { stray }) };
}
