import type { FileOutcome } from '../../files/release-file.ts';
import { code, table } from './markup.ts';
import { firstOf } from './order.ts';
import { formatBytes, formatCount, formatMs, percentile, plural } from './units.ts';

/** Describes the speed of a run and the times of files, including retries; for a few files, only the speed. */
export function describeTiming(outcomes: readonly FileOutcome[], durationMs: number): string {
  const speed = describeSpeed(outcomes, durationMs);
  if (speed === '') return '';
  const times = timesOf(outcomes);
  return times.length < LEAST_FILES ? `${speed}.` : `${speed}. Time of a file: ${describeTimes(times)}.`;
}

function describeTimes(times: Float64Array): string {
  const [median, high] = [percentile(times, 0.5), percentile(times, 0.95)];
  return `median ${formatMs(median)}, p95 ${formatMs(high)}, slowest ${formatMs(times.at(-1) ?? 0)}`;
}

/** Describes the files and bytes per second; empty if no file was done. */
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

/** Returns the times of the files that were done in this run, in milliseconds, in ascending order. */
function timesOf(outcomes: readonly FileOutcome[]): Float64Array {
  return Float64Array.from(outcomes.filter(isDone), ({ elapsedMs }) => elapsedMs).sort();
}

function isDone({ status }: FileOutcome): boolean {
  return status === 'signed' || status === 'verified';
}

/** Fewest files with a section about times. */
const LEAST_FILES = 20;
const SLOWEST = 5;
const LEAST_MS = 50;
const LEAST_BUCKETS = 3;
const BAR_WIDTH = 32;

/** Renders the times of files: median and p95, a chart and the slowest; empty for a few or fast files. */
export function renderLatency(outcomes: readonly FileOutcome[]): string[] {
  const times = timesOf(outcomes);
  const slowest = times.at(-1) ?? 0;
  if (times.length < LEAST_FILES || slowest < LEAST_MS) return [];
  const buckets = distribute(times);
  return [
    '### Time for each file',
    `Of ${plural(times.length, 'file')}: ${describeTimes(times)}.`,
    ...(buckets.length < LEAST_BUCKETS ? [] : [renderChart(buckets)]),
    renderSlowest(outcomes),
  ];
}

function renderChart(buckets: readonly Bucket[]): string {
  const most = Math.max(...buckets.map(({ count }) => count));
  const labels = buckets.map(labelOf);
  const counts = buckets.map(({ count }) => formatCount(count));
  const [labelWidth, countWidth] = [widthOf(labels), widthOf(counts)];
  const lines = buckets.map(({ count }, at) =>
    `${labels[at]?.padStart(labelWidth)}  ${counts[at]?.padStart(countWidth)}  ${barOf(count / most)}`.trimEnd(),
  );
  return ['```text', ...lines, '```'].join('\n');
}

function widthOf(texts: readonly string[]): number {
  return Math.max(...texts.map(({ length }) => length));
}

/** Draws a bar in eighths of a character, so that small shares stay visible. */
function barOf(share: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * BAR_WIDTH * 8)) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
}

function labelOf({ from, to }: Bucket): string {
  const [unitMs, unit] = to >= 1000 ? [1000, 's'] : [1, 'ms'];
  return from === 0 ? `under ${to / unitMs} ${unit}` : `${from / unitMs} – ${to / unitMs} ${unit}`;
}

function renderSlowest(outcomes: readonly FileOutcome[]): string {
  const slowest = firstOf(outcomes.filter(isDone), SLOWEST, (a, b) => b.elapsedMs - a.elapsedMs);
  const isAsked = slowest.some(({ attempts }) => attempts > 0);
  const rows = slowest.map(({ file, attempts, elapsedMs }) => [
    code(file.path),
    formatBytes(file.size),
    ...(isAsked ? [formatCount(attempts)] : []),
    formatMs(elapsedMs),
  ]);
  return table(['Slowest files', 'Size', ...(isAsked ? ['Tries'] : []), 'Time'], rows, [1, 2, 3]);
}

/** Number of values between two bounds. */
interface Bucket {
  /** Inclusive lower bound. */
  readonly from: number;
  /** Exclusive upper bound. */
  readonly to: number;
  readonly count: number;
}

const MAX_BUCKETS = 10;

/** Steps of one power of ten, the finest first. */
const LADDERS: readonly (readonly number[])[] = [
  [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8],
  [1, 1.5, 2, 3, 5, 7],
  [1, 2, 5],
  [1, 3],
  [1],
];

/** Distributes sorted numbers to at most ten buckets with round bounds on a logarithmic scale; all below 1 share one. */
export function distribute(sorted: ArrayLike<number>): Bucket[] {
  if (sorted.length === 0) return [];
  const [least = 0, most = 0] = [sorted[0], sorted[sorted.length - 1]];
  const bounds = LADDERS.map((ladder) => boundsOf(ladder, least, most)).find(({ length }) => length <= MAX_BUCKETS + 1);
  return fill(sorted, bounds ?? [least, Number.POSITIVE_INFINITY]);
}

function boundsOf(ladder: readonly number[], least: number, most: number): number[] {
  const bounds = [0];
  for (let power = 0; (bounds.at(-1) ?? 0) <= most; power++) {
    for (const step of ladder) {
      const bound = Math.round(step * 10 ** (power + 1)) / 10;
      if (bound <= least) bounds[0] = bound;
      else if ((bounds.at(-1) ?? 0) <= most) bounds.push(bound);
    }
  }
  return bounds;
}

function fill(sorted: ArrayLike<number>, bounds: readonly number[]): Bucket[] {
  let at = 0;
  return bounds.slice(0, -1).map((from, index) => {
    const [to, first] = [bounds[index + 1] ?? from, at];
    while (at < sorted.length && (sorted[at] ?? to) < to) at++;
    return { from, to, count: at - first };
  });
}
