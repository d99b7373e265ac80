import { createHash, hash } from 'node:crypto';
import { hashBytes, readInto, startHash } from '../files/hashing/file-hash.ts';
import type { OpenFile } from '../files/reading/open-file.ts';
import { changed } from '../files/reading/read-errors.ts';
import type { Check, Verifier, VerifyPass } from '../verifying/verifier.ts';
import { Failure } from './policy/failure.ts';
import type { Digested, Hashing, Source } from './signer.ts';

/** A large file that another thread of this process can read while `lend` keeps it open. */
export interface LargeFile {
  readonly path: string;
  readonly size: number;
  readonly lend: NonNullable<OpenFile['lend']>;
}

/** A hash of a file with the SHA-256 (hex) of the bytes that were read for it. */
interface CheckedDigest<H extends Hashing> extends Digested<H> {
  readonly sha256: string;
}

/** Hashes a large file in another thread; resolves with `undefined` when the caller has to do it. */
export type HashElsewhere = <H extends Hashing>(
  file: LargeFile,
  begin: () => H,
  signal: AbortSignal,
) => Promise<CheckedDigest<H> | undefined>;

/** A source that records the bytes of every pass; all passes must have the same bytes. */
interface RecordedSource extends Source {
  read(): Uint8Array[] | AsyncGenerator<Uint8Array>;
  /** Ends the attempt; returns SHA-256 as hex and check of signatures, throws `FILE_CHANGED`, `ANSWER_TOO_EARLY`. */
  finish(): Promise<{ readonly sha256: string; readonly check: Check | undefined }>;
}

/** Options for recording a file. */
export interface RecordOptions {
  /** Absent when signatures are not verified. */
  readonly verifier?: Verifier | undefined;
  readonly hashElsewhere?: HashElsewhere | undefined;
  /** Aborts the reading. */
  readonly signal: AbortSignal;
}

/** Records the passes over an open file for an attempt. */
export function record(path: string, file: OpenFile, options: RecordOptions): RecordedSource {
  const content = file.read();
  return Array.isArray(content)
    ? recordMemory(memorySource(path, content[0] ?? new Uint8Array()), options)
    : new RecordedStream(path, file, options);
}

/** Returns a source of bytes in memory. */
export function memorySource(path: string, bytes: Uint8Array): Omit<Source, 'read'> & { read(): Uint8Array[] } {
  const content = [bytes];
  return {
    path,
    size: bytes.length,
    read: () => content,
    async digest(begin) {
      const hashing = begin();
      return { hashing, digest: hashBytes(hashing, bytes) };
    },
  };
}

/**
 * Records bytes in memory, which are the same in every pass: one pass at the end is enough, and none if the SHA-256 was
 * sent. The end of the run checks that all files still have these bytes; a check here would cost as much as writing the
 * signature.
 */
function recordMemory(source: ReturnType<typeof memorySource>, { verifier }: RecordOptions): RecordedSource {
  const [bytes = new Uint8Array()] = source.read();
  let known: string | undefined;
  return {
    ...source,
    async digest(begin) {
      const digested = await source.digest(begin);
      const { hashing, digest } = digested;
      if (hashing.algorithm === 'sha256' && hashing.around === undefined) known = Buffer.from(digest).toString('hex');
      return digested;
    },
    async finish() {
      const sha256 = known ?? hash('sha256', bytes, 'hex');
      return { sha256, check: verifier?.whole(bytes) };
    },
  };
}

/** Computes a SHA-256 in every pass; the verifier uses the last pass. */
class RecordedStream implements RecordedSource {
  readonly path: string;
  readonly size: number;
  readonly #file: OpenFile;
  readonly #options: RecordOptions;
  readonly #sums: string[] = [];
  #isDigested = false;
  #begun = 0;
  #ended = 0;
  #last: VerifyPass | undefined;

  constructor(path: string, file: OpenFile, options: RecordOptions) {
    this.path = path;
    this.size = file.size;
    this.#file = file;
    this.#options = options;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const { verifier, signal } = this.#options;
    const sum = createHash('sha256');
    const pass = verifier?.start(this.size);
    this.#begun++;
    for await (const chunk of this.#file.read()) {
      signal.throwIfAborted();
      sum.update(chunk);
      pass?.update(chunk);
      yield chunk;
    }
    this.#sums.push(sum.digest('hex'));
    this.#ended++;
    this.#last = pass;
  }

  async digest<H extends Hashing>(begin: () => H): Promise<Digested<H>> {
    const { sha256, ...digested } = (await this.#digestElsewhere(begin)) ?? (await this.#digestHere(begin()));
    this.#sums.push(sha256);
    this.#isDigested ||= digested.hashing.around === undefined;
    return digested;
  }

  async finish(): ReturnType<RecordedSource['finish']> {
    const isSent = this.#begun > 0 ? this.#ended === this.#begun : this.#isDigested;
    // A verifier needs the bytes, even if only their digest was sent.
    if (isSent && this.#begun === 0 && this.#options.verifier) await readInto(this.read(), []);
    const [sha256] = this.#sums;
    if (this.#sums.some((sum) => sum !== sha256)) throw changed({ path: this.path });
    if (sha256 === undefined || !isSent) throw tooEarly();
    await this.#file.checkUnchanged(sha256);
    return { sha256, check: this.#last };
  }

  async #digestElsewhere<H extends Hashing>(begin: () => H): Promise<CheckedDigest<H> | undefined> {
    const { hashElsewhere, signal } = this.#options;
    const { lend, size } = this.#file;
    return lend && hashElsewhere?.({ path: this.path, size, lend }, begin, signal);
  }

  async #digestHere<H extends Hashing>(hashing: H): Promise<CheckedDigest<H>> {
    const sum = startHash(hashing);
    const sha256 = createHash('sha256');
    await readInto(this.#file.read(), [sum, sha256], this.#options.signal);
    return { hashing, digest: sum.digest(), sha256: sha256.digest('hex') };
  }
}

function tooEarly(): Failure {
  return new Failure('request', 'ANSWER_TOO_EARLY', 'The service answered before it had the whole file.', {
    hint: 'A signature over part of a file is worth nothing. Show this line to the operators of the service.',
    maxAttempts: 3,
  });
}
