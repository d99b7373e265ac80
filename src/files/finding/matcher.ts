import { compileName, type NamePattern } from './name-pattern.ts';

/** How far into a pattern a path has come: every segment that may be next, none when the path cannot be meant. */
export type Position = readonly number[];

/**
 * A pattern that is followed one name at a time, down a tree.
 *
 * The meaning is that of `@actions/glob`, which a differential test holds it to. A step costs at most one look at each
 * segment, whatever the pattern.
 */
export interface Matcher {
  /** How many names at its beginning are taken at their word. */
  readonly literals: number;
  /** Where the root directory is. */
  readonly start: Position;
  advance(position: Position, name: string): Position;
  /** The one name, folded, that has to come next, if there is just one. */
  awaits(position: Position): string | undefined;
  /** A file here is meant, itself or as a descendant of a directory that is. */
  matches(position: Position): boolean;
  /** Everything below a directory here is meant. */
  swallows(position: Position): boolean;
  /** The literal beginning of the pattern lies behind. */
  searches(position: Position): boolean;
}

type Segment = '**' | NamePattern;

/** Compiles a pattern that is relative to the root; `.` is the root itself. */
export function compileMatcher(glob: string): Matcher {
  const segments = readSegments(glob);
  const end = segments.length;
  const beforeLast = segments[end - 2];
  const anyChild = beforeLast !== undefined && beforeLast !== '**' && beforeLast.isAny ? end - 2 : end;
  const names = segments.map((segment) => (segment === '**' ? undefined : segment.literal));
  const literals = names.indexOf(undefined);

  function advance(position: Position, name: string): Position {
    // What a pattern means, it means with everything below.
    if (position.includes(end)) return position;
    const next = new Set<number>();
    for (const at of position) {
      const segment = segments[at];
      if (segment === '**') enter(at, next);
      else if (segment?.matches(name)) enter(at + 1, next);
    }
    return [...next];
  }

  function enter(at: number, positions: Set<number>): void {
    positions.add(at);
    // It may stand for no directory at all, and never follows another of its kind.
    if (segments[at] === '**') positions.add(at + 1);
  }

  const start = new Set<number>();
  enter(0, start);
  return {
    literals,
    start: [...start],
    advance,
    awaits: (position) => (position.length === 1 ? names[position[0] ?? end] : undefined),
    matches: (position) => position.includes(end),
    swallows: (position) => position.includes(end) || position.includes(anyChild),
    searches: (position) => position.some((at) => at >= literals),
  };
}

/** Splits a pattern and adds what it means without saying: everything below. */
function readSegments(glob: string): readonly Segment[] {
  const names = glob === '.' ? [] : glob.split('/');
  // A slash at the end asks for a directory: something has to be below.
  if (names.at(-1) === '') names.splice(-1, 1, '*');
  return [...names, '**']
    .filter((name, at, all) => name !== '**' || all[at - 1] !== '**')
    .map((name) => (name === '**' ? name : compileName(name)));
}
