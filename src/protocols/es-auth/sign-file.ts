import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import { show } from '../../files/names.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { Hashing, Signature, Signer, Source } from '../../signing/signer.ts';
import type { Protocol, ProtocolWorld } from '../protocol.ts';
import { ClockOffset } from './clock-offset.ts';
import { bodyLength, drawNonce, requestBody, requestHeaders } from './request.ts';
import { type FreshFacts, headerHashing } from './request-signature.ts';
import { otherContentType, readResponse } from './response.ts';

/** Settings of an `es-auth` service. */
interface EsAuthSettings {
  /** Path of the requests, with the prefix of the server's URL. */
  readonly requestPath: string;
  /** The part of the path that the request signature covers, exactly as configured. */
  readonly signPath: string;
  readonly appKey: string;
  readonly appSecret: string;
}

/** Creates the protocol `es-auth`: one POST for each file, with a keyed hash over the request. */
export function createEsAuth(settings: EsAuthSettings): Protocol {
  return {
    name: 'es-auth',
    certificate: 'required',
    open: (transport, world) => ({ signer: createSignFileSigner(transport, settings, world), close: async () => {} }),
  };
}

/** Facts that are the same in all requests, and may be wrong when the service refuses one. */
const FACTS = {
  credentials: 'app-key and app-secret (no quotes, nothing missing), and that they belong to this service',
  sentType: 'application/json',
};

/** Longest content type in a warning, in characters. */
const MAX_TYPE = 60;

/** The parts of a request that are chosen at the start of reading its file. */
interface Draft extends Hashing {
  readonly fresh: FreshFacts;
  /** The time in `fresh` by this machine's own clock. */
  readonly datedAt: number;
}

/** Creates the signer for an `es-auth` service: one POST per file, authenticated by a keyed hash over the whole body. */
export function createSignFileSigner(
  transport: Transport,
  settings: EsAuthSettings,
  { now, randomInt, scrub, warn }: Pick<ProtocolWorld, 'now' | 'randomInt' | 'scrub' | 'warn'>,
): Signer {
  const { appKey, appSecret, requestPath, signPath } = settings;
  const clock = new ClockOffset({ now, onClockOffset: (seconds) => warn('Clocks differ', describeOffset(seconds)) });
  const hashingOf = headerHashing({ method: 'POST', path: signPath, appKey, appSecret });
  const known = { ...FACTS, account: appKey, scrub };
  let isTypeTold = false;

  function begin(): Draft {
    const fresh = { nonce: drawNonce(randomInt), timestamp: String(Math.round(clock.now())) };
    return { ...hashingOf(fresh), fresh, datedAt: now() };
  }

  async function sign(source: Source, signal: AbortSignal, used: number[]): Promise<Signature> {
    const { hashing, digest } = await source.digest(begin);
    const sign = Buffer.from(digest).toString('hex');
    const headers = requestHeaders({ appKey, ...hashing.fresh }, sign, bodyLength(source.size));
    const body = requestBody(source.read());
    const response = await post(transport, { method: 'POST', path: requestPath, headers, body, used }, signal);
    try {
      const asksForCertificate = transport.asksForCertificate();
      const facts = { ...known, size: source.size, asksForCertificate, clock: () => clock.compare(response) };
      const text = readResponse(response, facts);
      const type = otherContentType(response);
      if (type !== undefined && !isTypeTold) warn('Content type', describeContentType(scrub(type, MAX_TYPE)));
      isTypeTold ||= type !== undefined;
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
    // A server that refuses the certificate has read no request.
    throw sent && error instanceof Failure && error.kind !== 'config' ? error.with({ unanswered: true }) : error;
  }
}

function describeContentType(type: string): string {
  return `The service labels its answers ${show(type)} instead of application/json; the action read the answers all the same. The operators of the service should correct the label, because gateways may act on it.`;
}

function describeOffset(seconds: number): string {
  return `The clock of the service is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the clock of this runner; the action dates its requests accordingly.`;
}
