import { realpathSync } from 'node:fs';
import { sep } from 'node:path';
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

/** Tells whether a real path lies below a real directory. */
export function isBelow(directory: string, path: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** Tells whether a real path is a real directory or lies below it. */
export function isWithin(directory: string, path: string): boolean {
  return path === directory || isBelow(directory, path);
}

/** Returns where a path with `/` between its segments is below a directory; an empty one is the directory itself. */
export function locate(directory: string, path: string): string {
  // Both are tidy already, and `join` would look at every character of every path again.
  return directory.endsWith(sep) ? directory + path : directory + sep + path;
}
