import { ActionError, codeOf, unexpected } from '../errors.ts';
import type { Hashing } from '../signing/signer.ts';

/** What the worker can do; every value can be cloned from thread to thread. */
export type Task = HashTask | WriteTask | CompareTask;

/** Hashes an open file. */
export interface HashTask {
  readonly do: 'hash';
  readonly file: {
    /** Descriptors belong to the process, so the worker can read from those of the main thread. */
    readonly descriptor: number;
    readonly path: string;
    readonly size: number;
  };
  readonly hashing: Hashing;
}

/** Writes signatures. */
export interface WriteTask {
  readonly do: 'write';
  /** Absolute path of the output tree. */
  readonly directory: string;
  readonly processId: number;
  /** Within that tree. */
  readonly paths: readonly string[];
  /** One for each path. */
  readonly texts: readonly string[];
}

/** Reads signatures again and compares them with what was written. */
export interface CompareTask {
  readonly do: 'compare';
  /** Absolute. */
  readonly locations: readonly string[];
  /** SHA-256 of each text as base64url. */
  readonly digests: readonly string[];
}

/** The result of each kind of task. */
export interface Results {
  /** The hash that the task asks for, and the SHA-256 of the bytes as hex. */
  readonly hash: { readonly digest: Uint8Array; readonly sha256: string };
  /** The errors of the signatures that could not be written, by their index in the task. */
  readonly write: ReadonlyMap<number, PackedError>;
  /** The indices of the files that hold another text, or none. */
  readonly compare: readonly number[];
}

/** A message to the worker: a task, or the end of an earlier task. */
export type Request = { readonly id: number; readonly task: Task } | { readonly cancel: number };

/** A message from the worker: the result of a task, or its error. */
export type Reply =
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly error: PackedError };

/** The parts of an error, whose class is lost between threads. */
interface PackedError {
  readonly code: ActionError['code'];
  readonly message: string;
  readonly hint: string | undefined;
  /** Cloned as a plain `Error`, which loses its code. */
  readonly cause: Error | undefined;
  /** The code of the cause. */
  readonly causeCode: string | undefined;
}

/** Takes an error apart for a message. */
export function packError(error: unknown): PackedError {
  const { code, message, hint, cause } = unexpected(error);
  return { code, message, hint, cause: cause instanceof Error ? cause : undefined, causeCode: codeOf(cause) };
}

/** Builds the error again from a message. */
export function unpackError({ code, message, hint, cause, causeCode }: PackedError): ActionError {
  if (cause && causeCode !== undefined) Object.assign(cause, { code: causeCode });
  return new ActionError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
