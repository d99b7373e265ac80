import { pauseMs, RETRY } from './retry.ts';

/** What the gate says about starting a try now. */
export type Passage =
  | { readonly may: 'start' }
  | { readonly may: 'probe' }
  | { readonly may: 'wait'; readonly untilMs: number };

/** Facts about a service failure that the gate weighs. */
export interface ServiceFailure {
  /** When the failed try began, on the gate's clock. */
  readonly startedAt: number;
  readonly isProbe: boolean;
  /** Files that have no result yet. */
  readonly filesLeft: number;
}

/**
 * The gate that all workers share during an outage: shut after enough failures in a row, then one probe at a time.
 *
 * Times are milliseconds of one monotonic clock.
 */
export class OutageGate {
  readonly #random: () => number;
  #failures = 0;
  #pauses = 0;
  #shut = false;
  #probing = false;
  #succeeded = false;
  /** End of the pause before the next probe. */
  #pausedUntil = 0;
  /** What the service itself asked for: a success does not lift it. */
  #askedUntil = 0;
  #runStartedAt: number | undefined;
  #restUntil = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether the road is closed to all but probes. */
  get isShut(): boolean {
    return this.#shut;
  }

  /** Whether any try has succeeded. */
  get hasSucceeded(): boolean {
    return this.#succeeded;
  }

  /** Until when the service is left alone after its last failure, if nothing else is going on; 0 after a success. */
  get restUntil(): number {
    return this.#restUntil;
  }

  /** Asks to start a try. */
  ask(now: number): Passage {
    const untilMs = Math.max(this.#askedUntil, this.#shut ? this.#pausedUntil : 0);
    if (now < untilMs) return { may: 'wait', untilMs };
    if (!this.#shut) return { may: 'start' };
    return this.#probing ? { may: 'wait', untilMs: Number.POSITIVE_INFINITY } : { may: 'probe' };
  }

  /** Notes that a probe has left. */
  onProbe(): void {
    this.#probing = true;
  }

  /** Notes that the probe is back, whatever it brought: the next one may leave after the pause. */
  onProbeOver(): void {
    this.#probing = false;
  }

  /** Notes a success; returns whether it ended an outage. */
  onSuccess(): boolean {
    const recovered = this.#shut;
    this.#succeeded = true;
    this.#failures = 0;
    this.#pauses = 0;
    this.#restUntil = 0;
    this.#runStartedAt = undefined;
    this.#shut = false;
    return recovered;
  }

  /** Notes a service failure; returns whether it shut the gate. */
  onFailure({ startedAt, isProbe, filesLeft }: ServiceFailure, now: number): boolean {
    this.#restUntil = now + pauseMs(++this.#failures, this.#random);
    this.#runStartedAt = Math.min(this.#runStartedAt ?? startedAt, startedAt);
    const shuts = !this.#shut && this.#failures >= Math.min(RETRY.outageFailures, filesLeft);
    if (shuts) this.shut(now);
    else if (isProbe) this.pause(now);
    return shuts;
  }

  /** Closes the road to all but probes, of which the first may leave after a pause. */
  shut(now: number): void {
    this.#shut = true;
    this.pause(now);
  }

  /** Lets some time pass before the next probe, more each time, but not past the end of patience. */
  pause(now: number): void {
    const untilMs = now + pauseMs(++this.#pauses, this.#random);
    this.#pausedUntil = Math.max(now, Math.min(untilMs, now + this.patienceMs(now)));
  }

  /** Makes everyone wait as the service asked. */
  hold(retryAfterMs: number, now: number): void {
    this.#askedUntil = Math.max(this.#askedUntil, now + retryAfterMs + this.#random() * RETRY.retryAfterSpreadMs);
  }

  /** Milliseconds until lack of progress ends the run; infinite while nothing fails. */
  patienceMs(now: number): number {
    if (this.#runStartedAt === undefined) return Number.POSITIVE_INFINITY;
    const limitMs = this.#succeeded ? RETRY.noProgressMs : RETRY.noProgressBeforeSuccessMs;
    return this.#runStartedAt + limitMs - now;
  }
}
