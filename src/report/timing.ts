import type { FileOutcome } from '../files/release-file.ts';
import { formatBytes, formatCount, formatMs, percentile } from './units.ts';

/** Says how fast a run was and how long files took, repeats included. */
export function describeTiming(outcomes: readonly FileOutcome[], durationMs: number): string {
  const speed = describeSpeed(outcomes, durationMs);
  if (speed === '') return '';
  const times = timesOf(outcomes);
  return `${speed}; half of the files took at most ${formatMs(percentile(times, 0.5))}, 95 of 100 at most ${formatMs(percentile(times, 0.95))}`;
}

/** Says how many files and bytes a run did in a second; empty when it did none. */
export function describeSpeed(outcomes: readonly FileOutcome[], durationMs: number): string {
  let [files, bytes] = [0, 0];
  for (const outcome of outcomes) {
    if (!isDone(outcome)) continue;
    files++;
    bytes += outcome.file.size;
  }
  if (files === 0 || durationMs <= 0) return '';
  const seconds = durationMs / 1000;
  const rate = files / seconds;
  const perSecond = `${rate >= 10 ? formatCount(Math.round(rate)) : rate.toFixed(1)} files/s, `;
  return `${rate >= 0.1 ? perSecond : ''}${formatBytes(bytes / seconds)}/s`;
}

/** Lists how long the files took that were done in this run, in milliseconds, the quickest first. */
export function timesOf(outcomes: readonly FileOutcome[]): Float64Array {
  return Float64Array.from(outcomes.filter(isDone), ({ elapsedMs }) => elapsedMs).sort();
}

function isDone({ status }: FileOutcome): boolean {
  return status === 'signed' || status === 'verified';
}
