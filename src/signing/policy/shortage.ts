import { SHORTAGE } from './defaults.ts';

/**
 * Decides how long a run goes on whose machine allows no more open files and connections.
 *
 * Each attempt that ends frees some, so the wait is short at first. Without a success it grows with the time of the
 * shortage, until it is clear that not even a single attempt can be made.
 */
export class Shortage {
  #since: number | undefined;

  /** Learns of an attempt that could not be made while others were in flight; returns the delay of its repeat, `undefined` when none is worth it. */
  add(inFlight: number, now: number): number | undefined {
    const lastedMs = now - (this.#since ?? now);
    this.#since ??= now;
    if (inFlight === 0 && lastedMs >= SHORTAGE.noProgressMs) return undefined;
    return Math.max(SHORTAGE.firstDelayMs, Math.min(SHORTAGE.maxDelayMs, lastedMs));
  }

  /** Tells whether this is the first failure since the last success. */
  get isNew(): boolean {
    return this.#since === undefined;
  }

  /** Learns of a success. */
  onSuccess(): void {
    this.#since = undefined;
  }
}
