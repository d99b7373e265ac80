import { connectionFailure } from '../connection/connection-failure.ts';
import { openPlainClient } from '../connection/connections.ts';
import { Exchange, type WireRequest, type WireResponse } from '../connection/exchange.ts';
import type { ConnectProxy } from '../connection/proxy/proxy.ts';

/** Where a server that speaks HTTP without TLS is. */
export interface PlainRoute {
  /** An http URL; only its origin counts. */
  readonly server: URL;
  /** Is asked to forward the request: proxies open tunnels to the port of https only. */
  readonly proxy?: ConnectProxy | undefined;
  /** Longest time for TCP, and for the TLS of a proxy, in milliseconds. */
  readonly timeoutMs: number;
}

/** Sends one request without TLS; rejects with a `Failure` when there is no answer, or with the signal's reason. */
export async function sendPlainly(
  { server, proxy, timeoutMs }: PlainRoute,
  request: WireRequest,
  signal: AbortSignal,
): Promise<WireResponse> {
  const client = openPlainClient((proxy?.url ?? server).origin, timeoutMs);
  const forwarded = {
    method: request.method,
    body: request.body,
    path: server.origin + request.path,
    headers: [
      ...request.headers,
      'host',
      server.host,
      ...(proxy?.authorization ? ['proxy-authorization', proxy.authorization] : []),
    ],
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
