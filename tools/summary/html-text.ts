import { type DomNode, type FormatCallback, type HtmlToTextOptions, htmlToText } from 'html-to-text';
import { alignTable, columnsOf, toPrintable } from './terminal.ts';

const SPACED = { leadingLineBreaks: 2, trailingLineBreaks: 2 };

const heading: FormatCallback = ({ name, children }, walk, builder) => {
  const rule = name === 'h1' ? '═' : '─';
  builder.openBlock(SPACED);
  walk(children, builder);
  builder.closeBlock({ ...SPACED, blockTransform: (text) => `${text}\n${rule.repeat(columnsOf(text))}` });
};

const pre: FormatCallback = ({ children }, walk, builder) => {
  builder.openBlock({ ...SPACED, isPre: true });
  walk(children, builder);
  builder.closeBlock({ ...SPACED, blockTransform: (text) => text.replace(/\n$/, '').replace(/^/gm, '    ') });
};

const summary: FormatCallback = ({ children }, walk, builder) => {
  builder.openBlock(SPACED);
  builder.addInline('▸ ');
  walk(children, builder);
  builder.closeBlock(SPACED);
};

const table: FormatCallback = (node, walk, builder) => {
  const rows = descendants(node, ['tr']).map((row) => descendants(row, ['th', 'td']));
  builder.openTable();
  for (const cells of rows) {
    builder.openTableRow();
    for (const cell of cells) {
      builder.openTableCell();
      walk(cell.children, builder);
      builder.closeTableCell();
    }
    builder.closeTableRow();
  }
  const headings = rows.filter((cells) => cells.some(({ name }) => name === 'th')).length;
  const toLines = (texts: readonly { readonly text: string }[][]) =>
    alignTable(
      texts.map((cells) => cells.map(({ text }) => text.replaceAll('\n', ' '))),
      headings,
    );
  builder.closeTable({ ...SPACED, tableToString: (texts) => toLines(texts).join('\n') });
};

function descendants(node: DomNode, names: readonly string[]): DomNode[] {
  return (node.children ?? []).flatMap((child) =>
    names.includes(child.name ?? '') ? [child] : descendants(child, names),
  );
}

const OPTIONS: HtmlToTextOptions = {
  wordwrap: false,
  formatters: { heading, pre, summary, table },
  selectors: [
    ...['h1', 'h2'].map((selector) => ({ selector, format: 'heading' })),
    ...['h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, format: 'block', options: SPACED })),
    ...['pre', 'summary', 'table'].map((selector) => ({ selector, format: selector })),
    { selector: 'details', format: 'block', options: SPACED },
    { selector: 'ul', options: { itemPrefix: '- ' } },
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
  ],
};

/** Turns the HTML of a job summary into text for a terminal: underlined headings, aligned tables, lists and code blocks. */
export function htmlToTerminal(html: string): string {
  const text = htmlToText(html, OPTIONS)
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return text === '' ? '' : toPrintable(`${text}\n`);
}
