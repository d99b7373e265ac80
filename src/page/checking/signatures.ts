import type { Listing } from '../judging/listing.ts';
import { foldPath } from '../judging/names.ts';

/** The signature files that were given, by the file that each belongs to. */
export class Signatures {
  readonly #listing: Listing;
  readonly #byPath = new Map<string, File>();
  /** By path in NFC: some systems change the spelling of names. */
  readonly #byFolded = new Map<string, File>();
  /** By path in the list: signatures may come in another folder than their files. */
  readonly #byListed = new Map<string, File>();

  constructor(listing: Listing) {
    this.#listing = listing;
  }

  /** Takes a signature; `path` is that of its file, without the suffix. */
  add(path: string, file: File): void {
    this.#byPath.set(path, file);
    this.#byFolded.set(foldPath(path), file);
    const listed = this.#onlyListed(path);
    if (listed !== undefined) this.#byListed.set(listed, file);
  }

  /** Finds the signature of a file: the one beside it, else the one that the list means by this path. */
  of(path: string): File | undefined {
    const beside = this.#byPath.get(path) ?? this.#byFolded.get(foldPath(path));
    if (beside) return beside;
    const listed = this.#onlyListed(path);
    return listed === undefined ? undefined : this.#byListed.get(listed);
  }

  /** Every signature. */
  all(): Iterable<File> {
    return this.#byPath.values();
  }

  #onlyListed(path: string): string | undefined {
    const [first, ...more] = this.#listing.byPath(path);
    return more.length === 0 ? first?.[0] : undefined;
  }
}
