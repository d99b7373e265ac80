import { escapeHtml } from '../../files/names.ts';
import { plural, sentence, shorten } from './units.ts';

/** Longest name and longest line that a summary shows, in characters; the log and the manifest show them completely. */
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

/** Renders lines of sentences on one line of Markdown, safe in Markdown and HTML. */
export function sentences(text: string): string {
  return showLines(text.split('\n')).join('<br>');
}

function showLines(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MAX_LINES).map((line) => plain(sentence(line)));
  if (lines.length > MAX_LINES) shown.push(`and ${plural(lines.length - MAX_LINES, 'line')} more; the log has all`);
  return shown;
}

/** Renders a message; lines that its first line announces, or that are equal in rank, become a list. */
export function message(text: string): string {
  const { first, others } = partsOf(text);
  return [
    ...(first === '' ? [] : [first, ...(others.length > 0 ? [''] : [])]),
    ...others.map((line) => `- ${line}`),
  ].join('\n');
}

/** Renders a message for a cell of a table, on one line of Markdown. */
export function messageCell(text: string): string {
  const { first, others } = partsOf(text);
  return others.length === 0 ? first : `${first}<ul>${others.map((line) => `<li>${line}</li>`).join('')}</ul>`;
}

/** Splits a message into the line that introduces a list, empty when all lines are equal in rank, and the list. */
function partsOf(text: string) {
  const lines = text.split('\n');
  const shown = showLines(lines.map((line) => line.replace(/^- /, '')));
  const [first = '', ...others] = shown;
  const isAnnounced = others.length === 0 || lines[0]?.endsWith(':') || lines[1]?.startsWith('- ');
  return isAnnounced ? { first, others } : { first: '', others: shown };
}

/** Renders a link; only the text for a URL that is empty or unsafe in HTML. */
export function link(html: string, url: string): string {
  return /^https?:\/\/[\w.:/%~+#-]+$/.test(url) ? `<a href="${url}">${html}</a>` : html;
}

/** Returns the URL of the row that explains an error code; empty when the URL of the docs is unknown. */
export function faultUrl(docs: string, errorCode: string): string {
  return docs === '' ? '' : `${docs}/faults.md#${errorCode.toLowerCase()}`;
}

/** Names a page of the docs, as a link when the URL of the docs is known. */
export function page(docs: string, name: string): string {
  return link(`<code>docs/${name}</code>`, docs === '' ? '' : `${docs}/${name}`);
}

/** Renders a table; the given columns of numbers are aligned right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  const rule = heads.map((_, at) => (numbers.includes(at) ? '--:' : '---'));
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
