import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { errorWithCode } from '../../errors.ts';
import { beginHandshake, openUnderlay } from '../connect.ts';
import { AddressBook, type Attempts } from '../dialling/addresses.ts';
import { nameProxy } from '../proxy/proxy.ts';
import { type DialStage, dialTimeout, type Route, stageOf } from '../route.ts';
import { readServerChain } from '../tls/server-chain.ts';
import { readFirstBytes } from './first-bytes.ts';

/** When a handshake has been looked at for long enough. */
interface ProbeOptions {
  /** How long to listen, after the handshake, for a refusal, in milliseconds. */
  readonly listenMs: number;
  /** Session to resume. */
  readonly session?: Buffer | undefined;
  /** Ends the listening early when it settles. */
  readonly enough?: Promise<unknown> | undefined;
  /** Ends everything; the result holds what is known by then. */
  readonly signal?: AbortSignal | undefined;
}

/** A handshake as it happened; times in milliseconds, `undefined` for steps that were not reached. */
export interface Handshake {
  /** Address that the host name led to; `undefined` through a proxy, which looks it up itself. */
  readonly address: string | undefined;
  /** Other addresses of the host, which could not be connected, each with what became of it. */
  readonly deadAddresses: readonly string[];
  readonly lookupMs: number | undefined;
  /** TCP connected, or the proxy's tunnel open. */
  readonly connectMs: number | undefined;
  /** From then until our side of the handshake was complete. */
  readonly handshakeMs: number | undefined;
  /** `TLSv1.2` or `TLSv1.3`; `undefined` when the server agreed to neither. */
  readonly version: string | undefined;
  readonly cipher: string | undefined;
  /** As {@link readServerChain} returns it. */
  readonly serverChain: readonly X509Certificate[];
  /** Whether the server asked for a client certificate; `undefined` when the handshake did not get so far. */
  readonly isClientAsked: boolean | undefined;
  /** Signatures that it takes from a client, as far as this machine can make them: `ECDSA+SHA256`, `Ed25519`. */
  readonly clientAlgorithms: readonly string[];
  /** Whether the server resumed the session that was offered. */
  readonly isResumed: boolean;
  /** The newest session that the server offered. */
  readonly session: Buffer | undefined;
  /** Why the server's certificate is not trusted or not for this host; `undefined` also when the handshake did not get so far. */
  readonly untrusted: Error | undefined;
  /** How it ended: still open when we left, closed by the server, or broken by an error. */
  readonly end: 'open' | 'closed' | 'error';
  /** What broke it; a TLS alert has OpenSSL's code, such as `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`. */
  readonly error: Error | undefined;
  /** The proxy whose tunnel lies between, by variable, host and port; `undefined` without a proxy. */
  readonly tunnelledBy: string | undefined;
  /** What the server sent first in one more handshake; `undefined` unless this handshake ended before any key was made. */
  readonly firstBytes: Buffer | undefined;
}

/** Shakes hands, sends nothing and waits for a refusal, which with TLS 1.3 comes after the handshake; never rejects. */
export async function inspectHandshake(route: Route, options: ProbeOptions): Promise<Handshake> {
  const probe = new Probe(route, options);
  await probe.run();
  return probe.describe();
}

class Probe {
  readonly #route: Route;
  readonly #options: ProbeOptions;
  readonly #startedAt = performance.now();
  readonly #over = Promise.withResolvers<void>();
  readonly #addressBook: AddressBook;
  #attempts: Attempts | undefined;
  #address: string | undefined;
  #lookedUpAt: number | undefined;
  #connectedAt: number | undefined;
  #securedAt: number | undefined;
  #version: string | undefined;
  #cipher: string | undefined;
  #serverChain: readonly X509Certificate[] = [];
  #clientAlgorithms: readonly string[] | undefined;
  #isResumed = false;
  #session: Buffer | undefined;
  #untrusted: Error | undefined;
  #end: Handshake['end'] | undefined;
  #error: Error | undefined;
  #firstBytes: Buffer | undefined;

