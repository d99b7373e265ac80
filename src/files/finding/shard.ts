import { compareBytewise } from '../names.ts';
import type { ReleaseFile } from '../release-file.ts';

/** One slice of the files, for one of several machines. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** Largest number of shards: a matrix of a workflow has at most this many jobs. */
export const MAX_SHARDS = 256;

/** Returns the sorted files of a slice: each file, largest first, goes to the slice with the fewest bytes. */
export function sliceOf<File extends Pick<ReleaseFile, 'path' | 'size'>>(files: readonly File[], shard: Shard): File[] {
  if (shard.count === 1) return [...files];
  const loads = Array.from({ length: shard.count }, () => ({ bytes: 0, files: 0 }));
  const mine: File[] = [];
  for (const file of [...files].sort((a, b) => b.size - a.size || compareBytewise(a.path, b.path))) {
    const at = lightest(loads);
    const load = loads[at];
    if (load === undefined) continue;
    load.bytes += file.size;
    load.files++;
    if (at === shard.index - 1) mine.push(file);
  }
  return mine.sort((a, b) => compareBytewise(a.path, b.path));
}

function lightest(loads: readonly { readonly bytes: number; readonly files: number }[]): number {
  let best = 0;
  for (let i = 1; i < loads.length; i++) {
    const [load, least] = [loads[i], loads[best]];
    if (load && least && (load.bytes - least.bytes || load.files - least.files) < 0) best = i;
  }
  return best;
}

/** Inserts, for example, `-2-of-5` before the extension of a path; a single shard keeps the path. */
export function pathOfShard(path: string, { index, count }: Shard): string {
  if (count === 1) return path;
  const cut = path.lastIndexOf('.');
  const at = cut > path.lastIndexOf('/') + 1 ? cut : path.length;
  return `${path.slice(0, at)}-${index}-of-${count}${path.slice(at)}`;
}

/** Lists the names that a path can have in all slices, the path itself included. */
export function pathsOfShards(path: string, count: number): string[] {
  return [path, ...Array.from({ length: count }, (_, at) => pathOfShard(path, { index: at + 1, count }))];
}

/** Lists the paths of all slices for a path if one full set, and no other, is among the names in its directory. */
export function wholeSetOfShards(path: string, names: readonly string[]): string[] {
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  const present = new Set(names.map((name) => directory + name));
  const counts = new Set(names.map((name) => Number(/-1-of-(\d{1,3})(?:\.[^.]*)?$/.exec(name)?.[1])));
  const sets = [...counts]
    .filter((count) => count >= 2 && count <= MAX_SHARDS)
    .map((count) => pathsOfShards(path, count).slice(1))
    .filter((paths) => paths.every((each) => present.has(each)));
  return sets.length === 1 ? (sets[0] ?? []) : [];
}
