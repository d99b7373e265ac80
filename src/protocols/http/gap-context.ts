/** Where in a request a template stands; decides how values are escaped. */
export type Place = 'target' | 'header' | 'json' | 'form' | 'xml' | 'text';

/** What a placeholder stands in. */
export interface GapContext {
  /**
   * `quotes`: between double quotes that began in the same line; outside of these, `apostrophes`: between two of them, `value`:
   * directly behind `=`, or behind the `''` of RFC 8187 as in `filename*=UTF-8''{name}`.
   */
  readonly within?: 'quotes' | 'apostrophes' | 'value' | undefined;
  /** In how many strings of JSON the placeholder stands: 2 in a string of a text that is itself in a string. */
  readonly strings: number;
  /** What the name of a file must look like, or else be percent-encoded first: the text around may have a structure of its own. */
  readonly names: readonly RegExp[];
}

/** Says what a placeholder stands in, by the text of its part of the message on either side. */
export function lookAround(place: Place, before: string, after: string): GapContext {
  const levels = stringsAround(before, after);
  const within = quotesAround(before, after);
  return { within, strings: levels.length, names: namesBeside(place, { before, after, levels, within }) };
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
  // Quotes behind the first one are escaped: they belong to the string that is open.
  const [raw = ''] = /^(?:[^"\\]|\\.)*/s.exec(after) ?? [];
  const level = { before: unescapeJson(open.slice(quote + 1)), after: unescapeJson(raw) };
  // No JSON: the text stands in a body of another kind.
  if (level.before === undefined || level.after === undefined) return [{ before: open.slice(quote + 1), after: raw }];
  return [{ before: level.before, after: level.after }, ...stringsAround(level.before, level.after)];
}

function unescapeJson(text: string): string | undefined {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return undefined;
  }
}

interface Sides extends Level, Pick<GapContext, 'within'> {
  readonly levels: readonly Level[];
}

const WORD = /^[\p{L}\p{M}\p{N}._~/@-]*$/u;
/** A name with no character that divides a text in any language, unless that text is divided by blanks. */
const WORDS = /^[\p{L}\p{M}\p{N} ._~/@-]*$/u;
/** Some languages write a quote within quotes twice, others with a backslash. */
const UNQUOTED = /^[^"\\\p{Cc}]*$/u;
/** What divides a text also where quotes in it are escaped. */
const TAGS_OR_FORM = /[<&]/;

/** Lists what a name must look like in a text that the escapes of its place do not protect, because it may have a structure of its own. */
function namesBeside(place: Place, { before, after, levels, within }: Sides): readonly RegExp[] {
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
      return namesIn(xmlAround(before, after));
    case 'header':
    case 'text':
      // Escaped as a whole, or without a quote.
      if (within === 'value' || within === 'apostrophes') return [];
      if (within === 'quotes') return namesIn(quotedAround(before, after));
      return place === 'header' ? namesIn({ before, after }) : namesInLine(before, after);
  }
}

/** A path or a part of a word beside a placeholder, as in `dist/{name}`, has no structure; any other text may have one. */
function namesIn(level: Level): readonly RegExp[] {
  const [before, after] = [literal(level.before), literal(level.after)];
  if (WORD.test(before.trimStart() + after.trimEnd()) || (before + after).trim() === '') return [];
  const isAmongWords = /[\p{L}\p{N}]\s+$/u.test(before) || /^\s+[\p{L}\p{N}-]/u.test(after);
  return [isAmongWords ? WORD : WORDS];
}

/** A name that is alone in its line may still begin an element, or a line of its own in a text of lines; a part of a multipart body has one line. */
function namesInLine(before: string, after: string): readonly RegExp[] {
  const rules = namesIn(lineAround(before, after));
  if (rules.length > 0) return rules;
  if (before.startsWith('--')) return has(/<[\w!?/]/, { before, after }) ? [WORDS] : [];
  return WORD.test(literal(before + after).replace(/\s/g, '')) ? [] : [WORDS];
}

/** Leaves the other placeholders out. */
function literal(text: string): string {
  return text.replace(/\{[a-z]+(?::[a-z\d]+)?\}/g, '');
}

/** Tells whether the quote before a placeholder begins a field of a list such as CSV, in which a quote is written twice. */
function isField({ before, after }: Level): boolean {
  const outside = before.replace(/"(?:[^"\\]|\\.)*"/gs, '').replace(/"[^"]*$/s, '');
  return /(?:^|[,;\t\n]) *$/.test(outside) && !isJson(`${before}${after}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function has(pattern: RegExp, { before, after }: Level): boolean {
  return pattern.test(before) || pattern.test(after);
}

/** Returns what is beside a placeholder between the quotes around it. */
function quotedAround(before: string, after: string): Level {
  return { before: before.slice(before.lastIndexOf('"') + 1), after: after.split('"', 1)[0] ?? '' };
}

function lineAround(before: string, after: string): Level {
  return { before: before.slice(before.lastIndexOf('\n') + 1), after: after.split('\n', 1)[0] ?? '' };
}

/** Returns what is beside a placeholder in the value of its parameter, decoded; nothing in a path, which servers divide first. */
function parameterAround(place: 'target' | 'form', before: string, after: string): Level {
  if (place === 'target' && !before.includes('?')) return { before: '', after: '' };
  const parameter = before.slice(Math.max(before.lastIndexOf('&'), before.lastIndexOf('?')) + 1);
  const value = parameter.slice(parameter.indexOf('=') + 1);
  return { before: decode(value), after: decode(after.split('&', 1)[0] ?? '') };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns what is beside a placeholder in its text of XML, or in the value of its attribute. */
function xmlAround(before: string, after: string): Level {
  const [opened, closed] = [before.lastIndexOf('<'), before.lastIndexOf('>')];
  if (opened <= closed) return { before: before.slice(closed + 1), after: after.split('<', 1)[0] ?? '' };
  const tag = before.slice(opened).replace(/"[^"]*"|'[^']*'/g, '');
  const quote = tag.search(/["']/);
  return { before: tag.slice(quote + 1), after: after.split(tag[quote] ?? '>', 1)[0] ?? '' };
}
