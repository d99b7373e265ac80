import type { FailedAttempt } from './decision.ts';
import { ENDINGS, OUTAGE } from './defaults.ts';
import type { Failure } from './failure.ts';

/** A 401 or 403 after the first success of a run. */
interface RefusedAttempt extends Pick<FailedAttempt, 'job' | 'isProbe' | 'left'> {
  /** Whether the gate was shut already, so that the refusal says nothing new. */
  readonly wasShut: boolean;
}

/**
 * Decides what a 401 or 403 means once the same credentials were good: an outage, the content of a file, or the end of the run.
 *
 * The first probes are files that were never refused. When no such file is left, probes prove nothing about the credentials,
 * and each refusal counts as an attempt of its file.
 */
export class Refusals {
  /** Files without a result that were refused. */
  readonly #files = new Set<number>();
  #since: number | undefined;
  #probes = 0;

  /** Learns of a refusal; returns whether it ends the run, and whether it counts as an attempt of its file. */
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

  /** Learns that a file has its result. */
  settle(job: number): void {
    this.#files.delete(job);
  }

  /** Learns that a probe succeeded, or met a failure of another kind. */
  endRow(): void {
    this.#since = undefined;
    this.#probes = 0;
  }
}

const CREDENTIALS =
  'The credentials may have been withdrawn during the run, one of several servers behind a balancer may not know them, or a firewall or gateway may limit the rate or object to the content of a file: ask the operators; lower concurrency.';
const ADDRESS =
  'One of several servers behind a balancer may be set up in another way, for example in an older version without this path, or the service may have been changed during the run: ask the operators.';
/** Codes of answers that look as if the address were wrong. */
const OF_ADDRESS: readonly string[] = ['NOT_FOUND', 'METHOD_REFUSED', 'RESP_HTML', 'RESP_EMPTY', 'RESP_NOT_JSON'];

/** Explains a refusal of credentials, or of the address, that were good for so many files; returns any other failure as it is. */
export function refusedLater(failure: Failure, successes: number): Failure {
  const isAddress = OF_ADDRESS.includes(failure.code);
  if (successes === 0 || (!isAddress && failure.facts.endsRun !== 'unauthorised')) return failure;
  const [what, hint] = isAddress ? ['address was', ADDRESS] : ['credentials were', CREDENTIALS];
  const files = successes === 1 ? '1 file' : `${successes} files`;
  const message = `${failure.message.replace(/\.$/, '')}, although the same ${what} good for ${files} of this run.`;
  return failure.with({ message, hint });
}
