import { escapeHtml } from '../../files/names.ts';
import { plural, sentence, shorten } from './units.ts';

/** Longest name and longest line that a summary shows, in characters; the log and the manifest have them whole. */
const MAX_NAME = 160;
const MAX_LINE = 600;
const MAX_LINES = 60;

/** Renders a name as code, safe in Markdown and HTML. */
export function code(name: string): string {
  return `<code>${escapeHtml(shorten(name, MAX_NAME))}</code>`;
}

/** Renders a short text, safe in Markdown and HTML. */
export function plain(text: string): string {
  return escapeHtml(shorten(text, MAX_LINE));
}

/** Renders sentences, one a line, safe in Markdown and HTML and on one line of Markdown. */
export function sentences(text: string): string {
  const lines = text.split('\n');
  const shown = lines.slice(0, MAX_LINES).map((line) => plain(sentence(line)));
  if (lines.length > MAX_LINES) shown.push(`and ${plural(lines.length - MAX_LINES, 'line')} more; the log has all`);
  return shown.join('<br>');
}

/** Renders a table; the first cell of each column heads it, and numbers stand to the right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  const rule = heads.map((_, at) => (numbers.includes(at) ? '--:' : '---'));
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
