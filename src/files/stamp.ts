import type { Stats } from 'node:fs';

/** File system data of a file besides its size; while none of it changes, neither does the content. */
export interface FileStamp {
  readonly device: number;
  readonly inode: number;
  readonly modifiedMs: number;
  /** When anything about the file changed, including its permissions and names. */
  readonly changedMs: number;
  /** Whether a later change would be visible: two changes within one step of the clock have the same time. */
  readonly isSettled: boolean;
}

/** Longest clock step of a file system, in milliseconds; kernels use the time of the last tick, at most 10 ms ago. */
const STEP_MS = 20;
/** Clock step in milliseconds for file systems and copying programs that store whole or even seconds. */
const COARSE_STEP_MS = 2000;

/** Takes a stamp from file stats that were read at `nowMs`, in milliseconds since the epoch. */
export function stampOf({ dev, ino, mtimeMs, ctimeMs }: Stats, nowMs: number): FileStamp {
  const isCoarse = mtimeMs % 1000 === 0 && ctimeMs % 1000 === 0;
  const isSettled = nowMs - Math.max(mtimeMs, ctimeMs) >= (isCoarse ? COARSE_STEP_MS : STEP_MS);
  return { device: compact(dev), inode: compact(ino), modifiedMs: mtimeMs, changedMs: ctimeMs, isSettled };
}

/** Returns a number in less memory: V8 stores numbers from the system as objects, small computed integers not. */
export function compact(value: number): number {
  const small = value | 0;
  return small === value ? small : value;
}

/** Tells whether a file's stats still match a stamp. */
export function matchesStamp(stamp: FileStamp, { dev, ino, mtimeMs, ctimeMs }: Stats): boolean {
  return ino === stamp.inode && dev === stamp.device && mtimeMs === stamp.modifiedMs && ctimeMs === stamp.changedMs;
}
