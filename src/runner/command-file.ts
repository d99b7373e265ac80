import { randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, writeSync } from 'node:fs';
import { EOL } from 'node:os';
import { ActionError, codeOf, errorWithCode } from '../errors.ts';
import { findRealPath } from '../files/real-path.ts';
import { unwritable } from '../files/writing/write-errors.ts';

// Without NONBLOCK, opening a FIFO would hang and ignore signals; Windows has neither flag.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** The file to which a path leads. */
export interface FilePlace {
  /** Absolute path with links resolved. */
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/** A file for messages of a step to the runner; without a path, messages are dropped. */
export class CommandFile {
  readonly variable: string;
  #path: string | undefined;
  /** The first file that was found at the path. */
  #first: Identified | undefined;

  constructor(environment: NodeJS.ProcessEnv, variable: string) {
    this.variable = variable;
    this.#path = environment[variable] || undefined;
  }

  /** Returns the file at the path; `undefined` when there is none. */
  look(): FilePlace | undefined {
    const path = this.#path && findRealPath(this.#path).path;
    const stat = path && lstatSync(path, { throwIfNoEntry: false });
    if (!path || !stat) return undefined;
    this.#first ??= stat;
    return { path, device: stat.dev, inode: stat.ino };
  }

  /** Drops all further messages, because the file must not be changed. */
  giveUp(): void {
    this.#path = undefined;
  }

  /** Throws `OUTPUT_UNWRITABLE` when the file cannot be written. */
  check(): void {
    this.append('');
  }

  /** Appends text; throws `OUTPUT_UNWRITABLE` or `OUTPUT_FULL`. */
  append(text: string): void {
    if (this.#path === undefined) return;
    try {
      this.#first = appendToRegular(this.#path, text, this.#first);
    } catch (error) {
      throw explain(this.variable, error);
    }
  }

  /** Appends a name and its value, which may have several lines. */
  set(name: string, value: string): void {
    // A random delimiter keeps a value from ending early and setting another name.
    const delimiter = `ghadelimiter_${randomUUID()}`;
    this.append(`${name}<<${delimiter}${EOL}${value}${EOL}${delimiter}${EOL}`);
  }
}

type Identified = Pick<Stats, 'dev' | 'ino' | 'nlink'>;

/** Appends to a regular file, which must be the first one if there was one; returns its identity. */
function appendToRegular(path: string, text: string, first: Identified | undefined): Identified {
  // Windows would follow a link, and reports a missing permission for a directory.
  if (!lstatSync(path).isFile()) throw noRegularFile();
  const descriptor = openSync(path, FLAGS);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw noRegularFile();
    // A number is given again once its file is gone: a link to a signature may have that of the first file.
    if (first && (stat.ino !== first.ino || stat.dev !== first.dev || stat.nlink > first.nlink))
      throw new AnotherFile();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    return stat;
  } finally {
    closeSync(descriptor);
  }
}

/** The path leads to a file that may be one of the release. */
class AnotherFile extends Error {}

function noRegularFile(): Error {
  return errorWithCode('ENXIO', 'Not a regular file');
}

/** System errors for unread pipes, directories and links. */
const NOT_REGULAR = ['ENXIO', 'EISDIR', 'ELOOP'];

function explain(variable: string, cause: unknown): ActionError {
  const what = `The file of ${variable}`;
  const hint = `The runner makes this file for each step: look for an earlier step that replaced it or set ${variable}.`;
  if (NOT_REGULAR.includes(codeOf(cause) ?? '')) {
    return new ActionError('OUTPUT_UNWRITABLE', `${what} is not a regular file.`, { hint, cause });
  }
  if (cause instanceof AnotherFile)
    return new ActionError('OUTPUT_UNWRITABLE', `${what} was replaced while this step ran.`, { hint, cause });
  const { code, message } = unwritable(what, cause);
  return new ActionError(code, message, { hint, cause });
}
