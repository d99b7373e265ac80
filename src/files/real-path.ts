import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { codeOf } from '../errors.ts';

/** Where a path really leads, or why it leads nowhere. */
export type RealPath =
  | { readonly path: string; readonly failure?: undefined }
  | { readonly failure: string; readonly path?: undefined };

/** Resolves all links of a path. */
export function findRealPath(location: string): RealPath {
  try {
    return { path: realpathSync(location) };
  } catch (error) {
    return { failure: codeOf(error) ?? 'unknown error' };
  }
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

/** Returns where a path with `/` between its segments is below a directory; an empty one is the directory itself. */
export function locate(directory: string, path: string): string {
  // Both are tidy already, and `join` would look at every character of every path again.
  return directory.endsWith(sep) ? directory + path : directory + sep + path;
}
