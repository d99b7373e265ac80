import type { Clock } from './clock.ts';
import { GROWTH, type Limit } from './limit.ts';

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
