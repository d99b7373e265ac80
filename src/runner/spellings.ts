/** A text as a reader would read it once its escapes are undone, and where each of its units stands in the original. */
export interface Spelling {
  readonly text: string;
  /** By index: where the unit begins in the original text. */
  readonly starts: readonly number[];
  /** By index: where it ends. */
  readonly ends: readonly number[];
}

/** Escapes within escapes are undone so often: an entity in a JSON string in a JSON string has three. */
const MAX_LEVELS = 3;

const NAMES =
  'amp & lt < gt > quot " apos \' sol / equals = plus + num # colon : semi ; comma , period . excl ! ast * midast * lpar ( rpar ) lsqb [ lbrack [ rsqb ] rbrack ] lcub { lbrace { rcub } rbrace } lowbar _ dollar $ percnt % commat @ bsol \\ grave ` verbar | vert | hat ^ quest ?';
/** Characters of ASCII by their names in HTML. */
const NAMED: ReadonlyMap<string, string> = new Map(
  [...NAMES.matchAll(/(\w+) (\S)/g)].map(([, name = '', character = '']) => [name, character]),
);

const ESCAPE =
  /&(?:#(?<decimal>\d{1,7})|#x(?<hex>[0-9a-f]{1,6})|(?<name>[a-z]{2,8}));?|\\+(?:u(?<unit>[0-9a-f]{4})|x(?<byte>[0-9a-f]{2})|(?<plain>["'/\\nrt]))|(?<percent>(?:%[0-9a-f]{2})+)/gi;

/** Returns how else a text may be read: with the escapes of HTML, JSON and URLs undone, level by level. */
export function withoutEscapes(text: string): Spelling[] {
  const levels: Spelling[] = [];
  for (let last: Spelling = original(text); levels.length < MAX_LEVELS && /[&\\%]/.test(last.text); ) {
    const next = rewrite(last, ESCAPE, undo);
    if (next.text === last.text) break;
    levels.push(next);
    last = next;
  }
  return levels;
}

/** Returns a spelling without the characters that a pattern matches, such as the line ends within base64. */
export function without(spelling: Spelling, pattern: RegExp): Spelling {
  return rewrite(spelling, pattern, () => '');
}

/** Returns the letters and digits of a spelling, without case and accents, as they read whatever stands between them. */
export function bareOf(spelling: Spelling): Spelling {
  return rewrite(spelling, /[^a-z0-9]/gu, ([character]) =>
    character
      .normalize('NFKD')
      .replace(/[^\p{L}\p{N}]/gu, '')
      .toLowerCase(),
  );
}

/** Returns a text as it is. */
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
  const { decimal, hex, name, unit, byte, plain, percent } = groups;
  const code = decimal === undefined ? Number.parseInt(hex ?? unit ?? byte ?? '', 16) : Number(decimal);
  if (!Number.isNaN(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? whole;
  if (percent !== undefined) return Buffer.from(percent.replaceAll('%', ''), 'hex').toString();
  return { n: '\n', r: '\r', t: '\t' }[plain ?? ''] ?? plain ?? whole;
}
