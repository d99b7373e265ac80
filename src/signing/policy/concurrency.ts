import type { Clock } from '../schedule/clock.ts';

/** How the number of requests in flight starts and grows. */
export const GROWTH = {
  /** In flight once the canary has its answer or its head start is over. */
  start: 12,
  /**
   * Each success adds one up to this many: what is answered together is dealt with together, also where the service is so
   * fast that time alone would add none. 5,000 small files take about a tenth less than with 12. From 24 on more made no
   * difference over HTTP/1.1, but did over HTTP/2, where a place costs no handshake.
   */
  answered: 48,
  /** But no more than pay: to open one connection more costs both sides as much as dozens of small requests. */
  filesPerConnection: 64,
  /** Most in flight before the first success when the run needs several waves anyway, so that a dead service gets few. */
  unanswered: 40,
  tickMs: 5,
  /** Added per tick when nothing at all came back: the service is slow, and waiting for it would only add up. */
  silentStep: 25,
  pushBackGraceMs: 250,
  /**
   * Added per round of successes once the service asked for fewer requests, instead of 1. A rate limit is hit again each
   * time the growth reaches it: a service that takes 50 requests per second got 2.7 per file with whole steps, 1.7 with these.
   */
  throttledStep: 0.25,
} as const;

/**
 * The adaptive number of requests in flight.
 *
 * It grows in time, not by success alone, because a slow service must not slow the start; once the service has pushed back it
 * halves, and grows a little with each round of successes.
 */
export class Limit {
  readonly #ceiling: number;
  readonly #jobs: number;
  #value: number;
  #mode: 'ramp' | 'careful' = 'ramp';
  /** Below this, what was good before the last push-back, it may double with each round of successes. */
  #threshold = 0;
  #step = 1;
  #succeeded = false;
  #overInTick = 0;
  #lastPushBack = Number.NEGATIVE_INFINITY;

  constructor(ceiling: number, jobs: number) {
    this.#ceiling = ceiling;
    this.#jobs = jobs;
    this.#value = Math.min(ceiling, GROWTH.start);
  }

  /** Most requests that may be in flight now. */
  get value(): number {
    return Math.max(1, Math.floor(this.#value));
  }

  /** Whether time alone can still raise it. */
  get ramps(): boolean {
    return this.#mode === 'ramp' && this.#value < this.#bound();
  }

  /** Notes that the canary was alone for all of its time: the service is slow, so all that may be risked goes at once. */
  onSlowCanary(): void {
    if (this.#mode === 'ramp') this.#value = this.#bound();
  }

  /** Notes that a try is over, whatever became of it. */
  onOver(): void {
    this.#overInTick++;
  }

  /** Notes a success. */
  onSuccess(): void {
    this.#succeeded = true;
    if (this.#mode === 'careful') this.#raise(this.#value < this.#threshold ? 1 : this.#step / this.#value);
    else if (this.#value < Math.min(GROWTH.answered, this.#jobs / GROWTH.filesPerConnection)) this.#raise(1);
  }

  /** Notes a failure that says the service is in trouble, or asks for fewer requests; many at once count as one. */
  onPushBack(now: number, reason: 'trouble' | 'throttled'): void {
    this.#mode = 'careful';
    this.#step = reason === 'throttled' ? GROWTH.throttledStep : 1;
    if (now - this.#lastPushBack < GROWTH.pushBackGraceMs) return;
    this.#lastPushBack = now;
    this.#value = Math.max(1, this.#value / 2);
    this.#threshold = this.#value;
  }

  /** Starts again from one after an outage. */
  onRecovery(): void {
    this.#value = 1;
  }

  /** Begins a tick: every slot is busy. */
  onTickStart(): void {
    this.#overInTick = 0;
  }

  /** Ends a tick in which this process was mostly idle: grows in big steps while nothing comes back at all. */
  onIdleTick(): void {
    if (this.#mode === 'ramp') this.#raise(this.#overInTick === 0 ? GROWTH.silentStep : 1);
  }

  #raise(by: number): void {
    this.#value = Math.min(this.#bound(), this.#value + by);
  }

  #bound(): number {
    return this.#succeeded ? this.#ceiling : firstWave(this.#ceiling, this.#jobs);
  }
}

/** Most requests that are sent to a service that has answered none. */
export function firstWave(ceiling: number, jobs: number): number {
  return jobs <= ceiling ? ceiling : Math.min(ceiling, GROWTH.unanswered);
}

/** Lets a limit grow in time while every slot is busy, unless this process itself is what is slow. */
export class Growth {
  readonly #limit: Limit;
  readonly #clock: Clock;
  #ticking = false;

  constructor(limit: Limit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Notes that every slot is busy; calls back after a tick, when that may no longer be so. */
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
