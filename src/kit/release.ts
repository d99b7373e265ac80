import type { ReleaseData } from '../page/data.ts';
import type { VerifyKey } from '../verifying/key.ts';

/** First line of every file of the kit, after what the format asks for: it tells them from files of others. */
export const KIT_MARK = '<!-- mtls-release-signing verification kit -->';

/** A release as the kit describes it. */
export interface KitRelease {
  readonly data: ReleaseData;
  readonly key: VerifyKey;
  /** Path of the signed checksums file; `undefined` when there is none. */
  readonly checksums: string | undefined;
  /** Path of the time stamp over the checksums; `undefined` when there is none. */
  readonly timestamp: string | undefined;
  /** How the service lays out ECDSA signatures, as one of them shows; `undefined` with other keys. */
  readonly layout: 'der' | 'ieee-p1363' | undefined;
  /** Name of the page, which is beside the guide. */
  readonly pageName: string;
}
