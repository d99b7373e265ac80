import { type BigIntStats, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { codeOf } from '../errors.ts';
import { foldName, otherSpellings } from './names.ts';

/** A path without links, or why it cannot be resolved. */
type RealPath =
  | { readonly path: string; readonly failure?: undefined }
  | { readonly failure: string; readonly path?: undefined };

/** The native function also returns the true case of names, and long names for short ones on Windows (`RUNNER~1`). */
const resolveLinks = process.platform === 'linux' ? realpathSync : realpathSync.native;

/** Resolves all links of a path. */
export function findRealPath(location: string): RealPath {
  try {
    return { path: resolveLinks(location) };
  } catch (error) {
    return { failure: codeOf(error) ?? 'unknown error' };
  }
}

/** Resolves the links of a path, and spells its names as they are listed; returns a path that does not exist. */
export function findListedPath(location: string): string {
  const real = findRealPath(location).path;
  return real === undefined ? location : spellAsListed(real);
}

function spellAsListed(path: string): string {
  const [above, name] = [dirname(path), basename(path)];
  if (above === path) return path;
  const parent = spellAsListed(above);
  const spelled = join(parent, name);
  const isFolded = otherSpellings(name).some((other) => isSamePlace(join(parent, other), spelled));
  return isFolded ? join(parent, listedName(parent, name)) : spelled;
}

function listedName(directory: string, name: string): string {
  try {
    const folded = foldName(name);
    return readdirSync(directory).find((listed) => foldName(listed) === folded) ?? name;
  } catch {
    // The directory may not be listed.
    return name;
  }
}

/** Resolves the links of a directory that may not exist yet, by its nearest existing parent. */
export function resolveDirectory(path: string): RealPath {
  let existing = path;
  try {
    while (lstatSync(existing, { throwIfNoEntry: false }) === undefined) {
      const above = dirname(existing);
      // The drive or share does not exist on this machine.
      if (above === existing) return { failure: 'ENOENT' };
      existing = above;
    }
  } catch (error) {
    return { failure: codeOf(error) ?? 'unknown error' };
  }
  const real = findRealPath(existing);
  return real.path === undefined ? real : { path: join(real.path, relative(existing, path)) };
}

/** Returns a path relative to a directory, with `/`, with links resolved if need be; `undefined` when it is outside. */
export function pathInside(directory: string, path: string): string | undefined {
  if (isWithin(directory, path)) return pathBelow(directory, path);
  const [top, real] = [resolveDirectory(directory).path, resolveDirectory(path).path];
  if (top === undefined || real === undefined) return undefined;
  if (isWithin(top, real)) return pathBelow(top, real);
  // A file system that folds names also finds the directory under another spelling.
  for (let above = real; dirname(above) !== above; above = dirname(above)) {
    if (isSamePlace(above, top)) return pathBelow(above, real);
  }
  return undefined;
}

/** Tells whether a path lies below a directory. */
export function isBelow(directory: string, path: string): boolean {
  return isWithin(directory, path) && relative(directory, path) !== '';
}

/** Tells whether a path is a directory or lies below it. */
export function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Tells whether two absolute paths without links name one file, or would: file systems fold case and composition. */
export function isSamePlace(one: string, other: string): boolean {
  if (one === other) return true;
  if (foldName(one) !== foldName(other)) return false;
  const [first, second] = [identify(one), identify(other)];
  if (first && second) return first.ino === second.ino && first.dev === second.dev && !isHardLink(one, other, first);
  return first === second && basename(one) === basename(other) && isSamePlace(dirname(one), dirname(other));
}

/** Tells whether two paths to the same file, which differ only in case, are two directory entries. */
function isHardLink(one: string, other: string, file: BigIntStats): boolean {
  if (file.nlink < 2n || file.isDirectory()) return false;
  if (!isSamePlace(dirname(one), dirname(other))) return true;
  const names = [basename(one), basename(other)];
  const listed = readdirSync(dirname(one));
  return names[0] !== names[1] && names.every((name) => listed.includes(name));
}

function identify(location: string): BigIntStats | undefined {
  // Without permission to examine a place, the place is never taken for another one.
  return orNothing(() => lstatSync(location, { bigint: true, throwIfNoEntry: false }));
}

/** Returns the stats of a path without following a link; `undefined` when nothing is there or access is denied. */
export function lookAtPlace(location: string): Stats | undefined {
  return orNothing(() => lstatSync(location, { throwIfNoEntry: false }));
}

/** Returns the stats of a path, following links; `undefined` when nothing is there or access is denied. */
export function lookBehindLinks(location: string): Stats | undefined {
  return orNothing(() => statSync(location, { throwIfNoEntry: false }));
}

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Returns the path of something below a directory, relative to it, with `/` between segments. */
export function pathBelow(directory: string, path: string): string {
  return relative(directory, path).split(sep).join('/');
}

/** Joins a directory and a relative path with `/` between its segments; an empty path is the directory itself. */
export function locate(directory: string, path: string): string {
  // Both are already normalised; `join` would normalise every path again.
  return directory.endsWith(sep) ? directory + path : directory + sep + path;
}
