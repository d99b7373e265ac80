import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ActionError, codeOf } from '../../errors.ts';
import { TEMPORARY_PREFIX } from '../finding/own-paths.ts';
import { show } from '../names.ts';
import { findRealPath, isWithin } from '../real-path.ts';
import { unwritable } from './write-errors.ts';

const TEMPORARY_NAME = new RegExp(`^${TEMPORARY_PREFIX.replaceAll('.', '\\.')}(\\d+)-\\d+\\.tmp$`);

/**
 * The directory that everything written goes below, in the layout of the root.
 *
 * A file appears whole or not at all: it is written under a temporary name in its own directory and renamed, so a link
 * that someone planted at its place is replaced, never followed.
 */
export class OutputTree {
  readonly directory: string;
  /** Directories that were seen to lie in the tree, links and all. */
  readonly #inside = new Set<string>();
  readonly #prepared = new Set<string>();
  /** Of the process that writes; temporary files bear it. */
  readonly processId: number;
  #counter = 0;

  constructor(directory: string, processId: number) {
    this.directory = directory;
    this.processId = processId;
  }

  /** Absolute path of something in the tree. */
  locate(path: string): string {
    return join(this.directory, path);
  }

  /**
   * Writes a file, whose content may come in pieces, so that it appears at once with all of it.
   *
   * @throws ActionError `OUTPUT_FULL` (nothing more can be written), `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`
   */
  write(path: string, content: string | Iterable<string>): void {
    try {
      const target = this.locate(path);
      const directory = dirname(target);
      this.#prepare(path, directory);
      const { temporary, descriptor } = this.#openTemporary(directory);
      try {
        writeAndClose(descriptor, typeof content === 'string' ? [content] : inBlocks(content));
        renameSync(temporary, target);
      } catch (error) {
        removeIfPossible(temporary);
        throw error;
      }
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /**
   * Removes a file if it is there; a link goes, its target stays.
   *
   * @throws ActionError `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`
   */
  remove(path: string): void {
    const target = this.locate(path);
    try {
      // Mostly there is none, and an exception for each would be slow.
      if (lstatSync(target, { throwIfNoEntry: false }) === undefined) return;
      this.#checkInside(path, dirname(target));
      unlinkSync(target);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return;
      throw unwritable(path, error);
    }
  }

  /**
   * Removes temporary files that killed runs left beside the given paths, before this run writes any of its own; those
   * of other processes that live are left alone.
   */
  sweep(paths: Iterable<string>): number {
    let swept = 0;
    const byParent = new Map<string, string>();
    for (const path of paths) byParent.set(dirname(path), path);
    for (const [parent, path] of byParent) {
      const directory = this.locate(parent);
      for (const name of namesIn(directory)) {
        const owner = Number(TEMPORARY_NAME.exec(name)?.[1] ?? Number.NaN);
        // A file of this process is left from a former process of its number: none is open between two writes.
        if (Number.isNaN(owner) || (owner !== this.processId && isAlive(owner))) continue;
        this.#checkInside(path, directory);
        if (removeIfPossible(join(directory, name))) swept++;
      }
    }
    return swept;
  }

  /** Makes the directory of a path, in the tree and nowhere else. */
  #prepare(path: string, directory: string): void {
    if (this.#prepared.has(directory)) return;
    // A link on the way that leads out must be found before anything is made behind it.
    mkdirSync(this.directory, { recursive: true });
    this.#checkInside(path, directory);
    makeDirectory(directory);
    this.#prepared.add(directory);
  }

  #openTemporary(directory: string): { readonly temporary: string; readonly descriptor: number } {
    for (;;) {
      const temporary = join(directory, `${TEMPORARY_PREFIX}${this.processId}-${this.#counter++}.tmp`);
      try {
        return { temporary, descriptor: openSync(temporary, 'wx', 0o644) };
      } catch (error) {
        // Left by a former process of this number.
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
  }

  /** Sees that no link on the way to a directory, as far as it exists, leads out of the tree. */
  #checkInside(path: string, directory: string): void {
    if (this.#inside.has(directory)) return;
    const top = realpathSync(this.directory);
    let existing = directory;
    while (lstatSync(existing, { throwIfNoEntry: false }) === undefined) existing = dirname(existing);
    const real = findRealPath(existing).path;
    if (real === undefined || !isWithin(top, real)) {
      const target = real === undefined ? 'nowhere' : `to ${show(real)}`;
      throw new ActionError('OUTPUT_OUTSIDE', `${show(path)} would be written through a link that leads ${target}.`, {
        hint: 'Remove the link, exclude what lies behind it, or set output-dir to a directory without links.',
      });
    }
    if (existing === directory) this.#inside.add(directory);
  }
}

/** Makes a directory and those above it. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    // Node says this of a read-only file system; one single step shows the real reason.
    let missing = directory;
    while (lstatSync(dirname(missing), { throwIfNoEntry: false }) === undefined) missing = dirname(missing);
    mkdirSync(missing);
  }
}

function writeAndClose(descriptor: number, pieces: Iterable<string>): void {
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    }
  } finally {
    closeSync(descriptor);
  }
}

function removeIfPossible(location: string): boolean {
  try {
    unlinkSync(location);
    return true;
  } catch {
    return false;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Not there yet, or not ours to read: writing will tell.
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

/** A system call for every line would be slow, and everything as one string would be large. */
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
