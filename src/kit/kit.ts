import type { ListedFile, ReleaseData } from '../page/data.ts';
import type { AlgorithmName } from '../verifying/algorithm.ts';
import type { VerifyKey } from '../verifying/key.ts';
import { renderGuide } from './guide/guide.ts';
import { renderPage } from './page.ts';

/** A file of the release and its SHA-256 as hex. */
export interface HashedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** A release, complete and signed. */
export interface SignedRelease {
  /** `owner/name`. */
  readonly project: string;
  readonly ref: string;
  readonly commit: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The key was made for one run. */
  readonly isRehearsal: boolean;
  readonly key: VerifyKey;
  readonly algorithm: AlgorithmName;
  readonly encoding: 'base64' | 'hex';
  /** How the service lays out ECDSA signatures; `undefined` with other keys. */
  readonly layout: 'der' | 'ieee-p1363' | undefined;
  readonly suffix: string;
  readonly files: readonly HashedFile[];
  /** The checksums and their time stamp, as far as there are such: the page knows their bytes as it knows those of the files. */
  readonly lists: readonly HashedFile[];
  /** Paths of what comes with the release and is signed, but not in its list. */
  readonly companions: readonly string[];
  /** Path of the signed checksums file; `undefined` when there is none. */
  readonly checksums: string | undefined;
  /** Path of the time stamp over the checksums; `undefined` when there is none. */
  readonly timestamp: string | undefined;
  /** Name of the page, which is beside the guide. */
  readonly pageName: string;
}

/** Writes both files of a kit: the page for a browser, and the guide for shells. */
export function renderKit(template: string, release: SignedRelease): { readonly page: string; readonly guide: string } {
  const { project, ref, commit, createdAt, isRehearsal, key, algorithm, encoding, suffix, files, lists } = release;
  const data: ReleaseData = {
    project,
    ref,
    commit,
    createdAt,
    rehearsal: isRehearsal,
    key: key.keyObject.export({ format: 'der', type: 'spki' }).toString('base64'),
    keyName: key.name,
    algorithm,
    encoding,
    suffix,
    files: files.map(toListed),
    companions: release.companions.filter((path) => !lists.some((list) => list.path === path)),
  };
  const { layout, checksums, timestamp, pageName } = release;
  return {
    page: renderPage(template, { ...data, files: [...data.files, ...lists.map(toListed)] }),
    guide: renderGuide({ data, key, layout, checksums, timestamp, pageName }),
  };
}

function toListed({ path, size, sha256 }: HashedFile): ListedFile {
  return [path, size, sha256];
}
