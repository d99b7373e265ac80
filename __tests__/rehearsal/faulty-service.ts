import { once } from 'node:events';
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import { constants } from 'node:http2';
import type { ServiceOptions as StrictOptions } from '../../src/rehearsal/options.ts';
import { Aborted, type Answer, type Call, type Judge } from '../../src/rehearsal/requests/call.ts';
import { type Service, startService as startStrictService } from '../../src/rehearsal/service.ts';

export type { Service };

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

/** How much of the request has arrived when a fault happens. */
export type Stage = 'before-body' | 'during-body' | 'after-body';

/** How a connection ends: an orderly FIN, or a TCP reset. */
export type Ending = 'close' | 'reset';

/** What happens to a request instead of, or around, its regular answer. */
export type Fault =
  /** A wait of `ms`, then the regular answer or another fault. */
  | { readonly kind: 'delay'; readonly ms: number; readonly next?: Fault }
  /** The connection ends without an answer. */
  | { readonly kind: 'end'; readonly when: Stage; readonly by: Ending }
  /** The request is read and never answered. */
  | { readonly kind: 'silence' }
  /** Another answer, sent at the stage `when`; with `by` the connection then ends. */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly when?: Stage; readonly by?: Ending }
  /** An unrequested informational answer before the regular one. */
  | { readonly kind: 'inform'; readonly status: 100 | 103 }
  /** These bytes instead of an answer; without `by` the connection stays open. */
  | { readonly kind: 'raw'; readonly bytes: string | Uint8Array; readonly by?: Ending }
  /** Only half of the regular answer's body. */
  | { readonly kind: 'cut'; readonly framing: Framing; readonly by: Ending }
  /** The regular answer, one byte every `everyMs`; its head is sent at once unless `from` is `head`. */
  | { readonly kind: 'drip'; readonly everyMs: number; readonly from: 'head' | 'body' }
  /** The regular answer; the connection ends unannounced after `afterMs`. */
  | { readonly kind: 'drop'; readonly afterMs: number; readonly by: Ending }
  /** The session is told to go away, then the request is answered (`goaway`), or its stream is reset; HTTP/1.1 has no such fault. */
  | { readonly kind: 'http2'; readonly error: 'goaway' | 'refused-stream' | 'internal-error' };

/** How an answer announces the length of its body. */
export type Framing = 'content-length' | 'chunked' | 'close';

/** Chooses a fault, or none, for each request; a list has them in the order of the requests. */
export type Script = ((request: ScriptedRequest) => Fault | undefined) | readonly (Fault | undefined)[];

/** Options of a strict service, and its faults. */
export interface ServiceOptions extends Omit<StrictOptions, 'intervene'> {
  readonly script?: Script | undefined;
}

/** Starts the strict service, which performs the faults of a script. */
export function startService({ script, ...options }: ServiceOptions = {}): Promise<Service> {
  if (script === undefined) return startStrictService(options);
  const countLength = createCount();
  const countUse = createCount();
  const intervene: StrictOptions['intervene'] = (
    { parts: { request: sent, connection, entry }, lengthBytes },
    counters,
  ) => {
    const request: ScriptedRequest = {
      index: entry.index,
      path: entry.path,
      headers: sent.headers,
      lengthBytes,
      nthOfLength: countLength(lengthBytes),
      nthOfConnection: connection === undefined ? 0 : countUse(connection),
      inFlight: counters.inFlight,
    };
    const fault = typeof script === 'function' ? script(request) : script[request.index];
    if (fault === undefined) return undefined;
    return (call, judge) => {
      entry.fault = fault.kind;
      return performFault(fault, call, judge);
    };
  };
  return startStrictService({ ...options, intervene });
}

/** Returns how often each value came before. */
function createCount(): (value: unknown) => number {
  const counts = new Map<unknown, number>();
  return (value) => {
    const count = counts.get(value) ?? 0;
    counts.set(value, count + 1);
    return count;
  };
}

type Drip = Extract<Fault, { kind: 'drip' }>;
type Http2Fault = Extract<Fault, { kind: 'http2' }>;

