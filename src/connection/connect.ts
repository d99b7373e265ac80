import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { errorWithCode } from '../errors.ts';
import { type AddressBook, type Addresses, tryEach } from './dialling/addresses.ts';
import { openTunnel } from './proxy/tunnel.ts';
import { dialTimeout, peerName, type Route, stageOf, targetOf } from './route.ts';
import { isAlert, tlsCodeOf } from './tls/failure.ts';
import { readServerChain } from './tls/server-chain.ts';

/** What TLS is spoken over: a proxy's tunnel, or TCP to one of the host's addresses. */
interface Underlay {
  readonly tunnel: Socket | undefined;
  readonly addresses: Addresses | undefined;
}

/** Opens the proxy's tunnel when there is a proxy, or else looks up the host's addresses. */
export async function openUnderlay(route: Route, addressBook: AddressBook): Promise<Underlay> {
  const { proxy, server, timeoutMs } = route;
  const { hostname, port } = targetOf(server);
  if (proxy === undefined) return { tunnel: undefined, addresses: await addressBook.find(hostname, timeoutMs) };
  return { tunnel: await openTunnel(proxy, { hostname, port, timeoutMs, addressBook }), addresses: undefined };
}

/** What a TLS handshake offers and demands. */
interface HandshakeOptions {
  /** Application protocols to offer, the preferred one first. */
  readonly protocols: readonly string[];
  /** Resumes an earlier session with the same server. */
  readonly session?: Buffer | undefined;
  /** In place of the route's; absent for the route's. */
  readonly secureContext?: SecureContext | undefined;
  /** `reported` completes the handshake with a server that cannot be trusted, so that its certificates can be looked at. */
  readonly trust: 'required' | 'reported';
}

/** Begins a TLS connection; the caller listens to what becomes of it. */
export function beginHandshake(
  route: Route,
  { tunnel, addresses }: Pick<Underlay, 'addresses'> & { readonly tunnel: Duplex | undefined },
  options: HandshakeOptions,
): TLSSocket {
  const { hostname, port } = targetOf(route.server);
  // Node hands them on to TCP, though its types for TLS do not know all of them.
  const tcp: ConnectionOptions = { port, ...(addresses && tryEach(addresses)) };
  return connect({
    ...(tunnel ? { socket: tunnel } : tcp),
    ...peerName(hostname),
    secureContext: options.secureContext ?? route.secureContext,
    // Explicit, or an earlier step's NODE_TLS_REJECT_UNAUTHORIZED=0 switches verification off.
    rejectUnauthorized: options.trust === 'required',
    checkServerIdentity: checkName,
    ALPNProtocols: [...options.protocols],
    ...(options.session ? { session: options.session } : {}),
  });
}

/** Checks the name as Node does; as curl does, also an address in the subject of a certificate without other names. */
function checkName(hostname: string, certificate: PeerCertificate): Error | undefined {
  const isBorne =
    isIP(hostname) !== 0 && certificate.subjectaltname === undefined && certificate.subject.CN === hostname;
  return isBorne ? undefined : checkServerIdentity(hostname, certificate);
}

/** An established connection and what has been seen on it. */
export interface Connection {
  readonly socket: TLSSocket;
  /** About how long the server takes to answer, in milliseconds. */
  readonly roundTripMs: number;
  /** Whether the handshake resumed an earlier session. */
  readonly isResumed: boolean;
  /** Requests answered on it. */
  requests: number;
  /** OpenSSL's code of a TLS alert that came after the handshake, which HTTP clients report as a lost socket. */
  alert?: string | undefined;
}

/** A dial that failed; its cause is the error of Node, or a `Failure`. */
export class DialError extends Error {
  /** Whether the TLS handshake had begun. */
  readonly hasBegun: boolean;
  /** The certificates of the server, when they were to be read and came. */
  readonly serverChain: readonly X509Certificate[];

  constructor(cause: unknown, hasBegun: boolean, serverChain: readonly X509Certificate[] = []) {
    super('The dial failed.', { cause });
    this.hasBegun = hasBegun;
    this.serverChain = serverChain;
  }
}

/** What one dial adds to the route. */
interface DialOptions {
  readonly addressBook: AddressBook;
  readonly protocols: readonly string[];
  readonly session: Buffer | undefined;
  /** In place of the route's; `undefined` for the route's. */
  readonly secureContext: SecureContext | undefined;
  /** Is given every session that the server offers; under TLS 1.2 that is before the handshake is reported complete. */
  readonly onSession: (session: Buffer) => void;
}

/** Opens a TLS connection to a server that must chain to the context's anchors and bear the host's name; rejects with a {@link DialError}. */
export async function dial(route: Route, options: DialOptions): Promise<Connection> {
  const startedAt = performance.now();
  let underlay: Underlay;
  try {
    underlay = await openUnderlay(route, options.addressBook);
  } catch (error) {
    throw new DialError(error, false);
  }
  return shakeHands(route, { ...underlay, spentMs: performance.now() - startedAt }, options);
}

/** A handshake takes a round trip and, the first time on a busy machine, this long to compute. */
const CRYPTOGRAPHY_MS = 20;

function shakeHands(
  route: Route,
  { tunnel, addresses, spentMs }: Underlay & { readonly spentMs: number },
  { protocols, session, secureContext, onSession, addressBook }: DialOptions,
): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  let startedAt = performance.now();
  let connectedAt = tunnel ? startedAt : undefined;
  let serverChain: readonly X509Certificate[] = [];
  const socket = beginHandshake(route, { tunnel, addresses }, { protocols, session, secureContext, trust: 'required' });
  const attempts = addressBook.watch(socket);
  let hasKeys = false;
  const giveUp = (): void => void socket.destroy(dialTimeout(route, attempts, stageOf(connectedAt, hasKeys)));
  const timer = setTimeout(giveUp, Math.max(1, route.timeoutMs - spentMs));
  const fail = (error: unknown): void => {
    clearTimeout(timer);
    reject(new DialError(error, connectedAt !== undefined, serverChain));
  };
  socket.setNoDelay(true);
  socket.on('session', onSession);
  // A server that is refused leaves no later moment to read its certificates than when the keys are made.
  socket.on('keylog', () => {
    hasKeys = true;
    if (!serverChain[0] && !socket.isSessionReused()) serverChain = readServerChain(socket);
  });
  // Time in which this process runs code for the first time, or waits for another address, is no distance.
  socket.on('connectionAttempt', () => (startedAt = performance.now()));
  socket.once('connect', () => (connectedAt = performance.now()));
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    const tcpMs = tunnel ? spentMs : (connectedAt ?? startedAt) - startedAt;
    const handshakeMs = performance.now() - (connectedAt ?? startedAt);
    // TCP may be answered by a relay that is nearer than the server.
    resolve(observe(socket, Math.max(tcpMs, handshakeMs - CRYPTOGRAPHY_MS)));
  });
  socket.once('error', fail);
  socket.once('close', () => fail(closedEarly()));
  promise.catch(() => addressBook.bury(attempts.current));
  return promise;
}

function closedEarly(): Error {
  return errorWithCode('ECONNRESET', 'The server closed the connection during the handshake.');
}

function observe(socket: TLSSocket, roundTripMs: number): Connection {
  const connection: Connection = { socket, roundTripMs, isResumed: socket.isSessionReused(), requests: 0 };
  socket.on('error', (error) => {
    const code = tlsCodeOf(error);
    if (isAlert(code)) connection.alert = code;
  });
  return connection;
}
