import type { FailedAttempt } from './decision.ts';
import { ENDINGS, OUTAGE } from './defaults.ts';

/** A 401 or 403 after the first success of a run. */
interface RefusedAttempt extends Pick<FailedAttempt, 'job' | 'isProbe' | 'left'> {
  /** Whether the gate was already shut, so that the refusal adds nothing new. */
  readonly wasShut: boolean;
}

/**
 * Decides what a 401 or 403 means after the same credentials were accepted: an outage, the content of a file, or the
 * end of the run.
 *
 * The first probes are files that were never refused. Without such a file, probes prove nothing about the credentials,
 * and each refusal counts as an attempt of its file.
 */
export class Refusals {
  /** Files without a result that were refused. */
  readonly #files = new Set<number>();
  #since: number | undefined;
  #probes = 0;

  /** Records a refusal; returns whether it ends the run, and whether it counts as an attempt of its file. */
  add(
    { job, isProbe, wasShut, left }: RefusedAttempt,
    now: number,
  ): { readonly ends: boolean; readonly counts: boolean } {
    this.#since ??= now;
    if (isProbe) this.#probes++;
    const isProof = left > this.#files.add(job).size;
    return {
      ends: now - this.#since >= ENDINGS.unauthorisedMs || (isProof && this.#probes >= ENDINGS.unauthorisedProbes),
      counts: !wasShut || (isProbe && !isProof),
    };
  }

  /** Bound of the pause before the next probe, in milliseconds. */
  get pauseMs(): number {
    const bounds = OUTAGE.unauthorisedPausesMs;
    return bounds[Math.min(this.#probes, bounds.length - 1)] ?? 0;
  }

  /** Records that a file has its result. */
  settle(job: number): void {
    this.#files.delete(job);
  }

  /** Records that a probe succeeded, or met another kind of failure. */
  endRow(): void {
    this.#since = undefined;
    this.#probes = 0;
  }
}
