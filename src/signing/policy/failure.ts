import { ActionError, codeOf, type ErrorFacts, unexpected } from '../../errors.ts';

/**
 * What a failed attempt says about the next one.
 *
 * - `config`: nothing will succeed until a person changes something; the run ends, at once without an {@link EndsRun}.
 * - `service`: the service as a whole is in trouble; retried behind the shared gate.
 * - `machine`: this machine cannot make another attempt while so many run; fewer run at once, and it is not counted.
 * - `request`: this attempt went wrong; retried a bounded number of times.
 * - `file`: this file cannot be signed; the other files go on.
 */
export type FailureKind = 'config' | 'service' | 'machine' | 'request' | 'file';

/**
 * When a failure that is seen again ends the run; `ENDINGS` has the numbers.
 *
 * - `canary-twice`: on the first attempts of the canary.
 * - `first-four-files`: on several different files before the first success.
 * - `verify-key`: the same, with a smaller number, and no file is repeated before the first success.
 * - `unauthorised`: on a second attempt before the first success, or on several probes in a row after it.
 * - `not-found`: on several attempts before the first success.
 * - `bad-node`: at once before the first success, unless another server may be good; otherwise on several attempts in a row.
 */
type EndsRun = 'canary-twice' | 'first-four-files' | 'verify-key' | 'unauthorised' | 'not-found' | 'bad-node';

/** Facts about a failed attempt beyond its sentence. */
export interface FailureFacts extends ErrorFacts {
  /** How long the service asks every client to wait, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** The service asked for fewer requests (429, 503): back off from a longer base. */
  readonly throttled?: boolean;
  /** A reused connection died before one byte of an answer: one repeat is not counted. */
  readonly staleConnection?: boolean;
  /** The whole request had left and no whole answer came: the service may have signed. */
  readonly unanswered?: boolean;
  /** The refusal may be about the client certificate, so that the message should name that certificate. */
  readonly mayConcernCertificate?: boolean;
  /** A refusal: whether it is a page of a server in front, and what to do about the reason that it names. */
  readonly refusal?: { readonly isPage: boolean; readonly advice: string | undefined } | undefined;
  /** Another connection to the same host was good, so that other servers of that name may be as good. */
  readonly isOneOfSeveral?: boolean;
  /** Only one server was asked, so that a second attempt must confirm the failure before the first success. */
  readonly isOfOneServer?: boolean;
  /** Identity of the request when it carried several files: the failure of each of them is one event of the service. */
  readonly request?: object;
  /** Most attempts that are worth making for this failure, when fewer than the run's limit. */
  readonly maxAttempts?: number;
  /** What kept the request from the service, as a clause without an end: `the proxy did not recover`. Absent when the service itself is the cause. */
  readonly unreached?: string;
  /** How often this failure must be seen before it ends the run; absent when it never does. */
  readonly endsRun?: EndsRun;
  /** The deadline that the run reached, in milliseconds. */
  readonly deadlineMs?: number;
  /** What was in flight then. */
  readonly open?: CutOff;
  /** The failure that ends the run by that rule, when it says more than this one. */
  readonly ending?: Failure;
}

/** What {@link Failure.with} replaces. */
interface FailureChanges extends FailureFacts {
  readonly kind?: FailureKind;
  readonly code?: Failure['code'];
  readonly message?: string;
}

/** A failed attempt to sign one file. */
export class Failure extends ActionError {
  readonly kind: FailureKind;
  readonly facts: FailureFacts;

  constructor(kind: FailureKind, code: Failure['code'], message: string, facts: FailureFacts = {}) {
    super(code, message, facts);
    this.name = 'Failure';
    this.kind = kind;
    this.facts = facts;
  }

  /** Returns a copy of this failure with some of its parts replaced; every other part stays, the cause included. */
  with({ kind = this.kind, code = this.code, message = this.message, ...facts }: FailureChanges): Failure {
    return new Failure(kind, code, message, { ...this.facts, ...facts });
  }
}

/** The system's codes for having no descriptor to give, to this process or at all; other work of this process may free some. */
export const TABLE_FULL: readonly string[] = ['EMFILE', 'ENFILE', 'EAGAIN'];
/** What to do about that. */
export const TABLE_FULL_HINT =
  'Lower concurrency, or raise the number of open files that the runner allows (ulimit -n).';

