import { isAbsolute, join, resolve, sep } from 'node:path';
import { ActionError } from '../errors.ts';
import { REFUSED_BY_WINDOWS, show } from '../files/names.ts';
import { pathInside } from '../files/real-path.ts';
import type { IdentityText } from '../identity/text/inputs.ts';

/** Reads single inputs and collects their problems, so that one error can name all of them. */
export class FieldReader {
  readonly #take: (name: string) => string | undefined;
  readonly #problems: ActionError[] = [];
  readonly #missing = new Set<string>();

  /** `take` may return each input only once, because inputs are removed from the environment. */
  constructor(take: (name: string) => string | undefined) {
    const taken = new Map<string, string | undefined>();
    this.#take = (name) => {
      if (!taken.has(name)) taken.set(name, take(name));
      return taken.get(name);
    };
  }

  /** All problems so far. */
  get problems(): readonly ActionError[] {
    return this.#problems;
  }

  /** Required inputs that are empty, in the order in which they were read; each is also one of the problems. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /** Notes that a required input is empty. */
  miss(name: string): void {
    if (this.#missing.has(name)) return;
    this.#missing.add(name);
    this.#problems.push(new ActionError('CREDENTIALS_MISSING', `input ${name} is empty`));
  }

  /** Notes a problem with an input; the sentence continues after the input's name. */
  reject(name: string, sentence: string): void {
    this.#problems.push(new ActionError('INPUT_INVALID', `Input ${name} ${sentence}.`));
  }

  /** Notes a problem that was found elsewhere. */
  add(error: ActionError): void {
    this.#problems.push(error);
  }

  /** Reads a text; `undefined` when empty. */
  text(name: string): string | undefined {
    return this.#take(name);
  }

  /** Reads a required text. */
  required(name: string): string {
    const value = this.#take(name);
    if (value === undefined) this.miss(name);
    return value ?? '';
  }

  /** Reads one of the given words; the first one is the default. */
  choice<const Word extends string>(name: string, words: readonly [Word, ...Word[]]): Word {
    const value = this.#take(name) ?? words[0];
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) this.reject(name, `is “${short(value)}”, but must be one of ${words.join(', ')}`);
    return word ?? words[0];
  }

  /** Reads a boolean in the six spellings that `@actions/core` accepts. */
  boolean(name: string, otherwise: boolean): boolean {
    const value = this.#take(name);
    if (value === undefined) return otherwise;
    if (/^(true|True|TRUE)$/.test(value)) return true;
    if (!/^(false|False|FALSE)$/.test(value)) this.reject(name, `is “${short(value)}”, but must be true or false`);
    return false;
  }

  /** Reads an integer in a range, whose bounds are inclusive. */
  integer(name: string, { from, to, otherwise }: Record<'from' | 'to' | 'otherwise', number>): number {
    const value = this.#take(name);
    if (value === undefined) return otherwise;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= from && number <= to) return number;
    this.reject(name, `is “${short(value)}”, but must be a whole number from ${from} to ${to}`);
    return otherwise;
  }

  /** Reads a path inside one of the directories, as an absolute path; relative ones start at the first directory. */
  pathInside(name: string, directories: string | readonly string[], otherwise: string): string {
    const tops = [directories].flat();
    const path = resolve(tops[0] ?? '', this.#take(name) ?? otherwise);
    for (const top of tops) {
      const inside = pathInside(top, path);
      // Uses the runner's spelling of the directory; the input may use another case or another link.
      if (inside !== undefined) return resolve(top, this.#checkNames(name, inside));
    }
    this.reject(name, 'leads out of the workspace');
    return path;
  }

  /** Reads a directory's path relative to another directory, with `/`; empty for that directory, `undefined` when empty. */
  directoryInside(name: string, directory: string): string | undefined {
    return this.#inside(name, directory, 'a directory')?.replace(/\/$/, '');
  }

  /** Reads a file's path relative to a directory, with `/` between segments; `undefined` when empty. */
  fileInside(name: string, directory: string): string | undefined {
    return this.#inside(name, directory, 'the path of a file');
  }

  #inside(name: string, directory: string, what: 'a directory' | 'the path of a file'): string | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const path = pathInside(directory, join(isAbsolute(value) ? '' : directory, value));
    const isWanted = what === 'a directory' || (path !== '' && !/[/\\]$/.test(value));
    if (path !== undefined && isWanted) return this.#checkNames(name, path);
    this.reject(name, `must be ${what} inside output-dir, or inside root when output-dir is empty`);
    return undefined;
  }

  /** Notes control characters in a path, and names that Windows would take for a device, a stream or another name. */
  #checkNames(input: string, path: string): string {
    if (/\p{Cc}/u.test(path)) this.reject(input, 'holds a line end or another control character, but must be one path');
    const refused = sep === '\\' ? path.split(/[/\\]/).find((name) => REFUSED_BY_WINDOWS.test(name)) : undefined;
    if (refused !== undefined)
      this.reject(input, `holds “${show(refused)}”, which is not a valid file name on Windows`);
    return path;
  }
}

/** Quotes a value unless it is long: it may be a secret in the wrong input, and a cut piece would not be masked. */
function short(value: string): string {
  return value.length > 40 ? `a text of ${value.length} characters` : show(value);
}

/** The inputs of a run, each taken from the environment once: secrets as text, all others through the reader. */
export interface TakenInputs {
  readonly identity: IdentityText;
  readonly appSecret: string | undefined;
  readonly token: string | undefined;
  /** Anchors for the authority that issues the client certificate; may hold a private key by mistake. */
  readonly certificateChain: string | undefined;
  readonly reader: FieldReader;
}
