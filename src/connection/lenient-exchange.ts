import { type ClientRequest, request as startRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { tooLarge, type WireRequest, type WireResponse } from './exchange.ts';
import type { ExchangeProgress } from './exchange-progress.ts';

/** Most bytes of the headers of an answer: what curl takes. Gateways add policies and cookies; Node's 16 KiB are meant for servers. */
export const MAX_HEADER_BYTES = 300 * 1024;

/** Where a lenient exchange takes place. */
export interface LenientOptions {
  /** Host and port, as in the URL of the server. */
  readonly host: string;
  /** A connection that serves this request alone; it is closed at the end. */
  readonly socket: TLSSocket;
  readonly signal: AbortSignal;
  readonly progress: ExchangeProgress;
}

/**
 * Sends one request and reads an answer that is not quite HTTP/1.1, as curl does: lines that end in LF, a blank before a colon,
 * folded headers, a length beside chunks, 100 Continue without being asked.
 *
 * Such an answer may be cut at the wrong place; with one request for each connection no other request gets the rest.
 */
export async function exchangeLeniently(
  { method, path, headers, body, onSent }: WireRequest,
  { host, socket, signal, progress }: LenientOptions,
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
  progress.isConnected = true;
  request.once('finish', () => {
    progress.isSent = true;
    onSent?.();
  });
  const response = readAnswer(request, socket, progress);
  if (body instanceof Uint8Array) request.end(body);
  // An error of the body ends the request with that error.
  else pipeline(Readable.from(body), request).catch(() => {});
  try {
    return await response;
  } finally {
    socket.destroy();
  }
}

function readAnswer(request: ClientRequest, socket: TLSSocket, progress: ExchangeProgress): Promise<WireResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
  const close = (): void => reject(closedEarly());
  let finish = (): void => {};
  // Ahead of the parser: an answer may come whole in one piece.
  onLastChunk(socket, () => finish());
  request.once('error', reject);
  request.once('close', close);
  // In the words of the strict client, so that both have one failure for it.
  request.once('upgrade', () => reject(new Error('bad upgrade')));
  request.once('response', (answer) => {
    // From here on an early end is an error of the answer; a whole answer may end after the request.
    request.off('close', close);
    const { body } = progress;
    progress.status = answer.statusCode ?? 0;
    progress.length = answer.headers['content-length'];
    const end = (): void => resolve({ status: progress.status, headers: answer.headers, body: body.bytes() });
    answer.on('data', (chunk: Buffer) => {
      const refusal = body.add(chunk, socket.bytesRead);
      if (refusal !== undefined) answer.destroy(tooLarge(refusal));
    });
    answer.once('error', reject);
    answer.once('end', end);
    if (/chunked/i.test(answer.headers['transfer-encoding'] ?? '')) finish = end;
  });
  return promise;
}

function closedEarly(): Error {
  return Object.assign(new Error('The server closed the connection without an answer.'), { code: 'ECONNRESET' });
}

/**
 * Calls back when the last bytes are a chunk of size 0 whose lines end in LF: Node's parser takes the second LF for a part of
 * the first line, and waits for one more until the time is over. By then it has given all that stands before.
 */
function onLastChunk(socket: TLSSocket, callback: () => void): void {
  let tail = '';
  socket.on('data', (bytes: Buffer) => {
    tail = (tail + bytes.toString('latin1')).slice(-MAX_LAST_CHUNK);
    if (/\n0+[ \t]*(?:;[^\r\n]*)?\n\r?\n$/.test(tail)) setImmediate(callback);
  });
}

/** Most characters of a last chunk, its extensions included. */
const MAX_LAST_CHUNK = 256;
