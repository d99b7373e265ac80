import { ActionError } from '../../errors.ts';

/** Renders the lines that `sha256sum -c` reads; paths are relative to the directory in which it runs. */
export function renderChecksums(entries: Iterable<{ readonly path: string; readonly sha256: string }>): string {
  let text = '';
  for (const { path, sha256 } of entries) {
    const escaped = operandOf(path).replace(/[\\\n\r]/g, (character) => ESCAPES[character] ?? character);
    text += `${escaped === operandOf(path) ? '' : '\\'}${sha256}  ${escaped}\n`;
  }
  return text;
}

/** Avoids the name `-`, which `sha256sum -c` takes for standard input. */
function operandOf(path: string): string {
  return path === '-' ? './-' : path;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' };
const UNESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

/** Reads checksums as hex by path; throws `CHECKSUMS_UNREADABLE` for a line of another form, or a path twice. */
export function parseChecksums(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw unreadable(lines.length + 1, 'has no line end');
  for (const [number, line] of lines.entries()) {
    const [, mark, sha256 = '', rest = ''] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/s.exec(line) ?? [];
    if (mark === undefined) throw unreadable(number + 1, 'is not one that sha256sum writes');
    const name = mark ? rest.replace(/\\[\\nr]/g, (pair) => UNESCAPES[pair] ?? pair) : rest;
    const path = name === operandOf('-') ? '-' : name;
    if (entries.has(path)) throw unreadable(number + 1, 'names a path for the second time');
    entries.set(path, sha256);
  }
  return entries;
}

function unreadable(line: number, how: string): ActionError {
  return new ActionError('CHECKSUMS_UNREADABLE', `Line ${line} of the checksums file ${how}.`, {
    hint: 'Restore the file as the signing run wrote it.',
  });
}
