/** Remembers nonces for a given time, and less than three times that; in two generations, each is a short string. */
export class Nonces {
  readonly #keepMs: number;
  readonly #monotonicMs: () => number;
  #turnedAtMs = Number.NEGATIVE_INFINITY;
  #recent = new Set<string>();
  #older = new Set<string>();

  /** `monotonicMs` is a monotonic clock in milliseconds. */
  constructor(keepMs: number, monotonicMs: () => number) {
    this.#keepMs = keepMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Adds a nonce and returns whether it is new. */
  add(nonce: string): boolean {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#turnedAtMs >= this.#keepMs) {
      this.#older = nowMs - this.#turnedAtMs >= 2 * this.#keepMs ? new Set() : this.#recent;
      this.#recent = new Set();
      this.#turnedAtMs = nowMs;
    }
    if (this.#recent.has(nonce) || this.#older.has(nonce)) return false;
    this.#recent.add(nonce);
    return true;
  }

  /** Number of nonces in memory. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }
}
