import { show } from '../../files/names.ts';

/** Formats bytes for people: `12 B`, `3.40 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, power] = [bytes, 0];
  // What would be rounded to 1000 of a unit is 1 of the next.
  for (; value >= 999.5 && power < units.length - 1; power++) value /= 1000;
  const digits = power === 0 || value >= 999.5 ? formatCount(Math.round(value)) : value.toPrecision(3);
  return `${digits} ${units[power] ?? ''}`;
}

/** Formats a time for people: `340 ms`, `2.1 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatMs(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** Formats a time that is only guessed: `12 s`, `3 min`, `2 h 10 min`. */
export function formatGuessedMs(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : formatMs(minutes * 60_000);
}

/** Formats a whole number with a comma between thousands; `toLocaleString` would load the tables of all languages first. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Formats a count with its noun: `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Gives a sentence its full stop, and its capital unless it may begin with a URL or the name of a file. */
export function sentence(text: string): string {
  const start = /^(?:the|this|no|it|its|our|input) /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?…:]$/.test(text) ? start : `${start}.`;
}

/** Returns the value below which the given share of the numbers lies; 0 for none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Longest name in a list, in characters; the log and the manifest have them whole. */
const MAX_NAME = 200;

/** Takes the middle out of a text that is longer than `limit` characters. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const tail = Math.floor((limit - 1) / 3);
  const head = text.slice(0, limit - 1 - tail).replace(/[\uD800-\uDBFF]$/, '');
  return `${head}…${text.slice(text.length - tail).replace(/^[\uDC00-\uDFFF]/, '')}`;
}

/** Shows at most `limit` names, and how many more there are. */
export function showList(names: readonly string[], limit: number): string {
  const shown = names.slice(0, limit).map((name) => shorten(show(name), MAX_NAME));
  return shown.join(', ') + (names.length > limit ? ` and ${formatCount(names.length - limit)} more` : '');
}
