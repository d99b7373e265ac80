import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytewise } from '../names.ts';
import { findRealPath } from '../real-path.ts';
import { type DiscoverOptions, findPlaces } from './discover.ts';
import { OwnPaths } from './own-paths.ts';
import { hide, isMeant, narrow, reaches, startScope } from './selection.ts';
import { walk } from './walk.ts';

/**
 * Lists the paths, relative to the root, that have a signature below a directory, that the patterns mean, and where there is no file.
 *
 * @throws ActionError `ROOT_OUTSIDE`, `FILE_NAME_NOT_UTF8`, `DIRECTORY_UNREADABLE`
 */
export function discoverOrphans(options: DiscoverOptions, directory: string): string[] {
  const { suffix, includeHiddenFiles } = options;
  const { realWorkspace } = findPlaces(options);
  const realRoot = findRealPath(directory).path ?? directory;
  const own = new OwnPaths({ ...options, root: directory, realRoot, realWorkspace });
  const signatures = walk(directory, {
    start: startScope(options.patterns),
    step(scope, { path, name, kind }) {
      if (own.has(path, name)) return undefined;
      if (kind !== 'directory' && (!name.endsWith(suffix) || name === suffix)) return undefined;
      const below = narrow(scope, kind === 'directory' ? name : name.slice(0, -suffix.length));
      return below && !includeHiddenFiles && name.startsWith('.') ? hide(below) : below;
    },
    enters: reaches,
    takes: isMeant,
  });
  const orphans: string[] = [];
  for (const { entry } of signatures) {
    const path = entry.path.slice(0, -suffix.length);
    if (!isFileLike(join(options.root, path))) orphans.push(path);
  }
  return orphans.sort(compareBytewise);
}

/** Links and the like are refused or left out as files: whoever signed them has not lost them. */
function isFileLike(location: string): boolean {
  try {
    return lstatSync(location, { throwIfNoEntry: false })?.isDirectory() === false;
  } catch {
    return false;
  }
}
