import { type ActionError, unexpected } from '../../errors.ts';
import { findRealPath, locate } from '../real-path.ts';
import { isGone } from './left-out.ts';
import { OwnPaths } from './own-paths.ts';
import { type DiscoverOptions, findPlaces } from './places.ts';
import { narrow, startScope } from './selection.ts';
import { walk } from './walk.ts';

/** Result of a search for orphans. */
export interface OrphanSearch {
  readonly orphans?: readonly string[];
  /** Why the search failed. */
  readonly orphanFailure?: ActionError | undefined;
}

/** Lists paths that match and have a signature in a directory but no file; throws the reason of the signal. */
export async function discoverOrphans(options: DiscoverOptions, directory: string): Promise<OrphanSearch> {
  try {
    return { orphans: await listOrphans(options, directory) };
  } catch (error) {
    options.signal.throwIfAborted();
    return { orphans: [], orphanFailure: unexpected(error) };
  }
}

async function listOrphans(options: DiscoverOptions, directory: string): Promise<string[]> {
  const { suffix, known, signal } = options;
  const { realWorkspace } = findPlaces(options);
  const realRoot = findRealPath(directory).path ?? directory;
  const own = new OwnPaths({ ...options, root: directory, realRoot, realWorkspace, outputDirectory: undefined });
  const signatures = walk({
    root: realRoot,
    start: startScope(options),
    passes: (name, above) => !name.endsWith(suffix) || known?.has(above + name.slice(0, -suffix.length)) === true,
    step(above, entry) {
      const { kind, name, path } = entry;
      if (own.reasonFor(entry) !== undefined) return undefined;
      const below = kind === 'directory' ? narrow(above, entry) : undefined;
      if (kind === 'directory') return below?.leftOut ? undefined : below;
      if (name === suffix) return undefined;
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
      if (isGone(locate(options.root, path))) orphans.push(path);
    }
  }
  return orphans;
}
