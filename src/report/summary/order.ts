/** Compares two names in natural order, digits by their value: `part-2` comes before `part-10`. */
export function compareNaturally(a: string, b: string): number {
  let [atA, atB] = startsOfDifference(a, b);
  while (atA < a.length && atB < b.length) {
    const [endA, endB] = [endOfDigits(a, atA), endOfDigits(b, atB)];
    if (endA > atA && endB > atB) {
      const difference = compareDigits(a.slice(atA, endA), b.slice(atB, endB));
      if (difference !== 0) return difference;
      [atA, atB] = [endA, endB];
    } else {
      const difference = a.charCodeAt(atA++) - b.charCodeAt(atB++);
      if (difference !== 0) return difference;
    }
  }
  return a.length - atA - (b.length - atB) || a.length - b.length;
}

/** Returns where two names start to differ; digits just before the difference belong to it. */
function startsOfDifference(a: string, b: string): [number, number] {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  while (at > 0 && isDigit(a.charCodeAt(at - 1))) at--;
  return [at, at];
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function endOfDigits(text: string, from: number): number {
  let end = from;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Compares digits as text, because those of a hash in a name may exceed the range of numbers. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

/** Returns the first items in an order, without sorting all of them. */
export function firstOf<Item>(items: Iterable<Item>, count: number, compare: (a: Item, b: Item) => number): Item[] {
  const first: Item[] = [];
  for (const item of items) {
    let at = first.length;
    for (let before = first[at - 1]; before !== undefined && compare(item, before) < 0; before = first[at - 1]) at--;
    if (at < count) first.splice(at, 0, item);
    if (first.length > count) first.pop();
  }
  return first;
}
