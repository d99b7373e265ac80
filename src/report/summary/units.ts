import { show } from '../../files/names.ts';

/** Formats a size: `12 B`, `3.40 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, power] = [bytes, 0];
  // A value that would be rounded to 1000 is 1 of the next unit.
  for (; value >= 999.5 && power < units.length - 1; power++) value /= 1000;
  const digits = power === 0 || value >= 999.5 ? formatCount(Math.round(value)) : value.toPrecision(3);
  return `${digits} ${units[power] ?? ''}`;
}

/** Formats a duration: `340 ms`, `2.1 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatMs(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** Formats an estimated duration: `12 s`, `3 min`, `2 h 10 min`. */
export function formatGuessedMs(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : formatMs(minutes * 60_000);
}

/** Formats an integer with commas between thousands; `toLocaleString` would first load the tables of all languages. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Formats a count with its noun: `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Adds a full stop to a sentence, and a capital unless it may start with a URL or a file name. */
export function sentence(text: string): string {
  const start = /^(?:the|this|no|it|its|our|input) /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?…:]$/.test(text) ? start : `${start}.`;
}

/** Returns the given percentile of sorted numbers; 0 for none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Longest name in a list, in characters; the log and the manifest show them completely. */
const MAX_NAME = 200;

/** Removes the middle of a text that is longer than `limit` characters. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const tail = Math.floor((limit - 1) / 3);
  const head = text.slice(0, limit - 1 - tail).replace(/[\uD800-\uDBFF]$/, '');
  return `${head}…${text.slice(text.length - tail).replace(/^[\uDC00-\uDFFF]/, '')}`;
}

/** Lists at most `limit` names, and the number of others. */
export function showList(names: readonly string[], limit: number): string {
  const shown = names.slice(0, limit).map((name) => shorten(show(name), MAX_NAME));
  return shown.join(', ') + (names.length > limit ? ` and ${formatCount(names.length - limit)} more` : '');
}
