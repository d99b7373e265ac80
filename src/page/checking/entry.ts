import type { Facts, Verdict } from '../judging/verdict.ts';
import type { PassResult } from '../worker/messages.ts';
import type { SignatureFiles } from './signatures.ts';

/** A file as the reader gave it, with the path in the folder that it came with. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
}

/** A file that is checked, and what is known about it so far. */
export interface Entry extends GivenFile {
  /** What the last pass over its bytes found. */
  pass: PassResult | undefined;
  /** The signature files that facts and verdict are about. */
  signature: SignatureFiles | undefined;
  facts: Facts | undefined;
  verdict: Verdict | undefined;
}

/** Groups files that were given at once by their path: several of one path come from different folders. */
export function groupByPath(given: readonly GivenFile[]): Map<string, File[]> {
  const files = new Map<string, File[]>();
  for (const { path, file } of given) {
    const others = files.get(path);
    if (others) others.push(file);
    else files.set(path, [file]);
  }
  return files;
}
