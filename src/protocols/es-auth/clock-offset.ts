import type { WireResponse } from '../../connection/exchange.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { ClockFinding } from '../answers/refusal-advice.ts';
import { parseHttpDate } from '../answers/retry-after.ts';

/** Smallest relevant difference in milliseconds: `Date` has whole seconds, and requests take time. */
const MIN_SKEW_MS = 30_000;
/** Largest difference that is corrected, in milliseconds; with a larger one, the service's clock is wrong. */
const MAX_SKEW_MS = 24 * 3600 * 1000;
/** Age in milliseconds from which a request may have been refused only because of its age. */
const OLD_REQUEST_MS = 60_000;

/** The clock of this machine, corrected at most once per run by the `Date` of a refusal over verified TLS. */
export class ClockOffset {
  readonly #now: () => number;
  readonly #announce: (seconds: number) => void;
  #offsetMs: number | undefined;

  constructor(options: { readonly now: () => number; readonly onClockOffset: (seconds: number) => void }) {
    this.#now = options.now;
    this.#announce = options.onClockOffset;
  }

  /** Returns milliseconds since the epoch by the service's clock. */
  now(): number {
    return this.#now() + (this.#offsetMs ?? 0);
  }

  /** Compares the time in an answer with this clock. */
  compare({ headers: { date } }: WireResponse): ClockFinding {
    const theirs = parseHttpDate(typeof date === 'string' ? date : undefined);
    if (theirs === undefined) return 'unknown';
    if (Math.abs(theirs - this.now()) <= MIN_SKEW_MS) return 'agrees';
    return this.#offsetMs === undefined ? 'differs' : 'differ-among-servers';
  }

  /** Corrects the clock after a refusal; returns the refusal unchanged, or as one caused by the request's age. */
  explain(failure: Failure, response: WireResponse, sentAt: number): Failure {
    if (failure.facts.endsRun !== 'unauthorised' || this.#learn(response)) return failure;
    const ageMs = this.#now() - sentAt;
    return ageMs > OLD_REQUEST_MS ? tooOld(failure, ageMs) : failure;
  }

  /** Adopts the service's time once; returns whether this answer was used. */
  #learn({ headers }: WireResponse): boolean {
    const { date } = headers;
    const theirs = parseHttpDate(typeof date === 'string' ? date : undefined);
    if (this.#offsetMs !== undefined || theirs === undefined) return false;
    const skewMs = theirs - this.#now();
    if (Math.abs(skewMs) <= MIN_SKEW_MS || Math.abs(skewMs) > MAX_SKEW_MS) return false;
    this.#offsetMs = skewMs;
    this.#announce(Math.round(skewMs / 1000));
    return true;
  }
}

/** Limits the refusal to one file: another attempt may be faster, and other files may be small enough. */
function tooOld(failure: Failure, ageMs: number): Failure {
  const seconds = Math.round(ageMs / 1000);
  return new Failure(
    'request',
    'REQUEST_TOO_OLD',
    `${failure.message.replace(/\.$/, '')}, ${seconds} s after the request was dated.`,
    {
      maxAttempts: 2,
      hint: 'The upload took longer than the service accepts: give large files more bandwidth (lower concurrency) or have its time window raised.',
      cause: failure,
    },
  );
}
