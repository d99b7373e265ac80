import { fstatSync, lstatSync, readlinkSync } from 'node:fs';
import { findRealPath } from './real-path.ts';

/** Returns a path to the file of a descriptor, which nobody can redirect; Linux only. */
export function pathOfDescriptor(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

/** Tells whether no link and no moved directory led a descriptor elsewhere; only Linux tells, others say `true`. */
export function leadsTo(descriptor: number, path: string): boolean {
  const target = targetOf(descriptor);
  if (target === undefined || target === path) return true;
  // A file that was replaced after it was opened has not moved.
  if (target === `${path} (deleted)`) return true;
  // The file system may report the name in another case: no link is on the way, and the same file is at the path.
  return findRealPath(path).path === path && isSame(descriptor, path);
}

function targetOf(descriptor: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return readlinkSync(pathOfDescriptor(descriptor));
  } catch {
    // No /proc is mounted.
    return undefined;
  }
}

function isSame(descriptor: number, path: string): boolean {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const open = fstatSync(descriptor, { bigint: true });
  return open.ino === there?.ino && open.dev === there.dev;
}
