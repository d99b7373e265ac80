import { closeSync, lstatSync, mkdirSync, openSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isHeldInOwnDirectory, repeatWhileHeld } from '../../held.ts';
import { foldName, REFUSED_BY_WINDOWS } from '../names.ts';
import { temporaryName } from '../temporary.ts';
import { type FoundDirectory, findDirectory, inDirectory } from './directories.ts';
import { noDirectoryError } from './write-errors.ts';

/** Bytes of a name that some file systems refuse. */
const LONG_NAME_BYTES = 140;
/** Nearly all names, of which none is the name of a device: those are short. */
const PLAIN = /^[\w.-]{10,140}(?<!\.)$/;

/** Tells whether some file system may refuse a name, so that it has to be tried. */
export function mayBeRefused(name: string): boolean {
  return !PLAIN.test(name) && (REFUSED_BY_WINDOWS.test(name) || Buffer.byteLength(name) > LONG_NAME_BYTES);
}

/**
 * Makes a file and removes it again, to see that these names can be written in a directory; for a directory that is not
 * there yet, in the nearest one above it that is.
 *
 * @throws Error what the system says
 */
export function tryWriting(directory: string, names: readonly string[], processId: number): void {
  const unusual = names.filter(mayBeRefused);
  inDirectory(nearest(directory), (base) => {
    if (unusual.length === 0) return makeAndRemove(unusedName(base, processId));
    // In the directory itself, a file could be taken for what its name says if this process were killed.
    return withDirectory(unusedName(base, processId), (own) => {
      for (const name of unusual) makeAndRemove(join(own, name));
    });
  });
}

/**
 * Sees, without writing, that a directory is there or can be made: that nothing else is at its place or above.
 *
 * @throws Error with the code `ENOTDIR`
 */
export function checkWay(directory: string): void {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat?.isDirectory() === false) throw noDirectoryError();
  if (stat === undefined && dirname(directory) !== directory) checkWay(dirname(directory));
}

/** Tells whether two absolute paths, of which neither need exist, would be one file: some file systems fold the case or the composition of names. */
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
  // A scanner may look at every new file.
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
