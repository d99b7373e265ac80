import { asOneEvent, timedOut } from '../../signing/policy/failure.ts';
import { orAborted } from '../../signing/schedule/clock.ts';

/** A token of the service with its lifetime. */
export interface Token {
  readonly value: string;
  /** Lifetime in milliseconds from its issue; infinite for a given token. */
  readonly leaseMs: number;
  /** Whether it may be revoked: batch tokens cannot be, and a given token belongs to somebody else. */
  readonly isRevocable: boolean;
}

type Lent = Pick<Token, 'value' | 'isRevocable'>;

/** Tokens that were issued for this run, and are revoked at its end. */
export class LentTokens {
  readonly #arriving = new Set<Promise<unknown>>();
  readonly #lent = new Set<Lent>();

  /** Records the token of a login, even if it arrives when nobody waits for it any more. */
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

  /** Revokes every token, until the signal aborts; never rejects. */
  async giveBack(revoke: (token: Lent, signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
    // Waits for arriving tokens, which would otherwise stay valid for their whole lease.
    await orAborted(Promise.allSettled(this.#arriving), signal).catch(() => {});
    await Promise.allSettled(Array.from(this.#lent, (token) => revoke(token, signal)));
    this.#lent.clear();
  }
}

/** How a session obtains and revokes its tokens. */
interface SessionOptions {
  /** Obtains a token; the signal has the time limit of all logins, because many requests wait for one login. */
  readonly login: (signal: AbortSignal) => Promise<Token>;
  /** Revokes a token. */
  readonly revoke: (token: Lent, signal: AbortSignal) => Promise<void>;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
}

interface Current {
  readonly token: Token;
  readonly renewAt: number;
}

/** Share of its lease after which a token is replaced, so that no request uses an expired one. */
const RENEW_AT = 2 / 3;
/** Longest time in milliseconds for a login, or another request that many files wait for. */
const SHARED_MS = 30_000;

/** Makes a request that many files wait for and that no single file may abort; its failure is one event. */
export async function withinLimit<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(SHARED_MS);
  try {
    return await request(signal);
  } catch (error) {
    throw asOneEvent(signal.aborted ? timedOut(SHARED_MS) : error);
  }
}

/** Keeps a valid token; never renews it, as OpenBao asks for the certificate again: a login costs the same. */
export class Session {
  readonly #options: SessionOptions;
  #current: Current | undefined;
  #login: Promise<Current> | undefined;
  readonly #tokens = new LentTokens();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Sends a request with a token, and in the same attempt once more with a new one if `isRefused` says so. */
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

  /** Revokes every token that was issued for this session, until the signal aborts. */
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
