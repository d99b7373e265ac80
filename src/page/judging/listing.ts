import type { ListedFile, ReleaseData } from '../data.ts';
import { baseName, foldPath } from './names.ts';

/** What the list of the release says about a path or about bytes. */
export interface Listing {
  /** The listed files that a given path can mean: several when only the name is known and stands in several directories. */
  readonly byPath: (path: string) => readonly ListedFile[];
  /** The listed files with these bytes. */
  readonly bySha256: (sha256: string) => readonly ListedFile[];
  /** Whether a path is that of the checksums, the receipt or the kit. */
  readonly isCompanion: (path: string) => boolean;
}

/** Indexes the list of a release. */
export function createListing({ files, companions }: ReleaseData): Listing {
  const byName = groupBy(files, ([path]) => baseName(foldPath(path)));
  const bySha256 = groupBy(files, ([, , sha256]) => sha256);
  return {
    byPath: (path) => bestMatches(foldPath(path), byName.get(baseName(foldPath(path))) ?? []),
    bySha256: (sha256) => bySha256.get(sha256) ?? [],
    isCompanion: (path) => companions.some((companion) => means(foldPath(path), foldPath(companion)) > 0),
  };
}

/** Keeps the listed files that share the longest path with the given one. */
function bestMatches(path: string, candidates: readonly ListedFile[]): readonly ListedFile[] {
  const lengths = candidates.map(([listed]) => means(path, foldPath(listed)));
  const longest = Math.max(0, ...lengths);
  return longest === 0 ? [] : candidates.filter((_, at) => lengths[at] === longest);
}

/**
 * Tells how many characters of a given path agree with a listed one, 0 when it cannot mean it.
 *
 * A chosen folder may lie above or below the root of the release, so one path may be the end of the other.
 */
function means(given: string, listed: string): number {
  if (given === listed) return Number.MAX_SAFE_INTEGER;
  if (given.endsWith(`/${listed}`)) return listed.length;
  return listed.endsWith(`/${given}`) ? given.length : 0;
}

/** `Map.groupBy` is missing in browsers of 2023. */
function groupBy(files: readonly ListedFile[], keyOf: (file: ListedFile) => string): Map<string, ListedFile[]> {
  const groups = new Map<string, ListedFile[]>();
  for (const file of files) {
    const key = keyOf(file);
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return groups;
}
