import { type ClientRequest, request as startRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { AnswerBody } from './answer-body.ts';
import { tooLarge, type WireRequest, type WireResponse } from './exchange.ts';

/** Most bytes of the headers of an answer: what curl takes. Gateways add policies and cookies; Node's 16 KiB are meant for servers. */
export const MAX_HEADER_BYTES = 300 * 1024;

/** Where a lenient exchange takes place. */
export interface LenientOptions {
  /** Host and port, as in the URL of the server. */
  readonly host: string;
  /** A connection that serves this request alone; it is closed at the end. */
  readonly socket: TLSSocket;
  readonly signal: AbortSignal;
}

/**
 * Sends one request and reads an answer that is not quite HTTP/1.1, as curl does: lines that end in LF, a blank before a colon,
 * folded headers, a length beside chunks, 100 Continue without being asked.
 *
 * Such an answer may be cut at the wrong place; with one request for each connection no other request gets the rest.
 */
export async function exchangeLeniently(
  { method, path, headers, body, onSent }: WireRequest,
  { host, socket, signal }: LenientOptions,
): Promise<WireResponse> {
  // The HTTP client would wait for the end of a connection that has ended already.
  if (socket.destroyed) throw closedEarly();
  const request = startRequest({
    method,
    path,
    headers: [...headers, 'host', host, 'connection', 'close'],
    createConnection: () => socket,
    insecureHTTPParser: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
  });
  request.once('finish', () => onSent?.());
  const response = readAnswer(request, () => socket.bytesRead);
  if (body instanceof Uint8Array) request.end(body);
  // An error of the body ends the request with that error.
  else pipeline(Readable.from(body), request).catch(() => {});
  try {
    return await response;
  } finally {
    socket.destroy();
  }
}

function readAnswer(request: ClientRequest, received: () => number): Promise<WireResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
  const close = (): void => reject(closedEarly());
  request.once('error', reject);
  request.once('close', close);
  // In the words of the strict client, so that both have one failure for it.
  request.once('upgrade', () => reject(new Error('bad upgrade')));
  request.once('response', (answer) => {
    // From here on an early end is an error of the answer; a whole answer may end after the request.
    request.off('close', close);
    const body = new AnswerBody();
    answer.on('data', (chunk: Buffer) => {
      const refusal = body.add(chunk, received());
      if (refusal !== undefined) answer.destroy(tooLarge(refusal));
    });
    answer.once('error', reject);
    answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: body.bytes() }));
  });
  return promise;
}

function closedEarly(): Error {
  return Object.assign(new Error('The server closed the connection without an answer.'), { code: 'ECONNRESET' });
}
