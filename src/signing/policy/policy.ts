import type { WaitReason } from '../schedule/queue.ts';
import { Limit } from './concurrency.ts';
import { OUTAGE, RETRY } from './defaults.ts';
import { type Failure, retryAfterTooLong, serviceDown } from './failure.ts';
import { OutageGate, type Passage } from './outage-gate.ts';
import { type AttemptFacts, backoffMs, RunJudge } from './retry.ts';

/** What follows a failed attempt. */
export type Decision =
  | { readonly next: 'retry'; readonly delayMs: number; readonly reason: WaitReason }
  | { readonly next: 'lost' }
  | { readonly next: 'end'; readonly failure: Failure };

/** Events that get a line in the log. */
export type PolicyEvent =
  | { readonly type: 'retry'; readonly job: number; readonly failure: Failure; readonly delayMs: number }
  | { readonly type: 'outage'; readonly failure: Failure }
  | { readonly type: 'bad-node'; readonly failure: Failure }
  | { readonly type: 'recovery' };

/** Settings of one run's policy. */
export interface PolicyOptions {
  readonly jobs: number;
  readonly concurrency: number;
  /** Most counted attempts per job. */
  readonly attempts: number;
  /** When the run must be over, on the scheduler's clock. */
  readonly endsAt: number;
  readonly random: () => number;
  readonly onEvent: (event: PolicyEvent) => void;
}

/** An attempt that has just failed. */
export interface FailedAttempt extends Omit<AttemptFacts, 'attempts'> {
  readonly failure: Failure;
  /** Whether the attempt was sent during an outage to find out whether it is over. */
  readonly isProbe: boolean;
  /** Jobs that have no result yet, this one included. */
  readonly left: number;
  /** Attempts of other jobs that are in flight. */
  readonly inFlight: number;
}

/** Collects what one run learns about its service and decides what follows; it reads no clock and starts nothing. */
export class RunPolicy {
  readonly limit: Limit;
  readonly #options: PolicyOptions;
  readonly #gate: OutageGate;
  readonly #judge = new RunJudge();
  /** Counted attempts of each job. */
  readonly #attempts: Uint8Array;
  /** Those of them that ended with a failure that allows few attempts. */
  readonly #limited: Uint8Array;
  readonly #freeUsed: Uint8Array;
  /** The last failure of the service as a whole. */
  #lastTrouble: Failure | undefined;

  constructor(options: PolicyOptions) {
    this.#options = options;
    this.limit = new Limit(options.concurrency, options.jobs);
    this.#gate = new OutageGate(options.random);
    this.#attempts = new Uint8Array(options.jobs);
    this.#limited = new Uint8Array(options.jobs);
    this.#freeUsed = new Uint8Array(options.jobs);
  }

  /** Asks to start an attempt. */
  ask(now: number): Passage {
    return this.#gate.ask(now);
  }

  /**
   * Returns the earliest time at which backing off no longer helps, because nothing else is in flight; infinite while a
   * request is in flight or many files are left.
   *
   * The delay of a file doubles with each of its failures. Where failures come at random, the last few files would wait for
   * seconds beside an idle service: more than half of the 14 s that 500 files took with 30 % of 503.
   */
  restUntil(left: number, inFlight: number): number {
    return inFlight === 0 && left <= OUTAGE.endgameFiles ? this.#gate.restUntil : Number.POSITIVE_INFINITY;
  }