  constructor(route: Route, options: ProbeOptions) {
    this.#route = route;
    this.#options = options;
    this.#addressBook = route.addressBook ?? new AddressBook();
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const abort = (): void => this.#finish('open');
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const opening = this.#open().catch((error: Error) => this.#fail(error));
    await this.#over.promise;
    signal?.removeEventListener('abort', abort);
    // A proxy may answer after the probe has ended.
    void opening.then((socket) => socket?.destroy());
    const isUnknown = this.#connectedAt !== undefined && this.#version === undefined;
    if (this.#end === 'open' || !isUnknown || signal?.aborted) return;
    this.#firstBytes = await readFirstBytes(this.#route, this.#addressBook);
  }

  describe(): Handshake {
    const since = (from: number | undefined, to: number | undefined): number | undefined =>
      from === undefined || to === undefined ? undefined : to - from;
    return {
      address: this.#attempts?.current ?? this.#address,
      deadAddresses: this.#attempts?.failed ?? [],
      lookupMs: since(this.#startedAt, this.#lookedUpAt),
      connectMs: since(this.#lookedUpAt ?? this.#startedAt, this.#connectedAt),
      handshakeMs: since(this.#connectedAt, this.#securedAt),
      version: this.#version,
      cipher: this.#cipher,
      serverChain: this.#serverChain,
      isClientAsked: this.#clientAlgorithms && this.#clientAlgorithms.length > 0,
      clientAlgorithms: this.#clientAlgorithms ?? [],
      isResumed: this.#isResumed,
      session: this.#session,
      untrusted: this.#untrusted,
      end: this.#end ?? 'open',
      error: this.#error,
      tunnelledBy: this.#route.proxy && nameProxy(this.#route.proxy),
      firstBytes: this.#firstBytes,
    };
  }

  async #open(): Promise<TLSSocket> {
    const underlay = await openUnderlay(this.#route, this.#addressBook);
    const openedAt = performance.now();
    if (underlay.tunnel) this.#connectedAt = openedAt;
    else this.#lookedUpAt = openedAt;
    this.#address = underlay.addresses?.all[0]?.address;
    // Only here is an untrusted server talked to: the probe sends nothing and looks at what is wrong with that server.
    const offer = { protocols: ['http/1.1'], session: this.#options.session, trust: 'reported' } as const;
    const socket = beginHandshake(this.#route, underlay, offer);
    const attempts = this.#addressBook.watch(socket);
    this.#attempts = attempts;
    const leftMs = Math.max(1, this.#route.timeoutMs - (openedAt - this.#startedAt));
    const stage = (): DialStage => stageOf(this.#connectedAt, this.#version !== undefined);
    const timer = setTimeout(() => this.#fail(dialTimeout(this.#route, attempts, stage())), leftMs);
    void this.#over.promise.then(() => clearTimeout(timer));
    socket.on('session', (newest: Buffer) => (this.#session = newest));
    socket.on('keylog', (line: Buffer) => this.#read(socket, line));
    socket.on('error', (error) => this.#fail(error));
    socket.once('connect', () => (this.#connectedAt = performance.now()));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      this.#secured(socket);
    });
    socket.once('close', () => this.#finish('closed'));
    return socket.resume();
  }

  /** Reads the handshake when its keys are made: a server that refuses us leaves no later moment to do so. */
  #read(socket: TLSSocket, line: Buffer): void {
    this.#version = socket.getProtocol() ?? undefined;
    // Under TLS 1.3 the first keys are made before the server has sent its certificate.
    if (/^SERVER_HANDSHAKE|^CLIENT_HANDSHAKE/.test(line.toString('latin1')) && this.#serverChain.length === 0) return;
    this.#clientAlgorithms = socket.getSharedSigalgs();
    this.#serverChain = readServerChain(socket);
  }

  #secured(socket: TLSSocket): void {
    this.#securedAt = performance.now();
    this.#cipher = socket.getCipher().standardName;
    this.#isResumed = socket.isSessionReused();
    this.#untrusted = toError(socket.authorizationError);
    const { listenMs, enough } = this.#options;
    const leave = (): void => this.#finish('open');
    const timer = setTimeout(leave, listenMs);
    void this.#over.promise.then(() => clearTimeout(timer));
    enough?.then(leave, leave);
  }

  #fail(error: Error): undefined {
    this.#error ??= error;
    this.#finish('error');
  }

  /** Only the first end counts: our own actions on the socket afterwards say nothing about the server. */
  #finish(end: Handshake['end']): void {
    this.#end ??= end;
    this.#over.resolve();
  }
}

function toError(reason: Error | string | null | undefined): Error | undefined {
  // Node's types say Error, its documentation a code.
  return typeof reason === 'string' ? errorWithCode(reason, reason) : (reason ?? undefined);
}
