import type { IncomingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Handler } from '../server.ts';
import { Aborted, Call, type CallParts, type Judge, jsonAnswer } from './call.ts';
import type { ClientConnection, Connections } from './connections.ts';
import type { RequestEntry } from './counters.ts';
import { type ServiceContext, serveCall } from './judge.ts';

/** What is known about a request before its body is read. */
export interface ScriptedRequest {
  /** 0 for the first request of the service. */
  readonly index: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly lengthBytes: number;
  /** 0 for the first request of this length; the number of the retry when all files differ in size. */
  readonly nthOfLength: number;
  /** 0 for the first request on its connection. */
  readonly nthOfConnection: number;
  /** Requests under way, this one included. */
  readonly inFlight: number;
}

/** Returns how to answer a request in place of the regular way; `undefined` for the regular way. */
export type Intervene = (request: ScriptedRequest) => ((call: Call, judge: Judge) => Promise<void>) | undefined;

/** What is needed to handle the requests of a server. */
export interface Reception extends ServiceContext {
  readonly connections: Connections;
  readonly intervene: Intervene | undefined;
  /** Aborts when the service closes. */
  readonly closing: AbortSignal;
  /** The service's clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: RequestEntry[];
}

/** Returns the request handler of the server, which counts requests, and serves them. */
export function createHandler(reception: Reception): Handler {
  const { counters, connections, intervene, closing, now, log } = reception;
  const lengths = new Map<number, number>();
  return (request, response) => {
    const connection = connections.find(request.socket.remotePort);
    const entry = openEntry(counters.requests, request, connection);
    const call = new Call({ request, response, connection, closing, now, entry });
    if (reception.record) {
      entry.clientSubject = (request.socket as TLSSocket).getPeerX509Certificate()?.subject;
      log.push(entry);
    }
    counters.requests += 1;
    counters.inFlight += 1;
    counters.mostInFlight = Math.max(counters.mostInFlight, counters.inFlight);
    const nthOfConnection = countUse(connection);
    const otherwise = intervene?.({
      index: entry.index,
      path: entry.path,
      headers: request.headers,
      lengthBytes: call.lengthBytes,
      nthOfLength: countLength(lengths, call.lengthBytes),
      nthOfConnection,
      inFlight: counters.inFlight,
    });
    if (otherwise) counters.faulted += 1;
    void serve(reception, call, () => serveCall(reception, call, otherwise));
  };
}

async function serve(reception: Reception, call: Call, exchange: () => Promise<void>): Promise<void> {
  const { counters } = reception;
  try {
    await exchange();
  } catch (error) {
    counters.aborted += 1;
    if (error instanceof Aborted || reception.closing.aborted || call.gone) return;
    const message = error instanceof Error ? error.message : String(error);
    // A bug in this service must not look like a lost connection.
    await call.send(jsonAnswer(500, { code: 'INTERNAL', message })).catch(() => call.reset());
  } finally {
    counters.inFlight -= 1;
  }
}

function countUse(connection: ClientConnection | undefined): number {
  if (connection === undefined) return 0;
  connection.requests += 1;
  return connection.requests - 1;
}

function countLength(lengths: Map<number, number>, lengthBytes: number): number {
  const nth = lengths.get(lengthBytes) ?? 0;
  lengths.set(lengthBytes, nth + 1);
  return nth;
}

function openEntry(
  index: number,
  request: CallParts['request'],
  connection: ClientConnection | undefined,
): RequestEntry {
  return {
    index,
    method: request.method ?? '',
    path: request.url ?? '',
    nonce: readOne(request.headers['es-auth-nonce']),
    timestamp: readOne(request.headers['es-auth-timestamp']),
    remotePort: connection?.socket.remotePort,
  };
}

function readOne(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join();
}
