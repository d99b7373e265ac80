import type { ListedFile, ReleaseData } from '../page/data.ts';
import { renderGuide } from './guide/guide.ts';
import { renderPage } from './page.ts';
import type { KitRelease } from './release.ts';

/** A file of the release and its SHA-256 as hex. */
export interface HashedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** A release, complete and signed. */
interface SignedRelease extends Omit<KitRelease, 'data'>, Omit<ReleaseData, 'rehearsal' | 'key' | 'keyName' | 'files'> {
  /** Whether the key was generated for this run only. */
  readonly isRehearsal: boolean;
  readonly files: readonly HashedFile[];
  /** The checksums and their time stamp, if there are any; the page checks their content as well. */
  readonly lists: readonly HashedFile[];
}

/** Renders both files of a kit: the page for a browser, and the guide for shells. */
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
