import { setImmediate as nextTurn } from 'node:timers/promises';

/** A busy thread answers a cancellation at least this often. */
const TURN_MS = 20;

/** To be called again and again; what it returns must be waited for. */
export type Pause = () => Promise<void> | undefined;

/**
 * Returns a function that lets timers and signals have their turn when the thread was busy for long, and else returns
 * nothing to wait for; with a signal, the wait rejects with its reason.
 */
export function createPause(signal?: AbortSignal): Pause {
  let since = performance.now();
  return () =>
    performance.now() - since < TURN_MS
      ? undefined
      : nextTurn().then(() => {
          signal?.throwIfAborted();
          since = performance.now();
        });
}
