import type { ActionError } from '../errors.ts';
import type { ReleaseFile } from './release-file.ts';

/** What became of one file. */
export interface FileOutcome {
  readonly file: Pick<ReleaseFile, 'path' | 'size'>;
  readonly status: 'signed' | 'reused' | 'verified' | 'failed' | 'not-tried';
  /** Of the bytes that were signed or checked, as hex. */
  readonly sha256?: string | undefined;
  /** Tries it had; one that ends before its request, because the file is gone, counts too. */
  readonly attempts: number;
  /** Of those, the ones whose request was made though the service may have signed the file already. */
  readonly blindRepeats?: number;
  readonly elapsedMs: number;
  readonly error?: ActionError | undefined;
  /** It stands for a signature without a file: a failure, but no file. */
  readonly isOrphan?: true;
}
