import { asOneEvent, type Failure } from '../../signing/policy/failure.ts';

/** Options for batches of items. */
interface BatchOptions<Item, Result> {
  /** Sends items in one request; resolves with a result for each, or rejects when the whole request failed. */
  readonly send: (items: readonly Item[], signal: AbortSignal) => Promise<readonly (Result | Failure)[]>;
  /** Most items in one request. */
  readonly maxItems: number;
  /** Returns the size that an item adds to the request. */
  readonly sizeOf: (item: Item) => number;
  readonly maxSize: number;
  /** Whether a failure of a whole request may be due to one of its items, or to their number, so that sending halves may help. */
  readonly isDivisible: (error: unknown) => boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly done: PromiseWithResolvers<Result>;
  isGone: boolean;
  /** Called when an item of a request in flight is no longer needed. */
  onGone?: () => void;
}

/**
 * Number of requests in flight, so that the service has the next one when it sends an answer.
 *
 * Further items are collected meanwhile, so that batches grow when the service is slower than the files. With more
 * requests, batches would be smaller, and each costs the service a login check and a policy check.
 */
export const MAX_REQUESTS = 2;

/** Collects calls into requests; each call settles alone, and a request is aborted when no call waits for it. */
export class Batches<Item, Result> {
  readonly #options: BatchOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #requests = 0;
  #isFlushPlanned = false;

  constructor(options: BatchOptions<Item, Result>) {
    this.#options = options;
  }

  /** Adds an item; resolves with its own result. */
  async add(item: Item, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    const waiting: Waiting<Item, Result> = { item, done: Promise.withResolvers(), isGone: false };
    const leave = (): void => {
      waiting.isGone = true;
      waiting.done.reject(signal.reason);
      waiting.onGone?.();
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiting);
    this.#flushSoon();
    try {
      return await waiting.done.promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Sends the items of a turn of the event loop together. */
  #flushSoon(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    this.#waiting = this.#waiting.filter(({ isGone }) => !isGone);
    while (this.#waiting.length > 0 && this.#requests < MAX_REQUESTS) {
      const batch = this.#take();
      this.#requests++;
      void this.#send(batch).finally(() => {
        this.#requests--;
        if (this.#waiting.length > 0) this.#flushSoon();
      });
    }
  }

  /** Takes as many as fit into one request, at least one. */
  #take(): Waiting<Item, Result>[] {
    const { maxItems, maxSize, sizeOf } = this.#options;
    let [count, size] = [0, 0];
    for (const { item } of this.#waiting.slice(0, maxItems)) {
      size += sizeOf(item);
      if (count > 0 && size > maxSize) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Sends a batch and settles all its items; never rejects. */
  async #send(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const controller = new AbortController();
    const onGone = (): void => {
      if (batch.every(({ isGone }) => isGone)) controller.abort(new Error('No file waits for this request any more.'));
    };
    for (const waiting of batch) waiting.onGone = onGone;
    try {
      const items = batch.map(({ item }) => item);
      const results = await this.#options.send(items, controller.signal);
      for (const [at, { done }] of batch.entries()) {
        const result = results[at];
        if (result === undefined || result instanceof Error) done.reject(result ?? new Error('An item has no result.'));
        else done.resolve(result);
      }
    } catch (error) {
      const wanted = batch.filter(({ isGone }) => !isGone);
      if (wanted.length >= 2 && this.#options.isDivisible(error)) {
        await this.#sendHalves(wanted);
        return;
      }
      const shared = asOneEvent(error);
      for (const { done } of batch) done.reject(shared);
    }
  }

  /** Finds out which item caused a refusal; the retries concern the request, so no attempt of a file is counted. */
  async #sendHalves(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.#send(batch.slice(0, middle));
    await this.#send(batch.slice(middle));
  }
}
