import type { Facts, Verdict } from '../judging/verdict.ts';
import type { PassResult } from '../worker/messages.ts';
import type { SignatureFiles } from './signatures.ts';

/** A file from the reader, with its path in the chosen folder. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
}

/** A file to check, with what is known so far. */
export interface Entry extends GivenFile {
  /** Result of the last pass over the file. */
  pass: PassResult | undefined;
  /** The signature files on which facts and verdict are based. */
  signature: SignatureFiles | undefined;
  facts: Facts | undefined;
  verdict: Verdict | undefined;
}

/** Groups the files of one selection by path; files with the same path come from different folders. */
export function groupByPath(given: readonly GivenFile[]): Map<string, File[]> {
  const files = new Map<string, File[]>();
  for (const { path, file } of given) {
    const others = files.get(path);
    if (others) others.push(file);
    else files.set(path, [file]);
  }
  return files;
}
