import { compileMatcher } from './matcher.ts';
import type { Pattern } from './patterns.ts';
import { type Track, Tracks } from './tracks.ts';

/** Where all patterns stand that can still mean something at some place in the tree. */
export interface Scope {
  readonly includes: Tracks;
  readonly excludes: Tracks;
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
  const includes = scope.includes.advance(name);
  if (includes.list.length === 0) return undefined;
  const excludes = scope.excludes.advance(name);
  if (excludes.list.some(isMatch)) return undefined;
  return includes === scope.includes && excludes === scope.excludes ? scope : { includes, excludes };
}

/** Goes one name further down, whether or not anything there is included; `undefined` when it is excluded. */
export function skip({ excludes }: Scope, name: string): Scope | undefined {
  const moved = excludes.advance(name);
  return moved.list.some(isMatch) ? undefined : { includes: new Tracks([]), excludes: moved };
}

/** Tells whether anything below a directory can be meant. */
export function reaches({ excludes }: Scope): boolean {
  return !excludes.list.some(({ matcher, position }) => matcher.swallows(position));
}

/** Tells whether a file is meant. */
export function isMeant({ includes }: Scope): boolean {
  return includes.list.some(isMatch);
}

/** Returns the numbers of the include patterns that mean a file. */
export function numbersOf({ includes }: Scope): readonly number[] {
  return includes.list.filter(isMatch).map(({ number }) => number);
}

/** Tells whether some pattern has come here by names that it takes at their word. */
export function isNamed({ includes }: Scope, path: string): boolean {
  const depth = path.split('/').length;
  return includes.list.some(({ matcher }) => depth <= matcher.literals);
}

/** Keeps the patterns that name a hidden place literally: the others do not see it. */
export function hide({ includes, excludes }: Scope): Scope | undefined {
  const rest = includes.list.filter((track) => !isSearching(track));
  return rest.length === 0 ? undefined : { includes: new Tracks(rest), excludes };
}

/** Keeps the patterns that were not searching yet when they came by the same directory before: the others go in a circle. */
export function leaveCircle({ includes, excludes }: Scope, before: Scope): Scope | undefined {
  const circling = new Set(before.includes.list.filter(isSearching).map(({ number }) => number));
  const rest = includes.list.filter(({ number }) => !circling.has(number));
  return rest.length === 0 ? undefined : { includes: new Tracks(rest), excludes };
}

function startTracks(patterns: readonly Pattern[]): Tracks {
  const matchers = patterns.map(({ glob }) => compileMatcher(glob));
  return new Tracks(matchers.map((matcher, number) => ({ number, matcher, position: matcher.start })));
}

function isSearching({ matcher, position }: Track): boolean {
  return matcher.searches(position);
}

function isMatch({ matcher, position }: Track): boolean {
  return matcher.matches(position);
}
