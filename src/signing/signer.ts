/** The bytes of one file: `size` bytes, readable from the start as often as needed. */
export interface Source {
  readonly size: number;
  /** Yields the bytes in order; a small file comes as one chunk, a large one as reused buffers that are valid until the next step. */
  read(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Lets another thread read a large file once; absent for one in memory. */
  readonly lend?: Lend | undefined;
}

/** A name by which another thread of this process can read an open file. */
export interface LentFile {
  readonly descriptor: number;
  readonly path: string;
  readonly size: number;
}

/** What a reader tells of a lent file: the SHA-256 of all it read, as hex, or nothing when it could not. */
export type Lent = { readonly sha256: string } | undefined;

/** Lends a file to a reader, who reads all of it. */
export type Lend = <T extends Lent>(reader: (file: LentFile) => Promise<T>) => Promise<T>;

/** What a signing service answered for one file: the text exactly as it is to be written. */
export interface Signature {
  readonly text: string;
}

/**
 * Signs one file with one request; every call is a fresh try.
 *
 * Rejects with a `Failure` whose kind tells the scheduler what a repeat could change.
 */
export interface Signer {
  sign(source: Source, signal: AbortSignal): Promise<Signature>;
}

/** Puts the text of a signature in its place, whole or not at all. */
export interface SignatureWriter {
  write(path: string, text: string): void | Promise<void>;
}
