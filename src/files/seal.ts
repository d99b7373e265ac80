import { dirname } from 'node:path';
import { type ActionError, toActionError } from '../errors.ts';
import { show } from './names.ts';
import type { Patience } from './patience.ts';
import { createPause, type Pause } from './pause.ts';
import { hashFile } from './reading/open-file.ts';
import { changedSince, movedDirectory } from './reading/read-errors.ts';
import { hashText, holdsText, readSignatureFile } from './reading/read-small.ts';
import { findRealPath, lookAtPlace } from './real-path.ts';
import type { FileOutcome, ReleaseFile } from './release-file.ts';
import { matchesStamp } from './stamp.ts';
import { findDirectory, isInPlace } from './writing/directories.ts';
import type { OutputTree } from './writing/output-tree.ts';

/** A file and its signature as they were when the file was signed or checked. */
export interface Sealed {
  readonly file: ReleaseFile;
  /** SHA-256 of the file, as hex. */
  readonly sha256: string;
  /** As base64url; `undefined` for a file without a signature. */
  readonly signatureSha256: string | undefined;
}

/** Compares texts with digests in another thread; returns the indices of wrong ones, or `undefined` if it cannot. */
export type CompareElsewhere = (
  locations: readonly string[],
  digests: readonly string[],
) => Promise<readonly number[] | undefined>;

/** Where the signatures are, and how another thread helps to read them. */
interface SealOptions {
  readonly output: OutputTree;
  readonly suffix: string;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly compareElsewhere?: CompareElsewhere | undefined;
}

/** Number of files that are checked together; two such chunks are under way. */
const CHUNK_FILES = 1024;
/** Share of the signatures that the other thread reads while this thread checks the files and reads the rest. */
const ELSEWHERE = 0.8;

/**
 * Checks files and signatures again at the end of a run; returns an error for each path that can no longer be trusted.
 *
 * A file with the same file system data is not read again; a signature is, because it is too new for its data to show a change.
 */
export async function findChanged(sealed: Iterable<Sealed>, options: SealOptions): Promise<Map<string, ActionError>> {
  const seal = new Seal(sealed, options);
  const chunk: Sealed[] = [];
  let finish = async (): Promise<void> => {};
  const check = async (): Promise<void> => {
    // The other thread has its next signatures before this thread waits for what it found about the last ones.
    const next = await seal.check(chunk.splice(0));
    await finish();
    finish = next;
  };
  for (const one of sealed) if (chunk.push(one) === CHUNK_FILES) await check();
  await check();
  await finish();
  return seal.changed;
}

/** A signature to compare. */
interface Place {
  readonly one: Sealed;
  readonly location: string;
  readonly digest: string;
}

class Seal {
  readonly changed = new Map<string, ActionError>();
  readonly #sealed: Iterable<Sealed>;
  readonly #options: SealOptions;
  readonly #pause: Pause;
  /** Directories that were not moved and are not behind a link. */
  readonly #inPlace = new Set<string>();

  constructor(sealed: Iterable<Sealed>, options: SealOptions) {
    this.#sealed = sealed;
    this.#options = options;
    this.#pause = createPause(options.signal);
  }

  /** Checks files and signatures, except those that the other thread reads; the returned function waits for these. */
  async check(chunk: readonly Sealed[]): Promise<() => Promise<void>> {
    const { compareElsewhere } = this.#options;
    const places = chunk.flatMap((one) => this.#locate(one));
    const elsewhere = places.slice(0, compareElsewhere ? Math.floor(places.length * ELSEWHERE) : 0);
    const wrong = compareElsewhere?.(
      elsewhere.map(({ location }) => location),
      elsewhere.map(({ digest }) => digest),
    );
    for (const one of chunk) {
      const turn = this.#pause();
      if (turn) await turn;
      if (!this.#isUntouched(one)) await this.#note(one, () => this.#checkFile(one));
    }
    for (const { one, location } of elsewhere)
      if (!this.#isInPlace(location)) await this.#note(one, () => this.#checkDirectory(location));
    await this.#compare(places.slice(elsewhere.length));
    return async () => {
      const indices = await wrong;
      await this.#compare(indices ? indices.flatMap((at) => elsewhere[at] ?? []) : elsewhere);
    };
  }

  #locate(one: Sealed): Place[] {
    const { output, suffix } = this.#options;
    const { file, signatureSha256: digest } = one;
    return digest === undefined ? [] : [{ one, digest, location: output.realPathOf(file.path + suffix) }];
  }

  /** Rules out nearly all files without the cost of a promise for each. */
  #isUntouched({ file }: Sealed): boolean {
    return file.via === undefined && this.#isInPlace(file.location) && isAsListed(file);
  }

  async #checkFile({ file, sha256 }: Sealed): Promise<void> {
    this.#checkDirectory(file.location);
    if (file.via !== undefined && findRealPath(file.via).path !== file.location) throw changedSince(file.path);
    if (isAsListed(file)) return;
    const now = await this.#options.patience.readAgain(file.path, () => hashFile(file));
    if (now !== sha256) throw changedSince(file.path);
  }

  async #compare(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      const turn = this.#pause();
      if (turn) await turn;
      const isSame = this.#isInPlace(place.location) && holdsText(place.location, place.digest);
      if (!isSame) await this.#note(place.one, () => this.#explain(place));
    }
  }

  async #explain({ one, location, digest }: Place): Promise<void> {
    this.#checkDirectory(location);
    const { suffix, patience } = this.#options;
    const text = await patience.readAgain(one.file.path + suffix, () => readSignatureFile(location));
    const found = hashText(text ?? '');
    // The first signature of a directory gets here too, as does a file that another program had open.
    if (found === digest) return;
    // A file that is also listed through a link to its directory has one signature for both paths.
    for (const other of this.#sealed) {
      if (other.signatureSha256 !== found) continue;
      if (this.#locate(other).some((place) => place.location === location)) return;
    }
    throw changedSince(one.file.path + suffix);
  }

  #isInPlace(location: string): boolean {
    return this.#inPlace.has(dirname(location));
  }

  #checkDirectory(location: string): void {
    if (this.#isInPlace(location)) return;
    const directory = dirname(location);
    const found = findDirectory(directory);
    if (!found || !isInPlace(found)) throw movedDirectory(directory);
    this.#inPlace.add(directory);
  }

  async #note({ file: { path } }: Sealed, look: () => void | Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      const known = toActionError(error, 'FILE_UNREADABLE', `${show(path)} cannot be examined again.`);
      if (!this.changed.has(path)) this.changed.set(path, known);
    }
  }
}

function isAsListed({ location, size, stamp }: ReleaseFile): boolean {
  if (!stamp?.isSettled) return false;
  // If the stats cannot be read, the file is read again, and the error gives the reason.
  const now = lookAtPlace(location);
  return now !== undefined && now.size === size && matchesStamp(stamp, now);
}

/** Iterates, as often as needed, over the files that were signed or found signed. */
export function sealable(files: readonly ReleaseFile[], outcomes: readonly FileOutcome[]): Iterable<Sealed> {
  const byPath = new Map<string, FileOutcome>();
  for (const outcome of outcomes) byPath.set(outcome.file.path, outcome);
  return {
    *[Symbol.iterator]() {
      for (const file of files) {
        const { sha256, signatureSha256, error } = byPath.get(file.path) ?? {};
        if (sha256 !== undefined && error === undefined) yield { file, sha256, signatureSha256 };
      }
    },
  };
}
