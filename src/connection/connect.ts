import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { codeOf } from '../errors.ts';
import { Failure } from '../signing/policy/failure.ts';
import { type ConnectProxy, openTunnel } from './proxy.ts';
import type { TransportOptions } from './transport.ts';

/** Key, certificate and trust anchors as PEM, or as a PKCS#12 container with the anchors beside it. */
export interface TlsMaterial {
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly pfx?: Buffer | undefined;
  readonly passphrase?: string | undefined;
  readonly ca: readonly (string | Buffer)[];
}

/** Builds the one TLS context that all connections share: with a context each, 100 connections cost a quarter more. */
export function createTlsContext(material: TlsMaterial): SecureContext {
  const { cert, key, pfx, passphrase, ca } = material;
  return createSecureContext({
    ...(pfx ? { pfx } : { cert, key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ca: [...ca],
    minVersion: 'TLSv1.2',
    // Each certificate of `chain` is an anchor, so that a lone intermediate or the server's own certificate works.
    allowPartialTrustChain: true,
  });
}

/** Where to dial and with what. */
export interface DialOptions {
  readonly hostname: string;
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly proxy?: ConnectProxy | undefined;
  /** For name look-up, TCP, proxy and handshake together. */
  readonly timeoutMs: number;
  /** Application protocols to offer, the preferred one first; HTTP/1.1 alone when absent. */
  readonly protocols?: readonly string[] | undefined;
  /** Resumes an earlier session with the same server. */
  readonly session?: Buffer | undefined;
  /** Is given every session that the server offers; under TLS 1.2 that is before the handshake is reported complete. */
  readonly onSession?: ((session: Buffer) => void) | undefined;
}

/** An established connection and what has been seen on it. */
export interface Connection {
  readonly socket: TLSSocket;
  /** About how long the server takes to answer, in milliseconds. */
  readonly roundTripMs: number;
  /** Requests begun on it. */
  requests: number;
  /** OpenSSL's code of a TLS alert that came after the handshake, which HTTP clients report as a lost socket. */
  alert?: string | undefined;
}

/** Opens a TLS connection to a server that must chain to the context's anchors and bear the host's name. */
export async function dial(options: DialOptions): Promise<Connection> {
  const deadline = performance.now() + options.timeoutMs;
  const startedAt = performance.now();
  const tunnel = options.proxy ? await openTunnel(options.proxy, options) : undefined;
  const tunnelMs = performance.now() - startedAt;
  return handshake(options, { tunnel, tunnelMs, timeoutMs: Math.max(1, deadline - performance.now()) });
}

/** A handshake takes a round trip and, the first time on a busy machine, this long to compute. */
const CRYPTOGRAPHY_MS = 20;

interface Underlay {
  readonly tunnel: Socket | undefined;
  readonly tunnelMs: number;
  readonly timeoutMs: number;
}

function handshake(options: DialOptions, underlay: Underlay): Promise<Connection> {
  const { hostname, port, secureContext, session } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  let startedAt = performance.now();
  let connectedMs = 0;
  const socket = connect({
    ...(underlay.tunnel ? { socket: underlay.tunnel } : { host: hostname, port }),
    secureContext,
    // Explicit, or an earlier step's NODE_TLS_REJECT_UNAUTHORIZED=0 switches verification off.
    rejectUnauthorized: true,
    ...peerName(hostname),
    ALPNProtocols: [...(options.protocols ?? ['http/1.1'])],
    ...(session ? { session } : {}),
  });
  const timer = setTimeout(() => socket.destroy(connectTimeout(options)), underlay.timeoutMs);
  socket.setNoDelay(true);
  if (options.onSession) socket.on('session', options.onSession);
  // What this process does before, code that runs for the first time, would count as distance.
  socket.once('connectionAttempt', () => (startedAt = performance.now()));
  socket.once('connect', () => (connectedMs = performance.now() - startedAt));
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    const handshakeMs = performance.now() - startedAt - connectedMs;
    // What answers TCP may be a relay that is nearer than the server.
    resolve(observe(socket, Math.max(connectedMs, underlay.tunnelMs, handshakeMs - CRYPTOGRAPHY_MS)));
  });
  socket.once('error', reject);
  socket.once('close', () => {
    clearTimeout(timer);
    reject(Object.assign(new Error('The server closed the connection during the handshake.'), { code: 'ECONNRESET' }));
  });
  return promise;
}

function observe(socket: TLSSocket, roundTripMs: number): Connection {
  const connection: Connection = { socket, roundTripMs, requests: 0 };
  socket.on('error', (error) => {
    const code = codeOf(error);
    if (code?.includes('_ALERT_')) connection.alert = code;
  });
  return connection;
}

/** Returns the host, without the brackets of an address, and the port that a URL leads to. */
export function targetOf(server: URL): { readonly hostname: string; readonly port: number } {
  return { hostname: server.hostname.replace(/^\[|\]$/g, ''), port: Number(server.port || 443) };
}

/** Returns the options that say which name a server's certificate must bear. */
export function peerName(hostname: string): { readonly host: string; readonly servername?: string } {
  // Neither Node nor TLS allows an address as server name; the certificate is still matched against `host`.
  return isIP(hostname) === 0 ? { host: hostname, servername: hostname } : { host: hostname };
}

/** The failure of a connection that took too long. */
export function connectTimeout({
  hostname,
  port,
  timeoutMs,
}: Pick<DialOptions, 'hostname' | 'port' | 'timeoutMs'>): Failure {
  return new Failure(
    'service',
    'CONNECT_TIMEOUT',
    `No connection to ${hostname}:${port} within ${timeoutMs / 1000} s.`,
    {
      hint: 'A firewall that drops packets looks like this. Check that the runner may reach the service.',
    },
  );
}

/** Opens connections to one server, each resuming the newest session. */
export class Dialler {
  readonly #options: TransportOptions;
  readonly #first = Promise.withResolvers<number>();
  #onServer: TransportOptions['onServer'];
  #session: Buffer | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#onServer = options.onServer;
  }

  /** Resolves when the first handshake is complete: about how long the server takes to answer, in milliseconds. */
  get first(): Promise<number> {
    return this.#first.promise;
  }

  /** Rejects with what Node says is wrong. */
  async dial(): Promise<Connection> {
    const { server, secureContext, proxy, connectTimeoutMs: timeoutMs, protocol } = this.#options;
    const protocols = protocol === 'http2' ? ['h2', 'http/1.1'] : undefined;
    const target = { ...targetOf(server), secureContext, proxy, timeoutMs, protocols };
    const onSession = (newest: Buffer): void => {
      this.#session = newest;
    };
    const connection = await dial({ ...target, session: this.#session, onSession });
    const certificate = connection.socket.getPeerX509Certificate();
    if (certificate) this.#onServer?.(certificate);
    this.#onServer = undefined;
    this.#first.resolve(connection.roundTripMs);
    return connection;
  }
}
