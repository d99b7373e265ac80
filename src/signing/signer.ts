/** The bytes of one file: `size` bytes, readable from the start as often as needed. */
export interface Source {
  readonly size: number;
  /** Yields the bytes in order; a small file comes as one chunk, a large one as reused buffers that are valid until the next step. */
  read(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

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
