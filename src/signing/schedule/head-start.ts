/** The period in which only the canary is in flight: it ends with any answer, or when an attempt has lasted long enough. */
export class HeadStart {
  readonly #wait: (signal: AbortSignal) => Promise<unknown>;
  readonly #over = new AbortController();

  /** `wait` resolves when an attempt that begins now has lasted long enough; its signal aborts when the period has ended. */
  constructor(wait: (signal: AbortSignal) => Promise<unknown>) {
    this.#wait = wait;
  }

  /** Tells whether only the canary may be in flight. */
  get lasts(): boolean {
    return !this.#over.signal.aborted;
  }

  /** Ends the period: the other files start. */
  end(): void {
    // A second abort has no effect, but costs an exception.
    if (this.lasts) this.#over.abort();
  }

  /** Begins the time of one attempt of the canary: when it ends with the attempt still in flight, the other files start and `onSlow` is called. */
  grant({ isInFlight, onSlow }: { readonly isInFlight: () => boolean; readonly onSlow: () => void }): void {
    const release = (): void => {
      if (!this.lasts || !isInFlight()) return;
      this.end();
      onSlow();
    };
    this.#wait(this.#over.signal).then(release, release);
  }
}
