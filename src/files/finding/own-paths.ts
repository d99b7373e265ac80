import { basename, dirname, relative } from 'node:path';
import { foldName } from '../names.ts';
import { findRealPath, isBelow, isSamePlace, isWithin, locate, lookAtPlace } from '../real-path.ts';
import { ownerOf } from '../temporary.ts';
import type { DiscoverOptions, RealPlaces } from './places.ts';
import type { Entry } from './walk.ts';

/** Why a path is no file of a release: this action writes there, or a build puts nothing there. */
type OwnReason = 'git' | 'runner-temp' | 'temporary' | 'written' | 'output-dir';

/**
 * Why a path that a pattern matches is not among the files of a release.
 *
 * `signature`: the signature of a listed file. `suffix`: ends like a signature, but signs no listed file. `link`: a
 * link whose target is listed by its own path. `partial-link`: a link to a directory whose files are listed, except for
 * some that an exclude matches there but not through the link. `circle`: a link to one of its own parent directories.
 * `hidden`: hidden files are not included.
 */
export type LeftOutReason = OwnReason | 'signature' | 'suffix' | 'link' | 'partial-link' | 'circle' | 'hidden';

type Options = Pick<DiscoverOptions, 'root' | 'temporaryDirectory' | 'outputDirectory' | 'written'> & RealPlaces;

/** Tells which paths are never signed: `.git`, this action's temporary files, and the places to which it writes. */
export class OwnPaths {
  /** By folded name, because some file systems ignore case and composition. */
  readonly #places = new Map<string, { readonly location: string; readonly reason: OwnReason }[]>();
  readonly #workspace: string;

  constructor(options: Options) {
    this.#workspace = options.realWorkspace;
    for (const path of options.written) this.#add(path, 'written', options);
    this.#add(options.temporaryDirectory, 'runner-temp', options);
    this.#add(options.outputDirectory, 'output-dir', options);
  }

  #add(path: string | undefined, reason: OwnReason, { root, realRoot }: Options): void {
    if (!path) return;
    // If the path is a link, neither the link nor its target is signed.
    for (const location of [findRealPath(path).path ?? path, locate(realRoot, relative(root, path))]) {
      // A directory that contains the root is ignored, because no file would be left.
      if (isWithin(location, realRoot)) continue;
      const name = foldName(basename(location));
      this.#places.set(name, [...(this.#places.get(name) ?? []), { location, reason }]);
    }
  }

  /** Returns why an entry is never signed; not called for entries below such a directory. */
  reasonFor({ location, name, kind }: Pick<Entry, 'location' | 'name' | 'kind'>): OwnReason | undefined {
    if (ownerOf(name) !== undefined) return 'temporary';
    const folded = foldName(name);
    if (folded === '.git' && isSamePlace(locate(dirname(location), '.git'), location)) return 'git';
    const reason = this.#places.get(folded)?.find((place) => isSamePlace(place.location, location))?.reason;
    // This action writes only files: a directory at such a path is foreign, and its content must be signed.
    return reason === 'written' && kind === 'directory' ? undefined : reason;
  }

  /** Returns why the target of a link is never signed. */
  reasonBehind(real: string): OwnReason | undefined {
    let kind: Entry['kind'] = lookAtPlace(real)?.isDirectory() ? 'directory' : 'file';
    for (let location = real; isBelow(this.#workspace, location); location = dirname(location)) {
      const reason = this.reasonFor({ location, name: basename(location), kind });
      if (reason !== undefined) return reason;
      kind = 'directory';
    }
    return undefined;
  }
}
