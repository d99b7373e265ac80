import { closeSync, lstatSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ActionError, codeOf } from '../../errors.ts';
import { show } from '../names.ts';
import { isWithin, locate, resolveDirectory } from '../real-path.ts';
import { temporaryName } from '../temporary.ts';
import { type FoundDirectory, findDirectory, inDirectory, makeDirectory } from './directories.ts';
import { leftoversIn, removeLeftover } from './leftovers.ts';
import { unwritable } from './write-errors.ts';

/**
 * The directory that everything written goes below, in the layout of the root.
 *
 * A file appears whole or not at all: it is written under a temporary name in its own directory and renamed, so a link
 * that someone planted at its place is replaced, never followed. Which directory a path stands for is found out once:
 * a directory that is moved afterwards is an error.
 */
export class OutputTree {
  readonly directory: string;
  /** The real directory of each directory that was asked for, by its path within the tree. */
  readonly #real = new Map<string, string>();
  /** Directories that are there, by their real path. */
  readonly #found = new Map<string, FoundDirectory>();
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
   * Absolute path of something in the tree, without links on the way to it.
   *
   * @throws ActionError `OUTPUT_OUTSIDE`
   */
  realPathOf(path: string): string {
    return locate(this.#resolve(path), path.slice(path.lastIndexOf('/') + 1));
  }

  /**
   * Writes a file, whose content may come in pieces, so that it appears at once with all of it.
   *
   * @throws ActionError `OUTPUT_FULL` (nothing more can be written), `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`, `DIRECTORY_MOVED`
   */
  write(path: string, content: string | Iterable<string>): void {
    try {
      inDirectory(this.#prepare(path), (base) => {
        const { temporary, descriptor } = this.#openTemporary(base);
        try {
          writeAndClose(descriptor, typeof content === 'string' ? [content] : inBlocks(content));
          renameSync(temporary, join(base, basename(path)));
        } catch (error) {
          removeIfPossible(temporary);
          throw error;
        }
      });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /**
   * Removes a file if it is there; a link goes, its target stays.
   *
   * @throws ActionError `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`, `DIRECTORY_MOVED`
   */
  remove(path: string): void {
    try {
      // Mostly there is none, and an exception for each would be slow.
      if (lstatSync(this.locate(path), { throwIfNoEntry: false }) === undefined) return;
      const directory = this.#find(this.#resolve(path));
      if (directory) inDirectory(directory, (base) => unlinkSync(join(base, basename(path))));
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
      for (const name of leftoversIn(this.locate(parent), this.processId)) {
        const directory = this.#find(this.#resolve(path));
        if (directory && inDirectory(directory, (base) => removeLeftover(join(base, name)))) swept++;
      }
    }
    return swept;
  }

  /** Makes the directory of a path, in the tree and nowhere else. */
  #prepare(path: string): FoundDirectory {
    const real = this.#resolve(path);
    const directory = this.#find(real) ?? makeDirectory(real);
    this.#found.set(real, directory);
    return directory;
  }

  #find(real: string): FoundDirectory | undefined {
    const directory = this.#found.get(real) ?? findDirectory(real);
    if (directory) this.#found.set(real, directory);
    return directory;
  }

  #openTemporary(base: string): { readonly temporary: string; readonly descriptor: number } {
    for (;;) {
      const temporary = join(base, temporaryName(this.processId, this.#counter++));
      try {
        return { temporary, descriptor: openSync(temporary, 'wx', 0o644) };
      } catch (error) {
        // Left by a former process of this number.
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
  }

  /** Finds the real directory of a path, and sees that no link leads out of the tree. */
  #resolve(path: string): string {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const known = this.#real.get(parent);
    if (known !== undefined) return known;
    const { path: top = this.directory } = resolveDirectory(this.directory);
    const { path: real } = resolveDirectory(this.locate(parent));
    if (real === undefined || !isWithin(top, real)) {
      const target = real === undefined ? 'nowhere' : `to ${show(real)}`;
      throw new ActionError('OUTPUT_OUTSIDE', `${show(path)} would be written through a link that leads ${target}.`, {
        hint: 'Remove the link, exclude what lies behind it, or set output-dir to a directory without links.',
      });
    }
    this.#real.set(parent, real);
    return real;
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
