import type { FileOutcome } from '../files/release-file.ts';
import { type Bucket, distribute } from './distribution.ts';
import { code, table } from './markup.ts';
import { timesOf } from './timing.ts';
import { formatBytes, formatCount, formatMs, percentile } from './units.ts';

/** Of fewer files the table of files tells as much, and a shorter time is nobody’s trouble. */
const LEAST_FILES = 20;
const SLOWEST = 5;
const LEAST_MS = 50;
const LEAST_BUCKETS = 3;
const BAR_WIDTH = 32;

/** Renders how long files took: a sentence, a chart and the slowest; nothing for a few files. */
export function renderLatency(outcomes: readonly FileOutcome[]): string[] {
  const times = timesOf(outcomes);
  const slowest = times.at(-1) ?? 0;
  if (times.length < LEAST_FILES || slowest < LEAST_MS) return [];
  const buckets = distribute(times);
  return [
    '### Time for each file',
    `Half of the files took at most ${formatMs(percentile(times, 0.5))}, 95 of 100 at most ${formatMs(percentile(times, 0.95))}, the slowest ${formatMs(slowest)}.`,
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

/** Draws eighths of a character, so that a little is still seen. */
function barOf(share: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * BAR_WIDTH * 8)) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
}

function labelOf({ from, to }: Bucket): string {
  const [unitMs, unit] = to >= 1000 ? [1000, 's'] : [1, 'ms'];
  return from === 0 ? `under ${to / unitMs} ${unit}` : `${from / unitMs} – ${to / unitMs} ${unit}`;
}

function renderSlowest(outcomes: readonly FileOutcome[]): string {
  const slowest = outcomes
    .filter(({ status }) => status === 'signed' || status === 'verified')
    .sort((a, b) => b.elapsedMs - a.elapsedMs)
    .slice(0, SLOWEST);
  const isAsked = slowest.some(({ attempts }) => attempts > 0);
  const rows = slowest.map(({ file, attempts, elapsedMs }) => [
    code(file.path),
    formatBytes(file.size),
    ...(isAsked ? [formatCount(attempts)] : []),
    formatMs(elapsedMs),
  ]);
  return table(['Slowest files', 'Size', ...(isAsked ? ['Tries'] : []), 'Time'], rows, [1, 2, 3]);
}
