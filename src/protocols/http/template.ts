import { percentEncode } from '../../files/names.ts';
import { type GapContext, lookAround, type Place } from './gap-context.ts';

const CONTENT_PLACEHOLDERS = ['digest', 'digest:hex', 'digest:base64', 'file', 'file:base64'] as const;

/** What a message may hold in braces: values that are filled in for each file. */
export const PLACEHOLDERS = [...CONTENT_PLACEHOLDERS, 'name', 'key', 'token'] as const;

/** One of {@link PLACEHOLDERS}, without its braces. */
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** A placeholder where it stands. */
export interface Gap extends GapContext {
  readonly placeholder: Placeholder;
}

/** Text with gaps: literal pieces and placeholders in their order. */
export type Template = readonly (string | Gap)[];

/** The placeholders that carry what is to be signed. */
export const CONTENT: ReadonlySet<Placeholder> = new Set(CONTENT_PLACEHOLDERS);

/** A name in braces; an object in JSON never looks like that, because its member names stand in quotes. */
const IN_BRACES = /\{([A-Za-z][\w-]*(?::[\w-]+)?)\}/g;

/** Text that was split at its placeholders. */
interface ParsedTemplate {
  readonly template: Template;
  /** Names in braces that are no placeholder, with their braces. */
  readonly unknown: readonly string[];
  /** Placeholders in two pairs of braces, as other template languages write them, with one pair. */
  readonly doubled: readonly string[];
}

/** Splits text at its placeholders; `place` is where the text stands. */
export function parseTemplate(text: string, place: Place): ParsedTemplate {
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

/** Fills a template with text; `fill` is asked for each placeholder, and its value is escaped as the place demands. */
export function fillTemplate(template: Template, place: Place, fill: (placeholder: Placeholder) => string): string {
  return template
    .map((part) => (typeof part === 'string' ? part : escapeFor(place, part, fill(part.placeholder))))
    .join('');
}

/**
 * Escapes a value so that it cannot end the place that it stands in.
 *
 * A header value keeps printable ASCII and is percent-encoded otherwise. A text body takes the value as it is. In both, a
 * value between quotes, such as the name of a file in a multipart body, has no such quote and no backslash; the name of a
 * file is percent-encoded directly behind `=`, and in a header also when it holds what could begin another value there. With other
 * text than a path beside it, such as XML in a string of JSON, a name that could divide that text is percent-encoded first.
 * @throws RangeError for a value that {@link canHold} says no to
 */
export function escapeFor(place: Place, gap: Gap, given: string): string {
  if (!canHold(place, given)) throw new RangeError(`The value has a character that ${place} cannot carry.`);
  const { placeholder, within, strings, names } = gap;
  const isPlain = placeholder !== 'name' || names.every((rule) => rule.test(given));
  const value = isPlain ? given : percentEncode(given);
  // The author of a file chooses its name; tokens and digests may hold `=` and must stay as they are.
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

/** Control characters and the line ends of Unicode could begin another part of a text; XML has no way to write the former. */
const UNWRITABLE: Partial<Record<Place, RegExp>> = {
  text: /[\p{Cc}\p{Zl}\p{Zp}]/u,
  xml: /[\p{Cc}\uFFFE\uFFFF]/u,
};

/** Tells whether a value can be written in a place at all. */
export function canHold(place: Place, value: string): boolean {
  return !UNWRITABLE[place]?.test(value);
}

/** A text in a string of a text in a string is escaped once for each of them. */
function escapeForJson(value: string, strings: number): string {
  const once = JSON.stringify(value).slice(1, -1);
  return strings > 1 ? escapeForJson(once, strings - 1) : once;
}

/** As browsers do in multipart bodies; the backslash goes too, because some readers take it for an escape of the closing quote. */
function encodeQuotes(value: string, within: 'quotes' | 'apostrophes'): string {
  const safe = value.replaceAll('\\', '%5C');
  return within === 'quotes' ? safe.replaceAll('"', '%22') : safe.replaceAll("'", '%27');
}
