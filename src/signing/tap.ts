import { createHash, hash } from 'node:crypto';
import { changed, type OpenFile } from '../files/open-file.ts';
import type { VerifyPass } from '../verifying/verifier.ts';
import { Failure } from './failure.ts';
import type { Source } from './signer.ts';

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
  return Array.isArray(content) ? tapMemory(file, content, options) : tapStream(path, file, options);
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

function tapStream(path: string, file: OpenFile, { startPass, signal }: TapOptions): TappedSource {
  const digests: string[] = [];
  let begun = 0;
  let last: VerifyPass | undefined;

  async function* pour(): AsyncGenerator<Uint8Array> {
    const sha256 = createHash('sha256');
    const pass = startPass();
    begun++;
    for await (const chunk of file.read()) {
      signal.throwIfAborted();
      sha256.update(chunk);
      pass?.update(chunk);
      yield chunk;
    }
    digests.push(sha256.digest('hex'));
    last = pass;
  }

  return {
    size: file.size,
    read: pour,
    finish() {
      file.checkUnchanged();
      const [sha256] = digests;
      if (digests.some((digest) => digest !== sha256)) throw changed({ path });
      if (sha256 === undefined || digests.length < begun) throw tooEarly();
      return { sha256, pass: last };
    },
  };
}

function tooEarly(): Failure {
  return new Failure('request', 'ANSWER_TOO_EARLY', 'The service answered before it had the whole file.', {
    hint: 'A signature over part of a file is worth nothing. Show this line to the operators of the service.',
    maxTries: 3,
  });
}
