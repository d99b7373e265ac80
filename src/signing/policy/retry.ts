import { ENDINGS, OUTAGE, RETRY } from './defaults.ts';
import type { Failure } from './failure.ts';

/** Draws the delay before the next attempt by full jitter: anything up to a bound that doubles with each attempt. */
export function backoffMs(attempts: number, throttled: 'throttled' | 'plain', random: () => number): number {
  const base = throttled === 'throttled' ? RETRY.throttledDelayMs : RETRY.baseDelayMs;
  return random() * Math.min(RETRY.maxDelayMs, base * 2 ** Math.min(attempts - 1, 30));
}

/** Draws the pause before the next probe during an outage; `pauses` counts from 1. */
export function pauseMs(pauses: number, random: () => number): number {
  return (0.5 + 0.5 * random()) * Math.min(OUTAGE.maxPauseMs, OUTAGE.firstPauseMs * 2 ** Math.min(pauses, 30));
}

/** The facts about a failed attempt that decide about the run. */
export interface AttemptFacts {
  readonly job: number;
  /** Counted attempts of this job, this one included. */
  readonly attempts: number;
  /** When the attempt began, on the scheduler's clock. */
  readonly startedAt: number;
  readonly isCanary: boolean;
}

/** Decides which failures together mean that the run cannot succeed; it is told every result in the order of arrival. */
export class RunJudge {
  #successes = 0;
  #settledFiles = 0;
  #refusedFiles = 0;
  #canaryFailures = 0;
  #notFound = 0;
  /** When the first 401 or 403 since the last success came. */
  #unauthorisedAt: number | undefined;
  readonly #unauthorisedJobs = new Set<number>();
  /** Attempts that met a bad node, by job. */
  readonly #badNodes = new Map<number, number>();

  /** Learns of a success. */
  onSuccess(): void {
    this.#successes++;
    this.#settledFiles++;
    this.#unauthorisedJobs.clear();
    this.#unauthorisedAt = undefined;
  }

  /** Learns that a file gets no further attempt. */
  onLost(failure: Failure): void {
    this.#settledFiles++;
    if (failure.facts.endsRun === 'first-four-files') this.#refusedFiles++;
  }

  /** Tells whether this failure ends the run; `now` is the scheduler's clock. */
  endsRun(failure: Failure, facts: AttemptFacts, now: number): boolean {
    const rule = failure.facts.endsRun;
    switch (rule) {
      case undefined:
        return failure.kind === 'config';
      case 'canary-twice':
        if (!facts.isCanary || this.#successes > 0) return false;
        this.#canaryFailures++;
        return facts.attempts === this.#canaryFailures && this.#canaryFailures === ENDINGS.canaryAttempts;
      case 'not-found':
        return this.#successes === 0 && ++this.#notFound >= ENDINGS.notFoundAttempts;
      case 'bad-node':
        return this.#successes === 0 || this.#badNode(facts.job);
      case 'first-four-files':
        return this.#settledFiles === this.#refusedFiles && this.#refusedFiles === ENDINGS.firstFiles - 1;
      case 'unauthorised':
        return this.#unauthorised(facts, now);
      default:
        return rule satisfies never;
    }
  }

  /** A node of several that TLS refuses costs its connections; when it is the only one left, the run cannot go on. */
  #badNode(job: number): boolean {
    this.#badNodes.set(job, (this.#badNodes.get(job) ?? 0) + 1);
    const counts = [...this.#badNodes.values()];
    const inRun = counts.reduce((sum, count) => sum + count, 0);
    return Math.max(...counts) >= ENDINGS.badNodePerFile || inRun >= ENDINGS.badNodePerRun;
  }

  /**
   * Before the first success, a second refusal ends the run if its attempt began after the first refusal: that attempt had a
   * corrected clock and a fresh nonce. After a success single refusals happen (a replica lags behind, a request is old), but
   * not on four files in a row. Attempts that were in flight at the first refusal were dated by the same clock: not counted.
   */
  #unauthorised({ job, startedAt }: AttemptFacts, now: number): boolean {
    const isFirst = this.#unauthorisedAt === undefined;
    this.#unauthorisedAt ??= now;
    if (!isFirst && startedAt < this.#unauthorisedAt) return false;
    if (this.#successes === 0) return !isFirst;
    return this.#unauthorisedJobs.add(job).size >= ENDINGS.unauthorisedFiles;
  }
}
