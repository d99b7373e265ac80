import { Worker } from 'node:worker_threads';
import { type Reply, type Request, type Results, type Task, unpackError } from './tasks.ts';

/** A second thread, for hashing large files and writing signatures, which its first task starts. */
export class WorkerThread {
  readonly #entry: string;
  readonly #onLost: (reason: unknown) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Worker | undefined;
  #lastId = 0;
  #isLost = false;

  /** `entry` is the path of the worker's program; `onLost` is called once, with the reason why the worker ended. */
  constructor(entry: string, onLost: (reason: unknown) => void = () => {}) {
    this.#entry = entry;
    this.#onLost = onLost;
  }

  /** Whether the worker is running; starting it for a short task costs more than the task. */
  get isStarted(): boolean {
    return this.#worker !== undefined && !this.#isLost;
  }

  /** Starts the worker before its first task, while this thread is idle anyway. */
  start(): void {
    if (this.#isLost || this.#worker) return;
    try {
      this.#worker = this.#create();
    } catch (error) {
      // The system may refuse another thread.
      this.#lose(error);
    }
  }

  /**
   * Runs a task in the worker; settles when the worker no longer works on it, even after an abort.
   *
   * Resolves with `undefined` when the worker could not start or died; the caller then does the task itself. Rejects
   * with the `ActionError` of the task.
   */
  async do<K extends Task['do']>(
    task: Task & { readonly do: K },
    signal?: AbortSignal,
  ): Promise<Results[K] | undefined> {
    signal?.throwIfAborted();
    this.start();
    if (this.#isLost) return undefined;
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    const cancel = (): void => this.#send({ cancel: id });
    signal?.addEventListener('abort', cancel, { once: true });
    this.#waiting.set(id, waiting);
    this.#send({ id, task });
    try {
      // The worker answers a task with the result of its kind.
      return (await waiting.promise) as Results[K] | undefined;
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#waiting.delete(id);
    }
  }

  /** Stops the worker and its current task. */
  stop(): void {
    this.#isLost = true;
    for (const { resolve } of this.#waiting.values()) resolve(undefined);
    this.#worker?.terminate().catch(() => {});
  }

  #lose(reason: unknown): void {
    if (!this.#isLost) this.#onLost(reason);
    this.stop();
  }

  #send(request: Request): void {
    this.#worker?.postMessage(request);
  }

  #create(): Worker {
    // A small young generation is enough, because the worker keeps nothing. Empty environment and options keep out the
    // inputs, and Node options of earlier steps.
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
