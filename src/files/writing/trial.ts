import { closeSync, lstatSync, mkdirSync, openSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isHeldInOwnDirectory, repeatWhileHeld } from '../../held.ts';
import { foldName, REFUSED_BY_WINDOWS } from '../names.ts';
import { temporaryName } from '../temporary.ts';
import { type FoundDirectory, findDirectory, inDirectory } from './directories.ts';
import type { WrittenNames } from './occupants.ts';
import { noDirectoryError } from './write-errors.ts';

/** Longest name, in bytes, that every file system accepts. */
const LONG_NAME_BYTES = 140;
/** Matches nearly all names; none of them names a device, because device names are shorter. */
const PLAIN = /^[\w.-]{10,140}(?<!\.)$/;

/** Tells whether some file system may refuse a name. */
function mayBeRefused(name: string): boolean {
  return !PLAIN.test(name) && (REFUSED_BY_WINDOWS.test(name) || Buffer.byteLength(name) > LONG_NAME_BYTES);
}

/** Writes and removes files to try names in a directory or its nearest parent; throws what the system says. */
export function tryWriting(directory: string, names: readonly string[], processId: number): void {
  const unusual = names.filter(mayBeRefused);
  inDirectory(nearest(directory), (base) => {
    if (unusual.length === 0) return makeAndRemove(unusedName(base, processId));
    // In a temporary directory, a file that is left when this process is killed cannot be taken for a real one.
    return withDirectory(unusedName(base, processId), (own) => {
      for (const name of unusual) makeAndRemove(join(own, name));
    });
  });
}

/** Most names that are tried together. */
const MAX_TRIALS = 1000;

/** Yields what {@link tryWriting} has to try: one name of each directory, and the names that some system may refuse. */
export function* inTrials(written: WrittenNames): Generator<{ directory: string; names: readonly string[] }> {
  for (const [directory, [first = '', ...others]] of written) {
    const names = [first, ...others.filter(mayBeRefused)];
    for (let at = 0; at < names.length; at += MAX_TRIALS) yield { directory, names: names.slice(at, at + MAX_TRIALS) };
  }
}

/** Checks that a directory exists or can be made, with no file in the way; throws an error of code `ENOTDIR`. */
export function checkWay(directory: string): void {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat?.isDirectory() === false) throw noDirectoryError();
  if (stat === undefined && dirname(directory) !== directory) checkWay(dirname(directory));
}

/** Tells whether two absolute paths would be one file, as where a file system folds case or composition. */
export function isOneFile(one: string, other: string, processId: number): boolean {
  if (one === other) return true;
  if (foldName(one) !== foldName(other)) return false;
  const top = nearest(directoryAbove(one, other));
  return inDirectory(top, (base) =>
    withDirectory(unusedName(base, processId), (own) => {
      mkdirSync(join(own, relative(top.path, one)), { recursive: true });
      return lstatSync(join(own, relative(top.path, other)), { throwIfNoEntry: false }) !== undefined;
    }),
  );
}

function nearest(path: string): FoundDirectory {
  return findDirectory(path) ?? nearest(dirname(path));
}

function directoryAbove(one: string, other: string): string {
  const [first, second] = [dirname(one), dirname(other)];
  if (first === second) return first;
  return first.length > second.length ? directoryAbove(first, other) : directoryAbove(one, second);
}

function unusedName(base: string, processId: number): string {
  for (let number = 0; ; number++) {
    const path = join(base, temporaryName(processId, number));
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
  }
}

function makeAndRemove(path: string): void {
  closeSync(openSync(path, 'wx', 0o644));
  // A virus scanner may hold every new file open.
  repeatWhileHeld(() => unlinkSync(path), { passes: isHeldInOwnDirectory });
}

function withDirectory<T>(path: string, use: (path: string) => T): T {
  mkdirSync(path);
  try {
    return use(path);
  } finally {
    rmSync(path, { recursive: true, maxRetries: 5, retryDelay: 10 });
  }
}
