import type { WaitReason } from '../schedule/queue.ts';
import { Limit } from './concurrency.ts';
import { type Failure, retryAfterTooLong, serviceDown } from './failure.ts';
import { OutageGate, type Passage } from './outage-gate.ts';
import { backoffMs, RETRY, RunJudge, type TryFacts } from './retry.ts';

/** What happens after a failed try. */
export type Decision =
  | { readonly next: 'retry'; readonly delayMs: number; readonly reason: WaitReason }
  | { readonly next: 'lost' }
  | { readonly next: 'end'; readonly failure: Failure };

/** Things worth a line in the log. */
export type PolicyEvent =
  | { readonly type: 'retry'; readonly job: number; readonly failure: Failure; readonly delayMs: number }
  | { readonly type: 'outage'; readonly failure: Failure }
  | { readonly type: 'recovery' };

/** Settings of one run's policy. */
export interface PolicyOptions {
  readonly jobs: number;
  readonly concurrency: number;
  /** Most counted tries per job. */
  readonly attempts: number;
  /** When the run must be over, on the scheduler's clock. */
  readonly endsAt: number;
  readonly random: () => number;
  readonly onEvent: (event: PolicyEvent) => void;
}

/** A try that has just failed. */
export interface FailedTry extends Omit<TryFacts, 'tries'> {
  readonly failure: Failure;
  /** Whether it was sent into an outage to see whether that is over. */
  readonly isProbe: boolean;
  /** Jobs that have no result yet, this one included. */
  readonly left: number;
}

/** Everything one run has learnt about its service, and what follows from it; it knows no clock and starts nothing. */
export class RunPolicy {
  readonly limit: Limit;
  readonly #options: PolicyOptions;
  readonly #gate: OutageGate;
  readonly #judge = new RunJudge();
  readonly #tries: Uint8Array;
  /** Of those, the ones that failed in a way that is worth few repeats. */
  readonly #limited: Uint8Array;
  readonly #freeUsed: Uint8Array;
  #lastTrouble: Failure | undefined;

  constructor(options: PolicyOptions) {
    this.#options = options;
    this.limit = new Limit(options.concurrency, options.jobs);
    this.#gate = new OutageGate(options.random);
    this.#tries = new Uint8Array(options.jobs);
    this.#limited = new Uint8Array(options.jobs);
    this.#freeUsed = new Uint8Array(options.jobs);
  }

  /** Asks to start a try. */
  ask(now: number): Passage {
    return this.#gate.ask(now);
  }

  /**
   * From when on nobody gains by waiting to spare the service; infinite while a request is under way or many files are left.
   *
   * Delays double with each failure of a file. Where failures come at random, the few unlucky files would wait for seconds
   * beside an idle service: more than half of the 14 s that 500 files took with 30 % of 503.
   */
  restUntil(left: number, inFlight: number): number {
    return inFlight === 0 && left <= RETRY.endgameFiles ? this.#gate.restUntil : Number.POSITIVE_INFINITY;
  }

  /** Asks to send a probe into an outage; returns the failure that ends the run when patience is over. */
  probe(now: number): Failure | undefined {
    if (this.#gate.patienceMs(now) <= 0) return this.#exhausted();
    this.#gate.onProbe();
    return undefined;
  }

  /** Learns from a success. */
  onSuccess({ isProbe }: { readonly isProbe: boolean }): void {
    if (isProbe) this.#gate.onProbeOver();
    this.#judge.onSuccess();
    this.limit.onOver();
    this.limit.onSuccess();
    if (!this.#gate.onSuccess()) return;
    this.limit.onRecovery();
    this.#options.onEvent({ type: 'recovery' });
  }

  /** Learns from a failed try and decides what follows. */
  onFailure(failed: FailedTry, now: number): Decision {
    const { failure, job, isProbe } = failed;
    if (isProbe) this.#gate.onProbeOver();
    this.limit.onOver();
    if (failure.facts.staleConnection && this.#freeUsed[job] === 0) {
      this.#freeUsed[job] = 1;
      return { next: 'retry', delayMs: 0, reason: 'itself' };
    }
    const ofService = this.#concernsService(failure);
    const tries = this.#count(job, ofService);
    if (this.#judge.endsRun(failure, { ...failed, tries }, now)) return { next: 'end', failure };
    if (failure.kind === 'file') return this.#lose(failure);
    if (ofService) this.#onTrouble(failed, now);
    else if (isProbe) this.#gate.pause(now);
    const end = this.#endOfPatience(failure, now);
    if (end) return { next: 'end', failure: end };
    if (this.#isSpent(failed, tries, ofService) && !(ofService && this.#spares(failed, now)))
      return this.#lose(failure);
    // What a second look by the canary settles is looked at again before anything else is sent.
    const isUnsettled = failed.isCanary && tries === 1 && failure.facts.endsRun === 'canary-twice';
    const delayMs = isUnsettled ? 0 : this.#delayMs(failure, tries);
    this.#options.onEvent({ type: 'retry', job, failure, delayMs });
    return { next: 'retry', delayMs, reason: ofService ? 'service' : 'itself' };
  }

  /** A name that was found before is as good as a name server that does not answer. */
  #concernsService({ kind, facts }: Failure): boolean {
    return kind === 'service' || (facts.endsRun === 'not-found' && this.#gate.hasSucceeded);
  }

  /** Counts a try; those that failed because of an outage say nothing of their file. */
  #count(job: number, ofService: boolean): number {
    const before = this.#tries[job] ?? 0;
    if (ofService && this.#gate.isShut) return before;
    this.#tries[job] = before + 1;
    return before + 1;
  }

  /** Tells whether the file has had all the tries it gets. */
  #isSpent({ failure, job }: FailedTry, tries: number, ofService: boolean): boolean {
    if (ofService) return tries >= this.#options.attempts && !this.#gate.isShut;
    const { maxTries } = failure.facts;
    if (maxTries !== undefined) this.#limited[job] = (this.#limited[job] ?? 0) + 1;
    return tries >= this.#options.attempts || (this.#limited[job] ?? 0) >= (maxTries ?? Number.POSITIVE_INFINITY);
  }

  /** Shuts the gate rather than lose one of the last files to a service that fails often. */
  #spares({ left, failure }: FailedTry, now: number): boolean {
    if (left > RETRY.endgameFiles) return false;
    this.#gate.shut(now);
    this.#options.onEvent({ type: 'outage', failure });
    return true;
  }

  #lose(failure: Failure): Decision {
    this.#judge.onLost(failure);
    return { next: 'lost' };
  }

  #delayMs({ facts }: Failure, tries: number): number {
    const long = facts.throttled || facts.endsRun === 'not-found';
    return backoffMs(Math.max(1, tries), long ? 'throttled' : 'plain', this.#options.random);
  }

  /** A failure of the service as a whole. */
  #onTrouble({ failure, startedAt, isProbe, left }: FailedTry, now: number): void {
    this.#lastTrouble = failure;
    if (!this.#gate.isShut) this.limit.onPushBack(now, failure.facts.throttled ? 'throttled' : 'trouble');
    const shut = this.#gate.onFailure({ startedAt, isProbe, filesLeft: left }, now);
    if (shut) this.#options.onEvent({ type: 'outage', failure });
  }

  /** Makes everyone wait as the service asked; returns the failure that ends the run when that, or this outage, is too long. */
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
