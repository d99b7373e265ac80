import type { WaitReason } from '../schedule/queue.ts';
import { AttemptCounts, Concerns } from './attempt-counts.ts';
import { Limit, type Slots } from './concurrency.ts';
import type { Decision, FailedAttempt, PolicyEvent, Recovery } from './decision.ts';
import { OUTAGE, RETRY } from './defaults.ts';
import { type Failure, retryAfterTooLong } from './failure.ts';
import { OutageGate, type Passage } from './outage-gate.ts';
import { Refusals } from './refusals.ts';
import { backoffMs } from './retry.ts';
import { RunJudge } from './run-judge.ts';
import { Shortage } from './shortage.ts';
import { Troubles } from './troubles.ts';

/** Settings of one run's policy. */
interface PolicyOptions extends Slots {
  /** Most counted attempts per job. */
  readonly attempts: number;
  /** Deadline of the run on the scheduler's clock. */
  readonly endsAt: number;
  readonly random: () => number;
  readonly onEvent: (event: PolicyEvent) => void;
}

/** Collects the results of a run's attempts and decides what follows; reads no clock and starts nothing. */
export class RunPolicy {
  readonly limit: Limit;
  readonly #options: PolicyOptions;
  readonly #gate: OutageGate;
  readonly #judge = new RunJudge();
  readonly #attempts: AttemptCounts;
  readonly #refusals = new Refusals();
  readonly #concerns = new Concerns();
  readonly #shortage = new Shortage();
  readonly troubles: Troubles = new Troubles();
  /** A refusal of one server before the first success, which alone shows no second server. */
  #refusedFirst: Failure | undefined;

  constructor(options: PolicyOptions) {
    this.#options = options;
    this.limit = new Limit(options.concurrency, options.jobs, options.perRequest);
    this.#gate = new OutageGate(options.random);
    this.#attempts = new AttemptCounts(options.jobs, options.attempts);
  }

