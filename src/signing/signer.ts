/** Which hash of a file is wanted; plain data, so that it can be sent to another thread. */
export interface Hashing {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  /** When given, the hash covers `before`, the file as percent-encoded base64, and `after`, both of ASCII; when not, the bytes of the file. */
  readonly around?: { readonly before: string; readonly after: string } | undefined;
}

/** A hash of a file, and what was asked for when the reading of the file began. */
export interface Digested<H extends Hashing> {
  readonly hashing: H;
  readonly digest: Uint8Array;
}

/**
 * One file of `size` bytes. Each call of a method is a pass of its own over the file, from its start to its end.
 *
 * A signer vouches for the bytes that it read, or for the bytes whose plain digest it asked for; anything else is refused.
 */
export interface Source {
  /** Path of the file below the root of the release, segments divided by `/`. */
  readonly path: string;
  readonly size: number;
  /** Yields the bytes in order; a small file comes as one chunk, a large one as reused buffers that are valid until the next step. */
  read(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Hashes the file, a large one in the worker; `begin` is called when the pass begins, so that a time in its result is fresh. */
  digest<H extends Hashing>(begin: () => H): Promise<Digested<H>>;
}

/** Reads a whole file into memory. */
export async function readAll(source: Source): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Buffers of a large file are used again for the next chunk.
  for await (const chunk of source.read()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The answer of a signing service for one file: the text exactly as it is written to the signature file. */
export interface Signature {
  readonly text: string;
  /** Version of the key that signed, where the service tells it. */
  readonly keyVersion?: number | undefined;
}

/**
 * Signs one file with one request; every call is a fresh attempt.
 *
 * Rejects with a `Failure`, whose kind tells the scheduler whether a repeat can help.
 */
export interface Signer {
  sign(source: Source, signal: AbortSignal): Promise<Signature>;
  /** Where files share requests: the most requests under way, and the most files in one; absent where each file is a request. */
  readonly sharing?: { readonly requests: number; readonly files: number } | undefined;
  /** Returns the memory that signing a file of this size takes, in bytes; absent where the file is sent in base64 as a stream. */
  readonly weigh?: ((size: number) => number) | undefined;
}

/** Buffers and messages of one request, and what a large file takes that is hashed and not sent. */
const REQUEST_WEIGHT = 16 * 1024;
const HASHING_WEIGHT = 1024 * 1024;

/** Returns the memory of a request that carries the digest of a file: small files are in memory, large ones pass through two buffers. */
export function weightOfDigest(size: number): number {
  return REQUEST_WEIGHT + Math.min(size, HASHING_WEIGHT);
}

/** Puts the text of a signature in its place, whole or not at all. */
export interface SignatureWriter {
  write(path: string, text: string): void | Promise<void>;
}
