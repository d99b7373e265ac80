import { asFailure, type CutOff, cutOff, type Failure, runEnded, timedOut } from '../policy/failure.ts';
import type { Clock } from './clock.ts';

/** How attempts are made, and how much time and memory each may take. */
export interface InFlightOptions {
  /** Jobs are numbered from 0. */
  readonly jobs: number;
  /** Makes one attempt; calls `onAnswered` when the service has answered and only local work is left; rejects with a `Failure`. */
  readonly run: (job: number, signal: AbortSignal, onAnswered: () => void) => Promise<void>;
  /** Time limit of one attempt. */
  readonly timeoutMs: (job: number) => number;
  /** Memory that a job takes until its attempt has ended, in bytes. */
  readonly weight: (job: number) => number;
  readonly maxWeight: number;
  readonly clock: Clock;
}

/** Attempts and time of a job. */
export interface Tally {
  /** All attempts, including uncounted ones and probes. */
  readonly attempts: number;
  /** Attempts after one that was sent whole and got no answer: the service may have signed twice. */
  readonly blindRepeats: number;
  /** Time since the start of the first attempt. */
  readonly elapsedMs: number;
}

/**
 * The attempts in flight: how many there are, how much memory they take, and how to abort them.
 *
 * An answered attempt no longer counts against the concurrency limit; its memory counts until its signature is written, so
 * that a disk that does not respond holds new requests back.
 */
export class InFlight {
  readonly #options: InFlightOptions;
  /** Attempts that the service has not answered, by job, the oldest first. */
  readonly #unended = new Map<number, { readonly controller: AbortController; readonly startedAt: number }>();
  readonly #attempts: Uint16Array;
  readonly #firstStart: Float64Array;
  readonly #settled: Uint8Array;
  readonly #blindRepeats: Uint16Array;
  /** Jobs whose last attempt was sent whole and got no answer. */
  readonly #unanswered = new Set<number>();
  #cutOff: CutOff | undefined;
  /** The job that had waited longest when it was cut off. */
  #oldest: number | undefined;
  #weight = 0;
  #finishing = 0;

  constructor(options: InFlightOptions) {
    this.#options = options;
    this.#attempts = new Uint16Array(options.jobs);
    this.#firstStart = new Float64Array(options.jobs).fill(-1);
    this.#settled = new Uint8Array(options.jobs);
    this.#blindRepeats = new Uint16Array(options.jobs);
  }

  /** Attempts that the service has not answered yet. */
  get size(): number {
    return this.#unended.size;
  }

  /** The same, and when the oldest of them began; infinite without one. */
  get unanswered(): { readonly inFlight: number; readonly oldestStart: number } {
    const [oldest] = this.#unended.values();
    return { inFlight: this.size, oldestStart: oldest?.startedAt ?? Number.POSITIVE_INFINITY };
  }

  /** All attempts that have not ended, answered ones included. */
  get open(): number {
    return this.size + this.#finishing;
  }

  /** Tells whether the given attempt of this job, counted from 1, is waiting for an answer. */
  has(job: number, attempt: number): boolean {
    return this.#unended.has(job) && this.#attempts[job] === attempt;
  }

  /** Returns the attempts and the time of a job so far. */
  tally(job: number): Tally {
    const attempts = this.#attempts[job] ?? 0;
    const elapsedMs = attempts === 0 ? 0 : this.#options.clock.now() - (this.#firstStart[job] ?? 0);
    return { attempts, blindRepeats: this.#blindRepeats[job] ?? 0, elapsedMs };
  }

  /** Records that a job has its result; returns its attempts and time. */
  settle(job: number): Tally {
    this.#settled[job] = 1;
    return this.tally(job);
  }

  /** Lists the jobs that were attempted and have no result. */
  unsettled(): number[] {
    return [...this.#attempts.keys()].filter((job) => this.#settled[job] === 0 && this.#attempts[job] !== 0);
  }

  /** Tells whether there is memory for this job; a job that needs more than the limit runs alone. */
  fits(job: number): boolean {
    return this.open === 0 || this.#weight + this.#options.weight(job) <= this.#options.maxWeight;
  }

  /** Makes one attempt within its time limit; calls `onAnswered` as soon as the service has answered, and resolves with the failure, if any. */
  async attempt(job: number, onAnswered: () => void): Promise<Failure | undefined> {
    const { run, clock, timeoutMs, weight } = this.#options;
    const controller = new AbortController();
    const limitMs = timeoutMs(job);
    const cancelTimeout = clock.after(limitMs, () => controller.abort(timedOut(limitMs)));
    // The memory of a job may change while it is in flight, for example when the service tells the type of its key.
    const taken = weight(job);
    this.#begin(job, { controller, taken });
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
      if (this.#cutOff && job === this.#oldest) this.#cutOff = { ...this.#cutOff, oldest: failure };
      return failure;
    } finally {
      if (!this.#leave(job, cancelTimeout)) this.#finishing--;
      this.#weight -= taken;
    }
  }

  #begin(job: number, { controller, taken }: { readonly controller: AbortController; readonly taken: number }): void {
    this.#unended.set(job, { controller, startedAt: this.#options.clock.now() });
    this.#weight += taken;
    this.#attempts[job] = (this.#attempts[job] ?? 0) + 1;
    if (this.#unanswered.delete(job)) this.#blindRepeats[job] = (this.#blindRepeats[job] ?? 0) + 1;
    if (this.#firstStart[job] === -1) this.#firstStart[job] = this.#options.clock.now();
  }

  /** Ends the time limit of an attempt and removes it from those in flight; returns whether it was in flight. */
  #leave(job: number, cancelTimeout: () => void): boolean {
    if (!this.#unended.delete(job)) return false;
    cancelTimeout();
    return true;
  }

  /** Aborts every attempt because the run is over. */
  abort({ code }: Failure): void {
    const now = this.#options.clock.now();
    this.#oldest ??= this.#unended.keys().next().value;
    this.#cutOff ??= { count: this.size };
    for (const { controller, startedAt } of this.#unended.values())
      controller.abort(code === 'DEADLINE' ? cutOff(now - startedAt) : runEnded());
  }

  /** The attempts that {@link abort} has aborted. */
  get cutOff(): CutOff | undefined {
    return this.#cutOff;
  }
}

/** Returns the failure of an attempt: the reason of its abort, unless its error has the same code and so more details. */
function whyFailed(error: unknown, signal: AbortSignal): Failure {
  const told = asFailure(error);
  const ended = signal.aborted ? asFailure(signal.reason) : told;
  return told.code === ended.code ? told : ended;
}
