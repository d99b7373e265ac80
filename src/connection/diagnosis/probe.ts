import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { connectTimeout, peerName } from '../connect.ts';
import { type ConnectProxy, openTunnel } from '../proxy.ts';
import { type HandshakeFacts, readHandshake } from './handshake-record.ts';
import { type RecordedStream, recordStream } from './recorded-stream.ts';

/** Where to look, and with which identity. */
export interface ProbeOptions {
  readonly hostname: string;
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly proxy?: ConnectProxy | undefined;
  /** For name look-up, TCP, proxy and handshake together. */
  readonly timeoutMs: number;
  /** How long to listen, after the handshake, for a refusal. */
  readonly listenMs: number;
  /** Ends the listening early when it settles. */
  readonly enough?: Promise<unknown> | undefined;
  /** Ends everything; what is known by then is told. */
  readonly signal?: AbortSignal | undefined;
}

/** A handshake as it happened; times in milliseconds, `undefined` for steps that were not reached. */
export interface Handshake extends Omit<HandshakeFacts, 'serverChain'> {
  /** Address that the host name led to; `undefined` through a proxy, which looks it up itself. */
  readonly address: string | undefined;
  readonly lookupMs: number | undefined;
  /** TCP connected, or the proxy's tunnel open. */
  readonly connectMs: number | undefined;
  /** From then until our side of the handshake was complete. */
  readonly handshakeMs: number | undefined;
  readonly cipher: string | undefined;
  /** Certificates of the server in the order it sent them. */
  readonly serverChain: readonly X509Certificate[];
  /** Why the server's certificate is not trusted or not for this host; `undefined` also when the handshake did not get so far. */
  readonly untrusted: Error | undefined;
  /** How it ended: still open when we left, closed by the server, or broken by an error. */
  readonly end: 'open' | 'closed' | 'error';
  /** What broke it; a TLS alert has OpenSSL's code, such as `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`. */
  readonly error: Error | undefined;
}

/**
 * Shakes hands with a server, sends nothing, and tells what happened; never rejects.
 *
 * Under TLS 1.3 a server judges the client's certificate only after our side is done, so a refusal is waited for.
 */
export async function inspectHandshake(options: ProbeOptions): Promise<Handshake> {
  const probe = new Probe(options);
  await probe.run();
  return probe.describe();
}

class Probe {
  readonly #options: ProbeOptions;
  readonly #keyLog: string[] = [];
  readonly #startedAt = performance.now();
  readonly #over = Promise.withResolvers<void>();
  #recorded: RecordedStream | undefined;
  #address: string | undefined;
  #lookedUpAt: number | undefined;
  #connectedAt: number | undefined;
  #securedAt: number | undefined;
  #cipher: string | undefined;
  #untrusted: Error | undefined;
  #end: Handshake['end'] | undefined;
  #error: Error | undefined;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { timeoutMs, hostname, port, signal } = this.#options;
    const abort = (): void => this.#finish('open');
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => this.#fail(connectTimeout({ hostname, port, timeoutMs })), timeoutMs);
    let socket: TLSSocket | undefined;
    const open = this.#openUnderlay().then(
      (underlay) => (socket = this.#shakeHands(underlay, timer)),
      (error: Error) => this.#fail(error),
    );
    await Promise.race([this.#over.promise, open.then(() => this.#over.promise)]);
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    socket?.destroy();
    void open.then((late) => late?.destroy());
  }

  describe(): Handshake {
    const { received = [], sent = [] } = this.#recorded ?? {};
    const facts = readHandshake({ received, sent, keyLog: this.#keyLog });
    const since = (from: number | undefined, to: number | undefined): number | undefined =>
      from === undefined || to === undefined ? undefined : to - from;
    return {
      ...facts,
      serverChain: facts.serverChain.flatMap(parse),
      address: this.#address,
      lookupMs: since(this.#startedAt, this.#lookedUpAt),
      connectMs: since(this.#lookedUpAt ?? this.#startedAt, this.#connectedAt),
      handshakeMs: since(this.#connectedAt, this.#securedAt),
      cipher: this.#cipher,
      untrusted: this.#untrusted,
      end: this.#end ?? 'open',
      error: this.#error,
    };
  }

  async #openUnderlay(): Promise<Socket> {
    const { proxy, hostname, port } = this.#options;
    const socket = proxy ? await openTunnel(proxy, this.#options) : await this.#connectTcp(hostname, port);
    this.#connectedAt = performance.now();
    return socket;
  }

  #connectTcp(host: string, port: number): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = connectTcp({ host, port, noDelay: true });
    socket.once('lookup', (error: Error | null, address: string) => {
      if (error) return;
      this.#address = address;
      this.#lookedUpAt = performance.now();
    });
    socket.once('connect', () => {
      this.#address = socket.remoteAddress ?? this.#address;
      resolve(socket);
    });
    socket.once('error', reject);
    // Nobody may be left to want it.
    void this.#over.promise.then(() => socket.destroy());
    return promise;
  }

  #shakeHands(underlay: Socket, timer: NodeJS.Timeout): TLSSocket {
    const { hostname, secureContext } = this.#options;
    this.#recorded = recordStream(underlay);
    underlay.once('close', () => this.#close());
    const socket = connect({
      socket: this.#recorded.stream,
      secureContext,
      ...peerName(hostname),
      ALPNProtocols: ['http/1.1'],
      // Only here: nothing is written and nothing is believed, and what a bad server says is what is wanted.
      rejectUnauthorized: false,
    });
    socket.on('keylog', (line: Buffer) => this.#keyLog.push(line.toString('latin1').trim()));
    socket.on('error', (error) => this.#fail(error));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      this.#securedAt = performance.now();
      this.#cipher = socket.getCipher().standardName;
      this.#untrusted = toError(socket.authorizationError);
      this.#listen();
    });
    socket.once('close', () => this.#close());
    socket.resume();
    return socket;
  }

  #listen(): void {
    const { listenMs, enough } = this.#options;
    const leave = (): void => this.#finish('open');
    const timer = setTimeout(leave, listenMs);
    void this.#over.promise.then(() => clearTimeout(timer));
    enough?.then(leave, leave);
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#finish('error');
  }

  #close(): void {
    // An alert that came just before is still on its way through the streams.
    setImmediate(() => this.#finish('closed'));
  }

  /** Only the first end counts: what we do to the socket afterwards says nothing about the server. */
  #finish(end: Handshake['end']): void {
    this.#end ??= end;
    this.#over.resolve();
  }
}

function parse(der: Uint8Array): X509Certificate[] {
  try {
    return [new X509Certificate(der)];
  } catch {
    return [];
  }
}

function toError(reason: Error | string | null | undefined): Error | undefined {
  // Node's types say Error, its documentation a code.
  if (typeof reason === 'string') return Object.assign(new Error(reason), { code: reason });
  return reason ?? undefined;
}
