import { createHash, type Hash, hash } from 'node:crypto';
import type { Hashing } from '../../signing/signer.ts';
import { quotedBase64, quotedBase64Between, STEP_BYTES } from './quoted-base64.ts';

/** Takes the bytes of a file in order; the caller may reuse a chunk after the call. */
interface ByteSink {
  update(chunk: Uint8Array): unknown;
}

/** A hash in progress; {@link FileHash.digest} ends it. */
interface FileHash extends ByteSink {
  digest(): Buffer;
}

/** Starts a hash of a file, or of a text that holds the file. */
export function startHash({ algorithm, around }: Hashing): FileHash {
  return around ? new HashOfText(createHash(algorithm), around) : createHash(algorithm);
}

/** Hashes a file in memory; a small file in a single call, which takes half the time of a streaming hash. */
export function hashBytes(hashing: Hashing, bytes: Uint8Array): Buffer {
  const { algorithm, around } = hashing;
  if (around === undefined) return hash(algorithm, bytes, 'buffer');
  const whole = bytes.length - (bytes.length % 3);
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + whole, bytes.length - whole).toString('base64');
  const text = quotedBase64Between(around.before, bytes.subarray(0, whole), encodeURIComponent(rest) + around.after);
  if (text) return hash(algorithm, text, 'buffer');
  const sum = startHash(hashing);
  sum.update(bytes);
  return sum.digest();
}

/** Reads a file once and gives each chunk to every sink; rejects with the signal's reason when the signal aborts. */
export async function readInto(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  sinks: readonly ByteSink[],
  signal?: AbortSignal,
): Promise<void> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    for (const sink of sinks) sink.update(chunk);
  }
}

/** Hashes a text that contains a file as percent-encoded base64, without building the text. */
class HashOfText implements FileHash {
  readonly #hash: Hash;
  readonly #after: string;
  readonly #carry = Buffer.allocUnsafe(3);
  #carried = 0;

  constructor(hash: Hash, { before, after }: NonNullable<Hashing['around']>) {
    this.#hash = hash;
    this.#after = after;
    this.#hash.update(before);
  }

  update(chunk: Uint8Array): void {
    const start = this.#fillCarry(chunk);
    const whole = start + Math.floor((chunk.length - start) / 3) * 3;
    for (let from = start; from < whole; from += STEP_BYTES) {
      this.#hash.update(quotedBase64(chunk.subarray(from, Math.min(from + STEP_BYTES, whole))));
    }
    for (let i = Math.max(start, whole); i < chunk.length; i++) this.#carry[this.#carried++] = chunk[i] ?? 0;
  }

  digest(): Buffer {
    const rest = this.#carry.toString('base64', 0, this.#carried);
    return this.#hash.update(encodeURIComponent(rest) + this.#after).digest();
  }

  /** Completes the three bytes left over from the last chunk; returns the number of bytes used. */
  #fillCarry(chunk: Uint8Array): number {
    if (this.#carried === 0) return 0;
    let taken = 0;
    while (this.#carried < 3 && taken < chunk.length) this.#carry[this.#carried++] = chunk[taken++] ?? 0;
    if (this.#carried === 3) {
      this.#hash.update(quotedBase64(this.#carry));
      this.#carried = 0;
    }
    return taken;
  }
}
