import { closeSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../errors.ts';
import { repeatWhileHeld } from '../../held.ts';
import { ownerOf, temporaryName } from '../temporary.ts';

/** The temporary files of one process, each with a unique name. */
export class TemporaryFiles {
  readonly #processId: number;
  #count = 0;

  constructor(processId: number) {
    this.#processId = processId;
  }

  /** Writes a temporary file in a directory and returns its name; leaves nothing when that fails. */
  write(directory: string, content: Iterable<string | Buffer>): string {
    const { name, descriptor } = this.#open(directory);
    orDiscard(join(directory, name), () => writeAndClose(descriptor, content));
    return name;
  }

  #open(directory: string): { readonly name: string; readonly descriptor: number } {
    for (;;) {
      const name = temporaryName(this.#processId, this.#count++);
      try {
        return { name, descriptor: openSync(join(directory, name), 'wx', 0o644) };
      } catch (error) {
        // An earlier process with the same id left a file of this name.
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
  }
}

/** Runs an operation on a temporary file, and removes the file when the operation fails. */
export function orDiscard(location: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    discardTemporary(location);
    throw error;
  }
}

/** Tries once to remove a temporary file. */
export function discardTemporary(location: string): void {
  try {
    unlinkSync(location);
  } catch {
    // `sweep` removes the file at the end, or a later run does.
  }
}

/** Lists temporary files that no process renames: of dead ones, and of the given one, between two writes. */
export function leftoversIn(directory: string, processId: number): string[] {
  return namesIn(directory).filter((name) => ownerOf(name) !== undefined && !isTemporaryOfOthers(name, processId));
}

/** Tells whether a temporary file of this name will be renamed by another process. */
export function isTemporaryOfOthers(name: string, processId: number): boolean {
  const owner = ownerOf(name);
  return owner !== undefined && owner !== processId && isAlive(owner);
}

/** Removes a temporary file, waiting until this `performance.now()` while it is held; returns whether that worked. */
export function removeLeftover(location: string, until: number): boolean {
  try {
    repeatWhileHeld(() => unlinkSync(location), { limitMs: until - performance.now() });
    return true;
  } catch {
    return false;
  }
}

/** Lists the names in a directory; empty when it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // The directory does not exist yet or cannot be read; writing reports the reason.
    return [];
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

function writeAndClose(descriptor: number, pieces: Iterable<string | Buffer>): void {
  try {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Block size in characters: a system call for every line would be slow, and one string for everything large. */
const BLOCK_CHARACTERS = 64 * 1024;

/** Joins short pieces of text into longer ones. */
export function* inBlocks(pieces: Iterable<string>): Generator<string> {
  let block = '';
  for (const piece of pieces) {
    block += piece;
    if (block.length < BLOCK_CHARACTERS) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}
