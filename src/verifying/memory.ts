/** A limit on what several tasks hold in memory together; a task that needs more than the limit runs alone. */
export class MemoryBudget {
  readonly #bytes: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** `bytes` may be held at a time. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Runs a task that holds so many bytes as soon as there is room for them. */
  async run<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    while (this.#taken > 0 && this.#taken + bytes > this.#bytes) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#taken += bytes;
    try {
      return await task();
    } finally {
      this.#taken -= bytes;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }
}
