import { decodeSignatureFile, MAX_SIGNATURE_FILE_BYTES } from '../verifier/signature-text.ts';
import type { Hashing, SentFile } from '../worker/hashing.ts';
import type { PassResult } from '../worker/messages.ts';
import type { Entry } from './entry.ts';
import type { SignatureFiles } from './signatures.ts';

/** How far the files that wait have come. */
export interface Progress {
  readonly bytesRead: number;
  readonly bytesGiven: number;
  /** Files without a verdict. */
  readonly waiting: number;
  /** Path of the file that is being read. */
  readonly current: string | undefined;
}

interface CheckerEvents {
  /** The facts of an entry are known, or its bytes cannot be read: then it has none. */
  readonly onChecked: (entry: Entry) => void;
  readonly onProgress: () => void;
}

/** Checks entries one after the other; while one ends in the worker, the next is read. */
export class Checker {
  readonly #hashing: Hashing;
  readonly #signatureOf: (path: string) => SignatureFiles | undefined;
  readonly #events: CheckerEvents;
  readonly #queue: Entry[] = [];
  #isRunning = false;
  #waiting = 0;
  #bytesRead = 0;
  #bytesGiven = 0;
  #current: string | undefined;

  constructor(hashing: Hashing, signatureOf: (path: string) => SignatureFiles | undefined, events: CheckerEvents) {
    this.#hashing = hashing;
    this.#signatureOf = signatureOf;
    this.#events = events;
  }

  /** How far the check has come since nothing waited. */
  get progress(): Progress {
    const [bytesRead, bytesGiven] = [this.#bytesRead, this.#bytesGiven];
    return { bytesRead, bytesGiven, waiting: this.#waiting, current: this.#current };
  }

  /** Checks an entry when its turn comes. */
  enqueue(entry: Entry): void {
    this.#queue.push(entry);
    this.#waiting++;
    this.#bytesGiven += entry.file.size;
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Everything that is given at once is queued before the first file is read.
    await Promise.resolve();
    let at = 0;
    for (let entry = this.#queue[at]; entry; entry = this.#queue[++at]) await this.#check(entry);
    this.#queue.length = 0;
    this.#isRunning = false;
  }

  /** Resolves when the next entry may be sent; the verdict of this one may come later. */
  async #check(entry: Entry): Promise<void> {
    if (this.#hashing.lost) return;
    this.#current = entry.path;
    this.#events.onProgress();
    const signature = this.#signatureOf(entry.path);
    entry.signature = signature;
    const texts = await Promise.all((signature ?? []).map(readSignature));
    try {
      const [first, ...others] = texts;
      if (entry.pass?.reusable) {
        // Most browsers refuse to read a file that was changed since it was chosen: its digest is of other bytes.
        await entry.file.slice(0, 1).arrayBuffer();
        this.#bytesRead += entry.file.size;
        this.#finish(entry, await this.#try(entry, { ...entry.pass, signature: 'missing' }, texts));
      } else if (others.length > 0) {
        this.#finish(entry, await this.#try(entry, await (await this.#send(entry, first)).result, others));
      } else {
        const { result } = await this.#send(entry, first);
        void result.then(
          (pass) => this.#finish(entry, pass),
          () => {},
        );
      }
    } catch {
      // When the worker is lost, nothing can be said about the file.
      if (!this.#hashing.lost) this.#finish(entry, undefined);
    }
  }

  #send({ file }: Entry, text: string | undefined): Promise<SentFile> {
    return this.#hashing.send(file, text, (bytes) => {
      this.#bytesRead += bytes;
      this.#events.onProgress();
    });
  }

  /** Tries signatures until one is valid: with the digest of the pass before, or in another pass where that is of no use. */
  async #try(entry: Entry, before: PassResult, texts: readonly string[]): Promise<PassResult> {
    let pass = before;
    for (const text of texts) {
      if (pass.signature === 'valid') break;
      if (pass.reusable) pass = { ...pass, signature: await this.#hashing.verify(text, pass.reusable) };
      else {
        this.#bytesGiven += entry.file.size;
        pass = await (await this.#send(entry, text)).result;
      }
    }
    return pass;
  }

  #finish(entry: Entry, pass: PassResult | undefined): void {
    const { path } = entry;
    entry.pass = pass;
    entry.facts = pass && { path, sha256: pass.sha256, signature: pass.signature };
    this.#waiting--;
    if (this.#waiting === 0) {
      this.#bytesRead = 0;
      this.#bytesGiven = 0;
      this.#current = undefined;
    }
    this.#events.onChecked(entry);
  }
}

/** A file that is too large or unreadable is no signature; the worker says so of an empty text. */
async function readSignature(file: File): Promise<string> {
  if (file.size > MAX_SIGNATURE_FILE_BYTES) return '';
  try {
    return decodeSignatureFile(new Uint8Array(await file.arrayBuffer()));
  } catch {
    return '';
  }
}
