import { sep } from 'node:path';
import { readCharacterSet } from './character-set.ts';

/** One segment of a pattern, other than `**`. */
export interface NamePattern {
  readonly matches: (name: string) => boolean;
  /** The one name it stands for, folded, if there is just one. */
  readonly literal: string | undefined;
  /** It stands for every name. */
  readonly isAny: boolean;
}

const STAR = Symbol('any characters');

type Token = string | typeof STAR | ((character: string) => boolean);

const ANY_CHARACTER = (): boolean => true;

const IS_WINDOWS = sep === '\\';

/** Makes names equal that the system takes for one. */
export function foldName(name: string): string {
  return IS_WINDOWS ? name.toLowerCase() : name;
}

/** Compiles one segment of a pattern, with the meaning that `@actions/glob` gives it. */
export function compileName(text: string): NamePattern {
  const { tokens, hasClass } = readTokens(foldName(text), IS_WINDOWS ? '' : '\\');
  const matches = chooseTest(tokens, hasClass);
  return {
    matches: IS_WINDOWS ? (name) => matches(foldName(name)) : matches,
    literal: tokens.every((token) => typeof token === 'string') ? tokens.join('') : undefined,
    isAny: tokens.length === 1 && tokens[0] === STAR,
  };
}

function readTokens(
  text: string,
  escapeMark: string,
): { readonly tokens: readonly Token[]; readonly hasClass: boolean } {
  const tokens: Token[] = [];
  let hasClass = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const set = character === '[' ? readCharacterSet(text, at, escapeMark) : undefined;
    if (set) {
      tokens.push(set.literal ?? set.has);
      hasClass ||= set.hasClass;
      at = set.end - 1;
    } else if (character === escapeMark && at + 1 < text.length) tokens.push(text.charAt(++at));
    else if (character === '?') tokens.push(ANY_CHARACTER);
    else if (character !== '*') tokens.push(character);
    else if (tokens.at(-1) !== STAR) tokens.push(STAR);
  }
  return { tokens, hasClass };
}

/** Most patterns are a name, or a beginning and an end. */
function chooseTest(tokens: readonly Token[], hasClass: boolean): (name: string) => boolean {
  const others = tokens.filter((token) => typeof token !== 'string');
  if (others.length === 0) {
    const literal = tokens.join('');
    return (name) => name === literal;
  }
  if (others.length > 1 || others[0] !== STAR) {
    return (name) => matchTokens(tokens, hasClass ? Array.from(name) : name);
  }
  const star = tokens.indexOf(STAR);
  const [head, tail] = [tokens.slice(0, star).join(''), tokens.slice(star + 1).join('')];
  return (name) => name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
}

/** Goes back to the last star only, so that the work is at most the product of both lengths. */
function matchTokens(tokens: readonly Token[], characters: ArrayLike<string>): boolean {
  let token = 0;
  let at = 0;
  let afterStar = -1;
  let resume = 0;
  while (at < characters.length) {
    const wanted = tokens[token];
    if (wanted === STAR) {
      afterStar = ++token;
      resume = at;
    } else if (wanted !== undefined && fits(wanted, characters[at] ?? '')) {
      token++;
      at++;
    } else if (afterStar >= 0) {
      token = afterStar;
      at = ++resume;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === STAR);
}

function fits(wanted: string | ((character: string) => boolean), character: string): boolean {
  return typeof wanted === 'string' ? wanted === character : wanted(character);
}
