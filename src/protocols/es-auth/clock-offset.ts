import type { WireResponse } from '../../connection/exchange.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { ClockFinding } from '../answers/refusal-advice.ts';
import { parseHttpDate } from '../answers/retry-after.ts';

/** `Date` is given in whole seconds and requests take time, so smaller differences mean nothing. */
const MIN_SKEW_MS = 30_000;
/** A service whose clock differs by more than this is wrong itself. */
const MAX_SKEW_MS = 24 * 3600 * 1000;
/** A request older than this when it was answered may have been refused for its age alone. */
const OLD_REQUEST_MS = 60_000;

/** The clock of this machine, corrected at most once per run by the `Date` of a refusal that came over verified TLS. */
export class ClockOffset {
  readonly #now: () => number;
  readonly #announce: (seconds: number) => void;
  #offsetMs: number | undefined;

  constructor(options: { readonly now: () => number; readonly onClockOffset: (seconds: number) => void }) {
    this.#now = options.now;
    this.#announce = options.onClockOffset;
  }

  /** Milliseconds since the epoch as the service counts them. */
  now(): number {
    return this.#now() + (this.#offsetMs ?? 0);
  }

  /** Compares the time that an answer gives with this clock. */
  compare({ headers: { date } }: WireResponse): ClockFinding {
    const theirs = parseHttpDate(typeof date === 'string' ? date : undefined);
    if (theirs === undefined) return 'unknown';
    return Math.abs(theirs - this.now()) <= MIN_SKEW_MS ? 'agrees' : 'differs';
  }

  /** Learns from a refusal; returns it unchanged, or as one that is due to the age of the request. */
  explain(failure: Failure, response: WireResponse, sentAt: number): Failure {
    if (failure.facts.endsRun !== 'unauthorised' || this.#learn(response)) return failure;
    const ageMs = this.#now() - sentAt;
    return ageMs > OLD_REQUEST_MS ? tooOld(failure, ageMs) : failure;
  }

  /** Takes over the service's time, once; returns whether this answer was the one. */
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

/** One more attempt may be faster, and other files may be small enough: the refusal says nothing about the run. */
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
