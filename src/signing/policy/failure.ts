import { ActionError, type ErrorFacts } from '../../errors.ts';

/**
 * What a failed try says about the next one.
 *
 * - `config`: nothing will succeed until a person changes something; the run ends.
 * - `service`: the service as a whole is in trouble; retried behind the shared gate.
 * - `request`: this try went wrong; retried a bounded number of times.
 * - `file`: this file cannot be signed; the others go on.
 */
export type FailureKind = 'config' | 'service' | 'request' | 'file';

/**
 * How often a failure must be seen before it ends the run.
 *
 * - `canary-twice`: on the canary's first two tries.
 * - `first-four-files`: on each of the first four files.
 * - `unauthorised`: twice before the first success, or on four different files in a row after it.
 * - `not-found`: on three tries before the first success.
 */
export type EndsRun = 'canary-twice' | 'first-four-files' | 'unauthorised' | 'not-found';

/** Facts about a failed try beyond its sentence. */
export interface FailureFacts extends ErrorFacts {
  /** The service's own wish, in milliseconds from now; binds all workers. */
  readonly retryAfterMs?: number;
  /** The service asked for fewer requests (429, 503): back off from a longer base. */
  readonly throttled?: boolean;
  /** A reused connection died before one byte of an answer: one repeat costs nothing. */
  readonly staleConnection?: boolean;
  /** The whole request had left and no whole answer came: the service may have signed. */
  readonly unanswered?: boolean;
  /** Most tries that are worth it for this failure, when fewer than the run's limit. */
  readonly maxTries?: number;
  /** When this failure, repeated, says that the whole run cannot succeed. */
  readonly endsRun?: EndsRun;
}

/** A failed try to sign one file. */
export class Failure extends ActionError {
  readonly kind: FailureKind;
  readonly facts: FailureFacts;

  constructor(kind: FailureKind, code: string, message: string, facts: FailureFacts = {}) {
    super(code, message, facts);
    this.name = 'Failure';
    this.kind = kind;
    this.facts = facts;
  }
}
