import type { FileOutcome } from '../files/outcome.ts';
import { formatBytes, formatMs, percentile } from './units.ts';

/** Says how fast a run was: files and bytes per second, and how long files took. */
export function describeTiming(outcomes: readonly FileOutcome[], durationMs: number): string {
  const done = outcomes.filter(({ status }) => status === 'signed' || status === 'verified');
  if (done.length === 0 || durationMs <= 0) return '';
  const seconds = durationMs / 1000;
  const bytes = done.reduce((sum, { file }) => sum + file.size, 0);
  const times = Float64Array.from(done, ({ elapsedMs }) => elapsedMs).sort();
  const rate = done.length / seconds;
  return [
    `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} files/s`,
    `${formatBytes(bytes / seconds)}/s`,
    `p50 ${formatMs(percentile(times, 0.5))}`,
    `p95 ${formatMs(percentile(times, 0.95))}`,
  ].join(', ');
}
