import { isAbsolute, relative, sep } from 'node:path';
import { ActionError } from '../../errors.ts';
import { show } from '../names.ts';
import { findRealPath, isSamePlace, isWithin } from '../real-path.ts';

/** One line of the input `files`, relative to the root directory. */
export interface Pattern {
  /** As the user wrote it. */
  readonly text: string;
  /** Relative to the root, segments divided by `/`; `.` is the root itself. */
  readonly glob: string;
  readonly excludes: boolean;
}

/** Reads the lines of `files` that are neither blank nor comments; throws `PATTERN_INVALID` for all invalid ones. */
export function readPatterns(text: string, root: string): Pattern[] {
  const problems: string[] = [];
  const patterns: Pattern[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const pattern = readPattern(trimmed, root);
    if (typeof pattern === 'string') problems.push(`“${show(trimmed)}” ${pattern}`);
    else patterns.push(pattern);
  }
  const [first] = patterns;
  if (problems.length === 0 && patterns.every((pattern) => pattern.excludes)) {
    problems.push(
      first === undefined
        ? 'it holds no pattern'
        : `“${show(first.text)}” only excludes: at least one pattern must include files`,
    );
  }
  if (problems.length === 0) return patterns;
  throw new ActionError('PATTERN_INVALID', `Input files: ${problems.join('; ')}.`, {
    hint: 'Give one pattern per line, relative to root: dist/**, or *.zip. A line that starts with ! excludes.',
  });
}

/** Longest pattern that minimatch accepts. */
const MAX_CHARACTERS = 65_536;
/** No file system takes a name of more than 255 characters; each may be a set. */
const MAX_IN_NAME = 4096;

/** Returns the pattern, or a description of what is wrong with the line. */
function readPattern(text: string, root: string): Pattern | string {
  const unmarked = text.replace(/^[!\s]+/, '');
  const excludes = text.slice(0, text.length - unmarked.length).split('!').length % 2 === 0;
  const body = withoutNamespace(unmarked);
  if (body === '') return 'excludes nothing: a pattern must follow the !';
  if (/^~(?:[/\\]|$)/.test(body)) return 'starts with ~: give a path relative to root';
  if (sep === '\\' && /^[a-z]:(?![/\\])/i.test(body)) return 'names a drive without a slash after it';
  const inside = isAbsolute(body) ? relativeGlob(body, root) : body;
  if (inside === undefined) {
    const drive = /^\/([a-z])(?=\/)/i.exec(body)?.[1];
    const way =
      drive === undefined
        ? ''
        : `: in Git Bash such a path means ${drive.toUpperCase()}:\\, in this action it does not`;
    return `lies outside root${way}`;
  }
  const segments = normaliseSeparators(inside).split('/');
  if (segments.some(({ length }) => length > MAX_IN_NAME)) return `holds a name of more than ${MAX_IN_NAME} characters`;
  // In a set or escaped, these characters are literal.
  if (/\{[^/]*\}|,/.test(inside.replace(sep === '\\' ? LITERALS_ON_WINDOWS : LITERALS, ''))) {
    return 'uses braces or commas: give each alternative a line of its own ([,] matches a comma)';
  }
  if (segments.includes('..')) return 'holds “..”: patterns cannot leave root';
  const trailing = segments.at(-1) === '' ? '/' : '';
  const kept = segments.filter((segment) => segment !== '' && segment !== '.').join('/');
  // Makes an open bracket literal; otherwise minimatch searches for the end of each one again.
  const glob = kept.replace(sep === '\\' ? OPEN_ON_WINDOWS : OPEN, (part) => (part === '[' ? '[[]' : part));
  if (glob.length > MAX_CHARACTERS) return `is longer than ${MAX_CHARACTERS} characters`;
  return { text, glob: glob === '' ? '.' : glob + trailing, excludes };
}

const LITERALS = /\\.|\[[^\]/]+\]/g;
const LITERALS_ON_WINDOWS = /\[[^\]/]+\]/g;
const OPEN = /\\.|\[(?!(?:\\.|[^\]/\\])*\])/g;
const OPEN_ON_WINDOWS = /\[(?![^\]/]*\])/g;

/** Windows has other spellings of a path on a drive, `\\\\?\\D:\\a`, and of one on a share, `\\\\?\\UNC\\server\\share`. */
function withoutNamespace(body: string): string {
  if (sep !== '\\') return body;
  return body.replace(/^[/\\]{2}[?.][/\\](?=[a-z]:)/i, '').replace(/^[/\\]{2}[?.][/\\]UNC(?=[/\\])/i, '\\');
}

function normaliseSeparators(path: string): string {
  return sep === '\\' ? path.replaceAll('\\', '/') : path;
}

function relativeGlob(body: string, root: string): string | undefined {
  const trailing = normaliseSeparators(body).endsWith('/') ? '/' : '';
  if (!isWithin(root, body)) return resolvedGlob(body, root);
  return relative(root, body) + trailing;
}

/** Reads a pattern that spells the root differently, such as with its links resolved. */
function resolvedGlob(body: string, root: string): string | undefined {
  const real = findRealPath(root).path;
  const segments = normaliseSeparators(body).split('/');
  for (let depth = 1; real !== undefined && depth <= segments.length; depth++) {
    // The first segment is empty or a drive, which needs the slash.
    const above = findRealPath(`${segments.slice(0, depth).join('/')}/`).path;
    if (above === undefined) return undefined;
    if (isSamePlace(above, real)) return segments.slice(depth).join('/');
  }
  return undefined;
}

/** Returns a pattern that matches only this path, relative to the root, except that a line end becomes `?`. */
export function escapePath(path: string): string {
  const escaped = path.replace(/[[*?{},]|\s$/g, '[$&]').replace(/[\n\r]/g, '?');
  return (sep === '\\' ? escaped : escaped.replaceAll('\\', '\\\\')).replace(/^(?=[!#~\s])/, './');
}

/** Returns the pattern with each set, such as `[id]`, taken literally; `undefined` when the pattern has no set. */
export function takeSetsLiterally({ text, glob, excludes }: Pattern): Pattern | undefined {
  const literals = sep === '\\' ? LITERALS_ON_WINDOWS : LITERALS;
  // Shorter parts are an escaped character, or a set of one.
  const taken = glob.replace(literals, (part) => (part.length > 3 ? `[[]${part.slice(1)}` : part));
  return taken === glob ? undefined : { text, glob: taken, excludes };
}
