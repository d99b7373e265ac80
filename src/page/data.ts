import type { AlgorithmName } from '../verifying/algorithm.ts';

/** A file of the release: its path with `/` between segments, its bytes, and its SHA-256 in lower-case hex. */
export type ListedFile = readonly [path: string, size: number, sha256: string];

/** Data of a release, which the kit writes into the page as JSON. */
export interface ReleaseData {
  /** `owner/name` of the repository, or a placeholder. */
  readonly project: string;
  /** Tag or branch, such as `v1.2.3`. */
  readonly ref: string;
  readonly commit: string;
  /** Time of the signing in ISO 8601. */
  readonly createdAt: string;
  /** Whether the key was generated for one run and discarded. */
  readonly rehearsal: boolean;
  /** The signer's public key, as base64 of its SubjectPublicKeyInfo. */
  readonly key: string;
  /** Readable name of the key, such as `EC P-256`. */
  readonly keyName: string;
  readonly algorithm: AlgorithmName;
  /** Text form of the release's signatures; the page accepts both. */
  readonly encoding: 'base64' | 'hex';
  /** Suffix of signature files, such as `.sign`. */
  readonly suffix: string;
  /** The files of the release, its checksums and their time stamp. */
  readonly files: readonly ListedFile[];
  /** Paths of the receipts and the kit, which are signed but not listed, because the page cannot contain their digests. */
  readonly companions: readonly string[];
}
