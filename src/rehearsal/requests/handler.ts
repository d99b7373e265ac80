import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Handler } from '../server.ts';
import { Aborted, Call, type CallParts, type Judge, jsonAnswer } from './call.ts';
import type { Connections } from './connections.ts';
import type { Counters, RequestEntry } from './counters.ts';
import { type ServiceContext, serveCall } from './judge.ts';

/** Returns how to answer a request, whose body is not read yet, in place of the regular way; `undefined` for the regular way. */
export type Intervene = (
  call: Call,
  counters: Readonly<Counters>,
) => ((call: Call, judge: Judge) => Promise<void>) | undefined;

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
    const otherwise = intervene?.(call, counters);
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

function openEntry(index: number, request: CallParts['request'], connection: Socket | undefined): RequestEntry {
  return {
    index,
    method: request.method ?? '',
    path: request.url ?? '',
    nonce: readOne(request.headers['es-auth-nonce']),
    timestamp: readOne(request.headers['es-auth-timestamp']),
    remotePort: connection?.remotePort,
  };
}

function readOne(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join();
}
