import { fstatSync, lstatSync, readlinkSync } from 'node:fs';
import { findRealPath } from './real-path.ts';

/** Returns a path of what a descriptor is open for, which nobody can divert; Linux alone has it. */
export function pathOfDescriptor(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

/**
 * Tells whether a descriptor was opened where a path without links says: no directory on the way was a link or had moved.
 *
 * Only Linux tells where a descriptor leads; elsewhere the answer is always yes.
 */
export function leadsTo(descriptor: number, path: string): boolean {
  const target = targetOf(descriptor);
  if (target === undefined || target === path) return true;
  // A file that was replaced after it was opened is not elsewhere.
  if (target === `${path} (deleted)`) return true;
  // Nor is one whose name the file system tells in another case: no link is on the way, and the same file is there.
  return findRealPath(path).path === path && isSame(descriptor, path);
}

function targetOf(descriptor: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return readlinkSync(pathOfDescriptor(descriptor));
  } catch {
    // There is no /proc.
    return undefined;
  }
}

function isSame(descriptor: number, path: string): boolean {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const open = fstatSync(descriptor, { bigint: true });
  return open.ino === there?.ino && open.dev === there.dev;
}
