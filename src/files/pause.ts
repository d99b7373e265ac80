import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest time, in milliseconds, that a busy thread keeps signals and timers waiting. */
const TURN_MS = 20;

/** Called at each step of a loop; the caller awaits the promise, if there is one. */
export type Pause = () => Promise<void> | undefined;

/** Returns a function that lets timers and signals run after long work, or rejects with the signal's reason. */
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
