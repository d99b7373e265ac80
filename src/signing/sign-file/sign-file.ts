import { Failure } from '../failure.ts';
import type { Signature, Signer, Source } from '../signer.ts';
import type { Transport } from '../transport.ts';
import { bodyLength, streamBody, wholeBody } from './body.ts';
import { type CanonicalFacts, CanonicalHash } from './canonical.ts';
import { ClockOffset } from './clock-offset.ts';
import { drawNonce, requestHeaders } from './request.ts';
import { readResponse } from './response.ts';

/** Settings of the `es-auth` service. */
export interface SignFileOptions {
  /** Path of the requests, with the prefix of the server's URL. */
  readonly requestPath: string;
  /** The part of the path that the request signature covers, exactly as configured. */
  readonly signPath: string;
  readonly appKey: string;
  readonly appSecret: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomInt: (bound: number) => number;
  /** Called once when the service's clock turns out to be another than ours, in seconds. */
  readonly onClockOffset: (seconds: number) => void;
}

/** Creates the signer for a service that speaks `es-auth`: one POST per file, authenticated by a keyed hash over the whole body. */
export function createSignFileSigner(transport: Transport, options: SignFileOptions): Signer {
  const clock = new ClockOffset(options);

  async function sign(source: Source, signal: AbortSignal): Promise<Signature> {
    const sentAt = options.now();
    const facts: CanonicalFacts = {
      method: 'POST',
      path: options.signPath,
      appKey: options.appKey,
      appSecret: options.appSecret,
      nonce: drawNonce(options.randomInt),
      timestamp: String(Math.round(clock.now())),
    };
    const { hash, body } = await prepare(source, facts, signal);
    const headers = requestHeaders(facts, hash, bodyLength(source.size));
    const response = await transport.post({ method: 'POST', path: options.requestPath, headers, body }, signal);
    try {
      return { text: readResponse(response, source.size) };
    } catch (error) {
      throw error instanceof Failure ? clock.explain(error, response, sentAt) : error;
    }
  }

  return { sign };
}

interface Prepared {
  readonly hash: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** First pass over the file: its request signature, which goes ahead of the body. */
async function prepare(source: Source, facts: CanonicalFacts, signal: AbortSignal): Promise<Prepared> {
  const canonical = new CanonicalHash(facts);
  const chunks = source.read();
  const whole = Array.isArray(chunks) && chunks.length === 1 ? chunks[0] : undefined;
  if (whole instanceof Uint8Array) {
    canonical.update(whole);
    return { hash: canonical.digest(), body: wholeBody(whole) };
  }
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    canonical.update(chunk);
  }
  return { hash: canonical.digest(), body: streamBody(source.read()) };
}
