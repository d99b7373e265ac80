import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { Signature, Signer, Source } from '../../signing/signer.ts';
import { ClockOffset } from './clock-offset.ts';
import { FirstPasses, type Hasher } from './header-pass.ts';
import { bodyLength, drawNonce, requestHeaders, streamBody, wholeBody } from './request.ts';
import type { CanonicalFacts } from './request-signature.ts';
import { otherContentType, readResponse } from './response.ts';

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
  /** Reads large files on another thread; absent to read them on this one. */
  readonly hasher?: Hasher | undefined;
  /** Called once when the service's clock turns out to be another than ours, in seconds. */
  readonly onClockOffset: (seconds: number) => void;
  /** Called once when a sound answer comes with a content type other than JSON. */
  readonly onContentType?: (type: string) => void;
}

/** What a try says of itself. */
interface Draft extends CanonicalFacts {
  /** When it was dated, by our own clock. */
  readonly sentAt: number;
}

/** Creates the signer for a service that speaks `es-auth`: one POST per file, authenticated by a keyed hash over the whole body. */
export function createSignFileSigner(transport: Transport, options: SignFileOptions): Signer {
  const clock = new ClockOffset(options);
  const firstPasses = new FirstPasses(options.hasher);
  let { onContentType } = options;

  function draw(): Draft {
    return {
      method: 'POST',
      path: options.signPath,
      appKey: options.appKey,
      appSecret: options.appSecret,
      nonce: drawNonce(options.randomInt),
      timestamp: String(Math.round(clock.now())),
      sentAt: options.now(),
    };
  }

  async function sign(source: Source, signal: AbortSignal): Promise<Signature> {
    const { facts, sign, whole } = await firstPasses.run(source, draw, signal);
    const headers = requestHeaders(facts, sign, bodyLength(source.size));
    const body = whole ? wholeBody(whole) : streamBody(source.read());
    const response = await post(transport, { method: 'POST', path: options.requestPath, headers, body }, signal);
    try {
      const text = readResponse(response, source.size);
      const type = otherContentType(response);
      if (type !== undefined) {
        onContentType?.(type);
        onContentType = undefined;
      }
      return { text };
    } catch (error) {
      throw error instanceof Failure ? clock.explain(error, response, facts.sentAt) : error;
    }
  }

  return { sign };
}

/** Sends a request; a failure after its last byte says so. */
async function post(transport: Transport, request: WireRequest, signal: AbortSignal): Promise<WireResponse> {
  let sent = false;
  const onSent = (): void => {
    sent = true;
  };
  try {
    return await transport.post({ ...request, onSent }, signal);
  } catch (error) {
    throw sent && error instanceof Failure ? error.with({ unanswered: true }) : error;
  }
}
