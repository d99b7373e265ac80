/** A set such as `[a-z]` in a pattern. */
export interface CharacterSet {
  /** Where the pattern goes on. */
  readonly end: number;
  readonly has: (character: string) => boolean;
  /** The one character of a set that only takes away its meaning, such as `[*]`. */
  readonly literal?: string;
  /** A class such as `[:alpha:]` makes the pattern look at whole characters, not at halves of surrogate pairs. */
  readonly hasClass: boolean;
}

type Member = (character: string) => boolean;

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[\p{L}\p{Nl}\p{Nd}]/u,
  alpha: /[\p{L}\p{Nl}]/u,
  ascii: /[\0-\x7F]/,
  blank: /[\p{Zs}\t]/u,
  cntrl: /\p{Cc}/u,
  digit: /\p{Nd}/u,
  graph: /[^\p{Z}\p{C}]/u,
  lower: /\p{Ll}/u,
  print: /\P{C}/u,
  punct: /\p{P}/u,
  space: /[\p{Z}\t\r\n\v\f]/u,
  upper: /\p{Lu}/u,
  word: /[\p{L}\p{Nl}\p{Nd}\p{Pc}]/u,
  xdigit: /[A-Fa-f0-9]/,
};

/** Reads the set that begins at `[`; returns `undefined` when it never ends, so that the bracket stands for itself. */
export function readCharacterSet(pattern: string, start: number, escapeMark: string): CharacterSet | undefined {
  const negated = /[!^]/.test(pattern.charAt(start + 1));
  const first = start + (negated ? 2 : 1);
  const members: Member[] = [];
  let hasClass = false;
  let at = first;
  for (; at === first || pattern[at] !== ']'; ) {
    const found = readClass(pattern, at) ?? readRange(pattern, at, escapeMark);
    if (found === undefined) return undefined;
    hasClass ||= found.isClass;
    if (found.has) members.push(found.has);
    at = found.end;
  }
  const text = pattern.slice(first, at);
  const literal = text[0] === escapeMark ? text.slice(1) : text;
  return {
    end: at + 1,
    // A set that holds nothing matches nothing, turned round or not.
    has: (character) => members.length > 0 && members.some((member) => member(character)) !== negated,
    ...(!negated && literal.length === 1 ? { literal } : {}),
    hasClass,
  };
}

interface Found {
  readonly end: number;
  readonly has?: Member;
  readonly isClass: boolean;
}

function readClass(pattern: string, at: number): Found | undefined {
  const [whole, name] = /^\[:([a-z]+):\]/.exec(pattern.slice(at)) ?? [];
  const characters = CLASSES[name ?? ''];
  if (whole === undefined || characters === undefined) return undefined;
  return { end: at + whole.length, has: (character) => characters.test(character), isClass: true };
}

/** Reads `a-z` or a single character. */
function readRange(pattern: string, at: number, escapeMark: string): Found | undefined {
  const from = readCharacter(pattern, at, escapeMark);
  if (from === undefined) return undefined;
  const isRange = pattern[from.end] === '-' && pattern[from.end + 1] !== ']';
  const to = isRange ? readCharacter(pattern, from.end + 1, escapeMark) : from;
  if (to === undefined) return undefined;
  const [low, high] = [from.character, to.character];
  if (low > high) return { end: to.end, isClass: false };
  return { end: to.end, has: (character) => low <= character && character <= high, isClass: false };
}

function readCharacter(
  pattern: string,
  at: number,
  escapeMark: string,
): { readonly character: string; readonly end: number } | undefined {
  const start = pattern[at] === escapeMark ? at + 1 : at;
  const character = pattern[start];
  return character === undefined ? undefined : { character, end: start + 1 };
}
