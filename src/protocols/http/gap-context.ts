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
  /** The text around has a structure of its own, such as XML in a string of JSON. */
  readonly isNested: boolean;
}

/** Says what a placeholder stands in, by the text of its part of the message on either side. */
export function lookAround(place: Place, before: string, after: string): GapContext {
  const levels = stringsAround(before, after);
  const within = quotesAround(before, after);
  return { within, strings: levels.length, isNested: isNested(place, { before, after, levels, within }) };
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

/** Characters by which texts of other languages are divided: XML, forms, lists, JSON, YAML. */
const STRUCTURE = /[<>&=,;|"{}\n]/;
/** What divides a text also where quotes in it are escaped. */
const TAGS_OR_FORM = /[<&]/;

/** Tells whether a placeholder stands in a text with a structure of its own, which the escapes of its place do not protect. */
function isNested(place: Place, { before, after, levels, within }: Sides): boolean {
  switch (place) {
    case 'json': {
      const inner = levels.at(-1);
      return (
        levels.slice(0, -1).some((each) => has(TAGS_OR_FORM, each)) || (inner !== undefined && has(STRUCTURE, inner))
      );
    }
    case 'target':
    case 'form':
      return has(STRUCTURE, parameterAround(place, before, after));
    case 'xml':
      return has(STRUCTURE, xmlAround(before, after));
    case 'text':
      return within === undefined && (has(STRUCTURE, lineAround(before, after)) || has(/<[\w!?/]/, { before, after }));
    case 'header':
      return within === undefined && has(/[<>&=|]/, { before, after });
  }
}

function has(pattern: RegExp, { before, after }: Level): boolean {
  return pattern.test(before) || pattern.test(after);
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
