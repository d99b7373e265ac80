import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { MIN_LEFT_MS } from './issued-certificate.ts';

/** A transport that shows one certificate, and when that certificate expires. */
export interface Tenure {
  readonly transport: Transport;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

interface RenewalOptions {
  /** Gets a certificate and opens a transport that shows it. */
  readonly obtain: (signal: AbortSignal) => Promise<Tenure>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** A certificate is replaced after this share of its life, so that an authority in trouble has the rest of it to recover. */
const RENEW_AT = 2 / 3;
/** Shortest time from a renewal that failed to the next one, in milliseconds, before requests must wait for it. */
const MIN_RETRY_MS = 30_000;

interface Current extends Tenure {
  renewAt: number;
  inFlight: number;
  /** No further request goes to it. */
  isReplaced: boolean;
}

/**
 * Sends each request with a certificate that is valid for at least ten seconds more, and gets a new one in time.
 *
 * Each certificate has a transport of its own, and so its own connections and TLS sessions. Requests under way when the
 * certificate is replaced end on their connections; the next ones go to connections that were made with the new one.
 */
export class RenewingTransport implements Transport {
  readonly firstConnection: Promise<number>;
  readonly #options: RenewalOptions;
  readonly #first = Promise.withResolvers<number>();
  readonly #closing = new AbortController();
  readonly #open = new Set<Current>();
  #current: Current | undefined;
  #renewal: Promise<Current> | undefined;
  #requestsBefore = 0;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.firstConnection = this.#first.promise;
  }

  /** Gets the first certificate; later ones come by themselves. */
  async begin(signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
  }

  readonly post = async (request: WireRequest, signal: AbortSignal): Promise<WireResponse> => {
    const current = await this.#ready(signal);
    current.inFlight++;
    try {
      return await current.transport.post(request, signal);
    } finally {
      current.inFlight--;
      this.#closeIfDone(current);
    }
  };

  readonly prepare = (connections: number, signal: AbortSignal): void => {
    this.#current?.transport.prepare(connections, signal);
  };

  readonly dropIdle = (): void => this.#current?.transport.dropIdle();

  readonly asksForCertificate = (): boolean | undefined => this.#current?.transport.asksForCertificate();

  readonly requests = (): number =>
    [...this.#open].reduce((sum, { transport }) => sum + transport.requests(), this.#requestsBefore);

  readonly close = (): void => {
    this.#closing.abort(new Error('The transport is closed.'));
    for (const each of this.#open) this.#end(each);
  };

  async #ready(signal: AbortSignal): Promise<Current> {
    const now = this.#options.now();
    const current = this.#current;
    if (current === undefined || now >= current.endsAt - MIN_LEFT_MS) return orAborted(this.#renew(), signal);
    // A renewal that fails is told when no certificate is left.
    if (now >= current.renewAt) this.#renew().catch(() => {});
    return current;
  }

  #renew(): Promise<Current> {
    this.#renewal ??= this.#replace().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #replace(): Promise<Current> {
    const before = this.#current;
    const { transport, endsAt } = await this.#options.obtain(this.#closing.signal).catch((error: unknown) => {
      if (before) this.#postpone(before);
      throw error;
    });
    const now = this.#options.now();
    const renewAt = Math.min(now + (endsAt - now) * RENEW_AT, endsAt - MIN_LEFT_MS);
    const current: Current = { transport, endsAt, renewAt, inFlight: 0, isReplaced: false };
    this.#open.add(current);
    if (before === undefined) transport.firstConnection.then(this.#first.resolve, this.#first.reject);
    else before.isReplaced = true;
    this.#current = current;
    if (before) this.#closeIfDone(before);
    return current;
  }

  /** The next try is when half of the time is over; near the end of the certificate, requests wait for a new one. */
  #postpone(current: Current): void {
    const now = this.#options.now();
    const waitMs = (current.endsAt - MIN_LEFT_MS - now) / 2;
    current.renewAt = waitMs < MIN_RETRY_MS ? Number.POSITIVE_INFINITY : now + waitMs;
  }

  #closeIfDone(current: Current): void {
    if (current.isReplaced && current.inFlight === 0) this.#end(current);
  }

  #end(current: Current): void {
    if (!this.#open.delete(current)) return;
    this.#requestsBefore += current.transport.requests();
    current.transport.close();
  }
}
