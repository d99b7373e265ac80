/** A decoded text, with the position of each of its units in the original. */
export interface Spelling {
  readonly text: string;
  /** Start of each unit in the original text, by index. */
  readonly starts: readonly number[];
  /** End of each unit in the original text, by index. */
  readonly ends: readonly number[];
}

/** Most levels of nested escapes that are decoded: an entity in a JSON string in a JSON string has three. */
const MAX_LEVELS = 3;

const NAMES =
  'amp& lt< gt> quot" apos\' sol/ equals= plus+ num# colon: semi; comma, period. excl! ast* midast* lpar( rpar) lsqb[ lbrack[ rsqb] rbrack] lcub{ lbrace{ rcub} rbrace} lowbar_ dollar$ percnt% commat@ bsol\\ grave` verbar| vert| hat^ quest?';
/** ASCII characters by their names in HTML. */
const NAMED: ReadonlyMap<string, string> = new Map(NAMES.split(' ').map((each) => [each.slice(0, -1), each.slice(-1)]));

const ESCAPE =
  /&(?:#(?<decimal>\d{1,7})|#x(?<hex>[0-9a-f]{1,6})|(?<name>[a-z]{2,8}));?|\\+(?:u(?<unit>[0-9a-f]{4})|u\{(?<point>[0-9a-f]{1,6})\}|x(?<byte>[0-9a-f]{2})|(?<plain>["'/\\nrt]))|(?<percent>(?:%[0-9a-f]{2})+)/gi;

/** Returns the text with escapes of HTML, JSON and URLs decoded, level by level. */
export function withoutEscapes(text: string): Spelling[] {
  const levels: Spelling[] = [];
  for (let last: Spelling = original(text); levels.length < MAX_LEVELS; ) {
    const next = rewrite(last, ESCAPE, undo);
    if (next.text === last.text) break;
    levels.push(next);
    last = next;
  }
  return levels;
}

// Starting a match inside a run of backslashes would take quadratic time.
const OCTAL = /(?<!\\)\\+([0-3][0-7]{2})/g;
/** Eight consecutive numbers that may be bytes: as in JSON, signed as in Java, or in hex. */
const BYTE_LIST = /(?:(?:0x[0-9a-f]{1,2}|-?\b\d{1,3})\b[\s,;]+){7}-?\d/i;
const BYTE = /(?:0x([0-9a-f]{1,2})|(-?\b\d{1,3}))\b(?:[\s,;]+(?=-?\d))?/gi;
/** UTF-8 that was read as Latin-1, or as the code page 1252 of Windows. */
const MISREAD = /[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{1,3}/g;

/** Decodes a spelling that lists bytes instead of characters; empty for nearly every text. */
export function withoutBytes(spelling: Spelling): Spelling[] {
  const found: Spelling[] = [];
  if (spelling.text.search(OCTAL) !== -1) found.push(rewrite(spelling, OCTAL, ([, digits]) => byteOf(digits, 8)));
  if (BYTE_LIST.test(spelling.text))
    found.push(rewrite(spelling, BYTE, ([, hex, decimal]) => (hex ? byteOf(hex, 16) : byteOf(decimal, 10))));
  for (const each of [spelling, ...found]) {
    if (each.text.search(MISREAD) !== -1) found.push(rewrite(each, MISREAD, ([text]) => readAgain(text)));
  }
  return found;
}

function byteOf(digits: string | undefined, radix: number): string {
  return String.fromCharCode(Number.parseInt(String(digits), radix) & 0xff);
}

/** Decodes characters that are misread UTF-8 bytes; returns any other text unchanged. */
function readAgain(text: string): string {
  const bytes = Array.from(text, (unit) => (unit <= '\u00ff' ? unit.charCodeAt(0) : byteIn1252(unit)));
  const read = Buffer.from(bytes).toString();
  return read.includes('\ufffd') ? text : read;
}

let page1252: string | undefined;

/** Returns the byte of a character in the code page 1252; the table is built once for many such characters. */
function byteIn1252(unit: string): number {
  page1252 ??= new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 256 }, (_, at) => at));
  return page1252.indexOf(unit);
}

/** Returns a spelling without the characters that a pattern matches, such as the line ends within base64. */
export function without(spelling: Spelling, pattern: RegExp): Spelling {
  return rewrite(spelling, pattern, () => '');
}

/** Returns the letters and digits of a spelling, without case, accents and everything between them. */
export function bareOf(spelling: Spelling): Spelling {
  return rewrite(spelling, NOT_BARE, ([character]) => bareCharacter(character));
}

/** Returns the letters and digits of a text, without case and accents. */
export function bare(text: string): string {
  return text.replace(NOT_BARE, bareCharacter);
}

const NOT_BARE = /[^a-z0-9]/gu;

function bareCharacter(character: string): string {
  return character
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}

/** Returns an unchanged text as a spelling. */
export function original(text: string): Spelling {
  const starts = Array.from({ length: text.length }, (_, at) => at);
  return { text, starts, ends: starts.map((at) => at + 1) };
}

function rewrite(from: Spelling, pattern: RegExp, replace: (match: RegExpExecArray) => string): Spelling {
  let text = '';
  const [starts, ends]: [number[], number[]] = [[], []];
  const copy = (begin: number, end: number): void => {
    text += from.text.slice(begin, end);
    for (let at = begin; at < end; at++) {
      starts.push(from.starts[at] ?? 0);
      ends.push(from.ends[at] ?? 0);
    }
  };
  let done = 0;
  for (const match of from.text.matchAll(pattern)) {
    copy(done, match.index);
    done = match.index + match[0].length;
    const replacement = replace(match);
    text += replacement;
    for (let unit = 0; unit < replacement.length; unit++) {
      starts.push(from.starts[match.index] ?? 0);
      ends.push(from.ends[done - 1] ?? 0);
    }
  }
  copy(done, from.text.length);
  return { text, starts, ends };
}

function undo({ 0: whole, groups = {} }: RegExpExecArray): string {
  const { decimal, hex, name, unit, point, byte, plain, percent } = groups;
  const code = decimal === undefined ? Number.parseInt(hex ?? unit ?? point ?? byte ?? '', 16) : Number(decimal);
  if (!Number.isNaN(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? whole;
  if (percent !== undefined) return Buffer.from(percent.replaceAll('%', ''), 'hex').toString();
  return { n: '\n', r: '\r', t: '\t' }[plain ?? ''] ?? plain ?? whole;
}
