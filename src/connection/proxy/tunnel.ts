import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as secureConnect, TLSSocket } from 'node:tls';
import { errorWithCode } from '../../errors.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { type AddressBook, type Addresses, tryEach } from '../dialling/addresses.ts';
import { ExchangeProgress } from '../exchange-progress.ts';
import { AnswerReader } from '../lenient/answer-reader.ts';
import { peerName } from '../route.ts';
import { readServerChain } from '../tls/server-chain.ts';
import type { ConnectProxy } from './proxy.ts';
import { keepChain } from './proxy-tls.ts';
import { proxySilent, tunnelFailed, tunnelRefused } from './tunnel-failure.ts';

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
    throw tunnelFailed(error, proxy);
  });
  const address = socket.remoteAddress;
  const late = proxySilent(proxy, timeoutMs);
  const giveUp = (): void => void socket.destroy(late);
  const timer = setTimeout(giveUp, Math.max(1, timeoutMs - (performance.now() - startedAt)));
  try {
    socket.write(askFor(proxy, target));
    const answer = await readAnswer(socket);
    // Any 2xx opens the tunnel (RFC 9110, section 9.3.6).
    if (Math.trunc(answer.status / 100) === 2) return socket;
    throw tunnelRefused(answer, proxy);
  } catch (error) {
    socket.destroy();
    if (error instanceof Failure && error !== late) throw error;
    addressBook.bury(address);
    throw error instanceof Error && error !== late ? tunnelFailed(error, proxy) : late;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads the head of an answer as curl does, because only its status counts; what comes behind the head stays in the socket. */
async function readAnswer(socket: Socket): Promise<ExchangeProgress> {
  const { promise, resolve, reject } = Promise.withResolvers<ExchangeProgress>();
  const progress = new ExchangeProgress();
  const reader = new AnswerReader(progress, 'head');
  // No byte is taken out of the socket that belongs to TLS, and the socket does not flow before TLS reads it.
  const read = (): void => {
    try {
      let piece: Buffer | null = socket.read();
      while (piece !== null && !reader.add(piece)) piece = socket.read();
      if (piece === null) return;
      socket.off('readable', read);
      if (reader.rest.length > 0) socket.unshift(reader.rest);
      resolve(progress);
    } catch (error) {
      reject(error);
    }
  };
  const close = (): void => reject(errorWithCode('ECONNRESET', 'The proxy closed the connection.'));
  socket.on('readable', read).once('error', reject).once('end', close).once('close', close);
  try {
    return await promise;
  } finally {
    socket.off('readable', read).off('error', reject).off('end', close).off('close', close);
  }
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
  let chain: readonly X509Certificate[] = [];
  // A proxy that is refused leaves no later moment to read its certificates than when the keys are made.
  if (socket instanceof TLSSocket)
    socket.on('keylog', () => (chain = chain.length > 0 ? chain : readServerChain(socket)));
  const giveUp = (): void =>
    void socket.destroy(
      (socket.connecting && attempts.giveUp()) ||
        errorWithCode('ETIMEDOUT', 'The TLS handshake was not complete in time.'),
    );
  const timer = setTimeout(giveUp, Math.max(1, timeoutMs - (performance.now() - startedAt)));
  try {
    await once(socket, server.url.protocol === 'https:' ? 'secureConnect' : 'connect');
    return socket;
  } catch (error) {
    addressBook.bury(attempts.current);
    keepChain(error, chain);
    throw error;
  } finally {
    clearTimeout(timer);
  }
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

function askFor({ authorization }: ConnectProxy, { hostname, port }: Pick<TunnelTarget, 'hostname' | 'port'>): string {
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  const credentials = authorization ? `Proxy-Authorization: ${authorization}\r\n` : '';
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}Proxy-Connection: Keep-Alive\r\n\r\n`;
}
