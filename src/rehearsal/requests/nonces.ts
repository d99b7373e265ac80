/**
 * Remembers nonces for at least a given time, and never longer than twice that.
 *
 * Two generations instead of a time per nonce: what it costs is one short string each.
 */
export class Nonces {
  readonly #keepMs: number;
  readonly #monotonicMs: () => number;
  #turnedAtMs = Number.NEGATIVE_INFINITY;
  #recent = new Set<string>();
  #older = new Set<string>();

  /** `monotonicMs` is a clock that never goes back. */
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

  /** How many nonces are held now. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }
}
