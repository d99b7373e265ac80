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
  /** Another answer; sent before the body was read, if `when` says so, and followed by the end of the connection, if `by` does. */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly when?: Stage; readonly by?: Ending }
  /** An informational answer that the client did not ask for, before the regular answer. */
  | { readonly kind: 'inform'; readonly status: 100 | 103 }
  /** These bytes in place of an answer; without `by` the connection stays open. */
  | { readonly kind: 'raw'; readonly bytes: string | Uint8Array; readonly by?: Ending }
  /** Half of the regular answer's body. */
  | { readonly kind: 'cut'; readonly framing: Framing; readonly by: Ending }
  /** The regular answer, one byte every `everyMs`; its head at once unless `from` is `head`. */
  | { readonly kind: 'drip'; readonly everyMs: number; readonly from: 'head' | 'body' }
  /** The regular answer; after `afterMs` the connection ends without an announcement. */
  | { readonly kind: 'drop'; readonly afterMs: number; readonly by: Ending }
  /** HTTP/2 only: the session is told to go away, then the request is answered (`goaway`) or its stream is reset. */
  | { readonly kind: 'http2'; readonly error: 'goaway' | 'refused-stream' | 'internal-error' };

/** How the length of an answer's body is told. */
export type Framing = 'content-length' | 'chunked' | 'close';

/** What a script knows of a request: nothing of its body has been read yet. */
export interface ScriptedRequest {
  /** 0 for the first request of the service. */
  readonly index: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly lengthBytes: number;
  /** 0 for the first request of this length: which try it is, when all files differ in size. */
  readonly nthOfLength: number;
  /** 0 for the first request on its connection. */
  readonly nthOfConnection: number;
  /** Requests under way, this one included. */
  readonly inFlight: number;
}

/** Chooses the fault for each request, or none; a list holds them in the order of requests. */
export type Script = ((request: ScriptedRequest) => Fault | undefined) | readonly (Fault | undefined)[];

/** Returns the fault that a script has for a request. */
export function chooseFault(script: Script | undefined, request: ScriptedRequest): Fault | undefined {
  if (script === undefined) return undefined;
  return typeof script === 'function' ? script(request) : script[request.index];
}
