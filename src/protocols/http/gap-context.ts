import { parseJson } from '../../json.ts';

/** Place of a template in a request, which decides how values are escaped. */
export type Place = 'target' | 'header' | 'json' | 'form' | 'xml' | 'text';

/** Matches a name in braces; a JSON object never looks like that, because its member names are quoted. */
export const IN_BRACES = /\{([A-Za-z][\w-]*(?::[\w-]+)?)\}/g;

/** Context of a placeholder. */
export interface GapContext {
  /**
   * `quotes`: between double quotes that start in the same line; otherwise, `apostrophes`: between two of them,
   * `value`: directly after `=`, or after the `''` of RFC 8187 as in `filename*=UTF-8''{name}`.
   */
  readonly within?: 'quotes' | 'apostrophes' | 'value' | undefined;
  /** Number of nested JSON strings around the placeholder: 2 in a string of a text that is itself a string. */
  readonly strings: number;
  /** A name that does not match all of these is percent-encoded first, as the text around may have a structure. */
  readonly names: readonly RegExp[];
}

/** Returns the context of a placeholder from the text before and after it in its part of the message. */
export function lookAround(place: Place, before: string, after: string): GapContext {
  const levels = stringsAround(before, after);
  const within = quotesAround(before, after);
  return { within, strings: levels.length, names: namesBeside(place, { before, after }, levels, within) };
}

function quotesAround(before: string, after: string): GapContext['within'] {
  const line = before.slice(before.lastIndexOf('\n') + 1);
  if (line.split('"').length % 2 === 0) return 'quotes';
  if (/=$|''$/.test(line)) return 'value';
  return line.endsWith("'") && after.startsWith("'") ? 'apostrophes' : undefined;
}

/** The text on either side of a placeholder within one string. */
interface Level {
  readonly before: string;
  readonly after: string;
}

