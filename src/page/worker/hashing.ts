import type { SignatureState } from '../judging/verdict.ts';
import type { Signing } from '../verifier/verifier.ts';
import type { PassResult, Reply, Request } from './messages.ts';

/** Bytes that are read at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** A file that was sent to the worker completely. */
export interface SentFile {
  readonly result: Promise<PassResult>;
}

/** Reads files, which no worker of WebKit can on `file://`, and has a worker hash them, which would freeze the page. */
export class Hashing {
  readonly #worker: Worker;
  readonly #onLost: (reason: string) => void;
  readonly #waiting: { readonly resolve: (reply: Reply) => void; readonly reject: (reason: Error) => void }[] = [];
  #lost: Error | undefined;

  /** `source` is the script of page and worker; `onLost` is called once with the reason why the worker ended. */
  constructor(source: string, signing: Signing, onLost: (reason: string) => void) {
    this.#onLost = onLost;
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    this.#worker = new Worker(url);
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.did === 'fail') this.#lose(data.reason);
      else this.#waiting.shift()?.resolve(data);
    };
    this.#worker.onerror = ({ message }) => this.#lose(message || 'the browser did not start it');
    this.#ask({ do: 'open', signing }).catch(() => {});
  }

  /** Why no file can be checked any more. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** Sends all bytes of a file; rejects when they cannot be read. The next file may be sent before the result arrives. */
  async send(file: Blob, signature: string | undefined, onBytes: (bytes: number) => void): Promise<SentFile> {
    this.#post({ do: 'begin', signature });
    try {
      await this.#sendChunks(file, onBytes);
      return { result: this.#end() };
    } catch (error) {
      // This pass must end before the next one starts.
      void this.#end();
      throw error;
    }
  }

  #end(): Promise<PassResult> {
    const result = this.#ask({ do: 'end' }).then((reply) => {
      if (reply.did !== 'end') throw new Error('The worker answered out of turn.');
      return reply.result;
    });
    // The caller may handle the result only after the next file is sent.
    result.catch(() => {});
    return result;
  }

  /** Verifies a signature with the digest of an earlier pass. */
  async verify(signature: string, digest: Uint8Array): Promise<SignatureState> {
    const reply = await this.#ask({ do: 'verify', signature, digest });
    if (reply.did !== 'verify') throw new Error('The worker answered out of turn.');
    return reply.signature;
  }

  /** Sends a file in chunks; at most two wait for the worker, because more would only take memory. */
  async #sendChunks(file: Blob, onBytes: (bytes: number) => void): Promise<void> {
    let total = 0;
    let [before, last] = [Promise.resolve<unknown>(undefined), Promise.resolve<unknown>(undefined)];
    for (let at = 0; at < file.size; at += CHUNK_BYTES) {
      const bytes = new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer());
      const { length } = bytes;
      total += length;
      await before;
      before = last;
      last = this.#ask({ do: 'chunk', bytes }, [bytes.buffer]);
      last.catch(() => {});
      onBytes(length);
    }
    // An empty file is read too, because only reading shows that a file is gone.
    if (file.size === 0) total = (await file.arrayBuffer()).byteLength;
    if (total !== file.size) throw new Error('The file does not have the size that it had when it was chosen.');
  }

  #ask(request: Request, transfer: Transferable[] = []): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      this.#waiting.push({ resolve, reject });
      this.#post(request, transfer);
    });
  }

  #post(request: Request, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  #lose(reason: string): void {
    if (this.#lost) return;
    this.#lost = new Error(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lost);
    this.#onLost(reason);
  }
}
