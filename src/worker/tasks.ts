import { ActionError, unexpected } from '../errors.ts';
import type { FileHashes } from '../protocols/es-auth/header-pass.ts';
import type { CanonicalFacts } from '../protocols/es-auth/request-signature.ts';
import type { LentFile } from '../signing/signer.ts';

/** What the helper thread can do; every value can be cloned from thread to thread. */
export type Task = HashTask | WriteTask;

/** Reads an open file for its request signature. */
export interface HashTask {
  readonly do: 'hash';
  readonly file: LentFile;
  readonly facts: CanonicalFacts;
}

/** Writes signatures. */
export interface WriteTask {
  readonly do: 'write';
  /** Of the output tree. */
  readonly directory: string;
  readonly processId: number;
  /** Within that tree. */
  readonly paths: readonly string[];
  /** One for each path. */
  readonly texts: readonly string[];
}

/** What comes of each task. */
export interface Results {
  readonly hash: FileHashes;
  /** Those that failed, by their number in the task. */
  readonly write: ReadonlyMap<number, PackedError>;
}

/** A task, or the end of one, on its way to the thread. */
export type Letter = { readonly id: number; readonly task: Task } | { readonly cancel: number };

/** What came of a task, on its way back. */
export type Reply =
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly error: PackedError };

/** An error without its class, which does not survive the way. */
export interface PackedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** Cloned as a plain `Error`. */
  readonly cause: Error | undefined;
}

/** Makes an error ready for the way. */
export function packError(error: unknown): PackedError {
  const { code, message, hint, cause } = unexpected(error);
  return { code, message, hint, cause: cause instanceof Error ? cause : undefined };
}

/** Makes an error again of what came. */
export function unpackError({ code, message, hint, cause }: PackedError): ActionError {
  return new ActionError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
