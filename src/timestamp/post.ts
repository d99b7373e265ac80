import { connectionFailure } from '../connection/connection-failure.ts';
import { openPlainClient } from '../connection/connections.ts';
import { Exchange, type WireRequest, type WireResponse } from '../connection/exchange.ts';
import type { ConnectProxy } from '../connection/proxy/proxy.ts';
import { createWebContext, type Route } from '../connection/route.ts';
import { openTransport } from '../connection/transport.ts';
import type { StampWorld } from './request.ts';

/** How authorities are reached. */
export interface PostOptions {
  readonly proxyFor: (server: URL) => ConnectProxy | undefined;
  /** PEM of what a server may chain to beside the roots of the system. */
  readonly anchors: readonly string[];
  /** Longest time for a connection, in milliseconds. */
  readonly timeoutMs: number;
}

const HEADERS = ['content-type', 'application/timestamp-query', 'accept', 'application/timestamp-reply'];

/** Returns the function that sends a request to an authority, each over a connection of its own. */
export function createPost({ proxyFor, anchors, timeoutMs }: PostOptions): StampWorld['post'] {
  return async (server, body, signal) => {
    const proxy = proxyFor(server);
    const request = { method: 'POST', path: server.pathname + server.search, headers: [...HEADERS], body };
    if (server.protocol === 'http:') return sendPlainly({ server, proxy, timeoutMs }, request, signal);
    const transport = openTransport({ server, secureContext: createWebContext(anchors), proxy, timeoutMs });
    try {
      return await transport.post(request, signal);
    } finally {
      transport.close();
    }
  };
}

/** Sends a request without TLS. A proxy is asked to forward it, because proxies open tunnels to the port of https only. */
async function sendPlainly(
  { server, proxy, timeoutMs }: Pick<Route, 'server' | 'proxy' | 'timeoutMs'>,
  request: WireRequest,
  signal: AbortSignal,
): Promise<WireResponse> {
  const client = openPlainClient((proxy?.url ?? server).origin, timeoutMs);
  const authorization = proxy?.authorization ? ['proxy-authorization', proxy.authorization] : [];
  const forwarded = {
    ...request,
    path: server.origin + request.path,
    headers: [...request.headers, 'host', server.host, ...authorization],
  };
  try {
    return await new Exchange(proxy ? forwarded : request, signal, () => 0).run(client, 'own');
  } catch (error) {
    signal.throwIfAborted();
    throw connectionFailure(error, { origin: server.origin });
  } finally {
    client.destroy().catch(() => {});
  }
}
