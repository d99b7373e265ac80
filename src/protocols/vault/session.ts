import { asOneEvent, timedOut } from '../../signing/policy/failure.ts';
import { orAborted } from '../../signing/schedule/clock.ts';

/** A token of the service and how long it is good for. */
export interface Token {
  readonly value: string;
  /** Milliseconds from its issue; infinite for one that was given. */
  readonly leaseMs: number;
  /** Whether it can be revoked: batch tokens cannot, and a token that was given belongs to somebody else. */
  readonly isRevocable: boolean;
}

type Lent = Pick<Token, 'value' | 'isRevocable'>;

/** Tokens that a service lent to this run, and that it gets back. */
export class LentTokens {
  readonly #arriving = new Set<Promise<unknown>>();
  readonly #lent = new Set<Lent>();

  /** Takes the token of a login, also one that comes when nobody waits for it any more. */
  take<T extends Lent>(login: Promise<T>): Promise<T> {
    const taken = login
      .then((token) => {
        if (token.isRevocable) this.#lent.add(token);
        return token;
      })
      .finally(() => this.#arriving.delete(taken));
    this.#arriving.add(taken);
    return taken;
  }

  /** Gives every token back, as far as that works until the signal aborts; never rejects. */
  async giveBack(revoke: (token: Lent, signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
    // A token that is on its way would be good for its whole lease.
    await orAborted(Promise.allSettled(this.#arriving), signal).catch(() => {});
    await Promise.allSettled(Array.from(this.#lent, (token) => revoke(token, signal)));
    this.#lent.clear();
  }
}

/** How a session gets its tokens. */
interface SessionOptions {
  /** Gets a token; the signal is that of the time limit for all logins, because many requests wait for one login. */
  readonly login: (signal: AbortSignal) => Promise<Token>;
  /** Gives a token back. */
  readonly revoke: (token: Lent, signal: AbortSignal) => Promise<void>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

interface Current {
  readonly token: Token;
  readonly renewAt: number;
}

/** A token is replaced after this share of its lease, so that no request meets one that has just ended. */
const RENEW_AT = 2 / 3;
/** Longest time for one login, or for another request that many files wait for. */
const SHARED_MS = 30_000;

/** Makes a request that many files wait for, and that no single file may end; its failure is one event. */
export async function withinLimit<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(SHARED_MS);
  try {
    return await request(signal);
  } catch (error) {
    throw asOneEvent(signal.aborted ? timedOut(SHARED_MS) : error);
  }
}

/**
 * Keeps a token at hand: one login at a time, a new one in time, and one more when the service knows a token no longer.
 *
 * A token is never renewed: OpenBao demands the certificate again for that, so another login costs the same.
 */
export class Session {
  readonly #options: SessionOptions;
  #current: Current | undefined;
  #login: Promise<Current> | undefined;
  readonly #tokens = new LentTokens();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Sends something with a token; once more, with a new one, if `isRefused` says that the token is not known.
   *
   * That repeat is part of the same try: the request was not looked at.
   */
  async use<T>(
    send: (token: string) => Promise<T>,
    isRefused: (result: T) => boolean,
    signal: AbortSignal,
  ): Promise<T> {
    const { token } = await this.#ready(signal);
    const result = await send(token.value);
    if (!isRefused(result) || token.leaseMs === Number.POSITIVE_INFINITY) return result;
    if (this.#current?.token === token) this.#current = undefined;
    return send((await this.#ready(signal)).token.value);
  }

  /** Gives back every token that this session was issued, as far as that works until the signal aborts. */
  close(signal: AbortSignal): Promise<void> {
    return this.#tokens.giveBack(this.#options.revoke, signal);
  }

  async #ready(signal: AbortSignal): Promise<Current> {
    const { now } = this.#options;
    if (this.#current && now() < this.#current.renewAt) return this.#current;
    this.#login ??= this.#logIn().finally(() => {
      this.#login = undefined;
    });
    return orAborted(this.#login, signal);
  }

  async #logIn(): Promise<Current> {
    const token = await this.#tokens.take(withinLimit((signal) => this.#options.login(signal)));
    this.#current = { token, renewAt: this.#options.now() + token.leaseMs * RENEW_AT };
    return this.#current;
  }
}
