import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ActionError, codeOf } from '../../errors.ts';
import { isHeld, REPEAT_LIMITS, repeatWhileHeld } from '../../held.ts';
import { show } from '../names.ts';
import { isWithin, locate, resolveDirectory } from '../real-path.ts';
import { type FoundDirectory, findDirectory, inDirectory, makeDirectory } from './directories.ts';
import {
  discardTemporary,
  inBlocks,
  leftoversIn,
  orDiscard,
  removeLeftover,
  TemporaryFiles,
} from './temporary-files.ts';
import { directoryError, noDirectoryError, unwritable } from './write-errors.ts';

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
  readonly #temporaries: TemporaryFiles;
  /** Texts in temporary files that another program had open when they were to be renamed, by path. */
  readonly #waiting = new Map<string, { readonly name: string; readonly text: string }>();

  constructor(directory: string, processId: number) {
    this.directory = directory;
    this.processId = processId;
    this.#temporaries = new TemporaryFiles(processId);
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
   * When another program has the temporary file of a text open, the next call with this text goes on with that file,
   * because a scanner would look at each new one just as long. Pieces wait for it at once.
   * @throws ActionError `OUTPUT_FULL` (nothing more can be written), `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`, `DIRECTORY_MOVED`
   */
  write(path: string, content: string | Buffer | Iterable<string>): void {
    try {
      inDirectory(this.#prepare(path), (base) => {
        if (typeof content === 'string') return this.#writeText(path, content, base);
        const name = this.#temporaries.write(base, Buffer.isBuffer(content) ? [content] : inBlocks(content));
        orDiscard(join(base, name), () => repeatWhileHeld(() => rename(base, name, path)));
      });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /**
   * Writes texts as `write` does; returns the errors by index.
   *
   * Each directory is opened once for all that goes there: to open it and to look where it leads costs as much as a file.
   */
  writeTexts(paths: readonly string[], texts: readonly string[]): Map<number, ActionError> {
    const errors = new Map<number, ActionError>();
    const files = paths.map((path, at) => ({ at, path, text: texts[at] ?? '' }));
    const note = ({ at, path }: { at: number; path: string }, write: () => void): void => {
      try {
        write();
      } catch (error) {
        errors.set(at, unwritable(path, error));
      }
    };
    for (const [parent, those] of Map.groupBy(files, ({ path }) => dirname(path))) {
      try {
        inDirectory(this.#prepare(`${parent}/`), (base) => {
          for (const file of those) note(file, () => this.#writeText(file.path, file.text, base));
        });
      } catch {
        // The directory cannot be opened: each file gets the error that names it.
        for (const file of those) note(file, () => this.write(file.path, file.text));
      }
    }
    return errors;
  }

  #writeText(path: string, text: string, base: string): void {
    const waiting = this.#waiting.get(path);
    this.#waiting.delete(path);
    const name = waiting?.text === text ? waiting.name : this.#temporaries.write(base, [text]);
    try {
      rename(base, name, path);
    } catch (error) {
      if (isHeld(error)) this.#waiting.set(path, { name, text });
      else discardTemporary(join(base, name));
      throw error;
    }
  }

  /**
   * Removes a file if it is there; a link goes, its target stays.
   *
   * @throws ActionError `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`, `DIRECTORY_MOVED`
   */
  remove(path: string): void {
    try {
      // Mostly there is no such file, and an exception for each would be slow.
      const stat = lstatSync(this.locate(path), { throwIfNoEntry: false });
      if (stat === undefined) return;
      if (stat.isDirectory()) throw directoryError();
      const directory = this.#find(this.#resolve(path));
      if (directory) inDirectory(directory, (base) => unlinkSync(join(base, basename(path))));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return;
      throw unwritable(path, error);
    }
  }

  /**
   * Removes temporary files that killed runs left beside the given paths, before this run writes any of its own; those
   * of other processes that live are left alone. All files that another program has open share the wait of one file,
   * because this thread hears no signal meanwhile.
   */
  sweep(paths: Iterable<string>): number {
    let swept = 0;
    const until = performance.now() + REPEAT_LIMITS.perFileMs;
    const byParent = new Map<string, string>();
    for (const path of paths) byParent.set(dirname(path), path);
    for (const [parent, path] of byParent) {
      for (const name of leftoversIn(this.locate(parent), this.processId)) {
        const directory = this.#find(this.#resolve(path));
        if (directory && inDirectory(directory, (base) => removeLeftover(join(base, name), until))) swept++;
      }
    }
    this.#waiting.clear();
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
    return this.#found.get(real) ?? findDirectory(real);
  }

  /** Finds the real directory of a path, and sees that no link leads out of the tree. */
  #resolve(path: string): string {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const known = this.#real.get(parent);
    if (known !== undefined) return known;
    const { path: top = this.directory } = resolveDirectory(this.directory);
    const { path: real, failure } = resolveDirectory(this.locate(parent));
    if (failure === 'ENOTDIR') throw unwritable(path, noDirectoryError());
    if (real === undefined || !isWithin(top, real)) {
      const target = real === undefined ? 'nowhere' : `to ${show(real)}`;
      throw new ActionError('OUTPUT_OUTSIDE', `${show(path)} would be written through a link that leads ${target}.`, {
        hint: 'Remove the link, exclude the files that it leads to, or set output-dir to a directory without links.',
      });
    }
    this.#real.set(parent, real);
    return real;
  }
}

/** Gives a temporary file in a directory the name of its path. */
function rename(base: string, name: string, path: string): void {
  const target = join(base, basename(path));
  try {
    renameSync(join(base, name), target);
  } catch (error) {
    // Windows says the same of a directory in the way as of a file that another program has open; only the latter passes.
    throw isHeld(error) && lstatSync(target, { throwIfNoEntry: false })?.isDirectory() ? directoryError(error) : error;
  }
}
