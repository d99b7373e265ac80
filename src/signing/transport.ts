import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { type buildConnector, Client } from 'undici';
import { ActionError } from '../errors.ts';
import { connectionFailure } from './connection-failure.ts';
import { Exchange, type WireRequest, type WireResponse } from './exchange.ts';
import type { ConnectProxy } from './proxy.ts';
import { type Diagnosis, Suspicion } from './suspicion.ts';
import { type Connection, dial, targetOf } from './tls.ts';

/** Where and how to reach a service over mutual TLS. */
export interface TransportOptions {
  /** An https URL; only its origin counts. */
  readonly server: URL;
  readonly secureContext: SecureContext;
  readonly connectTimeoutMs: number;
  readonly proxy?: ConnectProxy | undefined;
  /** Looks into a failure that HTTP cannot explain; asked once at most, and only while nothing was ever answered. */
  readonly diagnosis?: Diagnosis | undefined;
  /** Is shown the certificate of the first server that was believed. */
  readonly onServer?: ((certificate: X509Certificate) => void) | undefined;
}

/** Sends requests to one origin, each alone on its connection while it lasts. */
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

interface Lane {
  readonly client: Client;
  connection: Connection | undefined;
}

/** Opens a transport; connections are made when they are needed. */
export function openTransport(options: TransportOptions): Transport {
  const { server } = options;
  const lanes = new Set<Lane>();
  const idle: Lane[] = [];
  const first = Promise.withResolvers<number>();
  const suspicion = new Suspicion(options.diagnosis);
  let [onServer, requests] = [options.onServer, 0];
  let session: Buffer | undefined;

  async function connect(lane: Lane): Promise<Connection> {
    const { secureContext, proxy, connectTimeoutMs: timeoutMs } = options;
    const connection = await dial({ ...targetOf(server), secureContext, proxy, timeoutMs, session });
    connection.socket.on('session', (newest) => (session = newest));
    lane.connection = connection;
    const certificate = connection.socket.getPeerX509Certificate();
    if (certificate) onServer?.(certificate);
    onServer = undefined;
    first.resolve(connection.roundTripMs);
    return connection;
  }

  // A client per lane opens exactly as many connections as there are requests in flight; a pool opens up to twice as many.
  function openLane(): Lane {
    const lane: Lane = {
      connection: undefined,
      client: new Client(server.origin, {
        connect: (_: buildConnector.Options, callback: buildConnector.Callback) => {
          connect(lane).then(
            ({ socket }) => callback(null, socket),
            (error: Error) => callback(error, null),
          );
        },
        pipelining: 1,
        // Shorter than the idle limit of servers: otherwise requests are lost on connections that are just being closed.
        keepAliveTimeout: 1000,
        keepAliveMaxTimeout: 4000,
        // One clock per try is enough, and it is the caller's.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    };
    lanes.add(lane);
    return lane;
  }

  function closeLane(lane: Lane): void {
    lanes.delete(lane);
    lane.client.destroy().catch(() => {});
  }

  async function post(request: WireRequest, signal: AbortSignal): Promise<WireResponse> {
    await suspicion.settled(signal);
    const lane = idle.pop() ?? openLane();
    requests++;
    const before = usable(lane.connection);
    const bytesRead = before?.socket.bytesRead ?? 0;
    try {
      const response = await new Exchange(request, signal).run(lane.client);
      if (lane.connection) lane.connection.requests++;
      suspicion.dispel();
      idle.push(lane);
      return response;
    } catch (error) {
      closeLane(lane);
      signal.throwIfAborted();
      const { connection } = lane;
      if (error instanceof ActionError) throw error;
      const stale = before !== undefined && connection === before && before.socket.bytesRead === bytesRead;
      // The others have been idle for longer still: the repeat must not land on the next dead one.
      if (stale) for (const other of idle.splice(0)) closeLane(other);
      const failure = connectionFailure(error, { origin: server.origin, alert: connection?.alert, stale });
      throw await suspicion.explain(failure, signal);
    }
  }

  function close(): void {
    for (const lane of lanes) closeLane(lane);
    idle.length = 0;
  }

  return { firstConnection: first.promise, post, requests: () => requests, close };
}

/** Returns the connection when it is open and has served a request already. */
function usable(connection: Connection | undefined): Connection | undefined {
  return connection && connection.requests > 0 && !connection.socket.destroyed ? connection : undefined;
}
