import { foldName, show } from './names.ts';

/** Two paths that other systems take for the same one, in listing order. */
type Twins = readonly [string, string];

/** Finds paths that differ only in Unicode composition or case; on other systems the second replaces the first. */
export function findTwins(paths: readonly string[]): Twins[] {
  // Folding all paths of a release as one text takes a fifth of the time. No path contains two slashes in a row.
  const all = foldName(paths.join('//')).split('//');
  if (new Set(all).size === all.length) return [];
  const seen = new Map<string, string>();
  const twins: Twins[] = [];
  for (const path of paths) {
    const folded = foldName(path);
    const other = seen.get(folded);
    if (other !== undefined) twins.push([other, path]);
    else seen.set(folded, path);
  }
  return twins;
}

/** Shows both paths, escaped for a line of the log; adds the differing code points where the paths look alike. */
export function showTwins([one, other]: Twins): string {
  const [ones, others] = [graphemesOf(one), graphemesOf(other)];
  const shown = [spell(one, ones, others), spell(other, others, ones)];
  return shown.join(' and ');
}

function spell(path: string, own: readonly string[], others: readonly string[]): string {
  const differing = own.filter((grapheme, at) => grapheme !== others[at] && looksLike(grapheme, others[at]));
  if (differing.length === 0) return show(path);
  const points = [...new Set(differing)].map((grapheme) => `${show(grapheme)} is ${codePointsOf(grapheme)}`);
  return `${show(path)} (${points.join(', ')})`;
}

function looksLike(grapheme: string, other: string | undefined): boolean {
  return grapheme.normalize('NFC') === other?.normalize('NFC');
}

function codePointsOf(grapheme: string): string {
  return Array.from(grapheme, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  }).join(' ');
}

function graphemesOf(path: string): string[] {
  return Array.from(new Intl.Segmenter('en').segment(path), ({ segment }) => segment);
}
