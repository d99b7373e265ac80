import { SHORTAGE } from './defaults.ts';

/**
 * Decides how long a run continues on a machine that allows no more open files and connections.
 *
 * Each finished attempt frees some, so the wait is short at first. Without a success, the wait grows with the time of
 * the shortage, until not even a single attempt seems possible.
 */
export class Shortage {
  #since: number | undefined;

  /** Records an attempt that could not be made while others were in flight; returns the delay of its retry, `undefined` to give up. */
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

  /** Records a success. */
  onSuccess(): void {
    this.#since = undefined;
  }
}
