import type { Failure } from './policy/failure.ts';
import { orAborted } from './schedule/clock.ts';

/** Finds out more about a failed connection. */
export interface Diagnosis {
  canTellMore(failure: Failure): boolean;
  /** Resolves with a better failure, or the same one. */
  tell(failure: Failure): Promise<Failure>;
}

/**
 * Doubts the service until it has answered once: until then a lost connection may be a refusal in disguise.
 *
 * One look is taken, and while it lasts no further request leaves.
 */
export class Suspicion {
  readonly #diagnosis: Diagnosis | undefined;
  #look: Promise<Failure> | undefined;
  #isOver = false;

  constructor(diagnosis: Diagnosis | undefined) {
    this.#diagnosis = diagnosis;
  }

  /** Notes an answer: whoever answers has accepted our certificate, or says itself that it did not. */
  dispel(): void {
    this.#isOver = true;
  }

  /** Waits for a look that is being taken; rejects with what it found when that ends the run. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#look === undefined || this.#isOver) return;
    const found = await orAborted(this.#look, signal);
    if (found.kind === 'config') throw found;
  }

  /** Returns a failure as it is, or what a look found behind it. */
  async explain(failure: Failure, signal: AbortSignal): Promise<Failure> {
    const diagnosis = this.#diagnosis;
    if (this.#isOver || !diagnosis?.canTellMore(failure)) return failure;
    this.#look ??= diagnosis.tell(failure);
    const found = await orAborted(this.#look, signal);
    return found.kind === 'config' ? found : failure;
  }
}
