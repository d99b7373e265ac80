/** Returns the middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

interface Timed {
  readonly seconds: number;
}

/** Compares two clients round by round, so that a slow moment counts for both; returns the median of the ratios. */
export function medianRatio(ours: readonly Timed[], theirs: readonly Timed[]): number {
  return median(ours.map(({ seconds }, round) => seconds / (theirs[round]?.seconds ?? Number.NaN)));
}