/** Finds the failure behind an error of the system that has no descriptor to give; `undefined` for any other error. */
export function tooManyOpen(error: unknown): Failure | undefined {
  const code = codeOf(error instanceof ActionError ? error.cause : error) ?? '';
  if (!TABLE_FULL.includes(code)) return undefined;
  const message = `This system allows no more open files and connections (${code}).`;
  return new Failure('machine', 'TOO_MANY_OPEN_FILES', message, { hint: TABLE_FULL_HINT, cause: error });
}

/** Turns whatever an attempt threw into a failure; an error that is no failure yet concerns its own file alone. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const crowded = tooManyOpen(error);
  if (crowded) return crowded;
  const known = unexpected(error);
  return new Failure('file', known.code, known.message, { hint: known.hint ?? '', cause: error });
}

/** Marks an error that several files share: it is one event of the service, however many files it touches. */
export function asOneEvent(error: unknown): unknown {
  return error instanceof Failure && error.facts.request === undefined ? error.with({ request: {} }) : error;
}

/** Builds the failure of an attempt that got no answer within its time limit. */
export function timedOut(limitMs: number): Failure {
  return unanswered(limitMs, 'The service is slow or stuck; raise timeout if it needs longer for one file.');
}

/** Builds the failure of an attempt that had no answer after so many milliseconds, when the deadline of the run came. */
export function cutOff(waitedMs: number): Failure {
  return unanswered(
    waitedMs,
    'The service is slow or stuck, or the deadline is too short: raise deadline, or split the work with shard.',
  );
}

function unanswered(ms: number, hint: string): Failure {
  const seconds = ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000);
  return new Failure('service', 'TIMEOUT', `No answer within ${seconds} s.`, { hint });
}

/** The attempts that a deadline cut off. */
export interface CutOff {
  readonly count: number;
  /** How the oldest of them ended; absent as long as that is not known. */
  readonly oldest?: Failure | undefined;
}

/** Builds the failure of a run that reached its deadline; `cause` is the last failure of an attempt, if there was one. */
export function deadlinePassed(deadlineMs: number, cause?: unknown, open: CutOff = { count: 0 }): Failure {
  const last = cause instanceof ActionError ? cause : undefined;
  const quoted = last === undefined ? '' : ` Last failure: ${last.message}`;
  const message = `Signing did not end within the deadline of ${deadlineMs / 1000} s.${describeOpen(open)}${quoted}`;
  return new Failure('config', 'DEADLINE', message, {
    hint: last?.hint ?? open.oldest?.hint ?? 'Raise deadline, or split the work with shard.',
    cause,
    deadlineMs,
    open,
  });
}

/** Adds to the failure of a reached deadline what it cut off, which is known only when all of that has ended; returns every other ending as it is. */
export function describeCutOff(ending: Failure | undefined, open: CutOff | undefined): Failure | undefined {
  const deadlineMs = ending?.facts.deadlineMs;
  return deadlineMs === undefined ? ending : deadlinePassed(deadlineMs, ending?.cause, open);
}

function describeOpen({ count, oldest }: CutOff): string {
  if (count === 0 || oldest === undefined) return '';
  const how =
    oldest.message.charAt(0).toLowerCase() +
    oldest.message.slice(1).replace(/^(o (?:answer|connection)) within 0 s/, '$1 yet');
  return count === 1 ? ` One request was open: ${how}` : ` ${count} requests were open; the oldest one: ${how}`;
}

/** Builds the failure of an attempt that was aborted because the run is over; no report shows it. */
export function runEnded(): Failure {
  return new Failure('request', 'RUN_ENDED', 'The run ended before this file had an answer.');
}

/** Builds the failure of a run whose service asks for a longer wait than the run has left. */
export function retryAfterTooLong(failure: Failure, retryAfterMs: number, leftMs: number): Failure {
  const wish = Math.round(retryAfterMs / 1000);
  const long = wish < 172_800 ? ` (${Math.round(wish / 3600)} h)` : ` (${Math.round(wish / 86_400)} days)`;
  const left = Math.max(0, Math.round(leftMs / 1000));
  return new Failure(
    'config',
    'RETRY_AFTER_TOO_LONG',
    `${failure.message} It asks to wait ${wish} s${wish < 7200 ? '' : long}, and this run waits at most ${left} s more.`,
    {
      hint:
        failure.code === 'THROTTLED'
          ? 'Run this job again after that time, or ask the operators of the service about its limits.'
          : 'Run this job again after that time, or ask the operators of the service.',
      cause: failure,
    },
  );
}
