import { decodeSignatureFile, MAX_SIGNATURE_FILE_BYTES } from '../verifier/signature-text.ts';
import type { Hashing, SentFile } from '../worker/hashing.ts';
import type { PassResult } from '../worker/messages.ts';
import type { Entry } from './entry.ts';
import type { SignatureFiles } from './signatures.ts';

/** Progress of the files in the queue. */
export interface Progress {
  readonly bytesRead: number;
  readonly bytesGiven: number;
  /** Files without a verdict. */
  readonly waiting: number;
  /** Path of the file that is being read. */
  readonly current: string | undefined;
}

interface CheckerEvents {
  /** Called when the facts of an entry are known, or missing because the file cannot be read. */
  readonly onChecked: (entry: Entry) => void;
  readonly onProgress: () => void;
}

/** Checks entries one after the other; the next one is read while the worker finishes the previous one. */
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

  /** Returns the progress since the queue was last empty. */
  get progress(): Progress {
    const [bytesRead, bytesGiven] = [this.#bytesRead, this.#bytesGiven];
    return { bytesRead, bytesGiven, waiting: this.#waiting, current: this.#current };
  }

  /** Adds an entry to the queue. */
  enqueue(entry: Entry): void {
    this.#queue.push(entry);
    this.#waiting++;
    this.#bytesGiven += entry.file.size;
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Lets the caller queue all files of one selection before the first file is read.
    await Promise.resolve();
    let at = 0;
    for (let entry = this.#queue[at]; entry; entry = this.#queue[++at]) await this.#check(entry);
    this.#queue.length = 0;
    this.#isRunning = false;
  }

  /** Starts checking an entry; resolves when the next one may be sent, maybe before the verdict. */
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
        // Most browsers refuse to read a file that changed after it was chosen, whose digest is out of date.
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
      // Without the worker there is no verdict about the file.
      if (!this.#hashing.lost) this.#finish(entry, undefined);
    }
  }

  #send({ file }: Entry, text: string | undefined): Promise<SentFile> {
    return this.#hashing.send(file, text, (bytes) => {
      this.#bytesRead += bytes;
      this.#events.onProgress();
    });
  }

  /** Tries signatures until one is valid, with the digest of the previous pass if possible, otherwise in a new pass. */
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

/** Reads a signature file; returns an empty text, which the worker rejects, if it is too large or unreadable. */
async function readSignature(file: File): Promise<string> {
  if (file.size > MAX_SIGNATURE_FILE_BYTES) return '';
  try {
    return decodeSignatureFile(new Uint8Array(await file.arrayBuffer()));
  } catch {
    return '';
  }
}
