import { asFailure, type Failure, runEnded, timedOut } from '../policy/failure.ts';
import type { Clock } from './clock.ts';

/** How tries are made and what each may take. */
export interface InFlightOptions {
  /** Jobs are numbered from 0. */
  readonly jobs: number;
  /** One try; rejects with a `Failure`. Calls `onAnswered` once the service has done its part and the rest is our own work. */
  readonly run: (job: number, signal: AbortSignal, onAnswered: () => void) => Promise<void>;
  /** Time limit of one try. */
  readonly timeoutMs: (job: number) => number;
  /** Memory one job takes until its try is over, in bytes. */
  readonly weight: (job: number) => number;
  readonly maxWeight: number;
  readonly clock: Clock;
}

/** What one job has cost so far. */
export interface Tally {
  /** Tries in all, free ones and probes included. */
  readonly attempts: number;
  /** Of those, the ones made though the service may have signed already: the try before had been sent whole and got no answer. */
  readonly blindRepeats: number;
  /** Since the first try began. */
  readonly elapsedMs: number;
}

/**
 * The tries that are under way: how many, how heavy, and how to end them.
 *
 * One that has its answer is no load for the service any more: it finishes beside those in flight. Its memory is free when
 * it is over, so that a disk that stands still holds new requests back.
 */
export class InFlight {
  readonly #options: InFlightOptions;
  readonly #controllers = new Map<number, AbortController>();
  readonly #attempts: Uint16Array;
  readonly #firstStart: Float64Array;
  readonly #settled: Uint8Array;
  readonly #blindRepeats: Uint16Array;
  /** Jobs whose last try was sent whole and got no answer. */
  readonly #unanswered = new Set<number>();
  #weight = 0;
  #finishing = 0;

  constructor(options: InFlightOptions) {
    this.#options = options;
    this.#attempts = new Uint16Array(options.jobs);
    this.#firstStart = new Float64Array(options.jobs).fill(-1);
    this.#settled = new Uint8Array(options.jobs);
    this.#blindRepeats = new Uint16Array(options.jobs);
  }

  /** Tries that the service has not answered yet. */
  get size(): number {
    return this.#controllers.size;
  }

  /** Those and the ones that were answered and are not over yet. */
  get open(): number {
    return this.size + this.#finishing;
  }

  /** Whether the given try of this job, counted from 1, is under way. */
  has(job: number, attempt: number): boolean {
    return this.#controllers.has(job) && this.#attempts[job] === attempt;
  }

  /** Returns what this job has cost. */
  tally(job: number): Tally {
    const attempts = this.#attempts[job] ?? 0;
    const elapsedMs = attempts === 0 ? 0 : this.#options.clock.now() - (this.#firstStart[job] ?? 0);
    return { attempts, blindRepeats: this.#blindRepeats[job] ?? 0, elapsedMs };
  }

  /** Notes that a job has its result; returns what it has cost. */
  settle(job: number): Tally {
    this.#settled[job] = 1;
    return this.tally(job);
  }

  /** Lists the jobs that were tried and have no result. */
  unsettled(): number[] {
    return [...this.#attempts.keys()].filter((job) => this.#settled[job] === 0 && this.#attempts[job] !== 0);
  }

  /** Whether there is memory for this job; one that is too heavy for everything goes alone. */
  fits(job: number): boolean {
    return this.open === 0 || this.#weight + this.#options.weight(job) <= this.#options.maxWeight;
  }

  /** Tries a job once, within its time; calls `onAnswered` when the service has done its part, and returns how it failed, or `undefined`. */
  async try(job: number, onAnswered: () => void): Promise<Failure | undefined> {
    const { run, clock, timeoutMs, weight } = this.#options;
    const controller = new AbortController();
    const limitMs = timeoutMs(job);
    const cancelTimeout = clock.after(limitMs, () => controller.abort(timedOut(limitMs)));
    this.#begin(job, controller);
    const finish = (): void => {
      if (!this.#leave(job, cancelTimeout)) return;
      this.#finishing++;
      onAnswered();
    };
    try {
      await run(job, controller.signal, finish);
      finish();
      return undefined;
    } catch (error) {
      const failure = whyFailed(error, controller.signal);
      if (failure.facts.unanswered) this.#unanswered.add(job);
      return failure;
    } finally {
      if (!this.#leave(job, cancelTimeout)) this.#finishing--;
      this.#weight -= weight(job);
    }
  }

  #begin(job: number, controller: AbortController): void {
    this.#controllers.set(job, controller);
    this.#weight += this.#options.weight(job);
    this.#attempts[job] = (this.#attempts[job] ?? 0) + 1;
    if (this.#unanswered.delete(job)) this.#blindRepeats[job] = (this.#blindRepeats[job] ?? 0) + 1;
    if (this.#firstStart[job] === -1) this.#firstStart[job] = this.#options.clock.now();
  }

  /** Takes a try out of the flight; returns whether it was in it. */
  #leave(job: number, cancelTimeout: () => void): boolean {
    if (!this.#controllers.delete(job)) return false;
    cancelTimeout();
    return true;
  }

  /** Ends all tries because the run is over. */
  abort(): void {
    for (const controller of this.#controllers.values()) controller.abort(runEnded());
  }
}

/** A try that was ended failed for that reason, whatever it says itself; it may add what it knows of it. */
function whyFailed(error: unknown, signal: AbortSignal): Failure {
  const told = asFailure(error);
  const ended = signal.aborted ? asFailure(signal.reason) : told;
  return told.code === ended.code ? told : ended;
}
