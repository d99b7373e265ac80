import type { Matcher, Position } from './matcher.ts';
import { foldName } from './name-pattern.ts';

/** Where one pattern stands at some place in the tree. */
export interface Track {
  /** Its number among those of its kind. */
  readonly number: number;
  readonly matcher: Matcher;
  readonly position: Position;
}

/** Where all patterns of a kind stand that can still mean something at some place in the tree. */
export class Tracks {
  readonly list: readonly Track[];
  #byName: Map<string, Track[]> | undefined;
  #others: readonly Track[] = [];

  constructor(list: readonly Track[]) {
    this.list = list;
  }

  /** Goes one name further down; returns itself when nothing moved: most of a tree lies below what a pattern means. */
  advance(name: string): Tracks {
    this.#byName ??= this.#index();
    const named = this.#byName.get(foldName(name)) ?? [];
    const moved: Track[] = [];
    let isSame = this.#byName.size === 0;
    for (const track of [...this.#others, ...named]) {
      const position = track.matcher.advance(track.position, name);
      isSame &&= position === track.position;
      if (position.length > 0) moved.push(position === track.position ? track : { ...track, position });
    }
    if (isSame) return this;
    return moved.length === 0 ? NONE : new Tracks(moved);
  }

  /** Files may be listed one by one: patterns that wait for one certain name need no look at any other. */
  #index(): Map<string, Track[]> {
    const byName = new Map<string, Track[]>();
    const others: Track[] = [];
    for (const track of this.list) {
      const name = track.matcher.awaits(track.position);
      const known = name === undefined ? others : byName.get(name);
      if (known) known.push(track);
      else if (name !== undefined) byName.set(name, [track]);
    }
    this.#others = others;
    return byName;
  }
}

const NONE = new Tracks([]);
