import { performance } from 'node:perf_hooks';

/** A clock that tests can replace; all times in milliseconds. */
export interface Clock {
  /** Monotonic time. */
  now(): number;
  /** Calls back after a delay; returns the function that cancels the call. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back after the I/O events that are already queued (`setImmediate`). */
  soon(callback: () => void): void;
  /** Factor by which work takes longer here than on an idle machine; absent for 1. */
  readonly slowdown?: number;
  /** Returns the share of the time since the last call in which the event loop was idle, 0 to 1. */
  idleShare(): number;
}

/** Returns run time by CPU time, at least 1, at the start; servers on a busy machine are slow by that factor. */
export function measureSlowdown(): number {
  const { user, system } = process.cpuUsage();
  return Math.max(1, performance.now() / ((user + system) / 1000));
}

/** Creates the clock of the running process. */
export function createClock(slowdown = 1): Clock {
  let last = performance.eventLoopUtilization();
  return {
    slowdown,
    now: () => performance.now(),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    soon: (callback) => void setImmediate(callback),
    idleShare() {
      const current = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(current, last);
      last = current;
      return 1 - utilization;
    },
  };
}

/** Waits for some milliseconds. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** Returns a function that schedules one call of `act` with {@link Clock.soon} for any number of calls before that. */
export function onceSoon(clock: Clock, act: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    clock.soon(() => {
      isDue = false;
      act();
    });
  };
}

/** Waits for work that cannot be stopped; rejects with the signal's reason when it aborts; the work continues. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return Promise.race([aborted.promise, work]).finally(() => signal.removeEventListener('abort', abort));
}

/** Interval in milliseconds: short enough to use a wait of a few hundred milliseconds, long enough to cost nothing. */
const LOOK_MS = 20;

/** What decides whether there is time. */
interface Leisure {
  readonly clock: Clock;
  /** Whether all remaining work is in flight. */
  readonly isLastUnderWay: () => boolean;
  /** Called at most once. */
  readonly load: () => void;
}

/** Loads something while only the last answers are awaited, as loading takes 100 ms; returns a function to stop it. */
export function loadAtLeisure({ clock, isLastUnderWay, load }: Leisure): () => void {
  let cancel = clock.after(LOOK_MS, look);

  function look(): void {
    const isIdle = clock.idleShare() > 0.8;
    if (isLastUnderWay() && isIdle) load();
    else cancel = clock.after(LOOK_MS, look);
  }

  return () => cancel();
}
