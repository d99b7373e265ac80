const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Pictographs, and scripts whose characters take two columns in a terminal. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|.*\u{fe0f}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60])/u;

/** Returns the number of columns of a text in a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

/** Aligns rows in columns, two blanks apart, with numbers to the right. A line follows the first `headings` rows. */
export function alignTable(rows: ReadonlyArray<readonly string[]>, headings: number): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const body = rows.slice(headings);
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map((row) => columnsOf(row[column] ?? ''))),
  );
  const right = widths.map((_, column) => {
    const cells = body.map((row) => row[column] ?? '').filter((cell) => cell !== '');
    return cells.length > 0 && cells.every((cell) => /^[\d.,\s]+(?:%|[A-Za-z/]{1,5})?$/.test(cell));
  });
  const pad = (cell: string, column: number) => {
    const blanks = ' '.repeat((widths[column] ?? 0) - columnsOf(cell));
    return right[column] === true ? blanks + cell : cell + blanks;
  };
  const lines = rows.map((row) =>
    widths
      .map((_, column) => pad(row[column] ?? '', column))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return headings > 0 && lines.length > 0 ? lines.toSpliced(headings, 0, rule) : lines;
}

/** Makes a text safe for a terminal: control characters other than tab and line feed become a visible replacement. */
export function toPrintable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}');
}

/** Aligns rows in columns and escapes them for a terminal; a line follows the first `headings` rows. */
export function showTable(rows: ReadonlyArray<readonly string[]>, headings = 0): string {
  return alignTable(rows, headings)
    .map((line) => `${toPrintable(line)}\n`)
    .join('');
}

/** Returns a line across the terminal that starts a section. */
export function heading(text: string): string {
  return `\n━━ ${text} ${'━'.repeat(Math.max(0, 76 - text.length))}\n\n`;
}
