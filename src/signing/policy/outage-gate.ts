import { OUTAGE, RETRY } from './defaults.ts';
import { pauseMs } from './retry.ts';

/** The gate's answer to the question whether an attempt may start now. */
export type Passage =
  | { readonly may: 'start' }
  | { readonly may: 'probe'; readonly of: 'new' | 'failed' }
  | { readonly may: 'wait'; readonly untilMs: number };

/** The facts about a failure of the service that the gate needs. */
interface ServiceFailure {
  /** When the failed attempt began, on the gate's clock. */
  readonly startedAt: number;
  readonly isProbe: boolean;
  /** Files that have no result yet. */
  readonly filesLeft: number;
}

/**
 * The gate that every attempt passes: consecutive failures of the service shut it, and then only one probe at a time
 * may start.
 *
 * Times are milliseconds of a monotonic clock.
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
  /** End of the wait that the service requested; a success does not shorten it. */
  #askedUntil = 0;
  #runStartedAt: number | undefined;
  /** Whether only the success of a probe opens the gate. */
  #needsProbe = false;
  #restUntil = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Tells whether only probes may start. */
  get isShut(): boolean {
    return this.#shut;
  }

  /** Returns when the next probe may start; valid while the gate is shut. */
  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** Tells whether any attempt has succeeded. */
  get hasSucceeded(): boolean {
    return this.#succeeded;
  }

  /** Returns when the backoff after the last failure of the service ends, if nothing else is in flight; 0 after a success. */
  get restUntil(): number {
    return this.#restUntil;
  }

  /** Tells whether an attempt may start now. */
  ask(now: number): Passage {
    const untilMs = Math.max(this.#askedUntil, this.#shut ? this.#pausedUntil : 0);
    if (now < untilMs) return { may: 'wait', untilMs };
    if (!this.#shut) return { may: 'start' };
    return this.#probing
      ? { may: 'wait', untilMs: Number.POSITIVE_INFINITY }
      : { may: 'probe', of: !this.#needsProbe && this.#pauses % 2 === 0 ? 'failed' : 'new' };
  }

  /** Records that a probe was sent. */
  onProbe(): void {
    this.#probing = true;
  }

  /** Records that the probe ended, with any result; the next probe may start after the pause. */
  onProbeOver(): void {
    this.#probing = false;
  }

  /** Records a success; returns whether it ended an outage. */
  onSuccess({ isProbe }: { readonly isProbe: boolean }): boolean {
    this.#succeeded = true;
    if (this.#needsProbe && !isProbe) return false;
    this.#needsProbe = false;
    return this.open();
  }

  /** Lets every attempt start again, unless credentials were refused; returns whether that ended an outage. */
  open(): boolean {
    if (this.#needsProbe) return false;
    const wasShut = this.#shut;
    this.#failures = 0;
    this.#pauses = 0;
    this.#restUntil = 0;
    this.#runStartedAt = undefined;
    this.#shut = false;
    return wasShut;
  }

  /** Records a failure of the service; returns whether it shut the gate. */
  onFailure({ startedAt, isProbe, filesLeft }: ServiceFailure, now: number): boolean {
    this.#restUntil = now + pauseMs(++this.#failures, this.#random);
    this.#runStartedAt = Math.min(this.#runStartedAt ?? startedAt, startedAt);
    const shuts = !this.#shut && this.#failures >= Math.min(OUTAGE.failures, filesLeft);
    if (shuts) this.shut(now);
    else if (isProbe) this.pause(now);
    return shuts;
  }

  /** Shuts the gate after a refusal, with a pause drawn from the upper half of `boundMs`; an earlier request cannot open the gate. */
  onRefused({ isProbe, boundMs }: { readonly isProbe: boolean; readonly boundMs: number }, now: number): void {
    if (isProbe || !this.#shut) this.#pausedUntil = now + (0.5 + 0.5 * this.#random()) * boundMs;
    this.#shut = true;
    this.#needsProbe = true;
  }

  /** Shuts the gate for everything except probes; the first probe may start after a pause. */
  shut(now: number): void {
    this.#shut = true;
    this.pause(now);
  }

  /** Sets the pause before the next probe, longer each time, but within the time that is left without progress. */
  pause(now: number): void {
    const untilMs = now + pauseMs(++this.#pauses, this.#random);
    this.#pausedUntil = Math.max(now, Math.min(untilMs, now + this.patienceMs(now)));
  }

  /** Makes every attempt wait as long as the service requested. */
  hold(retryAfterMs: number, now: number): void {
    this.#askedUntil = Math.max(this.#askedUntil, now + retryAfterMs + this.#random() * RETRY.retryAfterSpreadMs);
  }

  /** Returns the milliseconds until lack of progress ends the run; infinite while nothing fails. */
  patienceMs(now: number): number {
    if (this.#runStartedAt === undefined) return Number.POSITIVE_INFINITY;
    const limitMs = this.#succeeded ? OUTAGE.noProgressMs : OUTAGE.noProgressBeforeSuccessMs;
    return this.#runStartedAt + limitMs - now;
  }
}
