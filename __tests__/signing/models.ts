import type { Failure } from '../../src/signing/policy/failure.ts';
import { FAILURES, type Model, type ModelRequest, throttled } from './simulate.ts';

/** How long a modelled service takes for an answer, when nothing else is said. */
const ANSWER_MS = 20;

/** Fails each request for which `when` says so, and every request without `when`. */
export function failing(failure: Failure, when: (request: ModelRequest) => boolean = () => true, afterMs = 5): Model {
  return (request) => ({ afterMs, failure: when(request) ? failure : undefined });
}

/** Fails a share of all requests. */
export function failingShare(share: number, failure: Failure): Model {
  return (_, random) => ({ afterMs: ANSWER_MS, failure: random() < share ? failure : undefined });
}

/** Serves so many requests per second, and as many at once after a pause; answers 429 to the others. */
export function ratePerSecond(rate: number, retryAfterMs?: number): Model {
  let tokens = rate;
  let lastMs = 0;
  return ({ atMs }) => {
    tokens = Math.min(rate, tokens + ((atMs - lastMs) * rate) / 1000);
    lastMs = atMs;
    if (tokens < 1) return { afterMs: ANSWER_MS, failure: throttled(retryAfterMs) };
    tokens--;
    return { afterMs: ANSWER_MS };
  };
}

/** Serves so many requests at a time and answers 503 to the others. */
export function atMostInFlight(most: number): Model {
  return failing(FAILURES.unavailable, ({ inFlight }) => inFlight > most, ANSWER_MS);
}

/** Is down between these times, and sound before and after. */
export function downDuring(outages: readonly (readonly [fromMs: number, toMs: number])[], failure: Failure): Model {
  return failing(failure, ({ atMs }) => outages.some(([fromMs, toMs]) => atMs >= fromMs && atMs < toMs), ANSWER_MS);
}
