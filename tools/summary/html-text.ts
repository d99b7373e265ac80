import { alignTable, columnsOf } from './text-table.ts';

const TOKEN = /<!--[\s\S]*?-->|<(\/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*>|[^<]+|</g;
const BLOCKS = new Set(['p', 'div', 'details', 'blockquote', 'section', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Turns the HTML of a job summary into text for a terminal: underlined headings, aligned tables, lists and code blocks. */
export function htmlToText(html: string): string {
  const writer = new TextWriter();
  for (const match of html.matchAll(TOKEN)) {
    const [token, slash, name] = match;
    if (name !== undefined) writer.tag(name.toLowerCase(), slash === '/' ? 'close' : 'open');
    else if (!token.startsWith('<!--')) writer.text(decodeEntities(token));
  }
  return writer.finish();
}

/** Makes a text safe for a terminal: control characters other than tab and line feed become a visible stand-in. */
export function toPrintable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}');
}

type Edge = 'open' | 'close';

class TextWriter {
  readonly #lines: string[] = [];
  #inline = '';
  #listDepth = 0;
  #bullet = '';
  #pre = 0;
  #rows: string[][] = [];
  #headings = 0;
  #inHeading = 0;

  text(text: string): void {
    this.#inline += this.#pre > 0 ? text : text.replace(/\s+/g, ' ');
  }

  tag(name: string, edge: Edge): void {
    if (/^h[1-6]$/.test(name)) this.#heading(name, edge);
    else if (BLOCKS.has(name)) this.#paragraph();
    else if (/^[uo]l$/.test(name)) this.#list(edge);
    else if (/^(?:table|tr|t[dh])$/.test(name)) this.#table(name, edge);
    else if (name === 'li') this.#item(edge);
    else if (name === 'pre') this.#preformatted(edge);
    else if (name === 'br') this.#inline += '\n';
    else if (name === 'hr') this.#block(['─'.repeat(40)]);
    else if (name === 'summary') this.#summary(edge);
  }

  finish(): string {
    this.#paragraph();
    const text = this.#lines
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim();
    return text === '' ? '' : toPrintable(`${text}\n`);
  }

  #take(): string {
    const text = this.#inline.replace(/ *\n */g, '\n').trim();
    this.#inline = '';
    return text;
  }

  #block(lines: readonly string[]): void {
    this.#lines.push(...lines, '');
  }

  #paragraph(): void {
    const text = this.#take();
    if (text !== '') this.#block(text.split('\n'));
  }

  #heading(name: string, edge: Edge): void {
    if (edge === 'open') {
      this.#paragraph();
      return;
    }
    const text = this.#take().replaceAll('\n', ' ');
    const rule = name === 'h1' ? '═' : '─';
    this.#block(name === 'h1' || name === 'h2' ? [text, rule.repeat(columnsOf(text))] : [text]);
  }

  #summary(edge: Edge): void {
    if (edge === 'close') this.#inline = `▸ ${this.#inline}`;
    this.#paragraph();
  }

  #list(edge: Edge): void {
    if (this.#listDepth > 0) this.#item('close');
    else this.#paragraph();
    this.#listDepth = Math.max(0, this.#listDepth + (edge === 'open' ? 1 : -1));
    if (this.#listDepth === 0) this.#lines.push('');
  }

  #item(edge: Edge): void {
    const indent = '  '.repeat(Math.max(0, this.#listDepth - 1));
    const text = this.#take().replaceAll('\n', `\n${indent}  `);
    if (text !== '') this.#lines.push(indent + this.#bullet + text);
    this.#bullet = edge === 'open' ? '- ' : '  ';
  }

  #preformatted(edge: Edge): void {
    if (edge === 'open') {
      this.#paragraph();
      this.#pre += 1;
      return;
    }
    const text = this.#inline.replace(/\n$/, '');
    this.#inline = '';
    this.#pre = Math.max(0, this.#pre - 1);
    this.#block(text.split('\n').map((line) => `    ${line}`));
  }

  #table(name: string, edge: Edge): void {
    if (name === 'table') {
      if (edge === 'close') this.#block(alignTable(this.#rows, this.#headings));
      else this.#paragraph();
      this.#rows = [];
      this.#headings = 0;
    } else if (name === 'tr') {
      if (edge === 'open') this.#rows.push([]);
      else if (this.#inHeading > 0) this.#headings = this.#rows.length;
      this.#inHeading = 0;
    } else if (edge === 'open') {
      this.#inline = '';
    } else {
      if (name === 'th') this.#inHeading += 1;
      this.#rows.at(-1)?.push(this.#take().replaceAll('\n', ' '));
    }
  }
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (entity, decimal, hexadecimal, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? entity;
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}
