import type { Failure } from './failure.ts';

/** Times and counts of the retry policy; all times in milliseconds. */
export const RETRY = {
  baseDelayMs: 200,
  /** After 429 and 503: the service said that it wants fewer requests, not just other ones. */
  throttledDelayMs: 1000,
  maxDelayMs: 10_000,
  /** Spreads the workers that one Retry-After made wait. */
  retryAfterSpreadMs: 250,
  /** A service that wants to be left alone for longer is asked again by another run. */
  maxRetryAfterMs: 120_000,
  /** Service failures in a row, without a success between, that close the road for everyone. */
  outageFailures: 8,
  /**
   * With this few files left none is lost to failures of the service alone: the road is closed and they become probes.
   * Where half of all requests fail, 500 files come through in 49 of 50 runs with it, in 10 without.
   */
  endgameFiles: 32,
  firstPauseMs: 250,
  maxPauseMs: 10_000,
  /** No success for this long ends the run: before the first one the cause is likely a setting, later likely an outage. */
  noProgressBeforeSuccessMs: 60_000,
  noProgressMs: 180_000,
} as const;

/** Draws the delay before the next try by full jitter: anything up to a bound that doubles with each try. */
export function backoffMs(tries: number, throttled: 'throttled' | 'plain', random: () => number): number {
  const base = throttled === 'throttled' ? RETRY.throttledDelayMs : RETRY.baseDelayMs;
  return random() * Math.min(RETRY.maxDelayMs, base * 2 ** Math.min(tries - 1, 30));
}

/** Draws the pause before the next probe during an outage; `pauses` counts from 1. */
export function pauseMs(pauses: number, random: () => number): number {
  return (0.5 + 0.5 * random()) * Math.min(RETRY.maxPauseMs, RETRY.firstPauseMs * 2 ** Math.min(pauses, 30));
}

/** Facts about the try that failed. */
export interface TryFacts {
  readonly job: number;
  /** Counted tries of this job, this one included. */
  readonly tries: number;
  /** When the try began, on the scheduler's clock. */
  readonly startedAt: number;
  readonly isCanary: boolean;
}

/** Decides which failures, seen together, mean that the run cannot succeed; it sees every outcome in the order they come. */
export class RunJudge {
  #successes = 0;
  #settledFiles = 0;
  #refusedFiles = 0;
  #canaryFailures = 0;
  #notFound = 0;
  /** When the first refusal of the present row came. */
  #unauthorisedAt: number | undefined;
  readonly #unauthorisedJobs = new Set<number>();

  /** Notes a success. */
  onSuccess(): void {
    this.#successes++;
    this.#settledFiles++;
    this.#unauthorisedJobs.clear();
    this.#unauthorisedAt = undefined;
  }

  /** Notes that a file is lost for good. */
  onLost(failure: Failure): void {
    this.#settledFiles++;
    if (failure.facts.endsRun === 'first-four-files') this.#refusedFiles++;
  }

  /** Tells whether this failure ends the run; `now` is the scheduler's clock. */
  endsRun(failure: Failure, facts: TryFacts, now: number): boolean {
    if (failure.kind === 'config') return true;
    const rule = failure.facts.endsRun;
    switch (rule) {
      case undefined:
        return false;
      case 'canary-twice':
        if (!facts.isCanary || this.#successes > 0) return false;
        this.#canaryFailures++;
        return facts.tries === 2 && this.#canaryFailures === 2;
      case 'not-found':
        return this.#successes === 0 && ++this.#notFound >= 3;
      case 'first-four-files':
        return this.#settledFiles === 3 && this.#refusedFiles === 3;
      case 'unauthorised':
        return this.#unauthorised(facts, now);
      default:
        return rule satisfies never;
    }
  }

  /**
   * Before the first success, one try that began after the first refusal settles it: that one had a corrected clock and
   * fresh values. Later on, single refusals happen (a replica behind, an old request), four files in a row do not. What was
   * under way at the first refusal does not count: it was dated by the same clock.
   */
  #unauthorised({ job, startedAt }: TryFacts, now: number): boolean {
    const isFirst = this.#unauthorisedAt === undefined;
    this.#unauthorisedAt ??= now;
    if (!isFirst && startedAt < this.#unauthorisedAt) return false;
    if (this.#successes === 0) return !isFirst;
    return this.#unauthorisedJobs.add(job).size >= 4;
  }
}
