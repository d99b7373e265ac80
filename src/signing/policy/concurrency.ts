import type { Clock } from '../schedule/clock.ts';
import type { Recovery } from './decision.ts';
import { GROWTH } from './defaults.ts';

/** How many jobs of a run may be in flight. */
export interface Slots {
  readonly jobs: number;
  /** Most jobs in flight. */
  readonly concurrency: number;
  /** Most jobs that share a request; absent when each job has its own request. */
  readonly perRequest?: number | undefined;
}

/**
 * The limit on requests in flight, which adapts to the service. When files share requests, the limit counts files, and
 * starts and grows by the size of a request.
 *
 * Successes and time raise the limit, so that a slow service does not slow the start down. A push-back halves the
 * limit, which then grows slowly with each round of successes.
 */
export class Limit {
  readonly #ceiling: number;
  readonly #jobs: number;
  readonly #perRequest: number;
  #value: number;
  #mode: 'ramp' | 'careful' = 'ramp';
  /** Half of the value before the last push-back; below it the limit may double with each round of successes. */
  #threshold = 0;
  #step = 1;
  #succeeded = false;
  #overInTick = 0;
  #lastPushBack = Number.NEGATIVE_INFINITY;

  constructor(ceiling: number, jobs: number, perRequest = 1) {
    this.#ceiling = ceiling;
    this.#jobs = jobs;
    this.#perRequest = perRequest;
    this.#value = Math.min(ceiling, GROWTH.start * perRequest);
  }

  /** Returns how many requests may be in flight now. */
  get value(): number {
    return Math.max(1, Math.floor(this.#value));
  }

  /** Tells whether time alone can still raise the limit. */
  get ramps(): boolean {
    return this.#mode === 'ramp' && this.#value < this.#bound();
  }

  /** Records that the head start ended without an answer: the service is slow; the limit rises to its bound. */
  onSlowCanary(): void {
    if (this.#mode === 'ramp') this.#value = this.#bound();
  }

  /** Records that an attempt ended, with any result. */
  onOver(): void {
    this.#overInTick++;
  }

  /** Records a success. */
  onSuccess(): void {
    this.#succeeded = true;
    if (this.#mode === 'careful')
      this.#raise(this.#value < this.#threshold ? 1 : (this.#step * this.#perRequest) / this.#value);
    else if (this.#value < Math.min(GROWTH.answered, this.#jobs / GROWTH.filesPerConnection)) this.#raise(1);
  }

  /** Records a failure of the service, or its wish for fewer requests; several within a short time count as one. */
  onPushBack(now: number, reason: 'trouble' | 'throttled'): void {
    this.#mode = 'careful';
    this.#step = reason === 'throttled' ? GROWTH.throttledStep : 1;
    if (now - this.#lastPushBack < GROWTH.pushBackGraceMs) return;
    this.#lastPushBack = now;
    this.#value = Math.max(1, this.#value / 2);
    this.#threshold = this.#value;
  }

  /** Records that a new connection was useless: the limit drops to the number of requests on the other connections. */
  onBadNode(inFlight: number): void {
    this.#stay(inFlight, 0);
  }

  /** Records that this machine could not start another attempt: the limit stays near the number in flight. */
  onShortage(inFlight: number): void {
    this.#stay(inFlight, GROWTH.throttledStep);
  }

  #stay(inFlight: number, step: number): void {
    this.#mode = 'careful';
    this.#step = step;
    this.#value = Math.max(1, Math.min(this.#value, inFlight));
    this.#threshold = this.#value;
  }

  /** Starts again after an outage: from one request, or as at the start when no load made the files fail. */
  onRecovery(because: Recovery): void {
    this.#value = because === 'the service signed' ? 1 : Math.min(this.#ceiling, GROWTH.start * this.#perRequest);
  }

  /** Starts a tick, during which every slot is busy. */
  onTickStart(): void {
    this.#overInTick = 0;
  }

  /** Ends a tick in which this process was mostly idle; the limit grows in big steps while no request ends. */
  onIdleTick(): void {
    if (this.#mode === 'ramp') this.#raise(this.#overInTick === 0 ? GROWTH.silentStep : 1);
  }

  #raise(by: number): void {
    this.#value = Math.min(this.#bound(), this.#value + by);
  }

  #bound(): number {
    return this.#succeeded ? this.#ceiling : firstWave(this.#ceiling, this.#jobs, this.#perRequest);
  }
}

/** Returns how many requests may be in flight to a service that has answered none. */
export function firstWave(ceiling: number, jobs: number, perRequest = 1): number {
  return jobs <= ceiling ? ceiling : Math.min(ceiling, GROWTH.unanswered * perRequest);
}

/** Raises a limit over time while every slot is busy, unless this process itself is the bottleneck. */
export class Growth {
  readonly #limit: Limit;
  readonly #clock: Clock;
  #ticking = false;

  constructor(limit: Limit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Starts a tick because every slot is busy; calls back after it, when the limit may be higher. */
  watch(onTick: () => void): void {
    if (this.#ticking || !this.#limit.ramps) return;
    this.#ticking = true;
    this.#clock.idleShare();
    this.#limit.onTickStart();
    this.#clock.after(GROWTH.tickMs, () => {
      this.#ticking = false;
      if (this.#clock.idleShare() > 0.5) this.#limit.onIdleTick();
      onTick();
    });
  }
}
