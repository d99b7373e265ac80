import { show } from '../../files/names.ts';

/** Quotes any text for a POSIX shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Quotes any text for PowerShell, which treats four more characters as single quotes. */
export function quoteForPowerShell(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201A\u201B]/g, '$&$&')}'`;
}

/** Formats any name as inline code for Markdown. */
export function asCode(name: string): string {
  const text = show(name);
  const fence = fenceFor(text, 1);
  // Blanks separate backticks at the ends from the fence.
  return text.startsWith('`') || text.endsWith('`') ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
}

/** Formats lines as a code block. */
export function blockOf(language: string, lines: readonly string[]): string {
  const text = lines.join('\n');
  const fence = fenceFor(text, 3);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Returns a run of backticks that is longer than any in the text. */
function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  return '`'.repeat(Math.max(least, longest + 1));
}

/** Tells whether a name can be in a line of a guide: control characters would end the line or act on a terminal. */
export function isPrintable(name: string): boolean {
  return !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}]/u.test(name);
}
