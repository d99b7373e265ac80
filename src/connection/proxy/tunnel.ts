import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as secureConnect } from 'node:tls';
import { Failure } from '../../signing/policy/failure.ts';
import { type AddressBook, type Addresses, tryEach } from '../dialling/addresses.ts';
import { MAX_HEADER_BYTES } from '../lenient/answer-reader.ts';
import { peerName } from '../route.ts';
import type { ConnectProxy } from './proxy.ts';
import { proxyUnreachable, tunnelFailed, tunnelRefused } from './tunnel-failure.ts';

/** What a tunnel leads to. */
interface TunnelTarget {
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
  const socket = await openSocket(proxy, target).catch((error: Error) => {
    throw tunnelFailed(error);
  });
  const address = socket.remoteAddress;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const ask = askFor(proxy, target, socket);
  const giveUp = (): void => void ask.destroy(proxyUnreachable(`did not answer CONNECT within ${timeoutMs / 1000} s`));
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
    addressBook.bury(address);
    reject(error instanceof Failure ? error : tunnelFailed(error));
  });
  ask.end();
  return promise;
}

/** Connects to a proxy, or to another server without a certificate of ours; rejects with the error of the system or of TLS. */
export async function openSocket(
  server: Pick<ConnectProxy, 'url' | 'secureContext'>,
  { addressBook, timeoutMs }: Pick<TunnelTarget, 'addressBook' | 'timeoutMs'>,
): Promise<Socket> {
  const startedAt = performance.now();
  const addresses = await addressBook.find(hostOf(server.url), timeoutMs);
  const socket = connectTo(server, addresses);
  const attempts = addressBook.watch(socket);
  const giveUp = (): void => void socket.destroy((socket.connecting && attempts.giveUp()) || handshakeTimeout());
  const timer = setTimeout(giveUp, Math.max(1, timeoutMs - (performance.now() - startedAt)));
  try {
    await once(socket, server.url.protocol === 'https:' ? 'secureConnect' : 'connect');
    return socket;
  } catch (error) {
    addressBook.bury(attempts.current);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function handshakeTimeout(): Error {
  return Object.assign(new Error('The TLS handshake was not complete in time.'), { code: 'ETIMEDOUT' });
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function connectTo({ url, secureContext }: Pick<ConnectProxy, 'url' | 'secureContext'>, addresses: Addresses): Socket {
  const isSecure = url.protocol === 'https:';
  const port = Number(url.port || (isSecure ? 443 : 80));
  const host = hostOf(url);
  if (!isSecure) return connect({ host, port, ...tryEach(addresses) });
  // The name is the proxy's: Node's own client of HTTPS would look for the name of the service in the certificate.
  return secureConnect({
    port,
    ...tryEach(addresses),
    ...peerName(host),
    ALPNProtocols: ['http/1.1'],
    secureContext,
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
    // Only the status counts: nothing hangs on how well the rest of a proxy's answer is formed.
    insecureHTTPParser: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: { host: authority, ...(authorization ? { 'proxy-authorization': authorization } : {}) },
  });
}
