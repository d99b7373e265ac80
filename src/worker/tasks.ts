import { ActionError, codeOf, unexpected } from '../errors.ts';
import type { Hashing } from '../signing/signer.ts';

/** Tasks for the worker; all values can be cloned between threads. */
export type Task = HashTask | WriteTask | CompareTask;

/** Hashes an open file. */
export interface HashTask {
  readonly do: 'hash';
  readonly file: {
    /** A descriptor of the main thread, which the worker can use because descriptors belong to the process. */
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
  /** Paths within that tree. */
  readonly paths: readonly string[];
  /** A signature for each path. */
  readonly texts: readonly string[];
}

/** Reads signatures again and compares them with the written texts. */
export interface CompareTask {
  readonly do: 'compare';
  /** Absolute paths. */
  readonly locations: readonly string[];
  /** SHA-256 of each text as base64url. */
  readonly digests: readonly string[];
}

/** The result of each kind of task. */
export interface Results {
  /** The requested hash, and the SHA-256 of the bytes as hex. */
  readonly hash: { readonly digest: Uint8Array; readonly sha256: string };
  /** Errors of signatures that could not be written, by index in the task. */
  readonly write: ReadonlyMap<number, PackedError>;
  /** Indices of the files with another text, or none. */
  readonly compare: readonly number[];
}

/** A message to the worker: a task, or the end of an earlier task. */
export type Request = { readonly id: number; readonly task: Task } | { readonly cancel: number };

/** A message from the worker: the result of a task, or its error. */
export type Reply =
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly error: PackedError };

/** The parts of an error; its class would be lost between threads. */
interface PackedError {
  readonly code: ActionError['code'];
  readonly message: string;
  readonly hint: string | undefined;
  /** Cloned as a plain `Error`, without its code. */
  readonly cause: Error | undefined;
  /** The code of the cause. */
  readonly causeCode: string | undefined;
}

/** Converts an error for a message. */
export function packError(error: unknown): PackedError {
  const { code, message, hint, cause } = unexpected(error);
  return { code, message, hint, cause: cause instanceof Error ? cause : undefined, causeCode: codeOf(cause) };
}

/** Restores an error from a message. */
export function unpackError({ code, message, hint, cause, causeCode }: PackedError): ActionError {
  if (cause && causeCode !== undefined) Object.assign(cause, { code: causeCode });
  return new ActionError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
