import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { codeOf } from '../errors.ts';
import { openTunnel } from './proxy.ts';
import { connectTimeout, peerName, type Route, targetOf } from './route.ts';

/** What a TLS handshake offers and demands. */
export interface HandshakeOptions {
  /** Application protocols to offer, the preferred one first. */
  readonly protocols: readonly string[];
  /** Resumes an earlier session with the same server. */
  readonly session?: Buffer | undefined;
  /** `reported` completes the handshake with a server that cannot be trusted, so that its certificates can be looked at. */
  readonly trust: 'required' | 'reported';
}

/** Begins a TLS connection, through a tunnel if there is one; the caller listens to what becomes of it. */
export function beginHandshake(route: Route, tunnel: Socket | undefined, options: HandshakeOptions): TLSSocket {
  const { hostname, port } = targetOf(route.server);
  return connect({
    ...(tunnel ? { socket: tunnel } : { host: hostname, port }),
    ...peerName(hostname),
    secureContext: route.secureContext,
    // Explicit, or an earlier step's NODE_TLS_REJECT_UNAUTHORIZED=0 switches verification off.
    rejectUnauthorized: options.trust === 'required',
    ALPNProtocols: [...options.protocols],
    ...(options.session ? { session: options.session } : {}),
  });
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

/** What one dial adds to the route. */
export interface DialOptions {
  readonly protocols: readonly string[];
  readonly session: Buffer | undefined;
  /** Is given every session that the server offers; under TLS 1.2 that is before the handshake is reported complete. */
  readonly onSession: (session: Buffer) => void;
}

/** Opens a TLS connection to a server that must chain to the context's anchors and bear the host's name. */
async function dial(route: Route, options: DialOptions): Promise<Connection> {
  const { proxy, server, timeoutMs } = route;
  const startedAt = performance.now();
  const tunnel = proxy ? await openTunnel(proxy, { ...targetOf(server), timeoutMs }) : undefined;
  const tunnelMs = performance.now() - startedAt;
  return shakeHands(route, { tunnel, tunnelMs }, options);
}

/** A handshake takes a round trip and, the first time on a busy machine, this long to compute. */
const CRYPTOGRAPHY_MS = 20;

interface Underlay {
  readonly tunnel: Socket | undefined;
  readonly tunnelMs: number;
}

function shakeHands(route: Route, { tunnel, tunnelMs }: Underlay, options: DialOptions): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const { protocols, session, onSession } = options;
  let startedAt = performance.now();
  let connectedMs = 0;
  const socket = beginHandshake(route, tunnel, { protocols, session, trust: 'required' });
  const timer = setTimeout(() => socket.destroy(connectTimeout(route)), Math.max(1, route.timeoutMs - tunnelMs));
  socket.setNoDelay(true);
  socket.on('session', onSession);
  // Before that, this process may be running code for the first time, which would count as distance.
  socket.once('connectionAttempt', () => (startedAt = performance.now()));
  socket.once('connect', () => (connectedMs = performance.now() - startedAt));
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    const handshakeMs = performance.now() - startedAt - connectedMs;
    // TCP may be answered by a relay that is nearer than the server.
    resolve(observe(socket, Math.max(connectedMs, tunnelMs, handshakeMs - CRYPTOGRAPHY_MS)));
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

/** HTTP version to ask for: `http2` sends all requests as streams of one connection, if the server agrees. */
export type HttpProtocol = 'http1' | 'http2';

/** Opens connections to one server, each resuming the newest session. */
export class Dialler {
  readonly #route: Route;
  readonly #protocols: readonly string[];
  readonly #first = Promise.withResolvers<number>();
  #onServer: ((certificate: X509Certificate) => void) | undefined;
  #session: Buffer | undefined;

  /** `onServer` is shown the certificate of the first server that was believed. */
  constructor(route: Route, protocol: HttpProtocol, onServer?: (certificate: X509Certificate) => void) {
    this.#route = route;
    this.#protocols = protocol === 'http2' ? ['h2', 'http/1.1'] : ['http/1.1'];
    this.#onServer = onServer;
  }

  /** Resolves when the first handshake is complete: about how long the server takes to answer, in milliseconds. */
  get first(): Promise<number> {
    return this.#first.promise;
  }

  /** Rejects with what Node says is wrong. */
  async dial(): Promise<Connection> {
    const onSession = (newest: Buffer): void => {
      this.#session = newest;
    };
    const connection = await dial(this.#route, { protocols: this.#protocols, session: this.#session, onSession });
    const certificate = connection.socket.getPeerX509Certificate();
    if (certificate) this.#onServer?.(certificate);
    this.#onServer = undefined;
    this.#first.resolve(connection.roundTripMs);
    return connection;
  }
}
