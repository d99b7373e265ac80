import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { ActionError } from '../errors.ts';
import { connectionFailure } from './connection-failure.ts';
import { Exchange, type WireRequest, type WireResponse } from './exchange.ts';
import { Dialler, Lanes } from './lanes.ts';
import type { ConnectProxy } from './proxy.ts';
import { type Diagnosis, Suspicion } from './suspicion.ts';
import type { Connection } from './tls.ts';

/** Where and how to reach a service over mutual TLS. */
export interface TransportOptions {
  /** An https URL; only its origin counts. */
  readonly server: URL;
  readonly secureContext: SecureContext;
  readonly connectTimeoutMs: number;
  readonly proxy?: ConnectProxy | undefined;
  /** `http2` sends all requests as streams of one connection, if the server agrees. */
  readonly protocol?: 'http1' | 'http2' | undefined;
  /** Looks into a failure that HTTP cannot explain; asked once at most, and only while nothing was ever answered. */
  readonly diagnosis?: Diagnosis | undefined;
  /** Is shown the certificate of the first server that was believed. */
  readonly onServer?: ((certificate: X509Certificate) => void) | undefined;
}

/** Sends requests to one origin. */
export interface Transport {
  /** Settles when the first handshake is complete: about how long the server takes to answer, in milliseconds. */
  readonly firstConnection: Promise<number>;
  /** Rejects with a `Failure` when there is no answer; an answer of any status is a result. */
  post(request: WireRequest, signal: AbortSignal): Promise<WireResponse>;
  /** Requests that were given a connection, or tried to get one, so far. */
  requests(): number;
  /** Drops every connection at once. */
  close(): void;
}

/** Opens a transport; connections are made when they are needed. */
export function openTransport(options: TransportOptions): Transport {
  const dialler = new Dialler(options);
  const lanes = new Lanes(options.server, dialler);
  const suspicion = new Suspicion(options.diagnosis);
  let requests = 0;

  async function post(request: WireRequest, signal: AbortSignal): Promise<WireResponse> {
    await suspicion.settled(signal);
    requests++;
    const lane = await lanes.take(options.protocol ?? 'http1').catch((error: unknown) => explain(error, undefined));
    const before = usable(lane.connection);
    const bytesRead = before?.socket.bytesRead ?? 0;
    try {
      const response = await new Exchange(request, signal).run(lane.client, lane.sharing);
      if (lane.connection) lane.connection.requests++;
      suspicion.dispel();
      lanes.giveBack(lane);
      return response;
    } catch (error) {
      lanes.drop(lane);
      signal.throwIfAborted();
      const unread = before !== undefined && lane.connection === before && before.socket.bytesRead === bytesRead;
      const stale = unread && lane.sharing === 'own';
      // The others have been idle for longer still: the repeat must not land on the next dead one.
      if (stale) lanes.dropIdle();
      return explain(error, lane.connection, stale);
    }

    async function explain(error: unknown, connection: Connection | undefined, stale = false): Promise<never> {
      signal.throwIfAborted();
      if (error instanceof ActionError) throw error;
      const failure = connectionFailure(error, { origin: options.server.origin, alert: connection?.alert, stale });
      throw await suspicion.explain(failure, signal);
    }
  }

  return { firstConnection: dialler.first, post, requests: () => requests, close: () => lanes.close() };
}

/** Returns the connection when it is open and has served a request already. */
function usable(connection: Connection | undefined): Connection | undefined {
  return connection && connection.requests > 0 && !connection.socket.destroyed ? connection : undefined;
}
