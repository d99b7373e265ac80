import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { pipeline } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { codeOf, errorWithCode } from '../errors.ts';
import { Failure } from '../signing/policy/failure.ts';
import { type ExchangeTask, toError, tooLarge, type WireRequest, type WireResponse } from './exchange.ts';
import type { ExchangeProgress } from './exchange-progress.ts';

/** Most requests on a session, as other clients have it. */
const MOST_STREAMS = 100;

/**
 * A connection that carries many requests at once, over HTTP/2.
 *
 * Node's client, because undici's repeats requests by itself, with the same nonce, and breaks off a request that is not
 * sent whole in a way that makes Node write empty frames for ever.
 */
export class Http2Session {
  readonly #session: ClientHttp2Session;
  /** Most requests at once; one until the server has sent its settings. */
  #most = 1;
  #taken = 0;
  #idleSince = performance.now();
  /** Wakes those who wait for room. */
  #wake = Promise.withResolvers<void>();

  constructor(origin: string, socket: TLSSocket) {
    this.#session = connect(origin, { createConnection: () => socket, settings: { enablePush: false } });
    // Each request reports the error.
    this.#session.on('error', () => {});
    this.#session.on('remoteSettings', ({ maxConcurrentStreams = MOST_STREAMS }) => {
      this.#most = Math.min(maxConcurrentStreams, MOST_STREAMS);
      this.#wakeAll();
    });
    for (const event of ['goaway', 'close']) this.#session.on(event, () => this.#wakeAll());
  }

  /**
   * Reserves room for a request, when the server allows one more; resolves with `false` if the server has ended the
   * session, or nothing used it for so many milliseconds, and then no request may follow.
   */
  async take(maxIdleMs: number): Promise<boolean> {
    while (this.#isFresh(maxIdleMs) && this.#taken >= this.#most) await this.#wake.promise;
    const isFresh = this.#isFresh(maxIdleMs);
    if (isFresh) this.#taken++;
    else this.#session.close();
    return isFresh;
  }

  /** Ends a reservation; after a request without an answer in time the session may be dead, and takes no other ones. */
  release({ isLate = false } = {}): void {
    this.#taken--;
    this.#idleSince = performance.now();
    if (isLate) this.#session.close();
    this.#wakeAll();
  }

  #isFresh(maxIdleMs: number): boolean {
    const isUsed = this.#taken > 0 || performance.now() - this.#idleSince <= maxIdleMs;
    return isUsed && !this.#session.closed && !this.#session.destroyed;
  }

  #wakeAll(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Sends a request; rejects with the signal's reason, Node's error or a `Failure`. */
  exchange(task: ExchangeTask): Promise<WireResponse> {
    return exchange(this.#session, task);
  }

  /** Ends every request. */
  destroy(): void {
    this.#session.destroy();
  }
}

async function exchange(
  session: ClientHttp2Session,
  { request, signal, progress }: ExchangeTask,
): Promise<WireResponse> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
  const stream = openStream(session, request);
  progress.isConnected = true;
  const abort = (): void => reject(toError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  stream.once('finish', () => {
    progress.onSent();
    request.onSent?.();
  });
  stream.once('response', ({ ':status': status = 0, ...headers }) => Object.assign(progress, { status, headers }));
  stream.on('data', (chunk: Buffer) => {
    const refusal = progress.body.add(chunk, 0);
    if (refusal !== undefined) reject(tooLarge(refusal, progress));
  });
  stream.once('end', () => {
    const { status, headers, body } = progress;
    if (status > 0 && !isCut(progress)) resolve({ status, headers, body: body.bytes() });
  });
  stream.once('frameError', () => reject(notTaken()));
  stream.on('error', (error) =>
    reject(stream.rstCode === constants.NGHTTP2_REFUSED_STREAM ? notTaken() : isCut(progress) ? cut() : error),
  );
  stream.once('close', () => reject(isCut(progress) ? cut() : lost()));
  sendBody(stream, request.body, reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    // The code must be one of an error: with NO_ERROR, Node waits for the end of the body first.
    if (!stream.closed && !(stream.writableFinished && stream.readableEnded)) stream.close(constants.NGHTTP2_CANCEL);
  }
}

function openStream(session: ClientHttp2Session, { method, path, headers, body }: WireRequest): ClientHttp2Stream {
  const fields: OutgoingHttpHeaders = { ':method': method, ':path': path };
  if (body instanceof Uint8Array) fields['content-length'] = body.length;
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value] = [headers[at]?.toLowerCase(), headers[at + 1]];
    fields[name === 'host' ? ':authority' : name] = value;
  }
  try {
    return session.request(fields);
  } catch (error) {
    throw /ERR_HTTP2_(?:INVALID|GOAWAY)_SESSION/.test(codeOf(error) ?? '') ? notTaken() : error;
  }
}

function sendBody(stream: ClientHttp2Stream, body: WireRequest['body'], fail: (error: Error) => void): void {
  if (body instanceof Uint8Array) {
    stream.end(body);
    return;
  }
  pipeline(body, stream, (error) => {
    // A stream that closed early has a reason of its own.
    if (error && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') fail(error);
  });
}

/** Tells whether a body has another length than its headers say: a server that resets the stream without an error ends the body too. */
function isCut({ headers, body }: ExchangeProgress): boolean {
  return headers['content-length'] !== undefined && Number(headers['content-length']) !== body.length;
}

function cut(): Error {
  return errorWithCode('UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'The body has another length than its headers say.');
}

function lost(): Error {
  return errorWithCode('ECONNRESET', 'The stream was closed before the answer was complete.');
}

/** Builds the failure of a request that the server has not begun to process. */
function notTaken(): Failure {
  return new Failure('service', 'CONNECTION_LOST', 'The server ended the connection before it took the request.', {
    hint: 'The service, or a gateway in front of it, may have restarted.',
    staleConnection: true,
  });
}
