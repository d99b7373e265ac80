import { type ClientRequest, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as secureConnect } from 'node:tls';
import { Failure } from '../../signing/policy/failure.ts';
import { type AddressBook, type Addresses, type Attempts, tryEach } from '../dialling/addresses.ts';
import { peerName } from '../route.ts';
import type { ConnectProxy } from './proxy.ts';
import { proxyUnreachable, tunnelFailed, tunnelRefused } from './tunnel-failure.ts';

/** What a tunnel leads to. */
export interface TunnelTarget {
  readonly hostname: string;
  readonly port: number;
  /** Longest time until the tunnel is open, in milliseconds. */
  readonly timeoutMs: number;
  readonly addressBook: AddressBook;
}

/** Asks the proxy for a tunnel to the target and returns the raw socket; TLS goes end to end through it. */
export async function openTunnel(proxy: ConnectProxy, target: TunnelTarget): Promise<Socket> {
  const startedAt = performance.now();
  const { addressBook, timeoutMs } = target;
  const addresses = await addressBook.find(hostOf(proxy), timeoutMs).catch((error: Error) => {
    throw tunnelFailed(error);
  });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connectTo(proxy, addresses);
  const attempts = addressBook.watch(socket);
  const ask = askFor(proxy, target, socket);
  const giveUp = (): void => void ask.destroy(tooLate(socket, attempts, timeoutMs));
  const timer = setTimeout(giveUp, Math.max(1, timeoutMs - (performance.now() - startedAt)));
  ask.once('connect', (response, _, head) => {
    clearTimeout(timer);
    // Any 2xx opens the tunnel (RFC 9110, section 9.3.6).
    if (Math.trunc((response.statusCode ?? 0) / 100) === 2) {
      if (head.length > 0) socket.unshift(head);
      return resolve(socket);
    }
    socket.destroy();
    reject(tunnelRefused(response, proxy));
  });
  ask.once('error', (error) => {
    clearTimeout(timer);
    addressBook.bury(attempts.current);
    reject(error instanceof Failure ? error : tunnelFailed(error));
  });
  ask.end();
  return promise;
}

function hostOf({ url }: ConnectProxy): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function connectTo(proxy: ConnectProxy, addresses: Addresses): Socket {
  const isSecure = proxy.url.protocol === 'https:';
  const port = Number(proxy.url.port || (isSecure ? 443 : 80));
  const host = hostOf(proxy);
  if (!isSecure) return connect({ host, port, ...tryEach(addresses) });
  // The name is the proxy's: Node's own client of HTTPS would look for the name of the service in the certificate.
  return secureConnect({
    port,
    ...tryEach(addresses),
    ...peerName(host),
    ALPNProtocols: ['http/1.1'],
    secureContext: proxy.secureContext,
    // Explicit, or NODE_TLS_REJECT_UNAUTHORIZED=0 gives the credentials to whoever answers.
    rejectUnauthorized: true,
  });
}

function askFor(
  { authorization }: ConnectProxy,
  { hostname, port }: Pick<TunnelTarget, 'hostname' | 'port'>,
  socket: Socket,
): ClientRequest {
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  return request({
    createConnection: () => socket,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...(authorization ? { 'proxy-authorization': authorization } : {}) },
  });
}

function tooLate(socket: Socket, attempts: Attempts, timeoutMs: number): Failure {
  const error = socket.connecting ? attempts.giveUp() : undefined;
  if (error) return tunnelFailed(error);
  return proxyUnreachable(`did not answer CONNECT within ${timeoutMs / 1000} s`);
}
