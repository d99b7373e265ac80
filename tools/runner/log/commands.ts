import { BLANKS, trimBlanks } from './masks.ts';

/** A workflow command found in one line of output. */
export interface Command {
  /** Name in lower case, because the runner ignores case. */
  readonly name: string;
  /** Which of the two notations the line used. */
  readonly form: '::' | '##[';
  /** Properties, with keys in lower case for the same reason. */
  readonly properties: Readonly<Record<string, string>>;
  /** The unescaped text after the command. */
  readonly data: string;
  /** The whole line as the process printed it. */
  readonly line: string;
}

/** Tells whether a lower-cased name is a command; names that are not registered are plain output to the runner. */
type IsCommand = (name: string) => boolean;

/** The names that GitHub's runner registers; `stop-commands` adds its token while it holds. */
export const COMMAND_NAMES = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
] as const;

/** One of {@link COMMAND_NAMES}. */
export type CommandName = (typeof COMMAND_NAMES)[number];

/** Tells whether a lower-cased name is one that the runner registers. */
export function isCommandName(name: string): name is CommandName {
  return COMMAND_NAMES.some((known) => known === name);
}

const LEADING_BLANKS = new RegExp(`^${BLANKS}`);

/** Escapes with their meaning, in the order in which the runner replaces them; `%25` is last, so that nothing is unescaped twice. */
type Escapes = Readonly<Record<string, string>>;
const DATA: Escapes = { '%0D': '\r', '%0A': '\n', '%25': '%' };
const PROPERTY: Escapes = { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' };
const BRACKET_TEXT: Escapes = { '%3B': ';', '%0D': '\r', '%0A': '\n', '%5D': ']', '%25': '%' };

/** Differences between the notations after the command's two ends are found. */
interface Notation {
  readonly form: Command['form'];
  readonly separator: ',' | ';';
  readonly property: Escapes;
  readonly data: Escapes;
}
const COLONS: Notation = { form: '::', separator: ',', property: PROPERTY, data: DATA };
const BRACKET: Notation = { form: '##[', separator: ';', property: BRACKET_TEXT, data: BRACKET_TEXT };

/**
 * Parses `::name key=value,key=value::data`, which is valid only at the start of a line, after blanks.
 *
 * The escapes are `%0D %0A %25` in data, and also `%3A %2C` in property values.
 */
export function parseColonCommand(line: string, isCommand: IsCommand = isCommandName): Command | undefined {
  const text = line.replace(LEADING_BLANKS, '');
  if (!text.startsWith('::')) return undefined;
  const end = text.indexOf('::', 2);
  if (end < 0) return undefined;
  return build({ line, notation: COLONS, head: text.slice(2, end), tail: text.slice(end + 2) }, isCommand);
}

/**
 * Parses `##[name key=value;key=value]data`, which is valid **anywhere** in a line; only the first `##[` is examined.
 *
 * The escapes are `%3B %0D %0A %5D %25`, in data and in property values.
 */
export function parseBracketCommand(line: string, isCommand: IsCommand = isCommandName): Command | undefined {
  const start = line.indexOf('##[');
  if (start < 0) return undefined;
  const end = line.indexOf(']', start);
  if (end < 0) return undefined;
  return build({ line, notation: BRACKET, head: line.slice(start + 3, end), tail: line.slice(end + 1) }, isCommand);
}

/**
 * Parses a line as GitHub's runner does: first the colon notation, then the bracket notation.
 *
 * The runner searches for `::` and `##[` with a culture comparison, which ignores some characters. It then cuts the
 * line as if those characters were absent, which breaks most such commands. Here all of them are valid, so that no test
 * of hostile text passes by accident.
 */
export function parseCommand(line: string, isCommand: IsCommand = isCommandName): Command | undefined {
  const exact = parseColonCommand(line, isCommand) ?? parseBracketCommand(line, isCommand);
  const weighty = exact === undefined ? withoutWeightless(line) : line;
  if (weighty === line) return exact;
  const loose = parseColonCommand(weighty, isCommand) ?? parseBracketCommand(weighty, isCommand);
  return loose === undefined ? undefined : { ...loose, line };
}

const { compare } = new Intl.Collator('en');

/** Removes characters that ICU's collation, which .NET uses, ignores: zero-width blanks, soft hyphens, tatweels. */
function withoutWeightless(line: string): string {
  return line.replaceAll(/[^\t -~]/gu, (character) => (compare(`:${character}:`, '::') === 0 ? '' : character));
}

interface Parts {
  readonly line: string;
  readonly notation: Notation;
  readonly head: string;
  readonly tail: string;
}

function build(parts: Parts, isCommand: IsCommand): Command | undefined {
  const { head, notation } = parts;
  const space = head.indexOf(' ');
  const name = (space < 0 ? head : head.slice(0, space)).toLowerCase();
  if (!isCommand(name)) return undefined;
  const properties = space > 0 ? parseProperties(head.slice(space + 1), notation) : {};
  return { name, form: notation.form, properties, data: decode(parts.tail, notation.data), line: parts.line };
}

function parseProperties(text: string, notation: Notation): Record<string, string> {
  const properties: Record<string, string> = {};
  // Only the colon notation trims the list as a whole; neither trims a single pair.
  const list = notation.form === '::' ? trimBlanks(text) : text;
  for (const pair of list.split(notation.separator)) {
    const [key, value] = splitPair(pair);
    if (key !== '' && value !== '') properties[key.toLowerCase()] = decode(value, notation.property);
  }
  return properties;
}

/** The runner splits at runs of `=`, so that `a==b` is `b`, and drops a pair without a value. */
function splitPair(pair: string): readonly [key: string, value: string] {
  const parts = /^=*([^=]+)=+(.*)$/s.exec(pair);
  return [parts?.[1] ?? '', parts?.[2] ?? ''];
}

function decode(text: string, escapes: Escapes): string {
  return Object.entries(escapes).reduce((result, [code, token]) => result.replaceAll(code, token), text);
}
