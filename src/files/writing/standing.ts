import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../errors.ts';
import { foldName } from '../names.ts';

/**
 * Picks the paths below a directory at which something may stand already, by one listing for all in one directory.
 *
 * Names are compared as the most forgetful file systems do, without case and composition, so that none is missed there.
 */
export function* mayStand(directory: string, paths: Iterable<string>): Generator<string> {
  const names = new Map<string, Set<string> | undefined>();
  for (const path of paths) {
    const cut = path.lastIndexOf('/');
    const parent = cut === -1 ? '.' : path.slice(0, cut);
    if (!names.has(parent)) names.set(parent, namesIn(join(directory, parent)));
    const standing = names.get(parent);
    if (standing === undefined || standing.has(foldName(path.slice(cut + 1)))) yield path;
  }
}

/** Returns what is in a directory, or `undefined` when that cannot be told. */
function namesIn(directory: string): Set<string> | undefined {
  try {
    return new Set(readdirSync(directory).map(foldName));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? new Set() : undefined;
  }
}
