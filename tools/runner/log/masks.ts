/** White space as .NET trims it: unlike `trim` in JavaScript, it includes NEL but not the byte order mark. */
export const BLANKS = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const OUTER_BLANKS = new RegExp(`^${BLANKS}|${BLANKS}$`, 'g');

/** Removes white space at both ends as .NET does. */
export function trimBlanks(text: string): string {
  return text.replace(OUTER_BLANKS, '');
}

/**
 * The values that a log must not show, with the encodings that GitHub's runner also recognises.
 *
 * A value is masked as a whole and line by line, without a minimum length: a one-letter secret masks that letter
 * everywhere.
 */
export class Masks {
  readonly #values = new Set<string>();
  readonly #forms = new Set<string>();

  /** Adds a secret of the workflow: the whole trimmed text and each trimmed line. */
  addSecret(secret: string): void {
    this.add(trimBlanks(secret));
  }

  /** Adds a value of `::add-mask::`: the unchanged text and each of its trimmed lines. */
  add(value: string): void {
    this.#addValue(value);
    for (const line of value.split(/[\r\n]+/)) this.#addValue(trimBlanks(line));
  }

  /** Every value added so far, without the encodings derived from it. */
  get values(): readonly string[] {
    return [...this.#values];
  }

  /** Replaces every occurrence of a value or of one of its encodings by `***`; overlapping ones become one. */
  mask(text: string): string {
    const ranges = this.#rangesIn(text);
    let result = '';
    let end = 0;
    for (const range of merge(ranges)) {
      result += `${text.slice(end, range.start)}***`;
      end = range.end;
    }
    return result + text.slice(end);
  }

  /** Tells whether a text contains a masked value; the runner drops such a job output. */
  occursIn(text: string): boolean {
    return this.#rangesIn(text).length > 0;
  }

  #addValue(value: string): void {
    if (value === '' || this.#values.has(value)) return;
    this.#values.add(value);
    for (const form of formsOf(value)) if (form !== '') this.#forms.add(form);
  }

  #rangesIn(text: string): Range[] {
    const ranges: Range[] = [];
    for (const form of this.#forms) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
        ranges.push({ start: at, end: at + form.length });
      }
    }
    return ranges;
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && range.start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** Returns the forms of a value that the runner masks: unchanged, and from its eleven encoders in order. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [
    value,
    bytes.toString('base64'),
    ...[1, 2].map((shift) => (bytes.length > shift ? bytes.subarray(shift) : bytes).toString('base64')),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    escapeJson(value),
    escapeUri(value),
    escapeXml(value),
    value.length > 8 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : '',
    ...powerShellParts(value).filter((part) => part.length >= 6),
  ];
}

/**
 * Returns the two parts of a value with `&` that PowerShell prints separately when the value fails as a command.
 *
 * PowerShell cuts at the first `&+` and colours the next character, which is then in neither part; otherwise at the
 * last `&`.
 */
function powerShellParts(value: string): string[] {
  const plus = value.indexOf('&+');
  if (plus >= 0) return [value.slice(0, plus + 2), value.slice(plus + 3)];
  const last = value.lastIndexOf('&');
  return last >= 0 ? [value.slice(0, last + 1), value.slice(last + 1)] : [];
}

function escapeJson(value: string): string {
  const special: Readonly<Record<string, string>> = {
    '\u0085': '\\u0085',
    '\u2028': '\\u2028',
    '\u2029': '\\u2029',
  };
  return JSON.stringify(value)
    .slice(1, -1)
    .replace(/[\u0085\u2028\u2029]/g, (character) => special[character] ?? character);
}

function escapeUri(value: string): string {
  // A lone surrogate would make encodeURIComponent throw.
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function escapeXml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}
