import type { ReleaseFile } from '../release-file.ts';
import { readSmallFile } from './read-small.ts';

const BEGINNING = 'version https://git-lfs.github.com/spec/v1\n';

/** A pointer holds three lines: the version, a SHA-256, and a size. */
const POINTER_BYTES = { from: 120, to: 300 } as const;

/** Enough to notice a release of pointers, without reading thousands of files that merely have this size. */
const MOST_LOOKED_AT = 1000;

/** Lists the files that are Git LFS pointers: three lines in place of content that was not checked out. */
export function findLfsPointers(files: readonly ReleaseFile[]): ReleaseFile[] {
  return files
    .filter(({ size }) => size >= POINTER_BYTES.from && size <= POINTER_BYTES.to)
    .slice(0, MOST_LOOKED_AT)
    .filter(({ location }) => {
      const file = readSmallFile(location, { maxBytes: BEGINNING.length, longer: 'cut', links: 'refused' });
      return file?.bytes?.toString('latin1') === BEGINNING;
    });
}
