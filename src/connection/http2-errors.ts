import { codeOf } from '../errors.ts';
import { Failure, type FailureFacts } from '../signing/policy/failure.ts';
import { tlsCodeOf } from './tls/failure.ts';

/** Names of HTTP/2 errors by number (RFC 9113, section 7). */
const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** Name of an HTTP/2 error. */
type Http2Error = (typeof NAMES)[number];

/** Returns the HTTP/2 error that ended a request or its whole connection; `undefined` for every other error. */
function http2ErrorOf(error: unknown): Http2Error | undefined {
  if (!(error instanceof Error)) return undefined;
  // Node gives the name for a request and the number for a connection, both only in the message.
  if (codeOf(error) === 'ERR_HTTP2_STREAM_ERROR') {
    const name = /NGHTTP2_(\w+)/.exec(error.message)?.[1];
    return NAMES.find((each) => each === name);
  }
  if (codeOf(error) !== 'ERR_HTTP2_SESSION_ERROR') return undefined;
  return NAMES[Number(/error code (\d+)/.exec(error.message)?.[1])];
}

/** Describes why the server or our HTTP/2 client ended a request or its connection: sentence, hint and facts. */
export function describeHttp2Error(
  error: unknown,
): readonly [sentence: string, hint: string, facts: FailureFacts] | undefined {
  const reason = http2ErrorOf(error);
  if (reason === undefined) return undefined;
  const isTooMuch = reason === 'ENHANCE_YOUR_CALM';
  const hint = isTooMuch
    ? 'These were too many requests or bytes for one connection: set http2: false, or ask the operators of the server about its limits for HTTP/2.'
    : 'The service, or a gateway in front of it, may have restarted or be in trouble; http2: false avoids HTTP/2.';
  return [`the request was ended with the HTTP/2 error ${reason}`, hint, { throttled: isTooMuch }];
}

/** Tells whether a server refused a connection because it speaks no HTTP/1.1. */
export function refusesHttp1(error: unknown): boolean {
  return error instanceof Failure && tlsCodeOf(error.cause).endsWith('_NO_APPLICATION_PROTOCOL');
}

/** Number of rejected requests from which their share counts. */
const FEW_SENT_BACK = 8;
/** Number of connections that must have rejected requests: a server that restarts ends one with all that are in flight. */
const SEVERAL_SESSIONS = 3;

/**
 * Finds out whether HTTP/1.1 works better. A server that requires it, for example to ask for a certificate, says so,
 * and curl also repeats then. A server that ends each connection after a few requests would reject most requests in
 * flight again and again.
 */
export class Http2Trial {
  #sentBack = 0;
  readonly #sessions = new Set<number>();

  /**
   * Records how a request on the connection with this number failed; tells whether the next ones should use HTTP/1.1.
   * `requests` is the number sent so far.
   */
  fails(error: unknown, requests: number, session: number): boolean {
    if (http2ErrorOf(error) === 'HTTP_1_1_REQUIRED') return true;
    const isSentBack = error instanceof Failure ? error.facts.staleConnection : codeOf(error) === 'ECONNRESET';
    if (!isSentBack) return false;
    this.#sentBack++;
    this.#sessions.add(session);
    return this.#sessions.size >= SEVERAL_SESSIONS && this.#sentBack > requests / 2 + FEW_SENT_BACK;
  }
}
