import { escapeHtml, percentEncode } from '../files/names.ts';
import { Pieces } from './pieces.ts';
import { original, type Spelling, without, withoutBytes, withoutEscapes } from './spellings.ts';

/** Replacement for a secret. */
const STARS = '***';
/** Shortest secret with encoded forms; shorter forms would hide unrelated text. */
const MIN_ENCODED_LENGTH = 8;
/** Longest escaped form of a character, in characters. */
const MAX_ESCAPED = 32;

/** The secrets of a run, in every form in which a text may contain them. */
export class Masks {
  readonly #forms = new Set<string>();
  /** Forms in hex and base64, which may be split by line ends or colons. */
  readonly #encoded = new Set<string>();
  readonly #pieces = new Pieces();
  /** Forms that are too long to occur in a text by chance, by their first characters. */
  readonly #byBeginning = new Map<string, string[]>();
  /** Marks the hashes of the first units of these forms, which rules out nearly every place of a text. */
  readonly #beginnings = new Uint8Array(2 ** 16);
  #longest = 0;

  /** Adds a secret; returns the forms that the runner must mask, none for a known secret. */
  add(secret: string): readonly string[] {
    if (secret.trim() === '' || this.#forms.has(secret)) return [];
    const encoded = secret.length < MIN_ENCODED_LENGTH ? [] : encodedForms(Buffer.from(secret));
    // PowerShell and Windows use UTF-16.
    const wide = encoded.length === 0 ? [] : encodedForms(Buffer.from(secret, 'utf16le'));
    for (const form of [...encoded, ...wide]) this.#encoded.add(form);
    for (const form of [secret, ...escapedForms(secret), ...encoded, ...wide]) {
      this.#forms.add(form);
      if (form.length >= MIN_ENCODED_LENGTH) this.#index(form);
      this.#longest = Math.max(this.#longest, form.length);
    }
    this.#pieces.add(secret, [...encoded, ...wide]);
    return [...new Set([secret, percentEncode(secret), ...encoded, ...this.#addLines(secret)])];
  }

  /** Adds each line of a secret, because a text may repeat a single line; PEM marker lines are not secret. */
  #addLines(secret: string): readonly string[] {
    const lines = secret.split(/[\r\n]/).map((line) => line.trim());
    const wanted = lines.filter((line) => line.length >= MIN_ENCODED_LENGTH && !line.startsWith('-----'));
    return wanted.flatMap((line) => this.add(line));
  }

  /** Replaces every form of every secret by `***`. */
  scrub(text: string): string {
    return replaceAll(text, findAll(text, this.#forms), text.length);
  }

  /**
   * Does the same in a foreign text, which may spell a secret differently: partly or fully escaped for HTML, JSON or
   * URLs, as base64 or hex in lines or groups, as a list of bytes, in another case or character set, with other blanks,
   * or only in part. Cuts the text after `maxLength` characters of the original.
   *
   * The cut comes last, so that a secret that starts before it is replaced completely.
   */
  scrubForeign(text: string, maxLength = Number.POSITIVE_INFINITY): string {
    // A secret that starts after the cut need not be found.
    const searched = text.slice(0, maxLength + MAX_ESCAPED * this.#longest);
    const asItIs = original(searched);
    const levels = withoutEscapes(searched);
    const readings = [
      ...levels,
      ...[asItIs, ...levels].flatMap(withoutBytes),
      ...withoutAdditions([asItIs, ...levels]),
    ];
    const joined = without(levels.at(-1) ?? asItIs, /\s/g);
    const found = [
      findAll(searched, this.#forms),
      ...readings.map((reading) => findSpelled(reading, this.#forms)),
      ...[asItIs, ...readings].flatMap((reading) => this.#pieces.find(reading)),
      findSpelled(joined, this.#encoded),
      findSpelled(without(joined, /:/g), this.#encoded),
    ];
    return replaceAll(searched, found.flat().sort(byStart), maxLength);
  }

  /** Replaces only forms that are too long to occur in a number or word by chance; for outputs. */
  scrubValue(text: string): string {
    const forms = [...this.#forms].filter((form) => form.length >= MIN_ENCODED_LENGTH);
    return replaceAll(text, findAll(text, forms), text.length);
  }

  /** Tells whether a text contains a secret in any spelling that is too long to occur by chance. */
  isIn(text: string): boolean {
    if (this.#holds(text)) return true;
    // A signature in base64 or hex has no escapes.
    if (!/[^\w+/=-]/.test(text)) return false;
    const levels = withoutEscapes(text);
    const joined = without(levels.at(-1) ?? original(text), /[\s:]/g);
    const spellings = [original(text), ...levels];
    const readings = [...spellings.flatMap(withoutBytes), ...withoutAdditions(spellings)];
    return [...levels, joined, ...readings].some((spelling) => this.#holds(spelling.text));
  }

  #index(form: string): void {
    this.#beginnings[hashAt(form, 0)] = 1;
    const beginning = form.slice(0, MIN_ENCODED_LENGTH);
    this.#byBeginning.set(beginning, [...(this.#byBeginning.get(beginning) ?? []), form]);
  }

  /** Searches for all forms in one pass: searching for hundreds of forms would take longer than writing a signature. */
  #holds(text: string): boolean {
    for (let at = 0; at + MIN_ENCODED_LENGTH <= text.length; at++) {
      if (this.#beginnings[hashAt(text, at)] === 0) continue;
      const forms = this.#byBeginning.get(text.slice(at, at + MIN_ENCODED_LENGTH));
      if (forms?.some((form) => text.startsWith(form, at))) return true;
    }
    return false;
  }
}

/** Returns a hash below 2^16 of three consecutive units of a text. */
function hashAt(text: string, at: number): number {
  return ((text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2)) % 2 ** 16;
}

/** Start and end of a range in a text. */
type Range = readonly [start: number, end: number];

const byStart = ([a]: Range, [b]: Range): number => a - b;

/** Replaces ranges, which must be sorted by their start. */
function replaceAll(text: string, ranges: readonly Range[], maxLength: number): string {
  let result = '';
  let end = 0;
  for (const [from, to] of ranges) {
    if (from >= maxLength) break;
    if (from >= end) result += text.slice(end, from) + STARS;
    end = Math.max(end, to);
  }
  return result + text.slice(end, Math.max(end, Math.min(maxLength, text.length)));
}

/** Finds all forms in a text; returns ranges sorted by their start. */
function findAll(text: string, forms: Iterable<string>): Range[] {
  const found: Range[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
  }
  return found.sort(byStart);
}

/** Finds all forms in a decoded text; returns their ranges in the original. */
function findSpelled({ text, starts, ends }: Spelling, forms: Iterable<string>): Range[] {
  return findAll(text, forms).map(([from, to]) => [starts[from] ?? 0, ends[to - 1] ?? 0]);
}

/** Backslashes, which may be before any character, so that secrets have such a form too; tags and colours of a console. */
const ADDITIONS: readonly RegExp[] = [/\\/g, /<\/?[a-z][^<>]*>|\u001b\[[\d;]*[a-z]/gi];

/** Returns spellings without what may stand between any two characters. */
function withoutAdditions(spellings: readonly Spelling[]): Spelling[] {
  return spellings.flatMap((spelling) =>
    ADDITIONS.filter((pattern) => spelling.text.search(pattern) !== -1).map((pattern) => without(spelling, pattern)),
  );
}

/** Returns forms that differ from the secret in few characters, or in none. */
function escapedForms(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const unslashed = secret.replaceAll('\\', '');
  const percent = [encodeURIComponent(secret.toWellFormed()), percentEncode(secret)];
  return [
    json,
    json.replace(/[^\x20-\x7E]/g, escapeUnit),
    ...percent,
    ...percent.map((form) => form.replace(/%../g, (code) => code.toLowerCase())),
    ...percent.map((form) => form.replaceAll('%20', '+')),
    escapeHtml(secret),
    ...(unslashed.length < MIN_ENCODED_LENGTH ? [] : [unslashed]),
  ];
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Returns hex in both cases, and base64 in both alphabets for each of the three offsets of a secret in a longer text. */
function encodedForms(bytes: Buffer): readonly string[] {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    // Characters at either end also contain bits of the neighbouring text.
    return text.slice(Math.ceil((shift * 4) / 3), (shift + bytes.length) % 3 === 0 ? undefined : -1);
  });
  const whole = bytes.toString('base64').replaceAll('=', '');
  base64.push(whole);
  return [hex, hex.toUpperCase(), ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}
