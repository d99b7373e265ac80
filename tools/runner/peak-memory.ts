import { readFileSync } from 'node:fs';

/** A running measurement. */
export interface PeakMemory {
  /** Ends the measurement and returns the highest resident memory in KiB, if the system told any. */
  stop(): number | undefined;
}

const INTERVAL_MS = 25;

/**
 * Watches the highest resident memory of a process on Linux; elsewhere the result is `undefined`.
 *
 * The kernel keeps the peak itself, so that looking now and then misses only what the last interval added, and a process that ends within the first.
 */
export function watchPeakMemory(pid: number | undefined): PeakMemory {
  let peakKb: number | undefined;
  const look = () => {
    peakKb = readPeakKb(pid) ?? peakKb;
  };
  const timer = setInterval(look, INTERVAL_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return peakKb;
    },
  };
}

function readPeakKb(pid: number | undefined): number | undefined {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}
