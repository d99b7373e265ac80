/**
 * The jobs that wait for a try: fresh ones in order behind the canary, repeats by the time they may go.
 *
 * Fresh jobs are a cursor, not entries, so that 100,000 of them cost nothing.
 */
export class RetryQueue {
  readonly #jobs: number;
  readonly #canary: number;
  readonly #repeats: { readonly job: number; readonly readyAt: number }[] = [];
  #canaryWaits: boolean;
  #cursor = 0;

  constructor(jobs: number, canary: number) {
    this.#jobs = jobs;
    this.#canary = canary;
    this.#canaryWaits = jobs > 0;
  }

  /** Puts a job back, to be ready at a time of the scheduler's clock. */
  repeat(job: number, readyAt: number): void {
    const at = this.#repeats.findIndex((entry) => entry.readyAt > readyAt);
    this.#repeats.splice(at < 0 ? this.#repeats.length : at, 0, { job, readyAt });
  }

  /** Returns the job that should go now, without taking it; repeats that are ready go first. */
  ready(now: number): number | undefined {
    return this.#repeatReady(now) ? this.#repeats[0]?.job : this.#fresh();
  }

  /** Returns the canary when it is ready, and no other job; meant for while nothing else was ever tried. */
  readyCanary(now: number): number | undefined {
    return this.#canaryWaits || this.#repeatReady(now) ? this.#canary : undefined;
  }

  /** Returns the job that is ready, or would be soonest. */
  soonest(now: number): number | undefined {
    return this.ready(now) ?? this.#repeats[0]?.job;
  }

  /** When the first repeat becomes ready; infinite when there is none. */
  nextReadyAt(): number {
    return this.#repeats[0]?.readyAt ?? Number.POSITIVE_INFINITY;
  }

  /** Takes a job that {@link ready} or {@link soonest} returned out of the queue. */
  take(job: number): void {
    if (this.#repeats[0]?.job === job) this.#repeats.shift();
    else if (this.#canaryWaits) this.#canaryWaits = false;
    else this.#cursor = job + 1;
  }

  #repeatReady(now: number): boolean {
    return this.nextReadyAt() <= now;
  }

  #fresh(): number | undefined {
    if (this.#canaryWaits) return this.#canary;
    if (this.#cursor === this.#canary) this.#cursor++;
    return this.#cursor < this.#jobs ? this.#cursor : undefined;
  }
}
