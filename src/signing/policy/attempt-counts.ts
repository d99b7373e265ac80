import type { Failure } from './failure.ts';

/** Counts the attempts of each job of a run. */
export class AttemptCounts {
  readonly #most: number;
  readonly #counted: Uint8Array;
  /** Attempts by job that ended with a failure that allows few attempts. */
  readonly #limited: Uint8Array;
  readonly #freeUsed: Uint8Array;
  /** Failed requests that carried several files. */
  readonly #requests = new WeakSet<object>();

  /** `most` is the number of attempts that each job may have. */
  constructor(jobs: number, most: number) {
    this.#most = most;
    this.#counted = new Uint8Array(jobs);
    this.#limited = new Uint8Array(jobs);
    this.#freeUsed = new Uint8Array(jobs);
  }

  /** Uses a job's only uncounted attempt; returns whether it was still available. */
  useFree(job: number): boolean {
    const isLeft = this.#freeUsed[job] === 0;
    this.#freeUsed[job] = 1;
    return isLeft;
  }

  /** Tells whether a failure is new, and not about a shared request that is known to have failed. */
  isNewEvent({ facts: { request } }: Failure): boolean {
    if (request === undefined) return true;
    const isNew = !this.#requests.has(request);
    this.#requests.add(request);
    return isNew;
  }

  /** Returns the counted attempts of a job. */
  of(job: number): number {
    return this.#counted[job] ?? 0;
  }

  /** Counts an attempt that ended with this failure, which may allow fewer attempts than the run. */
  add(job: number, { facts }: Failure): void {
    this.#counted[job] = this.of(job) + 1;
    if (facts.maxAttempts !== undefined) this.#limited[job] = (this.#limited[job] ?? 0) + 1;
  }

  /** Tells whether a job has had all its attempts, the last of which ended with this failure. */
  isSpent(job: number, { facts }: Failure): boolean {
    const { maxAttempts = Number.POSITIVE_INFINITY } = facts;
    return this.of(job) >= this.#most || (this.#limited[job] ?? 0) >= maxAttempts;
  }
}
