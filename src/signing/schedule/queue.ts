import type { Failure } from '../policy/failure.ts';

/** Why a retry waits: because of its own file, or to spare a failing service. */
export type WaitReason = 'itself' | 'service';

interface Repeat {
  readonly job: number;
  readonly readyAt: number;
  readonly reason: WaitReason;
}

/** The jobs that wait: the canary, fresh jobs, as a range that takes no memory, and retries by their earliest start. */
export class RetryQueue {
  readonly #canary: number;
  readonly #repeats: Repeat[] = [];
  /** Jobs that wait until no other job is waiting. */
  readonly #held: { readonly job: number; readonly failure: Failure }[] = [];
  #canaryWaits: boolean;
  /** The first and the last fresh job. */
  #first = 0;
  #last: number;

  constructor(jobs: number, canary: number) {
    this.#last = jobs - 1;
    this.#canary = canary;
    this.#canaryWaits = jobs > 0;
  }

  /** Puts a job back into the queue, to be ready at a time of the scheduler's clock. */
  repeat(repeat: Repeat): void {
    const at = this.#repeats.findIndex(({ readyAt }) => readyAt > repeat.readyAt);
    this.#repeats.splice(at < 0 ? this.#repeats.length : at, 0, repeat);
  }

  /** Puts a failed job back into the queue, to be retried when no other job is waiting. */
  hold(job: number, failure: Failure): void {
    this.#held.push({ job, failure });
  }

  /** Takes every held job out of the queue; returns the jobs with their failures. */
  takeHeld(): readonly { readonly job: number; readonly failure: Failure }[] {
    return this.#held.splice(0);
  }

  /** Returns the job to start now, ready retries first; from `restUntil` on also those that spare the service. */
  ready(now: number, restUntil: number): number | undefined {
    if (this.#repeatReady(now)) return this.#repeats[0]?.job;
    const sparing = restUntil <= now ? this.#sparing() : undefined;
    return this.#fresh('first') ?? sparing?.job ?? (this.#repeats.length === 0 ? this.#held[0]?.job : undefined);
  }

  /** Returns the canary if it is ready, and never another job; for the head start. */
  readyCanary(now: number): number | undefined {
    return this.#canaryWaits || this.#repeatReady(now) ? this.#canary : undefined;
  }

  /**
   * Returns the job for a probe: a fresh job if there is one, because a retry may fail because of its own file. The last
   * fresh job is the least like those that have failed, which may lie in one directory. Every second probe takes a job that
   * has failed, because a service may refuse each file at first.
   */
  probe(of: 'new' | 'failed' = 'new'): number | undefined {
    if (of === 'failed' && this.#repeats[0]) return this.#repeats[0].job;
    return this.#fresh('last') ?? this.#repeats[0]?.job ?? this.#held[0]?.job;
  }

  /** Returns when the next retry is ready, with `restUntil` as in {@link ready}; infinite when there is none. */
  nextReadyAt(restUntil: number): number {
    const readyAt = this.#repeats[0]?.readyAt ?? Number.POSITIVE_INFINITY;
    return restUntil < readyAt && this.#sparing() ? restUntil : readyAt;
  }

  /** Removes a job from the queue that {@link ready} or {@link probe} returned. */
  take(job: number): void {
    const at = this.#repeats.findIndex((repeat) => repeat.job === job);
    if (at >= 0) this.#repeats.splice(at, 1);
    else if (this.#held[0]?.job === job) this.#held.shift();
    else if (this.#canaryWaits) this.#canaryWaits = false;
    else if (job === this.#last) this.#last--;
    else this.#first = job + 1;
  }

  #repeatReady(now: number): boolean {
    return (this.#repeats[0]?.readyAt ?? Number.POSITIVE_INFINITY) <= now;
  }

  #sparing(): Repeat | undefined {
    return this.#repeats.find(({ reason }) => reason === 'service');
  }

  #fresh(which: 'first' | 'last'): number | undefined {
    if (this.#canaryWaits) return this.#canary;
    if (this.#first === this.#canary) this.#first++;
    if (this.#last === this.#canary) this.#last--;
    if (this.#first > this.#last) return undefined;
    return which === 'first' ? this.#first : this.#last;
  }
}
