import type { Failure } from '../../signing/policy/failure.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { oneOfSeveral } from '../dialler.ts';
import type { ExchangeProgress } from '../exchange-progress.ts';
import type { Diagnosis } from './diagnosis.ts';

/**
 * Until the service has answered once, a lost connection may be a refusal of our certificate that the server did not name.
 *
 * The first such failure is examined by one more handshake; no request is sent until the result is known. A request that
 * waits for its answer all the while is at a good one of several servers.
 */
export class LossExamination {
  readonly #diagnosis: Diagnosis | undefined;
  #result: Promise<Failure> | undefined;
  #examined: Failure | undefined;
  #isOver = false;
  /** Requests without an answer. */
  readonly #waiting = new Set<ExchangeProgress>();

  constructor(diagnosis: Diagnosis | undefined) {
    this.#diagnosis = diagnosis;
  }

  /** Ends the examination after an answer: the server has accepted our certificate, or says itself that it did not. */
  end(): void {
    this.#isOver = true;
    this.#waiting.clear();
  }

  /** Learns that a request starts; returns it. */
  begin(request: ExchangeProgress): ExchangeProgress {
    if (!this.#isOver) this.#waiting.add(request);
    return request;
  }

  /** Learns that a request failed. */
  fail(request: ExchangeProgress): void {
    this.#waiting.delete(request);
  }

  /** Waits for an examination that is under way; rejects with its result when that ends the run. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#result === undefined || this.#isOver) return;
    const found = await orAborted(this.#result, signal);
    if (found.kind === 'config' && !found.facts.isOneOfSeveral) throw found;
  }

  /** Returns the failure unchanged, or the one that the examination found behind it. */
  async explain(failure: Failure, signal: AbortSignal): Promise<Failure> {
    const diagnosis = this.#diagnosis;
    if (this.#isOver || !diagnosis?.canTellMore(failure)) return failure;
    if (this.#result === undefined) {
      this.#examined = failure;
      this.#result = this.#examine(failure, diagnosis);
    }
    const found = await orAborted(this.#result, signal);
    // Without a result, the newest failure may have a better hint than the examined one.
    if (found === this.#examined) return failure;
    return found.kind === 'config' || failure.message === this.#examined?.message ? found : failure;
  }

  async #examine(failure: Failure, diagnosis: Diagnosis): Promise<Failure> {
    const startedAt = performance.now();
    const found = await diagnosis.tell(failure);
    const isOtherGood = [...this.#waiting].some(({ isSent, sentAt }) => isSent && sentAt < startedAt);
    if (found.kind !== 'config' || found.facts.isOneOfSeveral || !isOtherGood) return found;
    return oneOfSeveral(found).with({ endsRun: 'bad-node' });
  }
}
