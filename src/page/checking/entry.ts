import type { Facts, Verdict } from '../judging/verdict.ts';
import type { PassResult } from '../worker/messages.ts';

/** A file as the reader gave it, with the path in the folder that it came with. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
}

/** A file that is checked, and what is known about it so far. */
export interface Entry extends GivenFile {
  /** What the last pass over its bytes found. */
  pass: PassResult | undefined;
  /** The signature file that facts and verdict are about. */
  signature: File | undefined;
  facts: Facts | undefined;
  verdict: Verdict | undefined;
}
