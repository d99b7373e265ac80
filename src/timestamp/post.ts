import { connectionFailure } from '../connection/connection-failure.ts';
import { AddressBook } from '../connection/dialling/addresses.ts';
import { dialFailure } from '../connection/dialling/dial-failure.ts';
import { openWire, type WireRequest, type WireResponse } from '../connection/exchange.ts';
import { ExchangeProgress } from '../connection/exchange-progress.ts';
import { type ConnectProxy, nameProxy } from '../connection/proxy/proxy.ts';
import { openSocket } from '../connection/proxy/tunnel.ts';
import { tunnelFailed, tunnelRefused } from '../connection/proxy/tunnel-failure.ts';
import { createWebContext, type Route } from '../connection/route.ts';
import { openTransport } from '../connection/transport.ts';
import type { StampWorld } from './request.ts';

/** How to reach authorities. */
interface PostOptions {
  readonly proxyFor: (server: URL) => ConnectProxy | undefined;
  /** PEM of anchors for servers, in addition to the system's roots. */
  readonly anchors: readonly string[];
  /** Longest time for a connection, in milliseconds. */
  readonly timeoutMs: number;
}

const HEADERS = ['content-type', 'application/timestamp-query', 'accept', 'application/timestamp-reply'];

/** Returns the function that sends a request to an authority, over a new connection each time. */
export function createPost({ proxyFor, anchors, timeoutMs }: PostOptions): StampWorld['post'] {
  const addressBook = new AddressBook();
  return async (server, body, signal) => {
    const proxy = proxyFor(server);
    const request = { method: 'POST', path: server.pathname + server.search, headers: [...HEADERS], body };
    if (server.protocol === 'http:') return sendPlainly({ server, proxy, timeoutMs, addressBook }, request, signal);
    const secureContext = createWebContext(anchors);
    const transport = openTransport({ server, secureContext, proxy, timeoutMs, addressBook });
    try {
      return await transport.post(request, signal);
    } finally {
      transport.close();
    }
  };
}

type PlainRoute = Pick<Route, 'server' | 'proxy' | 'timeoutMs'> & { readonly addressBook: AddressBook };

/** Sends a request without TLS. A proxy has to forward it, because proxies open tunnels only to the https port. */
async function sendPlainly(
  { server, proxy, timeoutMs, addressBook }: PlainRoute,
  request: WireRequest,
  signal: AbortSignal,
): Promise<WireResponse> {
  const { origin } = server;
  const connect = () =>
    openSocket(proxy ?? { url: server }, { timeoutMs, addressBook }).catch((error: Error) => {
      throw proxy ? tunnelFailed(error, proxy) : dialFailure(error, origin);
    });
  const wire = openWire(proxy?.url.origin ?? origin, connect, () => 0);
  const authorization = proxy?.authorization ? ['proxy-authorization', proxy.authorization] : [];
  const forwarded = {
    ...request,
    path: origin + request.path,
    headers: [...request.headers, 'host', server.host, ...authorization],
  };
  try {
    const task = { request: proxy ? forwarded : request, signal, progress: new ExchangeProgress() };
    const response = await wire.exchange(task);
    if (!proxy) return response;
    if (response.status !== 407) return { ...response, forwardedBy: nameProxy(proxy) };
    throw tunnelRefused({ status: 407, headers: response.headers }, proxy);
  } catch (error) {
    signal.throwIfAborted();
    throw connectionFailure(error, { origin });
  } finally {
    wire.destroy();
  }
}
