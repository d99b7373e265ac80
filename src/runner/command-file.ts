import { randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, writeSync } from 'node:fs';
import { EOL } from 'node:os';
import { ActionError, codeOf } from '../errors.ts';
import { findRealPath } from '../files/real-path.ts';
import { unwritable } from '../files/writing/write-errors.ts';

// Opening a FIFO without NONBLOCK would hang where no signal is heard; neither flag exists on Windows.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Which file a path leads to. */
export interface FilePlace {
  /** Absolute, without links. */
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/** A file through which a step tells the runner something; without a path everything that is told is dropped. */
export class CommandFile {
  readonly variable: string;
  #path: string | undefined;
  /** The file that was found there first. */
  #first: Identified | undefined;

  constructor(environment: NodeJS.ProcessEnv, variable: string) {
    this.variable = variable;
    this.#path = environment[variable] || undefined;
  }

  /** Says which file it is; `undefined` when none is there. */
  look(): FilePlace | undefined {
    const path = this.#path && findRealPath(this.#path).path;
    const stat = path && lstatSync(path, { throwIfNoEntry: false });
    if (!path || !stat) return undefined;
    this.#first ??= stat;
    return { path, device: stat.dev, inode: stat.ino };
  }

  /** Drops from now on what is told: the file is somebody else's. */
  giveUp(): void {
    this.#path = undefined;
  }

  /** Throws `OUTPUT_UNWRITABLE` when nothing could be written. */
  check(): void {
    this.append('');
  }

  /** Adds text at the end; throws `OUTPUT_UNWRITABLE` or `OUTPUT_FULL`. */
  append(text: string): void {
    if (this.#path === undefined) return;
    try {
      this.#first = appendToRegular(this.#path, text, this.#first);
    } catch (error) {
      throw explain(this.variable, error);
    }
  }

  /** Adds a name and its value, which may have several lines. */
  set(name: string, value: string): void {
    // A delimiter that nobody can foresee keeps a value from ending itself and setting another name.
    const delimiter = `ghadelimiter_${randomUUID()}`;
    this.append(`${name}<<${delimiter}${EOL}${value}${EOL}${delimiter}${EOL}`);
  }
}

type Identified = Pick<Stats, 'dev' | 'ino'>;

/** Appends to a file that is still the first one, if there was one before; returns which file it is. */
function appendToRegular(path: string, text: string, first: Identified | undefined): Identified {
  // Windows opens through a link, and says of a directory that a right is missing.
  if (!lstatSync(path).isFile()) throw noRegularFile();
  const descriptor = openSync(path, FLAGS);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw noRegularFile();
    if (first && (stat.ino !== first.ino || stat.dev !== first.dev)) throw new AnotherFile();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    return stat;
  } finally {
    closeSync(descriptor);
  }
}

/** The path leads to another file than before, which may be one of the release. */
class AnotherFile extends Error {}

function noRegularFile(): Error {
  return Object.assign(new Error('Not a regular file'), { code: 'ENXIO' });
}

/** What the system says of pipes that nobody reads, directories and links. */
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
