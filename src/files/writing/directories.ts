import { closeSync, constants, lstatSync, mkdirSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../errors.ts';
import { leadsTo, pathOfDescriptor } from '../descriptors.ts';
import { movedDirectory } from '../reading/read-errors.ts';
import { findRealPath } from '../real-path.ts';

/** A directory as it was found: a path without links, and which directory that is. */
export interface FoundDirectory {
  /** Absolute. */
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/** Looks at a path without links; `undefined` when no directory is there. */
export function findDirectory(path: string): FoundDirectory | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isDirectory() ? { path, device: stat.dev, inode: stat.ino } : undefined;
}

/** Opens a directory as a name for what is in it: neither the right to list it nor its content is needed. Linux alone has it. */
const O_PATH = 0o10000000;
const FLAGS = O_PATH | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Hands out a path of a directory, to put names behind.
 *
 * On Linux that path goes through a descriptor, so whoever moves the directory, or puts a link in its place, diverts
 * nothing. Elsewhere the directory is looked at just before.
 * @throws ActionError `DIRECTORY_MOVED`
 */
export function inDirectory<T>(directory: FoundDirectory, use: (base: string) => T): T {
  if (process.platform !== 'linux') {
    checkIdentity(directory);
    return use(directory.path);
  }
  const descriptor = openDirectory(directory);
  try {
    if (!leadsTo(descriptor, directory.path)) throw movedDirectory(directory.path);
    return use(pathOfDescriptor(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

/** Tells whether a directory that was found just now is where its path says, with no link on the way. */
export function isInPlace(directory: FoundDirectory): boolean {
  if (process.platform !== 'linux') return findRealPath(directory.path).path === directory.path;
  const descriptor = openSync(directory.path, FLAGS);
  try {
    return leadsTo(descriptor, directory.path);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a directory and the ones above it that are missing, each in the one above and nowhere else. */
export function makeDirectory(path: string): FoundDirectory {
  const found = findDirectory(path);
  if (found) return found;
  return inDirectory(makeDirectory(dirname(path)), (base) => {
    try {
      mkdirSync(join(base, basename(path)));
    } catch (error) {
      // Another process may have been faster.
      const others = codeOf(error) === 'EEXIST' ? findDirectory(path) : undefined;
      if (others === undefined) throw error;
      return others;
    }
    return findDirectory(path) ?? makeDirectory(path);
  });
}

function openDirectory(directory: FoundDirectory): number {
  try {
    return openSync(directory.path, FLAGS);
  } catch (error) {
    // A link, or a file, where the directory was.
    if (codeOf(error) !== 'ENOTDIR' && codeOf(error) !== 'ELOOP') throw error;
    checkIdentity(directory);
    throw error;
  }
}

function checkIdentity(directory: FoundDirectory): void {
  const now = lstatSync(directory.path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined) return;
  if (!now.isDirectory() || now.dev !== directory.device || now.ino !== directory.inode)
    throw movedDirectory(directory.path);
}
