import { Growth, type Slots } from '../policy/concurrency.ts';
import { mustConfirm, type PolicyEvent } from '../policy/decision.ts';
import { asFailure, deadlinePassed, describeCutOff, type Failure } from '../policy/failure.ts';
import type { Passage } from '../policy/outage-gate.ts';
import { RunPolicy } from '../policy/policy.ts';
import { onceSoon } from './clock.ts';
import { HeadStart } from './head-start.ts';
import { InFlight, type InFlightOptions, type Tally } from './in-flight.ts';
import { RetryQueue } from './queue.ts';

/** The result of one job. */
export interface Settled extends Tally {
  readonly failure?: Failure | undefined;
}

/** A run of numbered jobs, each attempted until it succeeds or is lost. */
export interface ScheduleOptions extends InFlightOptions, Slots {
  /** The job that starts first and alone; the others follow in the order of their numbers. */
  readonly canary: number;
  /** Called when an attempt of the canary starts; resolves after its time alone. The signal aborts at its end. */
  readonly headStart: (signal: AbortSignal) => Promise<unknown>;
  /** Most counted attempts per job. */
  readonly attempts: number;
  /** Time limit of the whole run; absent for none. */
  readonly deadlineMs?: number | undefined;
  /** `stop` ends the run at the first lost job. */
  readonly onFailure: 'collect' | 'stop';
  readonly onSettled: (job: number, settled: Settled) => void;
  /** Called at the end of a run that ended early, for each job that was attempted and has no result. */
  readonly onCutOff: (job: number, tally: Tally) => void;
  readonly onEvent: (event: PolicyEvent) => void;
  /** Aborts the run from outside. */
  readonly signal: AbortSignal;
  readonly random: () => number;
}

/**
 * Runs all jobs under one adaptive limit and one outage gate.
 *
 * Resolves when nothing is in flight any more, with the failure that ended the run early or `undefined`. A signal that
 * aborts the run has an `ActionError` as its reason.
 */
export function runSchedule(options: ScheduleOptions): Promise<Failure | undefined> {
  return new Schedule(options).start();
}

class Schedule {
  readonly #options: ScheduleOptions;
  readonly #policy: RunPolicy;
  readonly #growth: Growth;
  readonly #queue: RetryQueue;
  readonly #inFlight: InFlight;
  readonly #done = Promise.withResolvers<Failure | undefined>();
  #left: number;
  readonly #headStart: HeadStart;
  #ending: Failure | undefined;
  #cancelWake = (): void => {};
  /** Fills slots together that become free at the same moment: over HTTP/2, requests that start together share packets. */
  readonly #pumpSoon: () => void;

  constructor(options: ScheduleOptions) {
    const { jobs, clock, deadlineMs, concurrency, perRequest, attempts, random, onEvent } = options;
    this.#options = options;
    const endsAt = deadlineMs ? clock.now() + deadlineMs : Number.POSITIVE_INFINITY;
    this.#policy = new RunPolicy({ jobs, concurrency, perRequest, attempts, endsAt, random, onEvent });
    this.#growth = new Growth(this.#policy.limit, clock);
    this.#queue = new RetryQueue(jobs, options.canary);
    this.#inFlight = new InFlight(options);
    this.#headStart = new HeadStart(options.headStart);
    this.#pumpSoon = onceSoon(clock, () => this.#pump());
    this.#left = jobs;
  }

