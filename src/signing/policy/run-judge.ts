import type { FailedAttempt } from './decision.ts';
import { ENDINGS } from './defaults.ts';
import type { Failure } from './failure.ts';

/** The facts about a failed attempt that decide about the run. */
interface AttemptFacts extends Pick<FailedAttempt, 'job' | 'startedAt' | 'isCanary' | 'oldestStart'> {
  /** Counted attempts of this job, this one included. */
  readonly attempts: number;
}

/**
 * Decides which failures together mean that the run cannot succeed.
 *
 * It learns of every success and every failure in the order of arrival. After the first success only `config` and bad nodes
 * end the run here; `Refusals` decides about 401 and 403.
 */
export class RunJudge {
  #successes = 0;
  #canaryFailures = 0;
  #notFound = 0;
  /** Files that the service refused, or answered in a form without a signature. */
  readonly #refused = new Set<number>();
  /** Files whose signature did not fit the key. */
  readonly #unfit = new Set<number>();
  /** Attempts that met a bad node, one after the other, since the last success. */
  #badNodes = 0;
  /** All attempts of the run that met a bad node. */
  #badNodesOfRun = 0;
  /** When the last of these failed. */
  #badNodeAt = Number.NEGATIVE_INFINITY;
  /** When the first refusal of the credentials or the certificate came; infinite before that. */
  #refusedAt = Number.POSITIVE_INFINITY;

  /** How many requests may be in flight while the failures so far may concern every file; infinite when they do not. */
  get inFlight(): number {
    if (this.#successes > 0) return Number.POSITIVE_INFINITY;
    return Math.min(left(this.#refused, ENDINGS.refusedFiles), left(this.#unfit, ENDINGS.unfitFiles));
  }

  /** Learns of a success. */
  onSuccess(): void {
    this.#successes++;
    this.#badNodes = 0;
  }

  /** Tells whether this failure ends the run; `now` is the scheduler's clock. */
  endsRun(failure: Failure, facts: AttemptFacts, now: number): boolean {
    const rule = failure.facts.endsRun;
    if (rule === 'bad-node') {
      const { isOneOfSeveral, isOfOneServer } = failure.facts;
      const mayBeAlone = this.#successes === 0 && !isOneOfSeveral && !isGoodOneBusy(facts);
      const isAlone = mayBeAlone && (!isOfOneServer || this.#isRefusedAgain(facts, now));
      return isAlone || this.#badNode(facts, now);
    }
    if (failure.kind === 'config') return true;
    if (this.#successes > 0) return false;
    switch (rule) {
      case undefined:
        return false;
      case 'canary-twice':
        if (facts.isCanary) this.#canaryFailures++;
        return facts.attempts === this.#canaryFailures && this.#canaryFailures === ENDINGS.canaryAttempts;
      case 'not-found':
        return ++this.#notFound >= ENDINGS.notFoundAttempts;
      case 'first-four-files':
        return this.#refused.add(facts.job).size >= ENDINGS.refusedFiles;
      case 'verify-key':
        return this.#unfit.add(facts.job).size >= ENDINGS.unfitFiles;
      case 'unauthorised':
        return this.#isRefusedAgain(facts, now);
      default:
        return rule satisfies never;
    }
  }

  /**
   * A node of several that TLS refuses costs its connections; when it is the only one left, the run cannot go on. Of many
   * connections that were opened at the same time, some always lead to that node: together they count once.
   */
  #badNode(facts: AttemptFacts, now: number): boolean {
    const isBusy = isGoodOneBusy(facts);
    // When most nodes are bad, the service would get handshakes by the thousand.
    const beyond = isBusy ? ENDINGS.badNodesBesideGoodOne : ENDINGS.badNodesBeyondFiles;
    if (++this.#badNodesOfRun > beyond + this.#successes) return true;
    if (facts.startedAt < this.#badNodeAt) return false;
    this.#badNodeAt = now;
    return ++this.#badNodes >= ENDINGS.badNodesInRow && !isBusy;
  }

  /**
   * A second refusal ends the run if its attempt began after the first refusal: that attempt had a corrected clock and a
   * fresh nonce. Attempts that were in flight at the first refusal were dated by the same clock and do not count.
   */
  #isRefusedAgain({ startedAt }: AttemptFacts, now: number): boolean {
    const isSecond = startedAt >= this.#refusedAt;
    this.#refusedAt = Math.min(this.#refusedAt, now);
    return isSecond;
  }
}

/** Tells whether another attempt has waited for longer than the failed one: it is at a good node of a slow service. */
function isGoodOneBusy({ startedAt, oldestStart }: AttemptFacts): boolean {
  return oldestStart <= startedAt;
}

function left(files: ReadonlySet<number>, most: number): number {
  return files.size === 0 ? Number.POSITIVE_INFINITY : Math.max(1, most - files.size);
}
