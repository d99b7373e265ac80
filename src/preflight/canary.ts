import type { WireRequest, WireResponse } from '../connection/exchange.ts';
import type { Transport } from '../connection/transport.ts';
import { asFailure, type Failure, timedOut } from '../signing/policy/failure.ts';
import { type Clock, sleep } from '../signing/schedule/clock.ts';
import { memorySource } from '../signing/sent-bytes.ts';
import type { Signer } from '../signing/signer.ts';

/** Content of the canary, which says that it is not a release. */
export const CANARY = Buffer.from('mtls-release-signing: a preflight check, not a release\n');

/** Name of the canary, for services that get the name of a file. */
const CANARY_PATH = 'mtls-release-signing-preflight.txt';

/** How a canary is sent. */
interface CanaryOptions {
  /** Sends the requests of the signer. */
  readonly transport: Transport;
  readonly createSigner: (transport: Transport) => Signer;
  /** With 1 there is no second try. */
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Result of sending a canary. */
export interface CanaryOutcome {
  /** The unchanged signature of the service. */
  readonly text: string | undefined;
  /** Why there is no signature. */
  readonly failure: Failure | undefined;
  /** Why the first try failed, if there was a second one. */
  readonly firstFailure: Failure | undefined;
  /** Whether the service answered at all. */
  readonly isAnswered: boolean;
  /** How far the service's clock is ahead of ours, in milliseconds, if known. */
  readonly skewMs: number | undefined;
  readonly ms: number;
}

/** Longest wait for a second try, in milliseconds. */
const MAX_PAUSE_MS = 5000;

/** Requests a signature for a few bytes, twice if the first answer may correct our clock; never rejects. */
export async function sendCanary(options: CanaryOptions): Promise<CanaryOutcome> {
  const { transport, clock, now, attempts } = options;
  const startedAt = clock.now();
  let answer: { readonly response: WireResponse; readonly at: number } | undefined;
  const signer = options.createSigner({
    ...transport,
    async post(request: WireRequest, signal: AbortSignal) {
      const response = await transport.post(request, signal);
      answer = { response, at: now() };
      return response;
    },
  });
  const used: number[] = [];
  let result = await tryOnce(signer, options, used);
  const first = result.failure;
  const pauseMs = first && answer && attempts > 1 ? pauseAfter(first) : undefined;
  if (pauseMs !== undefined) {
    await sleep(clock, pauseMs);
    result = await tryOnce(signer, options, used);
  }
  const date = Date.parse(String(answer?.response.headers['date'] ?? ''));
  return {
    ...result,
    firstFailure: pauseMs === undefined ? undefined : first,
    isAnswered: answer !== undefined,
    skewMs: answer && !Number.isNaN(date) ? date - answer.at : undefined,
    ms: clock.now() - startedAt,
  };
}

type Try = Pick<CanaryOutcome, 'text' | 'failure'>;

async function tryOnce(signer: Signer, { clock, timeoutMs, signal }: CanaryOptions, used: number[]): Promise<Try> {
  const controller = new AbortController();
  const cancelTimeout = clock.after(timeoutMs, () => controller.abort(timedOut(timeoutMs)));
  const both = AbortSignal.any([signal, controller.signal]);
  try {
    const { text } = await signer.sign(memorySource(CANARY_PATH, CANARY), both, used);
    return { text, failure: undefined };
  } catch (error) {
    return { text: undefined, failure: asFailure(both.aborted ? both.reason : error) };
  } finally {
    cancelTimeout();
  }
}

/** Returns the wait before a second try in milliseconds, or `undefined` when a second try cannot help. */
function pauseAfter({ kind, facts, code }: Failure): number | undefined {
  if ((kind !== 'service' && kind !== 'request') || code === 'TIMEOUT') return undefined;
  const pauseMs = Math.max(facts.throttled ? 1000 : 250, facts.retryAfterMs ?? 0);
  return pauseMs > MAX_PAUSE_MS ? undefined : pauseMs;
}
