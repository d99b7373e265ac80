import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { connectTimeout, type Route, targetOf } from './route.ts';

/** Longest wait for one of several addresses: enough for a far host and for one lost packet, which TCP repeats after a second. */
const MAX_ATTEMPT_MS = 2500;

/** Returns how long to wait for each of a host's addresses, so that all of them fit the time for a connection. */
export function attemptMs(addresses: number, { timeoutMs }: Route): number {
  return Math.min(MAX_ATTEMPT_MS, timeoutMs / Math.max(1, addresses));
}

/** Looks up the addresses of a host, and remembers which of them could not be connected: those are tried last. */
export class AddressBook {
  readonly #dead = new Set<string>();

  /** Returns the addresses in the order to try them; rejects with the error of the look-up, or when it takes too long. */
  async find(route: Route): Promise<readonly LookupAddress[]> {
    const { hostname } = targetOf(route.server);
    const family = isIP(hostname);
    if (family !== 0) return [{ address: hostname, family }];
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(connectTimeout(route)), route.timeoutMs);
    try {
      const found = await Promise.race([promisify(lookup)(hostname, { all: true }), late.promise]);
      return found.toSorted((a, b) => Number(this.#dead.has(a.address)) - Number(this.#dead.has(b.address)));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Learns from the attempts of a socket. */
  watch(socket: Socket): void {
    const bury = (address: string): void => void this.#dead.add(address);
    socket.on('connectionAttemptTimeout', bury);
    socket.on('connectionAttemptFailed', bury);
    socket.once('connect', () => this.#dead.delete(socket.remoteAddress ?? ''));
  }
}