  /** How many requests may be in flight now. */
  get inFlight(): number {
    return Math.min(this.limit.value, this.#judge.inFlight);
  }

  /** Tells whether an attempt may start now. */
  ask(now: number): Passage {
    return this.#gate.ask(now);
  }

  /** Returns when backing off no longer helps the last few files, because nothing is in flight; infinite before that. */
  restUntil(left: number, inFlight: number): number {
    // Their doubled delays would be half of a run with 30 % of 503.
    return inFlight === 0 && left <= OUTAGE.endgameFiles ? this.#gate.restUntil : Number.POSITIVE_INFINITY;
  }

  /** Records a probe during an outage; returns the failure that ends the run after too long without progress. */
  probe(now: number): Failure | undefined {
    if (this.#gate.patienceMs(now) <= 0) return this.troubles.serviceDown(now);
    this.#gate.onProbe();
    return undefined;
  }

  /** Records a success. */
  onSuccess({ job, isProbe }: Pick<FailedAttempt, 'job' | 'isProbe'>): void {
    this.#refusals.settle(job);
    this.#concerns.onSuccess(job);
    if (isProbe) this.#gate.onProbeOver();
    if (isProbe) this.#refusals.endRow();
    this.#judge.onSuccess();
    this.troubles.onSuccess();
    this.#shortage.onSuccess();
    this.limit.onOver();
    this.limit.onSuccess();
    if (this.#refusedFirst) this.#options.onEvent({ type: 'bad-node', failure: this.#refusedFirst });
    this.#refusedFirst = undefined;
    if (this.#gate.onSuccess({ isProbe })) this.#recover('the service signed');
  }

  #recover(because: Recovery): void {
    this.limit.onRecovery(because);
    this.#options.onEvent({ type: 'recovery', because });
  }

  /** Records a failed attempt and decides what follows. */
  onFailure(failed: FailedAttempt, now: number): Decision {
    const { failure, job, isProbe } = failed;
    this.troubles.newest = failure;
    this.limit.onOver();
    if (isProbe) this.#gate.onProbeOver();
    if (failure.kind === 'machine') return this.#onShortage(failed, now);
    if (failure.facts.staleConnection && this.#attempts.useFree(job))
      return { next: 'retry', delayMs: 0, reason: 'itself' };
    const isNew = this.#attempts.isNewEvent(failure);
    if (isNew) this.troubles.add(failed);
    if (failure.facts.endsRun === 'unauthorised' && this.#gate.hasSucceeded) return this.#onRefused(failed, now);
    const concern = this.#concerns.add(failed, now);
    const ofService = concern === 'the service';
    if (concern === 'all files that are left' && this.#gate.open()) this.#recover('every file has failed');
    // An attempt that failed because of an outage says nothing about its file.
    if (!ofService || !this.#gate.isShut) this.#attempts.add(job, failure);
    const attempts = this.#attempts.of(job);
    if (this.#judge.endsRun(failure, { ...failed, attempts }, now))
      return { next: 'end', failure: failure.facts.ending ?? failure, lost: failure };
    if (failure.kind === 'file') return { next: 'lost', lost: failure };
    if (failure.facts.endsRun === 'bad-node') this.#onBadNode(failed);
    if (ofService && (isNew || isProbe)) this.#onTrouble(failed, now);
    else if (isProbe) this.#gate.pause(now);
    const end = this.#endOfPatience(failure, now);
    if (end) return { next: 'end', failure: end };
    const isLost = ofService ? this.#isLostToService(failed, now) : this.#attempts.isSpent(job, failure);
    if (isLost) this.#concerns.settle(job);
    if (isLost) return { next: 'lost', lost: failure };
    if (failure.facts.endsRun === 'verify-key' && !this.#gate.hasSucceeded) return { next: 'retry-last' };
    // The canary's second attempt, which decides whether this is a signing service, goes before every other file.
    const isUrgent =
      failed.isCanary && attempts === 1 && ['canary-twice', 'bad-node'].includes(failure.facts.endsRun ?? '');
    return this.#retry(failed, isUrgent ? 0 : this.#delayMs(failure, attempts), ofService ? 'service' : 'itself');
  }

  #retry({ job, failure }: FailedAttempt, delayMs: number, reason: WaitReason): Decision {
    this.#options.onEvent({ type: 'retry', job, failure, delayMs });
    return { next: 'retry', delayMs, reason };
  }

  /** Records that this machine has no descriptor left, so that no more attempts can be in flight. */
  #onShortage(failed: FailedAttempt, now: number): Decision {
    const { failure, inFlight, isProbe } = failed;
    if (isProbe) this.#gate.pause(now);
    this.limit.onShortage(inFlight);
    this.#options.onEvent({ type: 'shortage', failure, isFirst: this.#shortage.isNew });
    const delayMs = this.#shortage.add(inFlight, now);
    if (delayMs === undefined) return { next: 'end', failure: failure.with({ kind: 'config' }), lost: failure };
    return this.#retry(failed, delayMs, 'itself');
  }

  /** Records that credentials are refused that were accepted before. */
  #onRefused(failed: FailedAttempt, now: number): Decision {
    const { failure, job, isProbe } = failed;
    const wasShut = this.#gate.isShut;
    const { ends, counts } = this.#refusals.add({ ...failed, wasShut }, now);
    this.#gate.onRefused({ isProbe, boundMs: this.#refusals.pauseMs }, now);
    if (!wasShut) this.limit.onPushBack(now, 'throttled');
    if (!wasShut) this.#options.onEvent({ type: 'outage', failure });
    if (ends) return { next: 'end', failure: failure.with({ kind: 'config' }), lost: failure };
    if (counts) this.#attempts.add(job, failure);
    const isLost = counts && this.#attempts.isSpent(job, failure);
    if (isLost) this.#refusals.settle(job);
    if (isLost) return { next: 'lost', lost: failure };
    const end = this.#endOfPatience(failure, now);
    if (end) return { next: 'end', failure: end };
    return this.#retry(failed, this.#gate.pausedUntil - now + this.#delayMs(failure, 1), 'itself');
  }

  /** Tells whether a file is given up because of the service; near the end of the run, the gate shuts instead. */
  #isLostToService({ job, left, failure }: FailedAttempt, now: number): boolean {
    if (this.#gate.isShut || this.#attempts.of(job) < this.#options.attempts) return false;
    if (left > OUTAGE.endgameFiles) return true;
    this.#gate.shut(now);
    this.#options.onEvent({ type: 'outage', failure });
    return false;
  }

  #delayMs({ facts }: Failure, attempts: number): number {
    const long = facts.throttled || facts.endsRun === 'not-found';
    return backoffMs(Math.max(1, attempts), long ? 'throttled' : 'plain', this.#options.random);
  }

  /** Continues with the existing connections, if any, because the next one may lead to the same bad node. */
  #onBadNode({ failure, inFlight }: FailedAttempt): void {
    if (inFlight > 0) this.limit.onBadNode(inFlight);
    if (failure.facts.isOfOneServer && !this.#gate.hasSucceeded) this.#refusedFirst = failure;
    else this.#options.onEvent({ type: 'bad-node', failure });
  }

  /** Records a failure of the service as a whole. */
  #onTrouble({ failure, startedAt, isProbe, left }: FailedAttempt, now: number): void {
    this.troubles.newestOfService = failure;
    this.#refusals.endRow();
    if (!this.#gate.isShut) this.limit.onPushBack(now, failure.facts.throttled ? 'throttled' : 'trouble');
    if (this.#gate.onFailure({ startedAt, isProbe, filesLeft: left }, now))
      this.#options.onEvent({ type: 'outage', failure });
  }

  /** Makes every attempt wait as the service requested; returns the failure that ends the run if this or the outage takes too long. */
  #endOfPatience(failure: Failure, now: number): Failure | undefined {
    const patienceMs = this.#gate.patienceMs(now);
    if (patienceMs <= 0 && failure === this.troubles.newestOfService) return this.troubles.serviceDown(now);
    const { retryAfterMs } = failure.facts;
    if (retryAfterMs === undefined) return undefined;
    const timeLeftMs = Math.min(patienceMs, this.#options.endsAt - now, RETRY.maxRetryAfterMs);
    if (retryAfterMs > timeLeftMs) return retryAfterTooLong(failure, retryAfterMs, timeLeftMs);
    this.#gate.hold(retryAfterMs, now);
    return undefined;
  }
}
