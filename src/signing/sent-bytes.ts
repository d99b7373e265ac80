import { createHash, hash } from 'node:crypto';
import type { OpenFile } from '../files/reading/open-file.ts';
import { changed } from '../files/reading/read-errors.ts';
import type { VerifyPass } from '../verifying/verifier.ts';
import { Failure } from './policy/failure.ts';
import type { Lend, Lent, LentFile, Source } from './signer.ts';

/** A source that notes what passes through it: every pass must show the same bytes, and the last one is what was sent. */
export interface TappedSource extends Source {
  read(): Uint8Array[] | AsyncGenerator<Uint8Array>;
  /**
   * Ends the try; returns the file's SHA-256 as hex and the verifier's pass over exactly the bytes that were sent.
   *
   * @throws ActionError `FILE_CHANGED`, `ANSWER_TOO_EARLY`
   */
  finish(): { readonly sha256: string; readonly pass: VerifyPass | undefined };
}

/** How a file is watched. */
export interface TapOptions {
  /** Begins a verifier's pass over the file. */
  readonly startPass: () => VerifyPass | undefined;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** Puts a tap on an open file for one try. */
export function tap(path: string, file: OpenFile, options: TapOptions): TappedSource {
  const content = file.read();
  return Array.isArray(content) ? tapMemory(file, content, options) : new StreamTap(path, file, options);
}

/** Bytes in memory are the same in every pass, so one look is enough. */
function tapMemory(file: OpenFile, content: Uint8Array[], { startPass }: TapOptions): TappedSource {
  const [chunk = new Uint8Array()] = content;
  return {
    size: file.size,
    read: () => content,
    finish() {
      file.checkUnchanged();
      const pass = startPass();
      pass?.update(chunk);
      return { sha256: hash('sha256', chunk, 'hex'), pass };
    },
  };
}

/** Every reading gives a digest; the verifier's pass is that of the last one that went through our hands. */
class StreamTap implements TappedSource {
  readonly size: number;
  readonly lend: Lend | undefined;
  readonly #path: string;
  readonly #file: OpenFile;
  readonly #options: TapOptions;
  readonly #digests: string[] = [];
  #begun = 0;
  #ended = 0;
  #last: VerifyPass | undefined;

  constructor(path: string, file: OpenFile, options: TapOptions) {
    this.size = file.size;
    this.#path = path;
    this.#file = file;
    this.#options = options;
    const { lend } = file;
    this.lend = lend && ((reader) => this.#lend(lend, reader));
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const { startPass, signal } = this.#options;
    const sha256 = createHash('sha256');
    const pass = startPass();
    this.#begun++;
    for await (const chunk of this.#file.read()) {
      signal.throwIfAborted();
      sha256.update(chunk);
      pass?.update(chunk);
      yield chunk;
    }
    this.#digests.push(sha256.digest('hex'));
    this.#ended++;
    this.#last = pass;
  }

  finish(): ReturnType<TappedSource['finish']> {
    this.#file.checkUnchanged();
    const [sha256] = this.#digests;
    if (this.#digests.some((digest) => digest !== sha256)) throw changed({ path: this.#path });
    // What was lent was not sent: at least one reading must have been.
    if (sha256 === undefined || this.#begun === 0 || this.#ended < this.#begun) throw tooEarly();
    return { sha256, pass: this.#last };
  }

  async #lend<T extends Lent>(lend: NonNullable<OpenFile['lend']>, reader: (file: LentFile) => Promise<T>): Promise<T> {
    const result = await lend((descriptor) => reader({ descriptor, path: this.#path, size: this.size }));
    if (result) this.#digests.push(result.sha256);
    return result;
  }
}

function tooEarly(): Failure {
  return new Failure('request', 'ANSWER_TOO_EARLY', 'The service answered before it had the whole file.', {
    hint: 'A signature over part of a file is worth nothing. Show this line to the operators of the service.',
    maxTries: 3,
  });
}
