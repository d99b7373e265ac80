import type { Failure } from '../policy/failure.ts';

/** Why a repeat waits: for a reason of its own file, or to spare a service that is in trouble. */
export type WaitReason = 'itself' | 'service';

interface Repeat {
  readonly job: number;
  readonly readyAt: number;
  readonly reason: WaitReason;
}

/**
 * The jobs that wait for an attempt: fresh jobs in their order after the canary, repeats by the time at which they may start.
 *
 * Fresh jobs are a cursor, not entries, so that 100,000 of them take no memory.
 */
export class RetryQueue {
  readonly #jobs: number;
  readonly #canary: number;
  readonly #repeats: Repeat[] = [];
  /** Jobs that wait until no other job does. */
  readonly #held: { readonly job: number; readonly failure: Failure }[] = [];
  #canaryWaits: boolean;
  #cursor = 0;

  constructor(jobs: number, canary: number) {
    this.#jobs = jobs;
    this.#canary = canary;
    this.#canaryWaits = jobs > 0;
  }

  /** Puts a job back that is ready at a time of the scheduler's clock. */
  repeat(repeat: Repeat): void {
    const at = this.#repeats.findIndex(({ readyAt }) => readyAt > repeat.readyAt);
    this.#repeats.splice(at < 0 ? this.#repeats.length : at, 0, repeat);
  }

  /** Puts a failed job back that is repeated when no other job waits. */
  hold(job: number, failure: Failure): void {
    this.#held.push({ job, failure });
  }

  /** Takes every held job out of the queue; returns the jobs with their failures. */
  takeHeld(): readonly { readonly job: number; readonly failure: Failure }[] {
    return this.#held.splice(0);
  }

  /**
   * Returns the job that should start now, without taking it; repeats that are ready come first.
   *
   * From `restUntil` on, a repeat that waits only to spare the service is ready as well.
   */
  ready(now: number, restUntil: number): number | undefined {
    if (this.#repeatReady(now)) return this.#repeats[0]?.job;
    const sparing = restUntil <= now ? this.#sparing() : undefined;
    return this.#fresh() ?? sparing?.job ?? (this.#repeats.length === 0 ? this.#held[0]?.job : undefined);
  }

  /** Returns the canary when it is ready, and no other job; for the head start. */
  readyCanary(now: number): number | undefined {
    return this.#canaryWaits || this.#repeatReady(now) ? this.#canary : undefined;
  }

  /** Returns the job for a probe: a fresh job if there is one, because a repeat may fail for a reason of its own file. */
  probe(): number | undefined {
    return this.#fresh() ?? this.#repeats[0]?.job ?? this.#held[0]?.job;
  }

  /** Returns when the next repeat is ready, by the `restUntil` of {@link ready}; infinite when there is none. */
  nextReadyAt(restUntil: number): number {
    const readyAt = this.#repeats[0]?.readyAt ?? Number.POSITIVE_INFINITY;
    return restUntil < readyAt && this.#sparing() ? restUntil : readyAt;
  }

  /** Takes a job that {@link ready} or {@link probe} returned out of the queue. */
  take(job: number): void {
    const at = this.#repeats.findIndex((repeat) => repeat.job === job);
    if (at >= 0) this.#repeats.splice(at, 1);
    else if (this.#held[0]?.job === job) this.#held.shift();
    else if (this.#canaryWaits) this.#canaryWaits = false;
    else this.#cursor = job + 1;
  }

  #repeatReady(now: number): boolean {
    return (this.#repeats[0]?.readyAt ?? Number.POSITIVE_INFINITY) <= now;
  }

  #sparing(): Repeat | undefined {
    return this.#repeats.find(({ reason }) => reason === 'service');
  }

  #fresh(): number | undefined {
    if (this.#canaryWaits) return this.#canary;
    if (this.#cursor === this.#canary) this.#cursor++;
    return this.#cursor < this.#jobs ? this.#cursor : undefined;
  }
}
