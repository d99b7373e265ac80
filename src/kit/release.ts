import type { ReleaseData } from '../page/data.ts';
import type { VerifyKey } from '../verifying/key.ts';

/** First line of every file of the kit, after what the format asks for: it tells them from files of others. */
export const KIT_MARK = '<!-- mtls-release-signing verification kit -->';

/** Names of the two files in the directory of the kit. */
export const KIT_FILES = { page: 'verify.html', guide: 'VERIFY.md' } as const;

/** A release as the kit describes it. */
export interface KitRelease {
  readonly data: ReleaseData;
  readonly key: VerifyKey;
  /** Path of the signed checksums file; `undefined` when there is none. */
  readonly checksums: string | undefined;
  /** How the service lays out ECDSA signatures, as one of them shows; `undefined` with other keys. */
  readonly layout: 'der' | 'ieee-p1363' | undefined;
}
