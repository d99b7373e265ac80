import { orAborted } from '../../signing/schedule/clock.ts';
import type { LentFile, Source } from '../../signing/signer.ts';
import { type CanonicalFacts, CanonicalHash } from './request-signature.ts';

/** What one reading of a file gives, both as hex. */
export interface FileHashes {
  /** The `es-auth-sign` header. */
  readonly sign: string;
  readonly sha256: string;
}

/** Reads a file on another thread; resolves with `undefined` when that thread is gone, which says nothing of the file. */
export type Hasher = (file: LentFile, facts: CanonicalFacts, signal: AbortSignal) => Promise<FileHashes | undefined>;

/** Hashes what a request's header covers. */
export interface FirstPass<Facts extends CanonicalFacts> {
  readonly facts: Facts;
  readonly sign: string;
  /** The content, when it is in memory. */
  readonly whole?: Uint8Array | undefined;
}

/**
 * A file is read here when those before it have more bytes than this and four times its own: its try has a time limit by
 * its own size, and must not spend it waiting for others.
 */
const PATIENCE_BYTES = 64 * 2 ** 20;

/**
 * Reads files for their request signature, large ones on another thread if there is one, so that one is hashed while another is sent.
 *
 * There they are read one after the other, and the facts, which hold the time, are made when it is a file's turn.
 */
export class FirstPasses {
  readonly #hasher: Hasher | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #bytesAhead = 0;

  constructor(hasher: Hasher | undefined) {
    this.#hasher = hasher;
  }

  /** Reads a file from its start to its end. */
  async run<F extends CanonicalFacts>(source: Source, draw: () => F, signal: AbortSignal): Promise<FirstPass<F>> {
    const { lend } = source;
    const hasher = this.#hasher;
    const isNear = this.#bytesAhead <= PATIENCE_BYTES + 4 * source.size;
    if (lend === undefined || hasher === undefined || !isNear) return readHere(source, draw(), signal);
    this.#bytesAhead += source.size;
    const turn = this.#last.then(async () => {
      signal.throwIfAborted();
      const facts = draw();
      const hashes = await lend((file) => hasher(file, facts, signal));
      return hashes && { facts, sign: hashes.sign };
    });
    this.#last = turn
      .catch(() => {})
      .finally(() => {
        this.#bytesAhead -= source.size;
      });
    return (await orAborted(turn, signal)) ?? readHere(source, draw(), signal);
  }
}

async function readHere<F extends CanonicalFacts>(
  source: Source,
  facts: F,
  signal: AbortSignal,
): Promise<FirstPass<F>> {
  const canonical = new CanonicalHash(facts);
  const chunks = source.read();
  const whole = Array.isArray(chunks) && chunks.length === 1 ? chunks[0] : undefined;
  if (whole instanceof Uint8Array) {
    canonical.update(whole);
    return { facts, sign: canonical.digest(), whole };
  }
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    canonical.update(chunk);
  }
  return { facts, sign: canonical.digest() };
}