/** Performs the fault of a request. */
async function performFault(fault: Fault, call: Call, judge: Judge): Promise<void> {
  switch (fault.kind) {
    case 'delay':
      await call.wait(fault.ms);
      return fault.next === undefined ? answerRegularly(call, judge) : performFault(fault.next, call, judge);
    case 'end':
      await receive(call, fault.when);
      end(call, fault.by);
      return;
    case 'silence':
      await call.receive();
      if (!call.gone) await once(call.parts.response, 'close');
      return;
    case 'answer':
      await receive(call, fault.when ?? 'after-body');
      await call.send(fault.answer);
      if (fault.by !== undefined) end(call, fault.by);
      return;
    case 'inform':
      if (fault.status === 100) call.parts.response.writeContinue();
      else call.parts.response.writeEarlyHints({ link: '</>; rel=preload' });
      return answerRegularly(call, judge);
    case 'raw':
      await call.receive();
      await write(call, fault.bytes);
      if (fault.by !== undefined) end(call, fault.by);
      return;
    case 'cut':
      await write(call, halve(await judge(), fault.framing));
      end(call, fault.by);
      return;
    case 'drip':
      return drip(fault, call, await judge());
    case 'drop':
      return answerAndDrop(fault, call, judge);
    case 'http2':
      return failSession(fault, call, judge);
  }
}

async function receive(call: Call, stage: Stage): Promise<void> {
  if (stage === 'before-body') return;
  await call.receive(() => {}, stage === 'during-body' ? call.lengthBytes / 2 : undefined);
}

/** Writes raw bytes below HTTP/1.1; with HTTP/2 the stream is reset instead. */
async function write({ parts: { request } }: Call, bytes: string | Uint8Array): Promise<void> {
  if ('stream' in request) {
    request.stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    throw new Aborted('There is no raw answer in HTTP/2.');
  }
  const { socket } = request;
  if (!socket.writable) throw new Aborted('The client left before the answer.');
  await new Promise<void>((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(new Aborted('The client left.', { cause: error })) : resolve()));
  });
}

function end(call: Call, ending: Ending): void {
  const { request } = call.parts;
  if (ending === 'reset') call.reset();
  else if ('stream' in request) request.stream.session?.destroy();
  else request.socket.end();
}

async function answerRegularly(call: Call, judge: Judge): Promise<void> {
  await call.send(await judge());
}

async function answerAndDrop(fault: Extract<Fault, { kind: 'drop' }>, call: Call, judge: Judge): Promise<void> {
  await answerRegularly(call, judge);
  await call.wait(fault.afterMs);
  end(call, fault.by);
}

function writeHead(answer: Answer, framing: string): string {
  const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n${headers.join('')}${framing}\r\n\r\n`;
}

function halve(answer: Answer, framing: Framing): Buffer {
  const body = Buffer.from(answer.body ?? '');
  const half = body.subarray(0, body.length / 2);
  switch (framing) {
    case 'content-length':
      return Buffer.concat([Buffer.from(writeHead(answer, `content-length: ${body.length}`)), half]);
    case 'chunked':
      return Buffer.concat([
        Buffer.from(`${writeHead(answer, 'transfer-encoding: chunked')}${body.length.toString(16)}\r\n`),
        half,
      ]);
    case 'close':
      return Buffer.concat([Buffer.from(writeHead(answer, 'connection: close')), half]);
  }
}

async function drip(fault: Drip, call: Call, answer: Answer): Promise<void> {
  const body = Buffer.from(answer.body ?? '');
  const head = Buffer.from(writeHead(answer, `content-length: ${body.length}`));
  if (fault.from === 'body') await write(call, head);
  const slow = fault.from === 'body' ? body : Buffer.concat([head, body]);
  for (let at = 0; at < slow.length; at++) {
    await call.wait(fault.everyMs);
    await write(call, slow.subarray(at, at + 1));
  }
}

async function failSession(fault: Http2Fault, call: Call, judge: Judge): Promise<void> {
  const { request } = call.parts;
  if (!('stream' in request)) return answerRegularly(call, judge);
  switch (fault.error) {
    case 'goaway':
      request.stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      return answerRegularly(call, judge);
    case 'refused-stream':
      await call.receive();
      request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    case 'internal-error':
      await call.receive();
      request.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
  }
}
