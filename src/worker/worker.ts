import { Worker } from 'node:worker_threads';
import { type Letter, type Reply, type Results, type Task, unpackError } from './tasks.ts';

/**
 * A second thread for work that would hold up the one that sends: hashing large files and writing signatures.
 *
 * It is started by its first task, if nobody did so before.
 */
export class Helper {
  readonly #entry: string;
  readonly #onLost: (reason: unknown) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Worker | undefined;
  #lastId = 0;
  #isLost = false;

  /** `entry` is the path of the thread's own program; `onLost` is told once why there is no thread any more. */
  constructor(entry: string, onLost: (reason: unknown) => void = () => {}) {
    this.#entry = entry;
    this.#onLost = onLost;
  }

  /** Starts the thread ahead of its first task: until it is ready, this one has something else to wait for. */
  start(): void {
    if (this.#isLost || this.#worker) return;
    try {
      this.#worker = this.#create();
    } catch (error) {
      // The system may have no thread to give.
      this.#lose(error);
    }
  }

  /**
   * Has a task done; settles when the thread no longer works on it, also after an abort.
   *
   * Resolves with `undefined` when the thread could not be started or died, so that the caller does it; rejects with the
   * `ActionError` of the task.
   */
  async do<K extends Task['do']>(
    task: Task & { readonly do: K },
    signal?: AbortSignal,
  ): Promise<Results[K] | undefined> {
    this.start();
    if (this.#isLost) return undefined;
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    const cancel = (): void => this.#send({ cancel: id });
    signal?.addEventListener('abort', cancel, { once: true });
    this.#waiting.set(id, waiting);
    this.#send({ id, task });
    try {
      // The thread answers a task with the result of its kind.
      return (await waiting.promise) as Results[K] | undefined;
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#waiting.delete(id);
    }
  }

  /** Ends the thread, and with it whatever it was doing. */
  stop(): void {
    this.#isLost = true;
    for (const { resolve } of this.#waiting.values()) resolve(undefined);
    this.#worker?.terminate().catch(() => {});
  }

  #lose(reason: unknown): void {
    if (!this.#isLost) this.#onLost(reason);
    this.stop();
  }

  #send(letter: Letter): void {
    this.#worker?.postMessage(letter);
  }

  #create(): Worker {
    // It keeps nothing, so a small nursery costs no time. An empty environment keeps the inputs, and what an earlier step set for Node, out of it.
    const worker = new Worker(this.#entry, { env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 6 } });
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => this.#lose(error));
    worker.on('messageerror', (error) => this.#lose(error));
    worker.on('exit', (code) => this.#lose(new Error(`It ended with code ${code}`)));
    return worker;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if ('error' in reply) waiting?.reject(unpackError(reply.error));
    else waiting?.resolve(reply.result);
  }
}
