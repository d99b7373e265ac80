import type { WireRequest, WireResponse } from '../connection/exchange.ts';
import type { Transport } from '../connection/transport.ts';
import { asFailure, type Failure, timedOut } from '../signing/policy/failure.ts';
import { type Clock, sleep } from '../signing/schedule/clock.ts';
import { memorySource } from '../signing/sent-bytes.ts';
import type { Signer } from '../signing/signer.ts';

/** What is signed: it says itself that it is no release. */
export const CANARY = Buffer.from('mtls-release-signing: a preflight check, not a release\n');

/** Name of the canary, for services that are told the name of a file. */
const CANARY_PATH = 'mtls-release-signing-preflight.txt';

/** How a canary is sent. */
interface CanaryOptions {
  /** Sends what {@link createCanary} builds on it. */
  readonly transport: Transport;
  readonly createSigner: (transport: Transport) => Signer;
  /** 1 forbids a second try. */
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** What became of a canary. */
export interface CanaryOutcome {
  /** The signature as the service wrote it. */
  readonly text: string | undefined;
  /** Why there is none. */
  readonly failure: Failure | undefined;
  /** Why a first try failed when a second one was made. */
  readonly firstFailure: Failure | undefined;
  /** Whether the service answered at all. */
  readonly isAnswered: boolean;
  /** How far its clock is ahead of ours, in milliseconds, when it told. */
  readonly skewMs: number | undefined;
  readonly ms: number;
}

/** Longest wait for a second try, in milliseconds. */
const MAX_PAUSE_MS = 5000;

/**
 * Has a few bytes in memory signed; never rejects.
 *
 * A refusal or hiccup of the service is worth a second try, as in a release: the first may have told us that our clock is off.
 */
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
  let result = await tryOnce(signer, options);
  const first = result.failure;
  const pauseMs = first && answer && attempts > 1 ? pauseAfter(first) : undefined;
  if (pauseMs !== undefined) {
    await sleep(clock, pauseMs);
    result = await tryOnce(signer, options);
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

async function tryOnce(signer: Signer, { clock, timeoutMs, signal }: CanaryOptions): Promise<Try> {
  const controller = new AbortController();
  const cancelTimeout = clock.after(timeoutMs, () => controller.abort(timedOut(timeoutMs)));
  const both = AbortSignal.any([signal, controller.signal]);
  try {
    const { text } = await signer.sign(memorySource(CANARY_PATH, CANARY), both);
    return { text, failure: undefined };
  } catch (error) {
    return { text: undefined, failure: asFailure(both.aborted ? both.reason : error) };
  } finally {
    cancelTimeout();
  }
}

/** Returns how long to wait for a second try, or `undefined` when it would change nothing. */
function pauseAfter({ kind, facts, code }: Failure): number | undefined {
  if ((kind !== 'service' && kind !== 'request') || code === 'TIMEOUT') return undefined;
  const pauseMs = Math.max(facts.throttled ? 1000 : 250, facts.retryAfterMs ?? 0);
  return pauseMs > MAX_PAUSE_MS ? undefined : pauseMs;
}
