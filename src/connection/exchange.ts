import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher } from 'undici';
import { Failure } from '../signing/policy/failure.ts';
import type { ExchangeProgress } from './exchange-progress.ts';
import { hidesChunks, MAX_HEADER_BYTES, malformed } from './lenient/answer-head.ts';

/** An HTTP request as sent over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** Alternating names and values of the headers. */
  readonly headers: string[];
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Called when its last byte was passed to the connection. */
  readonly onSent?: () => void;
  /** Numbers of the connections of earlier requests for the same purpose: the request uses another connection, and adds its number. */
  readonly used?: number[] | undefined;
}

/** An HTTP answer; header names are in lower case. */
export interface WireResponse {
  readonly status: number;
  /** The reason phrase of the status; absent over HTTP/2. */
  readonly phrase?: string | undefined;
  /** The proxy that forwarded the request without a tunnel, and so may have answered itself; by variable, host and port. */
  readonly forwardedBy?: string;
  /** The request that it answers, as `POST https://host/path`, without a query; absent when none was sent. */
  readonly request?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Puts the path of a service below the path of its address, which may end in `/`. */
export function pathOnServer({ pathname }: URL, path: string): string {
  return pathname.replace(/\/+$/, '') + path;
}

/** Describes a request as `POST https://host/path`, without the query, which may contain a token. */
export function describeRequest(origin: string, { method, path }: WireRequest): string {
  return `${method} ${origin}${path.replace(/\?.*$/s, '')}`;
}

/** A request to be sent. */
export interface ExchangeTask {
  readonly request: WireRequest;
  readonly signal: AbortSignal;
  /** Records the progress of the exchange. */
  readonly progress: ExchangeProgress;
}

/** Sends requests over a connection. */
export interface Wire {
  /** Rejects with the signal's reason, an error of the connection or a `Failure`. */
  exchange(task: ExchangeTask): Promise<WireResponse>;
  /** Ends every request. */
  destroy(): void;
}

/** Opens a wire for one request of HTTP/1.1 at a time; `connect` provides its connections, `received` the number of bytes that came on the present one. */
export function openWire(origin: string, connect: () => Promise<Socket>, received: () => number): Wire {
  const client = createClient(origin, connect);
  return {
    exchange: (task) => new Exchange(task, received).run(client),
    destroy: () => void client.destroy().catch(() => {}),
  };
}

/** A request of HTTP/1.1 on undici's dispatch: streams take a third of the time of a small request, and hide an abort. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #task: ExchangeTask;
  readonly #done = Promise.withResolvers<WireResponse>();
  readonly #received: () => number;
  #receivedBefore = 0;
  #phrase: string | undefined;

  constructor(task: ExchangeTask, received: () => number) {
    this.#task = task;
    this.#received = received;
  }

  /** Sends the request; an abort rejects with the signal's reason, and closes the connection. */
  async run(client: Client): Promise<WireResponse> {
    const { request, signal } = this.#task;
    signal.throwIfAborted();
    const abort = (): void => {
      const reason = toError(signal.reason);
      client.destroy(reason).catch(() => {});
      this.#done.reject(reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      // undici accepts an async iterable as a body, but its types do not.
      client.dispatch(request as Dispatcher.DispatchOptions, this);
      return await this.#done.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { signal, progress } = this.#task;
    if (signal.aborted) controller.abort(toError(signal.reason));
    progress.isConnected = true;
    this.#receivedBefore = this.#received();
  }

  onRequestSent(): void {
    this.#task.progress.onSent();
    this.#task.request.onSent?.();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: WireResponse['headers'],
    phrase?: string,
  ): void {
    if (status < 200) return;
    if (hidesChunks(headers)) controller.abort(malformed('Transfer-Encoding does not end in chunked'));
    Object.assign(this.#task.progress, { status, headers });
    this.#phrase = phrase;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { progress } = this.#task;
    const refusal = progress.body.add(chunk, this.#received() - this.#receivedBefore);
    if (refusal !== undefined) controller.abort(tooLarge(refusal, progress));
  }

  onResponseEnd(): void {
    const { status, headers, body } = this.#task.progress;
    this.#done.resolve({ status, phrase: this.#phrase, headers, body: body.bytes() });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#done.reject(error);
  }
}

function createClient(origin: string, connect: () => Promise<Socket>): Client {
  return new Client(origin, {
    connect: (_: buildConnector.Options, callback: buildConnector.Callback) => {
      connect().then(
        (socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      );
    },
    pipelining: 1,
    // Shorter than the idle limit of servers, because requests on a closing connection are lost.
    keepAliveTimeout: 1000,
    keepAliveMaxTimeout: 4000,
    // The caller has a time limit for each attempt, and a second one is not needed.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
}

/** Returns the reason of an abort as an error. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

const TO_THE_SERVICE =
  'server-url, and the path of the requests below it: they must lead to the signing service and not to another site.';

/** Builds the failure for an answer that is too large; one of an API is more likely that of the service. */
export function tooLarge(refusal: string, { status, headers }: Pick<ExchangeProgress, 'status' | 'headers'>): Failure {
  const type = /json|html/i.exec(String(headers['content-type']))?.[0].toUpperCase();
  const length = Number(headers['content-length']);
  const what = [`status ${status}`, type ?? [], length > 0 ? `${length} bytes by its headers` : []].flat().join(', ');
  const isOfApi = type === 'JSON' || status >= 400;
  const message = `The answer (${what}) ${refusal}; a signature is a few hundred bytes.`;
  return new Failure('file', 'RESP_TOO_LARGE', message, {
    hint: isOfApi
      ? `Ask the operators of the service, or of a gateway in front of it, what the answer holds besides a signature, such as the output of a debug mode, and to leave that out. If this run is the first one, check ${TO_THE_SERVICE}`
      : `Check ${TO_THE_SERVICE} If they do, the service or a gateway adds something to its answers: ask their operators.`,
  });
}
