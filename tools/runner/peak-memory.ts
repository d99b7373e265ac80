import { readFileSync } from 'node:fs';

const INTERVAL_MS = 25;

/**
 * Watches the peak resident memory of a process; returns a function that stops and returns KiB (`undefined` except on
 * Linux).
 *
 * The kernel records the peak, so that polling misses only growth in the last interval, and a process that ends within
 * the first.
 */
export function watchPeakMemory(pid: number | undefined): () => number | undefined {
  let peakKb: number | undefined;
  const look = () => {
    peakKb = readPeakKb(pid) ?? peakKb;
  };
  const timer = setInterval(look, INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return peakKb;
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