/** Lists the strings that are open at a place, from the outermost: those of JSON, and those of JSON or the like in a string of JSON. */
function stringsAround(before: string, after: string): readonly Level[] {
  const open = before.replace(/"(?:[^"\\]|\\.)*"/gs, '');
  const quote = open.indexOf('"');
  if (quote === -1) return [];
  // Escaped quotes belong to the open string.
  const [raw = ''] = /^(?:[^"\\]|\\.)*/s.exec(after) ?? [];
  const level = { before: unescapeJson(open.slice(quote + 1)), after: unescapeJson(raw) };
  // The text is not JSON, but in another kind of body.
  if (level.before === undefined || level.after === undefined) return [{ before: open.slice(quote + 1), after: raw }];
  return [{ before: level.before, after: level.after }, ...stringsAround(level.before, level.after)];
}

function unescapeJson(text: string): string | undefined {
  const value = parseJson(`"${text}"`);
  return typeof value === 'string' ? value : undefined;
}

const WORD = /^[\p{L}\p{M}\p{N}._~/@-]*$/u;
/** Matches names without a character that divides a text in any language, except blanks. */
const WORDS = /^[\p{L}\p{M}\p{N} ._~/@-]*$/u;
/** Matches names without quotes and backslashes: some languages double a quote within quotes, others escape it. */
const UNQUOTED = /^[^"\\\p{Cc}]*$/u;
/** Matches characters that divide a text even if quotes are escaped. */
const TAGS_OR_FORM = /[<&]/;

/** Lists patterns for names in a text with its own structure, which the escapes of the place do not protect. */
function namesBeside(
  place: Place,
  { before, after }: Level,
  levels: readonly Level[],
  within: GapContext['within'],
): readonly RegExp[] {
  switch (place) {
    case 'json': {
      const outer = levels.slice(0, -1);
      const rules = [...levels.slice(-1).flatMap(namesIn), ...outer.filter(isField).map(() => UNQUOTED)];
      return outer.some((each) => has(TAGS_OR_FORM, each)) ? [WORDS, ...rules] : rules;
    }
    case 'target':
    case 'form':
      return namesIn(parameterAround(place, before, after));
    case 'xml':
      return namesIn(trimmed(xmlAround(before, after)));
    case 'header':
    case 'text':
      // The value is escaped completely, or has no quote.
      if (within === 'value' || within === 'apostrophes') return [];
      if (within === 'quotes') return namesIn(quotedAround(before, after));
      return place === 'header' ? namesIn({ before, after }) : namesInLine(before, after);
  }
}

/** Lists patterns for names by the neighbouring text: a path or part of a word (`dist/{name}`) has no structure. */
function namesIn(level: Level): readonly RegExp[] {
  const [before, after] = [mark(level.before), mark(level.after)];
  const rest = before + after;
  if (WORD.test(rest.replaceAll(GAP, ''))) return rest.includes(GAP) ? [ONE_LINE] : [];
  if (/[\r\n]/.test(rest)) return isAmongWords(lineAround(before, after)) ? [WORDS, WORD] : [WORDS];
  // The last one of several values may have blanks, as a name in a list of checksums has.
  if (LAST_VALUE.test(before.trimStart()) && PART.test(after.trimEnd())) return [ONE_LINE];
  return isAmongWords({ before, after }) ? [WORD] : [WORDS];
}

/** Stands for another placeholder. */
const GAP = '\uE000';
const PART = /^[\p{L}\p{M}\p{N}\uE000._~/@-]*$/u;
const LAST_VALUE = /^(?:\uE000\s+)*\*?[\p{L}\p{M}\p{N}._~/@-]*$/u;
/** Matches names that add no line and no field divided by a tab. */
const ONE_LINE = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u;

function mark(text: string): string {
  return text.replace(IN_BRACES, GAP);
}

/** Tells whether a name is one of several words or arguments in a line, so that a blank in it would divide it. */
function isAmongWords({ before, after }: Level): boolean {
  // What stands before a colon or a comma is a label, or another member of a list.
  const [near = ''] = before.split(/[:,;|]\s+/).slice(-1);
  if (/["'`([{<][\p{L}\p{N}\uE000._~/@-]*$/u.test(near)) return false;
  const isOption = /(?:^|\s)-\S*$/.test(near);
  const follows = /[^\s,;:|([{<]\s+\S*$/u.test(near);
  const isFollowed = /^[\p{L}\p{M}\p{N}\uE000._~/@-]*\s+[^\s,;:|)\]}>]/u.test(after);
  return isOption || follows || isFollowed;
}

/** Lists patterns for a name alone in its line, which may start an element or, in a text of lines, a new line. */
function namesInLine(before: string, after: string): readonly RegExp[] {
  const rules = namesIn(lineAround(before, after));
  if (rules.length > 0) return rules;
  if (before.startsWith('--')) return has(/<[\w!?/]/, { before, after }) ? [WORDS] : [];
  return WORD.test(literal(before + after).replace(/\s/g, '')) ? [] : [WORDS];
}

/** Removes the other placeholders. */
function literal(text: string): string {
  return text.replace(IN_BRACES, '');
}

/** Tells whether the quote before a placeholder starts a field of a list such as CSV, in which quotes are doubled. */
function isField({ before, after }: Level): boolean {
  const outside = before.replace(/"(?:[^"\\]|\\.)*"/gs, '').replace(/"[^"]*$/s, '');
  return /(?:^|[,;\t\n]) *$/.test(outside) && parseJson(`${before}${after}`) === undefined;
}

/** Removes white space that lays XML out; a name in XML has no control characters. */
function trimmed({ before, after }: Level): Level {
  return { before: before.trimStart(), after: after.trimEnd() };
}

function has(pattern: RegExp, { before, after }: Level): boolean {
  return pattern.test(before) || pattern.test(after);
}

/** Returns the text next to a placeholder within its quotes. */
function quotedAround(before: string, after: string): Level {
  return { before: before.slice(before.lastIndexOf('"') + 1), after: after.split('"', 1)[0] ?? '' };
}

function lineAround(before: string, after: string): Level {
  return { before: before.slice(before.lastIndexOf('\n') + 1), after: after.split(/\r?\n/, 1)[0] ?? '' };
}

/** Returns the decoded text next to a placeholder in the value of its parameter; empty in a path, which servers split first. */
function parameterAround(place: 'target' | 'form', before: string, after: string): Level {
  if (place === 'target' && !before.includes('?')) return { before: '', after: '' };
  const parameter = before.slice(Math.max(before.lastIndexOf('&'), before.lastIndexOf('?')) + 1);
  const value = parameter.slice(parameter.indexOf('=') + 1);
  return { before: decode(value), after: decode(after.split('&', 1)[0] ?? '') };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** Returns the text next to a placeholder in its XML text or attribute value. */
function xmlAround(before: string, after: string): Level {
  const [opened, closed] = [before.lastIndexOf('<'), before.lastIndexOf('>')];
  if (opened <= closed) return { before: before.slice(closed + 1), after: after.split('<', 1)[0] ?? '' };
  const tag = before.slice(opened).replace(/"[^"]*"|'[^']*'/g, '');
  const quote = tag.search(/["']/);
  return { before: tag.slice(quote + 1), after: after.split(tag[quote] ?? '>', 1)[0] ?? '' };
}
