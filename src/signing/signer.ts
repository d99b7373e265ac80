/** The requested hash of a file, as plain data that can be sent to another thread. */
export interface Hashing {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  /** With this, the hash covers the ASCII texts around the file and the file as percent-encoded base64; without it, the file's bytes. */
  readonly around?: { readonly before: string; readonly after: string } | undefined;
}

/** A hash of a file, with the options from the start of its pass. */
export interface Digested<H extends Hashing> {
  readonly hashing: H;
  readonly digest: Uint8Array;
}

/**
 * A file of `size` bytes. Each call of a method is a separate pass over the whole file.
 *
 * A signature is accepted only for the bytes that the signer read, or whose plain digest it requested.
 */
export interface Source {
  /** Path of the file below the root of the release, segments divided by `/`. */
  readonly path: string;
  readonly size: number;
  /** Yields the bytes in order; a small file comes as one chunk, a large one as reused buffers, each valid until the next step. */
  read(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Hashes the file, a large one in the worker; `begin` is called at the start, so that a time in it is current. */
  digest<H extends Hashing>(begin: () => H): Promise<Digested<H>>;
}

/** Reads a whole file into memory. */
export async function readAll(source: Source): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Copies each chunk, because the buffers of a large file are reused.
  for await (const chunk of source.read()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The answer of a signing service for one file: the exact text for the signature file. */
export interface Signature {
  readonly text: string;
  /** Version of the key that signed, if the service tells it. */
  readonly keyVersion?: number | undefined;
}

/** Signs one file with one request; rejects with a `Failure`, whose kind tells whether a repeat can help. */
export interface Signer {
  /** `used` holds the numbers of the connections of earlier attempts of the same file; a signer with a request for each file uses another one, and adds it. */
  sign(source: Source, signal: AbortSignal, used: number[]): Promise<Signature>;
  /** For shared requests: the most requests in flight, and the most files in one; absent when each file has its own request. */
  readonly sharing?: { readonly requests: number; readonly files: number } | undefined;
  /** Returns the memory that signing a file of this size takes, in bytes; absent when the file is streamed in base64. */
  readonly weigh?: ((size: number) => number) | undefined;
}

/** Memory in bytes of a request's buffers and messages, and of hashing a large file that is not sent. */
const REQUEST_WEIGHT = 16 * 1024;
const HASHING_WEIGHT = 1024 * 1024;

/** Returns the memory of a request that carries the digest of a file: small files are in memory, large ones use two buffers. */
export function weightOfDigest(size: number): number {
  return REQUEST_WEIGHT + Math.min(size, HASHING_WEIGHT);
}

/** Writes the text of a signature, completely or not at all. */
export interface SignatureWriter {
  write(path: string, text: string): void | Promise<void>;
}
