/** The time in which the canary is alone: it ends with any answer, or when one of its tries was alone for long enough. */
export class HeadStart {
  readonly #wait: (signal: AbortSignal) => Promise<unknown>;
  readonly #over = new AbortController();

  /** `wait` resolves when a try that begins now has been alone for long enough; its signal says that this is moot. */
  constructor(wait: (signal: AbortSignal) => Promise<unknown>) {
    this.#wait = wait;
  }

  get lasts(): boolean {
    return !this.#over.signal.aborted;
  }

  /** Lets the others follow. */
  end(): void {
    // Even an abort that has no effect costs an exception.
    if (this.lasts) this.#over.abort();
  }

  /** Notes that a try of the canary has begun; after its time, if it is `underWay` still, the others follow and `onSlow` is told. */
  grant({ underWay, onSlow }: { readonly underWay: () => boolean; readonly onSlow: () => void }): void {
    const release = (): void => {
      if (!this.lasts || !underWay()) return;
      this.end();
      onSlow();
    };
    this.#wait(this.#over.signal).then(release, release);
  }
}
