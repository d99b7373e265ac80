import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { ActionError, toActionError } from '../errors.ts';
import { show } from './names.ts';
import { createPause } from './pause.ts';
import { hashFile } from './reading/open-file.ts';
import { movedDirectory } from './reading/read-errors.ts';
import { hashText, readSignatureFile } from './reading/read-small.ts';
import { findRealPath } from './real-path.ts';
import type { FileOutcome, ReleaseFile } from './release-file.ts';
import { matchesStamp } from './stamp.ts';
import type { OutputTree } from './writing/output-tree.ts';

/** A file and its signature as they were when the one was signed or checked. */
export interface Sealed {
  readonly file: ReleaseFile;
  /** As hex. */
  readonly sha256: string;
  /** As base64url; `undefined` for a file without a signature. */
  readonly signatureSha256: string | undefined;
}

/** Where the signatures are. */
export interface SealPlaces {
  readonly output: OutputTree;
  readonly suffix: string;
  readonly signal: AbortSignal;
}

/**
 * Looks once more at every file and every signature, just before the end of a run: what was checked minutes ago may have
 * changed since.
 *
 * A file that the file system calls the same as when it was listed is not read again; a signature is always read, because
 * it was written too short a time ago for the file system to tell. Returns why each of the others cannot be trusted any
 * more, by its path.
 */
export async function findChanged(
  sealed: Iterable<Sealed>,
  { output, suffix, signal }: SealPlaces,
): Promise<Map<string, ActionError>> {
  const changed = new Map<string, ActionError>();
  const places = new Places();
  const pause = createPause(signal);
  for (const { file, sha256, signatureSha256 } of sealed) {
    await pause();
    try {
      places.check(dirname(file.location));
      if (!isAsListed(file)) await checkBytes(file, sha256);
      if (signatureSha256 === undefined) continue;
      const location = output.realPathOf(file.path + suffix);
      places.check(dirname(location));
      const found = hashText(readSignatureFile(location) ?? '');
      if (found === signatureSha256) continue;
      // A file that a link to its directory shows a second time has one signature for both.
      if (!someOtherOf(sealed, { location, found, output, suffix })) throw changedSince(file.path + suffix);
    } catch (error) {
      changed.set(file.path, toActionError(error, 'FILE_UNREADABLE', `${show(file.path)} cannot be looked at again.`));
    }
  }
  return changed;
}

/** Directories that are where their path says; each is looked at once. */
class Places {
  readonly #good = new Set<string>();

  check(directory: string): void {
    if (this.#good.has(directory)) return;
    if (findRealPath(directory).path !== directory) throw movedDirectory(directory);
    this.#good.add(directory);
  }
}

function isAsListed({ location, size, stamp }: ReleaseFile): boolean {
  if (!stamp?.isSettled) return false;
  const now = lstatSync(location, { throwIfNoEntry: false });
  return now !== undefined && now.size === size && matchesStamp(stamp, now);
}

async function checkBytes(file: ReleaseFile, sha256: string): Promise<void> {
  if ((await hashFile(file)) === sha256) return;
  throw changedSince(file.path);
}

interface Found extends Omit<SealPlaces, 'signal'> {
  readonly location: string;
  readonly found: string;
}

function someOtherOf(sealed: Iterable<Sealed>, { location, found, output, suffix }: Found): boolean {
  for (const { file, signatureSha256 } of sealed) {
    if (signatureSha256 === found && output.realPathOf(file.path + suffix) === location) return true;
  }
  return false;
}

function changedSince(path: string): ActionError {
  return new ActionError('FILE_CHANGED', `${show(path)} changed after it was signed or checked.`, {
    hint: 'Let nothing write to the build outputs, or to their signatures, while this step runs.',
  });
}

/** Lists what can be sealed, as often as it is asked: the files that were signed, or found signed. */
export function sealable(files: readonly ReleaseFile[], outcomes: readonly FileOutcome[]): Iterable<Sealed> {
  const byPath = new Map(outcomes.map((outcome) => [outcome.file.path, outcome]));
  return {
    *[Symbol.iterator]() {
      for (const file of files) {
        const { sha256, signatureSha256, error } = byPath.get(file.path) ?? {};
        if (sha256 !== undefined && error === undefined) yield { file, sha256, signatureSha256 };
      }
    },
  };
}
