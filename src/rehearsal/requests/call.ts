import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestEntry } from './counters.ts';

/** An answer of the service. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

/** Builds a JSON answer. */
export function jsonAnswer(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** The parts of a request. */
export interface CallParts {
  readonly request: IncomingMessage | Http2ServerRequest;
  readonly response: ServerResponse | Http2ServerResponse;
  /** The socket below TLS: the only one that can send a TCP reset. */
  readonly connection: Socket | undefined;
  /** Aborts when the service closes. */
  readonly closing: AbortSignal;
  /** The service's clock, for the Date header. */
  readonly now: () => number;
  /** Log entry of this request. */
  readonly entry: RequestEntry;
}

/** Thrown when the client or the service goes away in the middle of a request. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

/** Thrown when a request breaks a rule of the protocol; has the answer's status and its `{code, message}`. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}

function ended(stream: Readable): Error {
  return new Aborted('The request ended early.', { cause: stream.errored });
}

/** Reads a request, checks it against the rules, and returns the regular answer. */
export type Judge = () => Promise<Answer>;

/** A request, with methods to read it and to answer it, regularly or with a fault. */
export class Call {
  readonly parts: CallParts;

  constructor(parts: CallParts) {
    this.parts = parts;
  }

  /** Whether the client or its connection is gone. */
  get gone(): boolean {
    const { request } = this.parts;
    return 'stream' in request ? request.stream.destroyed : request.socket.destroyed;
  }

  /** Content-Length, or 0 when there is none. */
  get lengthBytes(): number {
    return Number(this.parts.request.headers['content-length'] ?? 0) || 0;
  }

  /** Passes the body on chunk by chunk, up to a number of bytes; rejects with {@link Aborted} when the body ends early. */
  async receive(
    sink: (chunk: Buffer) => void = () => {},
    untilBytes: number = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const body: Readable = this.parts.request;
    if (body.readableEnded) return;
    let received = 0;
    await new Promise<void>((resolve, reject) => {
      body.on('data', (chunk: Buffer) => {
        sink(chunk);
        received += chunk.length;
        if (received < untilBytes) return;
        body.pause();
        resolve();
      });
      body.once('end', resolve);
      body.once('error', () => reject(ended(body)));
      body.once('close', () => reject(ended(body)));
    });
  }

  /** Sends a whole answer; resolves when the system has accepted it. */
  async send(answer: Answer): Promise<void> {
    const { response, now, entry } = this.parts;
    if (this.gone) throw new Aborted('The client left before the answer.');
    const body = Buffer.from(answer.body ?? '');
    response.statusCode = answer.status;
    response.setHeader('date', new Date(now()).toUTCString());
    if (answer.status !== 204 && answer.status !== 304) response.setHeader('content-length', body.length);
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    entry.status = answer.status;
    await new Promise<void>((resolve, reject) => {
      response.once('finish', resolve);
      response.once('error', reject);
      response.once('close', () => reject(new Aborted('The client left before the answer.')));
      response.end(body);
    });
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.parts.connection?.resetAndDestroy();
  }

  /** Waits; rejects when the service closes. */
  async wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.parts.closing });
  }
}
