/** How many of some numbers lie from one bound to the next. */
export interface Bucket {
  /** Belongs to the bucket. */
  readonly from: number;
  /** Belongs to the next. */
  readonly to: number;
  readonly count: number;
}

const MAX_BUCKETS = 10;

/** Steps of one power of ten, the finest first. */
const LADDERS: readonly (readonly number[])[] = [
  [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8],
  [1, 1.5, 2, 3, 5, 7],
  [1, 2, 5],
  [1, 3],
  [1],
];

/** Sorts numbers, given in ascending order, into at most ten buckets with round bounds on a logarithmic scale; all below 1 share one. */
export function distribute(sorted: ArrayLike<number>): Bucket[] {
  if (sorted.length === 0) return [];
  const [least = 0, most = 0] = [sorted[0], sorted[sorted.length - 1]];
  const bounds = LADDERS.map((ladder) => boundsOf(ladder, least, most)).find(({ length }) => length <= MAX_BUCKETS + 1);
  return fill(sorted, bounds ?? [least, Number.POSITIVE_INFINITY]);
}

function boundsOf(ladder: readonly number[], least: number, most: number): number[] {
  const bounds = [0];
  for (let power = 0; (bounds.at(-1) ?? 0) <= most; power++) {
    for (const step of ladder) {
      const bound = Math.round(step * 10 ** (power + 1)) / 10;
      if (bound <= least) bounds[0] = bound;
      else if ((bounds.at(-1) ?? 0) <= most) bounds.push(bound);
    }
  }
  return bounds;
}

function fill(sorted: ArrayLike<number>, bounds: readonly number[]): Bucket[] {
  let at = 0;
  return bounds.slice(0, -1).map((from, index) => {
    const [to, first] = [bounds[index + 1] ?? from, at];
    while (at < sorted.length && (sorted[at] ?? to) < to) at++;
    return { from, to, count: at - first };
  });
}
