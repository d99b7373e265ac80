import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytewise } from '../names.ts';
import { findRealPath } from '../real-path.ts';
import { type DiscoverOptions, findPlaces } from './discover.ts';
import { OwnPaths } from './own-paths.ts';
import { narrow, startScope } from './selection.ts';
import { walk } from './walk.ts';

/**
 * Lists the paths, relative to the root, that have a signature below a directory, that the patterns mean, and where there is no file.
 *
 * @throws ActionError `ROOT_OUTSIDE`, `FILE_NAME_NOT_UTF8`, `DIRECTORY_UNREADABLE`; the reason of the signal
 */
export async function discoverOrphans(options: DiscoverOptions, directory: string): Promise<string[]> {
  const { suffix, signal } = options;
  const { realWorkspace } = findPlaces(options);
  const realRoot = findRealPath(directory).path ?? directory;
  const own = new OwnPaths({ ...options, root: directory, realRoot, realWorkspace });
  const signatures = walk({
    root: realRoot,
    start: startScope(options),
    step(above, entry) {
      const { kind, name, path } = entry;
      if (own.has(entry)) return undefined;
      if (kind === 'directory') return narrow(above, entry);
      if (!name.endsWith(suffix) || name === suffix) return undefined;
      const signed = {
        path: path.slice(0, -suffix.length),
        name: name.slice(0, -suffix.length),
        kind: 'file',
      } as const;
      return narrow(above, signed);
    },
    signal,
  });
  const orphans: string[] = [];
  for await (const visits of signatures) {
    for (const { entry } of visits) {
      const path = entry.path.slice(0, -suffix.length);
      if (!isFileLike(join(options.root, path))) orphans.push(path);
    }
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
