import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { MIN_LEFT_MS } from './issued-certificate.ts';

/** A transport that uses one certificate, and when that certificate expires. */
export interface Tenure {
  readonly transport: Transport;
  /** Expiry in milliseconds since the epoch. */
  readonly endsAt: number;
}

interface RenewalOptions {
  /** Obtains a certificate and opens a transport that uses it. */
  readonly obtain: (signal: AbortSignal) => Promise<Tenure>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Share of its lifetime after which a certificate is replaced; the rest is time for a failing authority to recover. */
const RENEW_AT = 2 / 3;
/** Shortest time, in milliseconds, between a failed renewal and the next one in the background. */
const MIN_RETRY_MS = 30_000;

interface Current extends Tenure {
  renewAt: number;
  inFlight: number;
  /** Whether the transport gets no further requests. */
  isReplaced: boolean;
}

/**
 * Sends each request with a certificate that is valid for at least ten seconds more, and obtains a new one in time.
 *
 * Each certificate has its own transport, connections and TLS sessions. Requests in flight during a replacement finish
 * on the old connections; later requests use the new ones.
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

  /** Obtains the first certificate; later ones are obtained automatically. */
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
    // A failed renewal is reported only when the current certificate cannot be used any more.
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

  /** Schedules a retry after half of the remaining time; close to the expiry, requests wait for a renewal instead. */
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
