import type { Clock } from '../signing/schedule/clock.ts';

/** Often enough to use a wait of a few hundred milliseconds, seldom enough to cost nothing. */
const LOOK_MS = 20;

/** What decides whether there is time. */
export interface Leisure {
  readonly clock: Clock;
  /** Whether everything that is left is under way. */
  readonly isLastUnderWay: () => boolean;
  /** Is called once at most. */
  readonly load: () => void;
}

/**
 * Loads something that is needed after the work, while this process only waits for the last answers; returns how to stop.
 *
 * Loading takes the thread for a tenth of a second: while there is something to send, that would hold it up.
 */
export function loadAtLeisure({ clock, isLastUnderWay, load }: Leisure): () => void {
  let cancel = clock.after(LOOK_MS, look);

  function look(): void {
    const isIdle = clock.idleShare() > 0.8;
    if (isLastUnderWay() && isIdle) load();
    else cancel = clock.after(LOOK_MS, look);
  }

  return () => cancel();
}
