import { compileMatcher, type Matcher, type Position } from './matcher.ts';
import type { Pattern } from './pattern.ts';

/** Where one pattern stands at some place in the tree. */
export interface Track {
  /** Its number among those of its kind. */
  readonly number: number;
  readonly matcher: Matcher;
  readonly position: Position;
}

/** Where all patterns stand that can still mean something at some place in the tree. */
export interface Scope {
  readonly includes: readonly Track[];
  readonly excludes: readonly Track[];
}

/** Returns where the patterns stand at the root. */
export function startScope(patterns: readonly Pattern[]): Scope {
  return {
    includes: startTracks(patterns.filter((pattern) => !pattern.excludes)),
    excludes: startTracks(patterns.filter((pattern) => pattern.excludes)),
  };
}

/** Goes one name further down; `undefined` when nothing from there on is meant. */
export function narrow(scope: Scope, name: string): Scope | undefined {
  const includes = advance(scope.includes, name);
  if (includes.length === 0) return undefined;
  const excludes = advance(scope.excludes, name);
  if (excludes.some(isMatch)) return undefined;
  return includes === scope.includes && excludes === scope.excludes ? scope : { includes, excludes };
}

/** Goes one name further down, whether or not anything there is included; `undefined` when it is excluded. */
export function skip({ excludes }: Scope, name: string): Scope | undefined {
  const moved = advance(excludes, name);
  return moved.some(isMatch) ? undefined : { includes: [], excludes: moved };
}

/** Tells whether anything below a directory can be meant. */
export function reaches({ excludes }: Scope): boolean {
  return !excludes.some(({ matcher, position }) => matcher.swallows(position));
}

/** Tells whether a file is meant. */
export function isMeant({ includes }: Scope): boolean {
  return includes.some(isMatch);
}

/** Returns the numbers of the include patterns that mean a file. */
export function numbersOf({ includes }: Scope): readonly number[] {
  return includes.filter(isMatch).map(({ number }) => number);
}

/** Tells whether some pattern has come here by names that it takes at their word. */
export function isNamed({ includes }: Scope, path: string): boolean {
  const depth = path.split('/').length;
  return includes.some(({ matcher }) => depth <= matcher.literals);
}

/** Keeps the patterns that name a hidden place literally: the others do not see it. */
export function hide({ includes, excludes }: Scope): Scope | undefined {
  const rest = includes.filter((track) => !isSearching(track));
  return rest.length === 0 ? undefined : { includes: rest, excludes };
}

/** Keeps the patterns that were not searching yet when they came by the same directory before: the others go in a circle. */
export function leaveCircle({ includes, excludes }: Scope, before: Scope): Scope | undefined {
  const circling = new Set(before.includes.filter(isSearching).map(({ number }) => number));
  const rest = includes.filter(({ number }) => !circling.has(number));
  return rest.length === 0 ? undefined : { includes: rest, excludes };
}

function startTracks(patterns: readonly Pattern[]): Track[] {
  return patterns.map(({ glob }, number) => {
    const matcher = compileMatcher(glob);
    return { number, matcher, position: matcher.start };
  });
}

function isSearching({ matcher, position }: Track): boolean {
  return matcher.searches(position);
}

function isMatch({ matcher, position }: Track): boolean {
  return matcher.matches(position);
}

/** Returns the same array when nothing moved: most of a tree lies below what a pattern means. */
function advance(tracks: readonly Track[], name: string): readonly Track[] {
  let moved: Track[] | undefined;
  for (const [at, track] of tracks.entries()) {
    const position = track.matcher.advance(track.position, name);
    if (position === track.position) moved?.push(track);
    else {
      moved ??= tracks.slice(0, at);
      if (position.length > 0) moved.push({ ...track, position });
    }
  }
  return moved ?? tracks;
}
