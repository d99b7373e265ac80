import { SHORTEST_BODY_BYTES } from './body.ts';
import { Refusal } from './call.ts';
import type { Nonces } from './nonces.ts';

/** Rules for every request. */
export interface Rules {
  readonly appKey: string;
  readonly appSecret: string;
  /** Path before `signPath` that the request's signature does not cover. */
  readonly pathPrefix: string;
  readonly signPath: string;
  /** Largest distance of a timestamp from the service's clock, in either direction, in milliseconds. */
  readonly windowMs: number;
  readonly nonces: Nonces;
}

/** The parts of a request that are known before its body. */
interface RequestFacts {
  readonly method: string;
  readonly url: string;
  /** Alternating names and values, as received. */
  readonly rawHeaders: readonly string[];
}

/** The validated headers of a request. */
export interface HeaderClaims {
  readonly nonce: string;
  readonly timestamp: string;
  readonly sign: string;
  readonly lengthBytes: number;
}

function findHeaders(request: RequestFacts, name: string): string[] {
  return request.rawHeaders.filter((_, at) => at % 2 === 1 && request.rawHeaders[at - 1]?.toLowerCase() === name);
}

function readHeader(request: RequestFacts, name: string): string {
  const [value, ...others] = findHeaders(request, name);
  if (value === undefined) throw new Refusal(400, 'HEADER_MISSING', `The header ${name} is missing.`);
  if (others.length > 0) throw new Refusal(400, 'HEADER_REPEATED', `The header ${name} is there more than once.`);
  return value;
}

function readLength(request: RequestFacts): number {
  // Node refuses a Content-Length that is repeated, no number, or beside a Transfer-Encoding.
  const [text] = findHeaders(request, 'content-length');
  if (text === undefined)
    throw new Refusal(411, 'LENGTH_REQUIRED', 'A Content-Length is required, and no Transfer-Encoding.');
  const lengthBytes = Number(text);
  if (lengthBytes < SHORTEST_BODY_BYTES)
    throw new Refusal(400, 'LENGTH_INVALID', 'Content-Length is too small for {"data":""}.');
  return lengthBytes;
}

function checkTarget(request: RequestFacts, rules: Rules): void {
  if (request.url !== rules.pathPrefix + rules.signPath) {
    throw new Refusal(404, 'PATH_UNKNOWN', 'There is nothing at this path and query.');
  }
  if (request.method !== 'POST') throw new Refusal(405, 'METHOD_NOT_ALLOWED', 'Only POST is allowed.');
  if (readHeader(request, 'content-type') !== 'application/json') {
    throw new Refusal(415, 'CONTENT_TYPE_INVALID', 'Content-Type must be exactly application/json.');
  }
}

function readMatch(request: RequestFacts, name: string, rule: { form: RegExp; refusal: Refusal }): string {
  const value = readHeader(request, name);
  if (!rule.form.test(value)) throw rule.refusal;
  return value;
}

/** Checks everything before the body, and uses the nonce up; throws a {@link Refusal} for the first broken rule. */
export function readHeaderClaims(request: RequestFacts, rules: Rules, nowMs: number): HeaderClaims {
  checkTarget(request, rules);
  const lengthBytes = readLength(request);
  const appKey = readHeader(request, 'es-auth-appkey');
  const nonce = readMatch(request, 'es-auth-nonce', {
    form: /^[A-Za-z0-9]{16}$/,
    refusal: new Refusal(400, 'NONCE_INVALID', 'es-auth-nonce must be 16 letters or digits.'),
  });
  const timestamp = readMatch(request, 'es-auth-timestamp', {
    form: /^(0|[1-9][0-9]{0,14})$/,
    refusal: new Refusal(400, 'TIMESTAMP_INVALID', 'es-auth-timestamp must be whole milliseconds since the epoch.'),
  });
  const sign = readMatch(request, 'es-auth-sign', {
    form: /^[0-9a-f]{64}$/,
    refusal: new Refusal(400, 'SIGN_INVALID', 'es-auth-sign must be 64 lower-case hex digits.'),
  });
  // The nonce is used up before the other checks, so that a repeated one is found even if the first request failed.
  if (!rules.nonces.add(nonce)) {
    throw new Refusal(401, 'NONCE_REUSED', 'es-auth-nonce was used before.');
  }
  if (appKey !== rules.appKey) throw new Refusal(401, 'APP_KEY_UNKNOWN', 'es-auth-appkey is not known.');
  if (Math.abs(Number(timestamp) - nowMs) > rules.windowMs) {
    throw new Refusal(401, 'TIMESTAMP_OUTSIDE_WINDOW', `es-auth-timestamp is more than ${rules.windowMs} ms off.`);
  }
  return { nonce, timestamp, sign, lengthBytes };
}
