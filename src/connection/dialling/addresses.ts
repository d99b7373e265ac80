import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { promisify } from 'node:util';
import { codeOf, errorWithCode } from '../../errors.ts';

/** Longest wait for one of several addresses: enough for a far host and for one lost packet, which TCP repeats after a second. */
const MAX_ATTEMPT_MS = 2500;

/** A host's addresses in the order to try them, and how long to wait for each. */
export interface Addresses {
  readonly all: readonly LookupAddress[];
  readonly attemptMs: number;
}

/** The options with which a socket tries a host's addresses one after the other. */
type TcpOptions = Required<Pick<TcpNetConnectOpts, 'lookup' | 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'>>;

/** Returns the options for a socket that is to try these addresses. */
export function tryEach({ all, attemptMs }: Addresses): TcpOptions {
  return {
    // Not at once: a system without a descriptor to give would fail inside `connect`, which then throws a defect of its own.
    lookup: (_host, _options, done) => process.nextTick(done, null, [...all]),
    // Explicit, or NODE_OPTIONS of an earlier step can switch the second address off.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
  };
}

/** Looks a host name up; rejects with the error of the system. */
type LookUp = (hostname: string) => Promise<readonly LookupAddress[]>;

const lookUpBySystem: LookUp = (hostname) => promisify(lookup)(hostname, { all: true });

/** Looks up the addresses of hosts, and remembers which of them failed: those are tried last. */
export class AddressBook {
  readonly #dead = new Set<string>();
  readonly #lookUp: LookUp;

  constructor(lookUp: LookUp = lookUpBySystem) {
    this.#lookUp = lookUp;
  }

  /** Returns the addresses of a host; rejects with the error of the look-up, or with `EAI_AGAIN` when it takes too long. */
  async find(hostname: string, timeoutMs: number): Promise<Addresses> {
    const family = isIP(hostname);
    if (family !== 0) return { all: [{ address: hostname, family }], attemptMs: timeoutMs };
    const startedAt = performance.now();
    const late = Promise.withResolvers<never>();
    const error = errorWithCode('EAI_AGAIN', `The look-up of ${hostname} took too long.`);
    const timer = setTimeout(() => late.reject(error), timeoutMs);
    try {
      const found = await Promise.race([this.#lookUp(hostname), late.promise]);
      if (found.length === 0) throw errorWithCode('ENOTFOUND', `${hostname} has no address.`);
      // A hosts file may name an address twice.
      const distinct = [...new Map(found.map((each) => [each.address, each])).values()];
      const all = distinct.toSorted((a, b) => Number(this.#dead.has(a.address)) - Number(this.#dead.has(b.address)));
      const leftMs = timeoutMs - (performance.now() - startedAt);
      // Node takes whole milliseconds only.
      const shareMs = Math.floor(leftMs / Math.max(1, all.length));
      return { all, attemptMs: Math.max(1, Math.min(MAX_ATTEMPT_MS, shareMs)) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Notes that an address is to be tried last, until a connection to it is good. */
  bury(address: string | undefined): void {
    if (address !== undefined) this.#dead.add(address);
  }

  /** Learns from the attempts of a socket. */
  watch(socket: Socket): Attempts {
    return new Attempts(socket, this);
  }

  /** Notes that an address took a connection. */
  revive(address: string): void {
    this.#dead.delete(address);
  }
}

/** What becomes of a socket's attempts to connect, address by address. */
export class Attempts {
  readonly #errors = new Map<string, Error>();
  #current: string | undefined;

  constructor(socket: Socket, book: AddressBook) {
    const fail = (address: string, error: Error): void => {
      book.bury(address);
      this.#errors.set(address, error);
    };
    socket.on('connectionAttempt', (address) => (this.#current = address));
    socket.on('connectionAttemptTimeout', (address) => fail(address, noAnswer(address)));
    socket.on('connectionAttemptFailed', (address, _port, _family, error) => fail(address, error));
    socket.once('connect', () => this.#current !== undefined && book.revive(this.#current));
  }

  /** The address that is being tried, or that took the connection. */
  get current(): string | undefined {
    return this.#current;
  }

  /** What became of the addresses that were given up, such as `10.0.0.1 (no answer)`. */
  get failed(): readonly string[] {
    return [...this.#errors.values()].map(describeAddress);
  }

  /** Returns the error of a socket that is given up while it waits for an address: for several addresses, that of each. */
  giveUp(): Error | undefined {
    if (this.#current === undefined) return undefined;
    const errors = [...this.#errors.values(), noAnswer(this.#current)];
    return errors.length > 1 ? new AggregateError(errors, 'No address of the host could be connected.') : errors[0];
  }
}

function noAnswer(address: string): Error {
  return Object.assign(new Error(`No answer from ${address}.`), { code: 'ETIMEDOUT', syscall: 'connect', address });
}

/** Words for what became of one address; the first code that any address of a host has decides which failure that is. */
const ADDRESS_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'no answer',
  EACCES: 'not allowed by this machine',
  EPERM: 'not allowed by this machine',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'no route',
  ENETDOWN: 'no route',
  EADDRNOTAVAIL: 'no local address for it',
};

/** Returns the code that says most about a host of which no address could be connected; empty for none that is known. */
export function decisiveCode({ errors }: AggregateError): string {
  const codes = new Set(errors.map(codeOf));
  return Object.keys(ADDRESS_ERRORS).find((code) => codes.has(code)) ?? '';
}

/** Says what became of one address: `10.0.0.1 (no answer)`. */
export function describeAddress(error: unknown): string {
  const code = codeOf(error) ?? 'unknown';
  return `${addressOf(error) ?? 'an address'} (${ADDRESS_ERRORS[code] ?? code})`;
}

/** Tells whether this machine refused every attempt at an address of its own, where so nothing listens. */
export function isRefusedHere(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isRefusedHere);
  return codeOf(error) === 'ECONNREFUSED' && /^(?:0\.0\.0\.0|::|127\..*|::1)$/.test(addressOf(error) ?? '');
}

/** Returns the address that an attempt to connect failed with. */
export function addressOf(error: unknown): string | undefined {
  return error instanceof Error && 'address' in error ? String(error.address) : undefined;
}
