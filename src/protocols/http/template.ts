import { percentEncode } from '../../files/names.ts';

/** What a message may hold in braces: values that are filled in for each file. */
export const PLACEHOLDERS = [
  'digest',
  'digest:hex',
  'digest:base64',
  'file',
  'file:base64',
  'name',
  'key',
  'token',
] as const;

/** One of {@link PLACEHOLDERS}, without its braces. */
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** A placeholder where it stands. */
export interface Gap {
  readonly placeholder: Placeholder;
  /** `quotes`: between double quotes that began in the same line; `value`: outside such quotes, directly behind `=`. */
  readonly within?: 'quotes' | 'value';
}

/** Text with gaps: literal pieces and placeholders in their order. */
export type Template = readonly (string | Gap)[];

/** Where in a request a template stands; decides how values are escaped. */
export type Place = 'target' | 'header' | 'json' | 'form' | 'xml' | 'text';

/** The placeholders that carry what is to be signed. */
export const CONTENT: ReadonlySet<Placeholder> = new Set([
  'digest',
  'digest:hex',
  'digest:base64',
  'file',
  'file:base64',
]);

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

/** Splits text at its placeholders. */
export function parseTemplate(text: string): ParsedTemplate {
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
    const line = text.slice(text.lastIndexOf('\n', match.index) + 1, match.index);
    if (line.split('"').length % 2 === 0) template.push({ placeholder, within: 'quotes' });
    else template.push(line.endsWith('=') ? { placeholder, within: 'value' } : { placeholder });
    end = match.index + match[0].length;
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
 * value between double quotes, such as the name of a file in a multipart body, has no quote and no backslash; the name of a
 * file is percent-encoded directly behind `=`, and in a header also when it holds what could begin another value there.
 * @throws RangeError for line breaks and other control characters in a text or XML body, which could begin another part of it
 */
export function escapeFor(place: Place, { placeholder, within }: Gap, value: string): string {
  // Only names come from whoever made the files; tokens and digests may hold `=` and must stay as they are.
  const isBareName = placeholder === 'name' && within === 'value';
  switch (place) {
    case 'target':
    case 'form':
      return percentEncode(value);
    case 'header':
      if (!/^(?! )[\x20-\x7E]*(?<! )$/.test(value)) return percentEncode(value);
      if (within === 'quotes') return encodeQuotes(value);
      return isBareName || (placeholder === 'name' && /[",;\\]/.test(value)) ? percentEncode(value) : value;
    case 'json':
      return JSON.stringify(value).slice(1, -1);
    case 'xml':
      return withoutControls(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    case 'text':
      if (within === 'quotes') return encodeQuotes(withoutControls(value));
      return isBareName ? percentEncode(withoutControls(value)) : withoutControls(value);
  }
}

/** As browsers do in multipart bodies; the backslash goes too, because some readers take it for an escape of the closing quote. */
function encodeQuotes(value: string): string {
  return value.replaceAll('"', '%22').replaceAll('\\', '%5C');
}

function withoutControls(value: string): string {
  if (/\p{Cc}/u.test(value)) throw new RangeError('control characters');
  return value;
}
