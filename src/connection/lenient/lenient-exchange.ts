import { type ClientRequest, request as startRequest } from 'node:http';
import { Duplex, type DuplexOptions, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { codeOf, errorWithCode } from '../../errors.ts';
import type { WireRequest, WireResponse } from '../exchange.ts';
import type { ExchangeProgress } from '../exchange-progress.ts';
import { AnswerReader } from './answer-reader.ts';

/** Finds out how the answers of a server must be read. */
export class AnswerTrial {
  #hasSucceeded = false;
  #leniency: 'no' | 'until-success' | 'yes' = 'no';

  /** Whether a request was answered well. */
  get hasSucceeded(): boolean {
    return this.#hasSucceeded;
  }

  /** Whether the next answer is read as curl reads it. */
  get isLenient(): boolean {
    return this.#leniency !== 'no';
  }

  /** Records a good answer. */
  onSuccess(): void {
    this.#hasSucceeded = true;
    if (this.#leniency === 'until-success') this.#leniency = 'no';
  }

  /** Records what an answer was like that was read leniently, before it counts as good. */
  onRead({ beginsOddly }: Pick<ExchangeProgress, 'beginsOddly'>): void {
    if (beginsOddly) this.#leniency = 'yes';
  }

  /**
   * Records an answer that is not HTTP/1.1. The repeat finds out whether it can be read all the same; a server that was
   * understood before sends rubbish, and an answer that does not even begin like HTTP may be that of one bad server.
   *
   * Returns whether the answers are read leniently only since this request was sent, so that it was no fair trial.
   */
  onMalformed(error: unknown, sharing: 'own' | 'shared' | undefined): boolean {
    if (sharing === 'shared') return false;
    if (sharing === 'own' && this.isLenient) return true;
    const isForeign =
      codeOf(error) === 'HPE_FOREIGN' || (error instanceof Error && error.message.includes('Expected HTTP/'));
    if (!this.#hasSucceeded) this.#leniency = isForeign ? 'until-success' : 'yes';
    return false;
  }
}

/** Where a lenient exchange takes place. */
interface LenientOptions {
  /** Host and port, as in the URL of the server. */
  readonly host: string;
  /** A connection that serves this request alone; it is closed at the end. */
  readonly socket: TLSSocket;
  readonly signal: AbortSignal;
  readonly progress: ExchangeProgress;
}

/**
 * Sends one request and reads an answer that is not quite HTTP/1.1, as curl does: lines that end in LF, blanks where none
 * belong, folded headers, a bare CR or a name that HTTP does not allow in a header, the same length twice, a length beside
 * chunks, codings around chunks, 100 Continue without being asked.
 *
 * Such an answer may be cut at the wrong place; with one request for each connection no other request gets the rest.
 */
export async function exchangeLeniently(request: WireRequest, options: LenientOptions): Promise<WireResponse> {
  const { socket, progress } = options;
  // Nobody would tell of the end of a connection that has ended already.
  if (socket.destroyed) throw closedEarly();
  const response = readAnswer(socket, progress);
  const asking = send(request, options);
  try {
    return await Promise.race([response, failureOf(asking)]);
  } finally {
    response.catch(() => {});
    asking.destroy();
    socket.destroy();
  }
}

/** Node's own client writes the request and checks it; what comes back it does not see. */
function send({ method, path, headers, body, onSent }: WireRequest, options: LenientOptions): ClientRequest {
  const { host, socket, signal, progress } = options;
  // Bytes for a connection that has ended are never sent: why it ended is known where the answer is read.
  const write: DuplexOptions['write'] = (bytes, _, done) => void socket.write(bytes, (error) => error ?? done());
  const asking = startRequest({
    method,
    path,
    headers: [...headers, 'host', host, 'connection', 'close'],
    createConnection: () => new Duplex({ read() {}, write }),
    signal,
  });
  progress.isConnected = true;
  asking.once('finish', () => {
    progress.onSent();
    onSent?.();
  });
  if (body instanceof Uint8Array) asking.end(body);
  // An error of the body ends the request with that error.
  else pipeline(Readable.from(body), asking).catch(() => {});
  return asking;
}

function failureOf(asking: ClientRequest): Promise<never> {
  return new Promise((_, reject) => void asking.on('error', reject));
}

function readAnswer(socket: TLSSocket, progress: ExchangeProgress): Promise<WireResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
  const reader = new AnswerReader(progress);
  const finish = (): void => {
    const { status, headers, body } = progress;
    resolve({ status, headers, body: body.bytes() });
  };
  socket.on('data', (piece: Buffer) => {
    try {
      if (reader.add(piece)) finish();
    } catch (error) {
      reject(error);
    }
  });
  socket.once('error', reject);
  const end = (): void => (reader.mayEnd ? finish() : reject(closedEarly()));
  socket.once('end', end);
  socket.once('close', end);
  return promise;
}

function closedEarly(): Error {
  return errorWithCode('ECONNRESET', 'The server closed the connection without an answer.');
}
