import { percentEncode } from '../../files/names.ts';
import { type GapContext, IN_BRACES, lookAround, type Place } from './gap-context.ts';

const CONTENT_PLACEHOLDERS = ['digest', 'digest:hex', 'digest:base64', 'file', 'file:base64'] as const;

/** Placeholders of a message, which are filled in for each file. */
export const PLACEHOLDERS = [...CONTENT_PLACEHOLDERS, 'name', 'key', 'token'] as const;

/** One of {@link PLACEHOLDERS}, without its braces. */
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** A placeholder with its context. */
export interface Gap extends GapContext {
  readonly placeholder: Placeholder;
}

/** Literal texts and placeholders in their order. */
export type Template = readonly (string | Gap)[];

/** The placeholders for the content to sign. */
export const CONTENT: ReadonlySet<Placeholder> = new Set(CONTENT_PLACEHOLDERS);

/** Splits a text at its placeholders; lists other names in braces, and placeholders in double braces, with their braces. */
export function parseTemplate(text: string, place: Place) {
  const template: (string | Gap)[] = [];
  const [unknown, doubled]: [string[], string[]] = [[], []];
  let end = 0;
  for (const match of text.matchAll(IN_BRACES)) {
    const placeholder = PLACEHOLDERS.find((known) => known === match[1]);
    if (placeholder === undefined) {
      unknown.push(match[0]);
      continue;
    }
    if (match.index > end) template.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    template.push({ placeholder, ...lookAround(place, text.slice(0, match.index), text.slice(end)) });
    if (text[match.index - 1] === '{' && text[end] === '}') doubled.push(match[0]);
  }
  if (end < text.length) template.push(text.slice(end));
  return { template, unknown, doubled };
}

/** Lists the placeholders of a template, in their order. */
export function placeholdersOf(template: Template): readonly Placeholder[] {
  return template.flatMap((part) => (typeof part === 'string' ? [] : [part.placeholder]));
}

/** Fills a template; `fill` returns the value of each placeholder, which is escaped as the place requires. */
export function fillTemplate(template: Template, place: Place, fill: (placeholder: Placeholder) => string): string {
  return template
    .map((part) => (typeof part === 'string' ? part : escapeFor(place, part, fill(part.placeholder))))
    .join('');
}

/**
 * Escapes a value so that it cannot end its place.
 *
 * A header value keeps printable ASCII and is percent-encoded otherwise. A text body gets the unchanged value. In both,
 * a value between quotes, such as a file name in a multipart body, gets no such quote and no backslash. A file name is
 * percent-encoded directly after `=`, and in a header also if it could start another value there. Next to text other
 * than a path, such as XML in a JSON string, a name that could divide that text is percent-encoded first.
 * @throws RangeError for a value that {@link canHold} rejects
 */
export function escapeFor(place: Place, gap: Gap, given: string): string {
  if (!canHold(place, given)) throw new RangeError(`The value has a character that ${place} cannot carry.`);
  const { placeholder, within, strings, names } = gap;
  const isPlain = placeholder !== 'name' || names.every((rule) => rule.test(given));
  const value = isPlain ? given : percentEncode(given);
  // Only names are encoded, because the author of a file chooses its name; tokens and digests may contain `=` and must
  // stay unchanged.
  const isBareName = placeholder === 'name' && within === 'value';
  switch (place) {
    case 'target':
    case 'form':
      return percentEncode(value);
    case 'header':
      if (!/^(?! )[\x20-\x7E]*(?<! )$/.test(value)) return percentEncode(value);
      if (within === 'quotes' || within === 'apostrophes') return encodeQuotes(value, within);
      return isBareName || (placeholder === 'name' && /[",;\\]/.test(value)) ? percentEncode(value) : value;
    case 'json':
      return escapeForJson(value, strings);
    case 'xml':
      return value.replace(/[&<>"'\p{Zl}\p{Zp}]/gu, (character) => `&#${character.charCodeAt(0)};`);
    case 'text':
      if (within === 'quotes' || within === 'apostrophes') return encodeQuotes(value, within);
      return isBareName ? percentEncode(value) : value;
  }
}

/** Control characters and Unicode line ends could start another part of a text; XML cannot express control characters. */
const UNWRITABLE: Partial<Record<Place, RegExp>> = {
  text: /[\p{Cc}\p{Zl}\p{Zp}]/u,
  xml: /[\p{Cc}\uFFFE\uFFFF]/u,
};

/** Tells whether a value can be written in a place. */
export function canHold(place: Place, value: string): boolean {
  return !UNWRITABLE[place]?.test(value);
}

/** Escapes a value once for each of its nested JSON strings. */
function escapeForJson(value: string, strings: number): string {
  const once = JSON.stringify(value).slice(1, -1);
  return strings > 1 ? escapeForJson(once, strings - 1) : once;
}

/** Encodes quotes as browsers do in multipart bodies, and backslashes, which could escape the closing quote. */
function encodeQuotes(value: string, within: 'quotes' | 'apostrophes'): string {
  const safe = value.replaceAll('\\', '%5C');
  return within === 'quotes' ? safe.replaceAll('"', '%22') : safe.replaceAll("'", '%27');
}
