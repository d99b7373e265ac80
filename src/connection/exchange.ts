import type { Client, Dispatcher } from 'undici';
import { Failure } from '../signing/policy/failure.ts';
import { ExchangeProgress } from './exchange-progress.ts';
import { hidesChunks, malformed } from './lenient/answer-head.ts';

/** An HTTP request as sent over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** Alternating names and values of the headers. */
  readonly headers: string[];
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Called when its last byte was passed to the connection. */
  readonly onSent?: () => void;
  /** Numbers of the connections of earlier requests for the same purpose: this request takes another one, and adds its number. */
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

/** A request on undici's dispatch: streams take a third of the time of a small request, and hide an abort. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly progress: ExchangeProgress = new ExchangeProgress();
  readonly #request: WireRequest;
  readonly #signal: AbortSignal;
  readonly #done = Promise.withResolvers<WireResponse>();
  readonly #received: () => number;
  #controller: Dispatcher.DispatchController | undefined;
  #receivedBefore = 0;
  #phrase: string | undefined;

  /** `received` returns the number of bytes on the connection, or 0 for a shared connection. */
  constructor(request: WireRequest, signal: AbortSignal, received: () => number) {
    this.#request = request;
    this.#signal = signal;
    this.#received = received;
  }

  /** Sends the request; an abort rejects with the signal's reason, and closes the connection unless it is shared. */
  async run(client: Client, connection: 'own' | 'shared'): Promise<WireResponse> {
    this.#signal.throwIfAborted();
    const abort = (): void => {
      const reason = toError(this.#signal.reason);
      if (connection === 'own') client.destroy(reason).catch(() => {});
      else this.#controller?.abort(reason);
      this.#done.reject(reason);
    };
    this.#signal.addEventListener('abort', abort, { once: true });
    try {
      // undici accepts an async iterable as a body, but its types do not.
      client.dispatch(this.#request as Dispatcher.DispatchOptions, this);
      return await this.#done.promise;
    } finally {
      this.#signal.removeEventListener('abort', abort);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#signal.aborted) controller.abort(toError(this.#signal.reason));
    // After a graceful end of an HTTP/2 session, undici would repeat requests by itself, with the same nonce.
    else if (this.#controller) controller.abort(replayed());
    this.#controller = controller;
    this.progress.isConnected = true;
    this.#receivedBefore = this.#received();
  }

  onRequestSent(): void {
    this.progress.onSent();
    this.#request.onSent?.();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: WireResponse['headers'],
    phrase?: string,
  ): void {
    if (status < 200) return;
    if (hidesChunks(headers)) controller.abort(malformed('Transfer-Encoding does not end in chunked'));
    this.progress.status = status;
    this.progress.headers = headers;
    this.#phrase = phrase;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const refusal = this.progress.body.add(chunk, this.#received() - this.#receivedBefore);
    if (refusal !== undefined) controller.abort(tooLarge(refusal, this.progress));
  }

  onResponseEnd(): void {
    const { status, headers, body } = this.progress;
    this.#done.resolve({ status, phrase: this.#phrase, headers, body: body.bytes() });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#done.reject(error);
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

function replayed(): Failure {
  return new Failure('service', 'CONNECTION_LOST', 'The server ended the connection before it took the request.', {
    hint: 'The service, or a gateway in front of it, may have restarted.',
    staleConnection: true,
  });
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
