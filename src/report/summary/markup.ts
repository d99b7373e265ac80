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
  return showLines(text.split('\n')).join('<br>');
}

function showLines(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MAX_LINES).map((line) => plain(sentence(line)));
  if (lines.length > MAX_LINES) shown.push(`and ${plural(lines.length - MAX_LINES, 'line')} more; the log has all`);
  return shown;
}

/** Renders a message: what its first line announces, and lines that stand side by side, are a list. */
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

interface Parts {
  /** Empty when all lines stand side by side. */
  readonly first: string;
  readonly others: readonly string[];
}

function partsOf(text: string): Parts {
  const lines = text.split('\n');
  const shown = showLines(lines.map((line) => line.replace(/^- /, '')));
  const [first = '', ...others] = shown;
  const isAnnounced = others.length === 0 || lines[0]?.endsWith(':') || lines[1]?.startsWith('- ');
  return isAnnounced ? { first, others } : { first: '', others: shown };
}

/** Renders a link; an address that is empty or holds what HTML could act on makes none. */
export function link(html: string, url: string): string {
  return /^https?:\/\/[\w.:/%~+#-]+$/.test(url) ? `<a href="${url}">${html}</a>` : html;
}

/** Returns the address of the row that explains an error code; empty when the runner does not tell where the docs are. */
export function faultUrl(docs: string, errorCode: string): string {
  return docs === '' ? '' : `${docs}/faults.md#${errorCode.toLowerCase()}`;
}

/** Names a page of the docs, as a link where the runner tells where they are. */
export function page(docs: string, name: string): string {
  return link(`<code>docs/${name}</code>`, docs === '' ? '' : `${docs}/${name}`);
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
