/**
 * Characters that end a line, move a cursor, take no room or turn the direction of text round, and halves of surrogate
 * pairs. A variation selector after a symbol, which makes the symbol colourful, is not included.
 */
const UNSAFE =
  /(?!(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes any text safe for one line of the log, an annotation or an error.
 *
 * Escapes characters that could end the line, and text that GitHub's runner would take for a command: `##[` anywhere,
 * `::` at the start. The runner's comparison ignores some characters, so they are allowed before and between these.
 * Printable text of any language stays as it is. So does text that this function returned, because a line may contain
 * names that were escaped before. Two names look the same only when one spells out the escape of the other.
 */
export function show(text: string): string {
  return text
    .replace(UNSAFE, escapeCharacter)
    .replace(/(#[^ -~]*#[^ -~]*)\[/g, '$1\\x5b')
    .replace(/^((?:[^!-~])*):(?=[^ -~]*:)/, '$1\\x3a');
}

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * Makes any text safe inside Markdown and HTML, where it is displayed as {@link show} returns it.
 *
 * Every character that Markdown could act on becomes an entity. GitHub looks for mentions, issues and emoji names after
 * the entities are resolved: an empty comment after `@`, `#` and `:` prevents matches.
 */
export function escapeHtml(text: string): string {
  return show(text)
    .replace(/[^\p{L}\p{N} ,/()]|(?<=^| ) | $/gu, (character) => `&#${character.codePointAt(0) ?? 0};`)
    .replace(/&#(?:35|58|64);/g, '$&<!-- -->');
}

/** Compares two paths by their UTF-8 bytes, the order of the manifest on every system. */
export function compareBytewise(a: string, b: string): number {
  return isBeyond(a) && isBeyond(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : compareUnits(a, b);
}

/** UTF-16 and UTF-8 order differ only between surrogates and the characters above them. */
function isBeyond(path: string): boolean {
  return /[\uD800-\uFFFF]/.test(path);
}

function compareUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Sorts by path, bytewise, and returns the same array. */
export function sortByPath<Item extends { readonly path: string }>(items: Item[]): Item[] {
  // One look at each path costs less than two in each comparison.
  const compare = items.some(({ path }) => isBeyond(path)) ? compareBytewise : compareUnits;
  return items.sort((a, b) => compare(a.path, b.path));
}

/** Maps names to the same string when some file system takes them for one, ignoring case and Unicode composition. */
export function foldName(name: string): string {
  // Fast path for nearly all names, because this function runs for each name of a tree.
  if (PLAIN.test(name)) return name.toLowerCase();
  return name.normalize('NFC').toUpperCase().toLowerCase();
}

const PLAIN = /^[ -~]*$/;

/** Lists other spellings under which a file system that folds names would find the same file. */
export function otherSpellings(name: string): string[] {
  const swapped = Array.from(name, (character) => {
    const upper = character.toUpperCase();
    return character === upper ? character.toLowerCase() : upper;
  }).join('');
  const others = [swapped, name.normalize('NFC'), name.normalize('NFD')];
  return [...new Set(others)].filter((other) => other !== name);
}

/** Percent-encodes everything but the unreserved characters of RFC 3986: `A-Z a-z 0-9 - _ . ~`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Names that Windows refuses, takes for a device or a stream, or whose files its programs cannot open. */
export const REFUSED_BY_WINDOWS =
  /["*:<>?|\\\p{Cc}]|[. ]$|^(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³]) *(?:[.:]|$)/iu;
