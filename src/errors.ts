import type { Code } from './codes.ts';

/** What an {@link ActionError} tells in addition to its message. */
export interface ErrorFacts {
  /** What the reader should do now, as one or two sentences. */
  readonly hint?: string;
  /** The error that caused this one. */
  readonly cause?: unknown;
}

/**
 * The one error type of this action: a stable code, a sentence about what happened, and a hint about what to do.
 *
 * A message never holds secret material or an answer's raw body; names in a message are escaped where they are printed.
 */
export class ActionError extends Error {
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(code: Code, message: string, facts: ErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.name = 'ActionError';
    this.code = code;
    this.hint = facts.hint;
  }
}

/** Returns the `code` that Node and undici put on their errors, or `undefined` for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Makes an error with a `code`, as Node's own errors have one. */
export function errorWithCode(code: string, message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { code });
}

/** Wraps an unforeseen error. */
export function unexpected(error: unknown): ActionError {
  if (error instanceof ActionError) return error;
  const text = error instanceof Error ? error.message : 'unknown error';
  return new ActionError('INTERNAL', `Unexpected error: ${text}.`, {
    hint: 'This is a defect of the action; please report it with the log of a run with debug logging.',
    cause: error,
  });
}

/** Turns a thrown value into an {@link ActionError}; an `ActionError` is returned as it is. */
export function toActionError(error: unknown, code: Code, sentence: string): ActionError {
  if (error instanceof ActionError) return error;
  return new ActionError(code, sentence, { cause: error });
}
