import type { Listing } from '../judging/listing.ts';
import { foldPath } from '../judging/names.ts';

/** Signature files of a path; several if one selection had them in different folders. */
export type SignatureFiles = readonly File[];

/** The given signature files, by the file to which they belong. */
export class Signatures {
  readonly #listing: Listing;
  readonly #byPath = new Map<string, SignatureFiles>();
  /** By path in NFC, because some systems change the spelling of names. */
  readonly #byFolded = new Map<string, SignatureFiles>();
  /** By path in the list, because signatures may be in another folder than their files. */
  readonly #byListed = new Map<string, SignatureFiles>();

  constructor(listing: Listing) {
    this.#listing = listing;
  }

  /** Adds the signatures of one selection; `path` is the signed file's, without the suffix. */
  add(path: string, files: SignatureFiles): void {
    this.#byPath.set(path, files);
    this.#byFolded.set(foldPath(path), files);
    const listed = this.#onlyListed(path);
    if (listed !== undefined) this.#byListed.set(listed, files);
  }

  /** Finds the signatures of a file: those next to it, otherwise those for the same listed file. */
  of(path: string): SignatureFiles | undefined {
    const beside = this.#byPath.get(path) ?? this.#byFolded.get(foldPath(path));
    if (beside) return beside;
    const listed = this.#onlyListed(path);
    return listed === undefined ? undefined : this.#byListed.get(listed);
  }

  /** Counts the signature files that no file uses. */
  countOthers(used: ReadonlySet<SignatureFiles | undefined>): number {
    return [...this.#byPath.values()].reduce((sum, files) => sum + (used.has(files) ? 0 : files.length), 0);
  }

  #onlyListed(path: string): string | undefined {
    const [first, ...more] = this.#listing.byPath(path);
    return more.length === 0 ? first?.[0] : undefined;
  }
}
