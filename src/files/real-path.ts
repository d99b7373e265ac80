import { type BigIntStats, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { codeOf } from '../errors.ts';
import { foldName, otherSpellings } from './names.ts';

/** Where a path really leads, or why it leads nowhere. */
type RealPath =
  | { readonly path: string; readonly failure?: undefined }
  | { readonly failure: string; readonly path?: undefined };

/** Where the system itself resolves a path, it also tells the true case of its names, and on Windows the long form of short ones (`RUNNER~1`). */
const resolveLinks = process.platform === 'linux' ? realpathSync : realpathSync.native;

/** Resolves all links of a path. */
export function findRealPath(location: string): RealPath {
  try {
    return { path: resolveLinks(location) };
  } catch (error) {
    return { failure: codeOf(error) ?? 'unknown error' };
  }
}

/**
 * Resolves all links of a path, and spells its names as the file system lists them, where it finds them in another case or
 * composition too; the path as it is where nothing is there.
 */
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
    // A directory without the right to list it.
    return name;
  }
}

/** Finds the real path of a directory that may not be there yet, by the nearest one that is. */
export function resolveDirectory(path: string): RealPath {
  let existing = path;
  try {
    while (lstatSync(existing, { throwIfNoEntry: false }) === undefined) {
      const above = dirname(existing);
      // A drive or a share that this machine does not have: nothing is above it.
      if (above === existing) return { failure: 'ENOENT' };
      existing = above;
    }
  } catch (error) {
    return { failure: codeOf(error) ?? 'unknown error' };
  }
  const real = findRealPath(existing);
  return real.path === undefined ? real : { path: join(real.path, relative(existing, path)) };
}

/**
 * Returns the path of something in a directory, relative to it, with `/` between segments; `undefined` when it lies elsewhere.
 *
 * Scripts resolve paths: what lies outside by its spelling may lie inside once all links are resolved.
 */
export function pathInside(directory: string, path: string): string | undefined {
  if (isWithin(directory, path)) return pathBelow(directory, path);
  const [top, real] = [resolveDirectory(directory).path, resolveDirectory(path).path];
  if (top === undefined || real === undefined) return undefined;
  if (isWithin(top, real)) return pathBelow(top, real);
  // A file system that folds the case of names finds the directory in another spelling too.
  for (let above = real; dirname(above) !== above; above = dirname(above)) {
    if (isSamePlace(above, top)) return pathBelow(above, real);
  }
  return undefined;
}

/** Tells whether a path is a directory or lies below it, as both are spelled or once their links are resolved. */
export function leadsInto(directory: string, path: string): boolean {
  return pathInside(directory, path) !== undefined;
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

/**
 * Tells whether two absolute paths without links are one for the file system, which may fold the case and the composition of names.
 *
 * Where neither is there yet, the directories above decide, if both end in the same name.
 */
export function isSamePlace(one: string, other: string): boolean {
  if (one === other) return true;
  if (foldName(one) !== foldName(other)) return false;
  const [first, second] = [identify(one), identify(other)];
  if (first && second) return first.ino === second.ino && first.dev === second.dev && !isHardLink(one, other, first);
  return first === second && basename(one) === basename(other) && isSamePlace(dirname(one), dirname(other));
}

/** Tells whether two places that hold the same file are two entries of directories all the same, which differ in case. */
function isHardLink(one: string, other: string, file: BigIntStats): boolean {
  if (file.nlink < 2n || file.isDirectory()) return false;
  if (!isSamePlace(dirname(one), dirname(other))) return true;
  const names = [basename(one), basename(other)];
  const listed = readdirSync(dirname(one));
  return names[0] !== names[1] && names.every((name) => listed.includes(name));
}

function identify(location: string): BigIntStats | undefined {
  // A place that the system does not let us look at is never taken for another one.
  return orNothing(() => lstatSync(location, { bigint: true, throwIfNoEntry: false }));
}

/** Returns what is at a place, which may be a link; `undefined` when nothing is there or the system does not let us look. */
export function lookAtPlace(location: string): Stats | undefined {
  return orNothing(() => lstatSync(location, { throwIfNoEntry: false }));
}

/** Returns what is at a place, behind a link too; `undefined` when nothing is there or the system does not let us look. */
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

/** Returns where a path with `/` between its segments is below a directory; an empty one is the directory itself. */
export function locate(directory: string, path: string): string {
  // Both are tidy already, and `join` would look at every character of every path again.
  return directory.endsWith(sep) ? directory + path : directory + sep + path;
}
