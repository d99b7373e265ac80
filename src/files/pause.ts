import { setImmediate as nextTurn } from 'node:timers/promises';

/** A busy thread answers a cancellation at least this often. */
const TURN_MS = 20;

/**
 * Returns a function that lets timers and signals have their turn when the thread was busy for long, and else returns
 * nothing to wait for; the wait rejects with the reason of the signal.
 */
export function createPause(signal: AbortSignal): () => Promise<void> | undefined {
  let since = performance.now();
  return () =>
    performance.now() - since < TURN_MS
      ? undefined
      : nextTurn().then(() => {
          signal.throwIfAborted();
          since = performance.now();
        });
}
