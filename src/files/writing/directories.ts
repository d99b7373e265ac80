import { closeSync, constants, lstatSync, mkdirSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../errors.ts';
import { leadsTo, pathOfDescriptor } from '../descriptors.ts';
import { movedDirectory } from '../reading/read-errors.ts';
import { findRealPath } from '../real-path.ts';

/** A directory as it was found: its path without links, and its identity in the file system. */
export interface FoundDirectory {
  /** Absolute. */
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/** Returns the directory at a path without links; `undefined` when there is none. */
export function findDirectory(path: string): FoundDirectory | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isDirectory() ? { path, device: stat.dev, inode: stat.ino } : undefined;
}

/** Opens a directory only to use it in paths, which needs no permission to list it; Linux only. */
const O_PATH = 0o10000000;
const FLAGS = O_PATH | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Calls `use` with a path of a directory, to which names can be appended; throws `DIRECTORY_MOVED`.
 *
 * On Linux the path goes through a descriptor, which nothing redirects. Elsewhere the directory is checked just before.
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

/** Tells whether a directory is still at its path, with no link on the way. */
export function isInPlace(directory: FoundDirectory): boolean {
  if (process.platform !== 'linux') return findRealPath(directory.path).path === directory.path;
  const descriptor = openSync(directory.path, FLAGS);
  try {
    return leadsTo(descriptor, directory.path);
  } finally {
    closeSync(descriptor);
  }
}

/** Creates a directory and its missing parents, each inside its own parent and nowhere else. */
export function makeDirectory(path: string): FoundDirectory {
  const found = findDirectory(path);
  if (found) return found;
  return inDirectory(makeDirectory(dirname(path)), (base) => {
    try {
      mkdirSync(join(base, basename(path)));
    } catch (error) {
      // Another process may have created the directory first.
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
    // A link or a file has replaced the directory.
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
