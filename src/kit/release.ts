import type { ReleaseData } from '../page/data.ts';
import type { VerifyKey } from '../verifying/key.ts';

/** First line of every file of the kit, after what the format requires, to recognise files of this action. */
export const KIT_MARK = '<!-- mtls-release-signing verification kit -->';

/** A release as the kit describes it. */
export interface KitRelease {
  readonly data: ReleaseData;
  readonly key: VerifyKey;
  /** Path of the signed checksums file; `undefined` when there is none. */
  readonly checksums: string | undefined;
  /** Path of the time stamp over the checksums; `undefined` when there is none. */
  readonly timestamp: string | undefined;
  /** Layout of the service's ECDSA signatures, taken from one of them; `undefined` for other keys. */
  readonly layout: 'der' | 'ieee-p1363' | undefined;
  /** File name of the page, which is in the same directory as the guide. */
  readonly pageName: string;
}
