import type { ActionError } from '../errors.ts';
import type { FileStamp } from './stamp.ts';

/** A file that is to be signed or verified. */
export interface ReleaseFile {
  /** Relative to the root, segments divided by `/`. */
  readonly path: string;
  /** Where its bytes are; behind a followed link, the file the link leads to. */
  readonly location: string;
  /** The path by way of followed links, where that is another one. */
  readonly via?: string;
  /** Bytes when it was listed. */
  readonly size: number;
  /** What the file system told of it when it was listed; absent for a file that was never listed. */
  readonly stamp?: FileStamp;
}

/** A path that was matched but cannot be signed. */
export interface RefusedFile {
  readonly path: string;
  readonly error: ActionError;
}

/** What became of one file. */
export interface FileOutcome {
  readonly file: Pick<ReleaseFile, 'path' | 'size'>;
  readonly status: 'signed' | 'reused' | 'verified' | 'failed' | 'not-tried';
  /** Of the bytes that were signed or checked, as hex. */
  readonly sha256?: string | undefined;
  /** SHA-256 of the text of the signature that was written, or found valid, as base64url. */
  readonly signatureSha256?: string | undefined;
  /** Version of the key that signed, where the service tells it. */
  readonly keyVersion?: number | undefined;
  /** Tries it had; one that ends before its request, because the file is gone, counts too. */
  readonly attempts: number;
  /** Of those, the ones whose request was made though the service may have signed the file already. */
  readonly blindRepeats?: number;
  readonly elapsedMs: number;
  readonly error?: ActionError | undefined;
  /** It is a failure, but no file of the release: a signature without a file, or a path that no signature covers. */
  readonly stray?: 'orphan' | 'uncovered';
}

/** What became of a file that was not tried, or not yet. */
export function notTried(file: Pick<ReleaseFile, 'path' | 'size'>): FileOutcome {
  return { file, status: 'not-tried', attempts: 0, elapsedMs: 0 };
}
