import type { Listing } from '../judging/listing.ts';
import { foldPath } from '../judging/names.ts';

/** Signature files of one path: several when they were given at once, from different folders. */
export type SignatureFiles = readonly File[];

/** The signature files that were given, by the file that each belongs to. */
export class Signatures {
  readonly #listing: Listing;
  readonly #byPath = new Map<string, SignatureFiles>();
  /** By path in NFC: some systems change the spelling of names. */
  readonly #byFolded = new Map<string, SignatureFiles>();
  /** By path in the list: signatures may come in another folder than their files. */
  readonly #byListed = new Map<string, SignatureFiles>();

  constructor(listing: Listing) {
    this.#listing = listing;
  }

  /** Takes what was given at once; `path` is that of the signed file, without the suffix. */
  add(path: string, files: SignatureFiles): void {
    this.#byPath.set(path, files);
    this.#byFolded.set(foldPath(path), files);
    const listed = this.#onlyListed(path);
    if (listed !== undefined) this.#byListed.set(listed, files);
  }

  /** Finds the signature of a file: what is beside it, else what the list means by this path. */
  of(path: string): SignatureFiles | undefined {
    const beside = this.#byPath.get(path) ?? this.#byFolded.get(foldPath(path));
    if (beside) return beside;
    const listed = this.#onlyListed(path);
    return listed === undefined ? undefined : this.#byListed.get(listed);
  }

  /** Counts the signature files of which no file makes use. */
  countOthers(used: ReadonlySet<SignatureFiles | undefined>): number {
    return [...this.#byPath.values()].reduce((sum, files) => sum + (used.has(files) ? 0 : files.length), 0);
  }

  #onlyListed(path: string): string | undefined {
    const [first, ...more] = this.#listing.byPath(path);
    return more.length === 0 ? first?.[0] : undefined;
  }
}
