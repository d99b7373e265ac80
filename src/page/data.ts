import type { AlgorithmName } from '../verifying/algorithm.ts';

/** A file of the release: its path with `/` between segments, its bytes, and its SHA-256 in lower-case hex. */
export type ListedFile = readonly [path: string, size: number, sha256: string];

/** What one page knows about one release; it stands in the page as JSON, written by the kit. */
export interface ReleaseData {
  /** `owner/name` of the repository, or what stands for it. */
  readonly project: string;
  /** Tag or branch, such as `v1.2.3`. */
  readonly ref: string;
  readonly commit: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The key was made for one run and thrown away. */
  readonly rehearsal: boolean;
  /** The signer's public key, as base64 of its SubjectPublicKeyInfo. */
  readonly key: string;
  /** For people, such as `EC P-256`. */
  readonly keyName: string;
  readonly algorithm: AlgorithmName;
  /** How the release writes signatures as text; both are understood. */
  readonly encoding: 'base64' | 'hex';
  /** Of signature files, such as `.sign`. */
  readonly suffix: string;
  /** The files of the release, its checksums and their time stamp. */
  readonly files: readonly ListedFile[];
  /** Paths of the receipts and the kit, whose bytes the page cannot know: signed like the files, but not part of the list. */
  readonly companions: readonly string[];
}
