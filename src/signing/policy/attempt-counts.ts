import type { FailedAttempt } from './decision.ts';
import { OUTAGE } from './defaults.ts';
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

/** The part that a failed attempt shows to be faulty. */
type Concern = 'its file' | 'the service' | 'all files that are left';

/**
 * Tells failures of the service as a whole from those of one request, such as 500 or a page in place of a signature.
 *
 * After a success, a name without an address means a failing name server and not a wrong name. When the requests of many
 * files in a row fail, the service fails. These files may be the cause when every file that is left has failed, and others
 * were signed after that or a minute has passed; and when several such rows have ended with a signature.
 */
export class Concerns {
  /** Files without a result whose own request has failed. */
  readonly #failed = new Set<number>();
  /** Failed files without a result after which no other file was signed, except by the end of an outage. */
  readonly #unexplained = new Set<number>();
  readonly #inRow = new Set<number>();
  #rowStartedAt = 0;
  /** Rows of failures that a success ended. */
  #rows = 0;
  #hasSucceeded = false;

  /** Records a failed attempt. */
  add(
    { failure, job, left, startedAt }: Pick<FailedAttempt, 'failure' | 'job' | 'left' | 'startedAt'>,
    now: number,
  ): Concern {
    const { kind, facts } = failure;
    if (kind === 'service') return 'the service';
    if (kind !== 'request' || !this.#hasSucceeded) return 'its file';
    if (facts.endsRun === 'not-found') return 'the service';
    // A bad node has rules of its own, and the service does not recover from wrong signatures by itself.
    if (facts.endsRun === 'bad-node' || facts.endsRun === 'verify-key') return 'its file';
    if (!this.#failed.has(job)) this.#unexplained.add(job);
    this.#failed.add(job);
    if (this.#inRow.size === 0) this.#rowStartedAt = startedAt;
    if (this.#inRow.add(job).size < OUTAGE.failures || this.#rows >= OUTAGE.rows) return 'its file';
    const mayPass = this.#unexplained.size > 0 && now - this.#rowStartedAt < OUTAGE.allFailedMs;
    return left > this.#failed.size || mayPass ? 'the service' : 'all files that are left';
  }

  /** Records that the service signed a file. */
  onSuccess(job: number): void {
    this.#hasSucceeded = true;
    if (this.#inRow.size >= OUTAGE.failures) this.#rows++;
    else this.#unexplained.clear();
    this.#inRow.clear();
    this.settle(job);
  }

  /** Records that a file has its result. */
  settle(job: number): void {
    this.#failed.delete(job);
    this.#unexplained.delete(job);
  }
}
