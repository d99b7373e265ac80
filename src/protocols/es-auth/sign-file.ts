import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { Hashing, Signature, Signer, Source } from '../../signing/signer.ts';
import type { Scrub } from '../answers/scrub.ts';
import { ClockOffset } from './clock-offset.ts';
import { bodyLength, drawNonce, requestBody, requestHeaders } from './request.ts';
import { type FreshFacts, headerHashing } from './request-signature.ts';
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
  /** Removes secrets from what the service says. */
  readonly scrub: Scrub;
  /** Called once when the service's clock differs from this machine's clock, with the difference in seconds. */
  readonly onClockOffset: (seconds: number) => void;
  /** Called once when a sound answer comes with a content type other than JSON. */
  readonly onContentType?: (type: string) => void;
}

/** What may be wrong when the service refuses a request, depending on the time in its answer. */
const CREDENTIALS = {
  anyClock:
    'app-key and app-secret (no quotes, nothing missing), that they belong to this service, and the clock of the runner',
  sameClock:
    'app-key and app-secret (no quotes, nothing missing), and that they belong to this service. The clock of the runner agrees with the Date of the answer: if the answer complains about the time, a clock behind the service is wrong',
};

/** Most characters of a content type that a warning shows. */
const MAX_TYPE = 60;

/** The parts of a request that are chosen when the reading of its file begins. */
interface Draft extends Hashing {
  readonly fresh: FreshFacts;
  /** The time in `fresh` as this machine's own clock tells it. */
  readonly datedAt: number;
}

/** Creates the signer for a service that speaks `es-auth`: one POST per file, authenticated by a keyed hash over the whole body. */
export function createSignFileSigner(transport: Transport, options: SignFileOptions): Signer {
  const clock = new ClockOffset(options);
  let { onContentType } = options;

  const hashingOf = headerHashing({ ...options, method: 'POST', path: options.signPath });

  function begin(): Draft {
    const fresh = { nonce: drawNonce(options.randomInt), timestamp: String(Math.round(clock.now())) };
    return { ...hashingOf(fresh), fresh, datedAt: options.now() };
  }

  async function sign(source: Source, signal: AbortSignal): Promise<Signature> {
    const { hashing, digest } = await source.digest(begin);
    const sign = Buffer.from(digest).toString('hex');
    const headers = requestHeaders({ appKey: options.appKey, ...hashing.fresh }, sign, bodyLength(source.size));
    const body = requestBody(source.read());
    const response = await post(transport, { method: 'POST', path: options.requestPath, headers, body }, signal);
    try {
      const asksForCertificate = transport.asksForCertificate();
      const credentials = (): string => CREDENTIALS[clock.agreesWith(response) ? 'sameClock' : 'anyClock'];
      const facts = { size: source.size, scrub: options.scrub, asksForCertificate, credentials };
      const text = readResponse(response, facts);
      const type = otherContentType(response);
      if (type !== undefined) {
        onContentType?.(options.scrub(type, MAX_TYPE));
        onContentType = undefined;
      }
      return { text };
    } catch (error) {
      throw error instanceof Failure ? clock.explain(error, response, hashing.datedAt) : error;
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
