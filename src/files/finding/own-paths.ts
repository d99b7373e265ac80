import { basename, dirname, relative } from 'node:path';
import { foldName } from '../names.ts';
import { findRealPath, isBelow, isSamePlace, isWithin, locate, lookAtPlace } from '../real-path.ts';
import { ownerOf } from '../temporary.ts';
import type { DiscoverOptions, RealPlaces } from './places.ts';
import type { Entry } from './walk.ts';

/** Why a path is no file of a release: this action writes there, or builds put nothing there. */
type OwnReason = 'git' | 'runner-temp' | 'temporary' | 'written' | 'output-dir';

/**
 * Why a path that a pattern means is not among the files of a release.
 *
 * `signature`: the signature of a listed file. `suffix`: it ends as signatures do and signs no listed file. `link`: a
 * link to something that is listed itself. `partial-link`: a link to a directory whose files are listed, but for some that an
 * exclude leaves out there and not by way of the link. `circle`: a link that leads back to a directory above. `hidden`: hidden files
 * are not wanted.
 */
export type LeftOutReason = OwnReason | 'signature' | 'suffix' | 'link' | 'partial-link' | 'circle' | 'hidden';

type Options = Pick<DiscoverOptions, 'root' | 'temporaryDirectory' | 'outputDirectory' | 'written'> & RealPlaces;

/** Knows what is never signed: `.git`, our temporary names in their full form, and the places of this action. */
export class OwnPaths {
  /** By the name of the place without case and composition, as some file systems compare names. */
  readonly #places = new Map<string, { readonly location: string; readonly reason: OwnReason }[]>();
  readonly #workspace: string;

  constructor(options: Options) {
    this.#workspace = options.realWorkspace;
    for (const path of options.written) this.#add(path, 'written', options);
    this.#add(options.temporaryDirectory, 'runner-temp', options);
    this.#add(options.outputDirectory ?? '', 'output-dir', options);
  }

  #add(path: string, reason: OwnReason, { root, realRoot }: Options): void {
    if (path === '') return;
    // The path may be a link: then neither the link nor its target is signed.
    const locations = [findRealPath(path).path ?? path];
    if (isBelow(root, path)) locations.push(locate(realRoot, relative(root, path)));
    for (const location of locations) {
      // A directory that holds the root cannot be meant: nothing at all would be left.
      if (isWithin(location, realRoot)) continue;
      const name = foldName(basename(location));
      this.#places.set(name, [...(this.#places.get(name) ?? []), { location, reason }]);
    }
  }

  /** Returns why an entry is never signed; entries in a directory that is never signed are not asked about. */
  reasonFor({ location, name, kind }: Pick<Entry, 'location' | 'name' | 'kind'>): OwnReason | undefined {
    if (ownerOf(name) !== undefined) return 'temporary';
    const folded = foldName(name);
    if (folded === '.git' && isSamePlace(locate(dirname(location), '.git'), location)) return 'git';
    const reason = this.#places.get(folded)?.find((place) => isSamePlace(place.location, location))?.reason;
    // This action writes files: a directory at such a path is not its own, and what lies below must be signed.
    return reason === 'written' && kind === 'directory' ? undefined : reason;
  }

  /** Returns why a real path, to which some link leads, is never signed. */
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
