/** The period in which only the canary is in flight: it ends with any answer, or when an attempt has lasted long enough. */
export class HeadStart {
  readonly #wait: (signal: AbortSignal) => Promise<unknown>;
  readonly #over = new AbortController();

  /** `wait` resolves when an attempt that starts now has lasted long enough; its signal aborts when the period ends. */
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

  /** Starts the time of an attempt of the canary; if it ends before the attempt, the other files start and `onSlow` is called. */
  grant({ isInFlight, onSlow }: { readonly isInFlight: () => boolean; readonly onSlow: () => void }): void {
    const release = (): void => {
      if (!this.lasts || !isInFlight()) return;
      this.end();
      onSlow();
    };
    this.#wait(this.#over.signal).then(release, release);
  }
}
