import type { Code } from '../codes.ts';
import { Failure } from '../signing/policy/failure.ts';
import type { Lane } from './connections.ts';

/** Answers of a server that does not know the client, or fails because of that. */
const CODES: Readonly<Record<number, Code>> = {
  400: 'REQUEST_REFUSED',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  421: 'REQUEST_REFUSED',
  495: 'REQUEST_REFUSED',
  496: 'REQUEST_REFUSED',
  500: 'SERVER_ERROR',
};

/** Finds out whether a server knows the client's certificate and its issuers in a resumed session as in a full one. */
export class SessionTrial {
  /** Whether a resumed session had a good answer, or a full one a refusal. */
  #isAlike = false;

  /** Records an answer; tells whether it seems to refuse the session and not the request. */
  refuses({ connection, sharing }: Lane, status: number): boolean {
    if (!connection || sharing === 'shared' || connection.requests > 0 || this.#isAlike) return false;
    const isRefused = status in CODES;
    this.#isAlike = connection.isResumed ? status < 300 : isRefused;
    return connection.isResumed && isRefused;
  }
}

/** Builds the failure of a request that a server refused on a resumed session; its retry uses no session and is not counted. */
export function unknownSession(origin: string, status: number): Failure {
  return askedAgain(
    status,
    `${origin}: the server answered ${status} to the first request of a resumed TLS session.`,
    'The server may not know the client certificate in a resumed session; the repeat does not resume one.',
  );
}

/** Builds the failure of a request that a server refused without asking for a certificate; its retry uses TLS 1.2 and is not counted. */
export function askedLate(origin: string, status: number): Failure {
  return askedAgain(
    status,
    `${origin}: the server answered ${status} without having asked for a client certificate over TLS 1.3.`,
    'The server may ask for the certificate after the request, which works over TLS 1.2 only.',
  );
}

function askedAgain(status: number, sentence: string, hint: string): Failure {
  return new Failure('request', CODES[status] ?? 'REQUEST_REFUSED', sentence, { hint, staleConnection: true });
}

/** Watches a connection that has served a request; the returned function tells whether it died before another byte. */
export function watch(lane: Lane): () => boolean {
  const { connection: before, sharing } = lane;
  if (sharing === 'shared' || before === undefined || before.requests === 0 || before.socket.destroyed)
    return () => false;
  const { bytesRead } = before.socket;
  return () => lane.connection === before && before.socket.bytesRead === bytesRead;
}
