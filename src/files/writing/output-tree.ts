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
 * Writes all files of a run below one directory, in the layout of the root.
 *
 * A file appears whole or not at all, by a rename, which replaces a planted link. Moving a directory after its first use is an error.
 */
export class OutputTree {
  readonly directory: string;
  /** Resolved directories by their path within the tree. */
  readonly #real = new Map<string, string>();
  /** Existing directories by their real path. */
  readonly #found = new Map<string, FoundDirectory>();
  /** Id of the writing process, which is part of the names of temporary files. */
  readonly processId: number;
  readonly #temporaries: TemporaryFiles;
  /** Temporary files that could not be renamed because another program had them open, by target path. */
  readonly #waiting = new Map<string, { readonly name: string; readonly text: string }>();

  constructor(directory: string, processId: number) {
    this.directory = directory;
    this.processId = processId;
    this.#temporaries = new TemporaryFiles(processId);
  }

  /** Returns the absolute path of a path in the tree. */
  locate(path: string): string {
    return join(this.directory, path);
  }

  /** Returns the absolute path of a path, its directory with links resolved; throws `OUTPUT_OUTSIDE`. */
  realPathOf(path: string): string {
    return locate(this.#resolve(path), path.slice(path.lastIndexOf('/') + 1));
  }

  /**
   * Writes a file, whole or not at all; throws `OUTPUT_FULL`, `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE` or `DIRECTORY_MOVED`.
   *
   * The next call with a text reuses its temporary file that another program has open, because a scanner would hold a new
   * one just as long. For content in pieces, this call waits.
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

  /** Writes texts, opening each directory once, which costs as much as a file; returns the errors by index. */
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
        // The directory cannot be opened: writing each file alone gives an error that names it.
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

  /** Removes a file or a link if it exists; throws `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE` or `DIRECTORY_MOVED`. */
  remove(path: string): void {
    try {
      // Most of these files do not exist, and an exception for each would be slow.
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
   * Removes temporary files that killed runs left beside the given paths. Call it before this run writes its own; files
   * of other live processes are kept. All files that another program has open share the wait of one file, because this
   * thread handles no signals meanwhile.
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

  /** Creates the directory of a path, inside the tree only. */
  #prepare(path: string): FoundDirectory {
    const real = this.#resolve(path);
    const directory = this.#find(real) ?? makeDirectory(real);
    this.#found.set(real, directory);
    return directory;
  }

  #find(real: string): FoundDirectory | undefined {
    return this.#found.get(real) ?? findDirectory(real);
  }

  /** Resolves the directory of a path, and checks that no link leads out of the tree. */
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

/** Renames a temporary file to the name of its target, in the same directory. */
function rename(base: string, name: string, path: string): void {
  const target = join(base, basename(path));
  try {
    renameSync(join(base, name), target);
  } catch (error) {
    // Windows reports the same error when a directory is at the target and when another program has it open; only the
    // latter passes.
    throw isHeld(error) && lstatSync(target, { throwIfNoEntry: false })?.isDirectory() ? directoryError(error) : error;
  }
}
