import type { Stats } from 'node:fs';

/** What a file system tells of a file beside its size: while all of it stays the same, so do the bytes. */
export interface FileStamp {
  readonly device: number;
  readonly inode: number;
  readonly modifiedMs: number;
  /** When anything about the file changed, its rights and names included. */
  readonly changedMs: number;
  /**
   * Whether a change after this look would show: file systems tell time in steps, so two changes within one step bear the
   * same time.
   */
  readonly isSettled: boolean;
}

/** Longest step of a file system's clock; kernels take the time of the last tick, 10 ms at most. */
const STEP_MS = 20;
/** Some file systems, and copies made by some programs, have times of whole seconds, or of two. */
const COARSE_STEP_MS = 2000;

/** Notes what a file system tells of a file at a moment of the wall clock, in milliseconds since the epoch. */
export function stampOf({ dev, ino, mtimeMs, ctimeMs }: Stats, nowMs: number): FileStamp {
  const isCoarse = mtimeMs % 1000 === 0 && ctimeMs % 1000 === 0;
  const isSettled = nowMs - Math.max(mtimeMs, ctimeMs) >= (isCoarse ? COARSE_STEP_MS : STEP_MS);
  return { device: compact(dev), inode: compact(ino), modifiedMs: mtimeMs, changedMs: ctimeMs, isSettled };
}

/** Returns the same number: what Node read from a system is an object of its own, unless it is a small integer that was computed here. */
export function compact(value: number): number {
  const small = value | 0;
  return small === value ? small : value;
}

/** Tells whether a file is still what a stamp was taken of. */
export function matchesStamp(stamp: FileStamp, { dev, ino, mtimeMs, ctimeMs }: Stats): boolean {
  return ino === stamp.inode && dev === stamp.device && mtimeMs === stamp.modifiedMs && ctimeMs === stamp.changedMs;
}
