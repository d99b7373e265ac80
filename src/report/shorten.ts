import { show } from '../files/names.ts';
import { formatCount } from './units.ts';

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