  /** Asks to send a probe during an outage; returns the failure that ends the run when it has been without progress too long. */
  probe(now: number): Failure | undefined {
    if (this.#gate.patienceMs(now) <= 0) return this.#exhausted();
    this.#gate.onProbe();
    return undefined;
  }

  /** Learns of a success. */
  onSuccess({ isProbe }: { readonly isProbe: boolean }): void {
    if (isProbe) this.#gate.onProbeOver();
    this.#judge.onSuccess();
    this.limit.onOver();
    this.limit.onSuccess();
    if (!this.#gate.onSuccess()) return;
    this.limit.onRecovery();
    this.#options.onEvent({ type: 'recovery' });
  }

  /** Learns of a failed attempt and decides what follows. */
  onFailure(failed: FailedAttempt, now: number): Decision {
    const { failure, job, isProbe } = failed;
    if (isProbe) this.#gate.onProbeOver();
    this.limit.onOver();
    if (failure.facts.staleConnection && this.#freeUsed[job] === 0) {
      this.#freeUsed[job] = 1;
      return { next: 'retry', delayMs: 0, reason: 'itself' };
    }
    const ofService = this.#concernsService(failure);
    const attempts = this.#count(job, ofService);
    if (this.#judge.endsRun(failure, { ...failed, attempts }, now)) return { next: 'end', failure };
    if (failure.kind === 'file') return this.#lose(failure);
    if (failure.facts.endsRun === 'bad-node') this.#onBadNode(failed);
    if (ofService) this.#onTrouble(failed, now);
    else if (isProbe) this.#gate.pause(now);
    const end = this.#endOfPatience(failure, now);
    if (end) return { next: 'end', failure: end };
    if (this.#isSpent(failed, attempts, ofService) && !(ofService && this.#spares(failed, now)))
      return this.#lose(failure);
    // The canary's second attempt decides whether this is a signing service: it goes before every other file.
    const isUnsettled = failed.isCanary && attempts === 1 && failure.facts.endsRun === 'canary-twice';
    const delayMs = isUnsettled ? 0 : this.#delayMs(failure, attempts);
    this.#options.onEvent({ type: 'retry', job, failure, delayMs });
    return { next: 'retry', delayMs, reason: ofService ? 'service' : 'itself' };
  }

  /** After a success, a name without an address means that the name server is in trouble. */
  #concernsService({ kind, facts }: Failure): boolean {
    return kind === 'service' || (facts.endsRun === 'not-found' && this.#gate.hasSucceeded);
  }

  /** Counts an attempt, except one that failed because of an outage: its failure says nothing about its file. */
  #count(job: number, ofService: boolean): number {
    const before = this.#attempts[job] ?? 0;
    if (ofService && this.#gate.isShut) return before;
    this.#attempts[job] = before + 1;
    return before + 1;
  }

  /** Tells whether the file has had all its attempts. */
  #isSpent({ failure, job }: FailedAttempt, attempts: number, ofService: boolean): boolean {
    if (ofService) return attempts >= this.#options.attempts && !this.#gate.isShut;
    const { maxAttempts } = failure.facts;
    if (maxAttempts !== undefined) this.#limited[job] = (this.#limited[job] ?? 0) + 1;
    return attempts >= this.#options.attempts || (this.#limited[job] ?? 0) >= (maxAttempts ?? Number.POSITIVE_INFINITY);
  }

  /** Shuts the gate instead of losing one of the last files to a service that fails often. */
  #spares({ left, failure }: FailedAttempt, now: number): boolean {
    if (left > OUTAGE.endgameFiles) return false;
    this.#gate.shut(now);
    this.#options.onEvent({ type: 'outage', failure });
    return true;
  }

  #lose(failure: Failure): Decision {
    this.#judge.onLost(failure);
    return { next: 'lost' };
  }

  #delayMs({ facts }: Failure, attempts: number): number {
    const long = facts.throttled || facts.endsRun === 'not-found';
    return backoffMs(Math.max(1, attempts), long ? 'throttled' : 'plain', this.#options.random);
  }

  /** The next connection may lead to the same node: the run goes on with the connections that it has. */
  #onBadNode({ failure, inFlight }: FailedAttempt): void {
    this.limit.onBadNode(inFlight);
    this.#options.onEvent({ type: 'bad-node', failure });
  }

  /** Learns of a failure of the service as a whole. */
  #onTrouble({ failure, startedAt, isProbe, left }: FailedAttempt, now: number): void {
    this.#lastTrouble = failure;
    if (!this.#gate.isShut) this.limit.onPushBack(now, failure.facts.throttled ? 'throttled' : 'trouble');
    const shut = this.#gate.onFailure({ startedAt, isProbe, filesLeft: left }, now);
    if (shut) this.#options.onEvent({ type: 'outage', failure });
  }

  /** Makes every attempt wait as the service asked; returns the failure that ends the run when this wait or the outage is too long. */
  #endOfPatience(failure: Failure, now: number): Failure | undefined {
    const patienceMs = this.#gate.patienceMs(now);
    if (patienceMs <= 0 && failure === this.#lastTrouble) return this.#exhausted();
    const { retryAfterMs } = failure.facts;
    if (retryAfterMs === undefined) return undefined;
    const timeLeftMs = Math.min(patienceMs, this.#options.endsAt - now, RETRY.maxRetryAfterMs);
    if (retryAfterMs > timeLeftMs) return retryAfterTooLong(failure, retryAfterMs, timeLeftMs);
    this.#gate.hold(retryAfterMs, now);
    return undefined;
  }

  #exhausted(): Failure {
    return serviceDown(this.#lastTrouble);
  }
}