  async start(): Promise<Failure | undefined> {
    const { signal, deadlineMs, clock } = this.#options;
    const abort = (): void => this.#end(asFailure(signal.reason));
    const cancelDeadline = deadlineMs
      ? clock.after(deadlineMs, () => this.#end(deadlinePassed(deadlineMs, this.#policy.troubles.last(clock.now()))))
      : undefined;
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else this.#pump();
    try {
      return describeCutOff(await this.#done.promise, this.#inFlight.cutOff);
    } finally {
      signal.removeEventListener('abort', abort);
      cancelDeadline?.();
      this.#cancelWake();
      for (const job of this.#inFlight.unsettled()) this.#options.onCutOff(job, this.#inFlight.tally(job));
    }
  }

  /** Starts every attempt that may start now, and sets a timer for those that may start later. */
  #pump(): void {
    this.#cancelWake();
    while (!this.#ending && this.#inFlight.open < this.#left) {
      const now = this.#options.clock.now();
      const passage = this.#policy.ask(now);
      if (passage.may === 'wait') this.#wakeAt(passage.untilMs);
      if (passage.may === 'wait' || !this.#startOne(passage, now)) break;
    }
    this.#finishIfDone();
  }

  /** Starts one attempt; returns whether another one may follow. */
  #startOne(passage: Exclude<Passage, { may: 'wait' }>, now: number): boolean {
    const isProbe = passage.may === 'probe';
    if (!isProbe && this.#inFlight.size >= (this.#headStart.lasts ? 1 : this.#policy.inFlight)) {
      if (this.#inFlight.size >= this.#policy.limit.value) this.#growth.watch(() => this.#pump());
      return false;
    }
    // During the head start, nothing starts earlier to spare the service less.
    const restUntil = this.#headStart.lasts
      ? Number.POSITIVE_INFINITY
      : this.#policy.restUntil(this.#left, this.#inFlight.size);
    const ready = this.#headStart.lasts ? this.#queue.readyCanary(now) : this.#queue.ready(now, restUntil);
    const job = isProbe ? this.#queue.probe(passage.of) : ready;
    if (job === undefined) this.#wakeAt(this.#queue.nextReadyAt(restUntil));
    if (job === undefined || !this.#inFlight.fits(job)) return false;
    const impatience = isProbe ? this.#policy.probe(now) : undefined;
    if (impatience) {
      this.#end(impatience);
      return false;
    }
    this.#queue.take(job);
    void this.#launch(job, isProbe, now);
    return true;
  }

  async #launch(job: number, isProbe: boolean, now: number): Promise<void> {
    let isProbing = isProbe;
    const ended = this.#inFlight.attempt(job, () => {
      this.#onAnswered(job, isProbing);
      isProbing = false;
    });
    if (this.#headStart.lasts) this.#grantHeadStart(job);
    const failure = await ended;
    if (failure) this.#onFailure(failure, { job, isProbe: isProbing, startedAt: now });
    else this.#settle(job);
    this.#pumpSoon();
  }

  /** Starts the period in which only the canary runs. When it ends first, the other files start and the service counts as slow. */
  #grantHeadStart(job: number): void {
    const { attempts: attempt } = this.#inFlight.tally(job);
    const onSlow = (): void => {
      this.#policy.limit.onSlowCanary();
      this.#pump();
    };
    this.#headStart.grant({ isInFlight: () => this.#inFlight.has(job, attempt), onSlow });
  }

  /** Records that the service has answered a job; the remaining work needs no slot. */
  #onAnswered(job: number, isProbe: boolean): void {
    this.#headStart.end();
    this.#policy.onSuccess({ job, isProbe });
    this.#pumpSoon();
  }

  #onFailure(failure: Failure, facts: { job: number; isProbe: boolean; startedAt: number }): void {
    if (this.#ending) return;
    const [{ job }, { clock, canary, onFailure }] = [facts, this.#options];
    const now = clock.now();
    // Any answer ends the head start, except one that a second attempt of the canary must confirm.
    if (!mustConfirm(failure)) this.#headStart.end();
    const state = { isCanary: job === canary, left: this.#left, ...this.#inFlight.unanswered };
    const decision = this.#policy.onFailure({ ...facts, ...state, failure }, now);
    if (decision.next === 'retry')
      this.#queue.repeat({ job, readyAt: now + decision.delayMs, reason: decision.reason });
    if (decision.next === 'retry-last') this.#queue.hold(job, failure);
    if (decision.lost) this.#settle(job, decision.lost);
    if (decision.next === 'end') this.#end(decision.failure);
    else if (decision.lost && onFailure === 'stop') this.#end(decision.lost);
  }

  #settle(job: number, failure?: Failure): void {
    this.#headStart.end();
    this.#left--;
    this.#options.onSettled(job, { failure, ...this.#inFlight.settle(job) });
  }

  #end(ending: Failure): void {
    this.#ending ??= ending;
    for (const { job, failure } of this.#queue.takeHeld()) this.#settle(job, failure);
    this.#headStart.end();
    this.#inFlight.abort(this.#ending);
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (this.#inFlight.open === 0 && (this.#ending || this.#left === 0)) this.#done.resolve(this.#ending);
  }

  #wakeAt(time: number): void {
    if (time === Number.POSITIVE_INFINITY) return;
    this.#cancelWake = this.#options.clock.after(Math.max(0, time - this.#options.clock.now()), () => this.#pump());
  }
}
