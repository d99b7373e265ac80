import { setImmediate as nextTurn } from 'node:timers/promises';

/** A busy thread answers a cancellation at least this often. */
const TURN_MS = 20;

/** Returns a function that lets timers and signals have their turn when the thread was busy for long; it throws the reason of the signal. */
export function createPause(signal: AbortSignal): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await nextTurn();
    signal.throwIfAborted();
    since = performance.now();
  };
}
