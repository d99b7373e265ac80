import { vi } from 'vitest';

const SPIN_MS = 40;

/** Returns the time that this thread worked on something, in milliseconds: what else the machine does meanwhile does not count. */
export function workMs(act: () => unknown): number {
  const before = process.threadCpuUsage();
  act();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/**
 * Turns a limit for a calm machine into one for this moment, in milliseconds.
 *
 * A process waits as many times longer for a processor as there are tasks that want one; some work shows how much that is.
 */
export function limitMs(calmMs: number): number {
  const startedMs = performance.now();
  const before = process.threadCpuUsage();
  let workedMs = 0;
  while (workedMs < SPIN_MS) {
    const { user, system } = process.threadCpuUsage(before);
    workedMs = (user + system) / 1000;
  }
  return calmMs * Math.max(1, (performance.now() - startedMs) / workedMs);
}

/** Waits until an assertion holds; only a minute without it is a failure. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 60_000, interval: 10 });
}
