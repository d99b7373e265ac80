import type { IncomingHttpHeaders } from 'node:http';
import type { Answer, Ending, Stage } from '../requests/call.ts';

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

/** What a script knows about a request before its body is read. */
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

/** Chooses a fault, or none, for each request; a list has them in the order of the requests. */
export type Script = ((request: ScriptedRequest) => Fault | undefined) | readonly (Fault | undefined)[];

/** Returns the script's fault for a request. */
export function chooseFault(script: Script | undefined, request: ScriptedRequest): Fault | undefined {
  if (script === undefined) return undefined;
  return typeof script === 'function' ? script(request) : script[request.index];
}
