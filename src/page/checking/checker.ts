import type { SignatureState } from '../judging/verdict.ts';
import { MAX_SIGNATURE_FILE_BYTES } from '../verifier/signature-text.ts';
import type { Hashing } from '../worker/hashing.ts';
import type { Entry } from './entry.ts';

/** How far the files that wait have come. */
export interface Progress {
  readonly bytesRead: number;
  readonly bytesGiven: number;
  /** Files without a verdict. */
  readonly waiting: number;
  /** Path of the file that is being read. */
  readonly current: string | undefined;
}

/** What is told as the check goes on. */
export interface CheckerEvents {
  /** The facts of an entry are known, or its bytes cannot be read: then it has none. */
  readonly onChecked: (entry: Entry) => void;
  readonly onProgress: () => void;
}

/** Checks entries one after the other; while one ends in the worker, the next is read. */
export class Checker {
  readonly #hashing: Hashing;
  readonly #signatureOf: (path: string) => File | undefined;
  readonly #events: CheckerEvents;
  readonly #queue: Entry[] = [];
  #isRunning = false;
  #waiting = 0;
  #bytesRead = 0;
  #bytesGiven = 0;
  #current: string | undefined;

  constructor(hashing: Hashing, signatureOf: (path: string) => File | undefined, events: CheckerEvents) {
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
    const text = signature && (await readSignature(signature));
    try {
      if (entry.pass?.reusable) {
        const { reusable, sha256 } = entry.pass;
        this.#bytesRead += entry.file.size;
        const state = text === undefined ? 'missing' : await this.#hashing.verify(text, reusable);
        return this.#finish(entry, { sha256, signature: state });
      }
      const { result } = await this.#hashing.send(entry.file, text, (bytes) => {
        this.#bytesRead += bytes;
        this.#events.onProgress();
      });
      void result.then(
        (pass) => {
          entry.pass = pass;
          this.#finish(entry, pass);
        },
        () => {},
      );
    } catch {
      // When the worker is lost, nothing can be said about the file.
      if (!this.#hashing.lost) this.#finish(entry, undefined);
    }
  }

  #finish(entry: Entry, found: { readonly sha256: string; readonly signature: SignatureState } | undefined): void {
    const { path } = entry;
    entry.facts = found && { path, sha256: found.sha256, signature: found.signature };
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
    return await file.text();
  } catch {
    return '';
  }
}
