import type { Comparison } from './fingerprint.ts';
import { KINDS, nameKey, type Verdict, type VerdictKind } from './verdict.ts';

/** Progress and results of the check. */
export interface Tally {
  /** Files that have a verdict, by kind. */
  readonly kinds: ReadonlyMap<VerdictKind, number>;
  /** Files without a verdict yet. */
  readonly waiting: number;
  /** Whether files are waiting or verdicts may still change. */
  readonly isBusy: boolean;
  readonly listed: number;
  /** Number of listed files that were given. */
  readonly seen: number;
  /** Files that were replaced by later ones with the same path. */
  readonly replaced: number;
  /** Signature files whose file was not given. */
  readonly loneSignatures: number;
}

/** The key of the page, and the result of the reader's comparison. */
interface KeyState {
  /** Lower-case hex. */
  readonly fingerprint: string;
  readonly compared: Comparison['state'];
}

/** The text above the results. */
export interface Summary {
  readonly tone: Verdict['tone'] | 'none' | 'busy';
  readonly headline: string;
  readonly details: readonly string[];
}

const number = new Intl.NumberFormat('en');

/** Formats a number of things, as `1,234 files`. */
export function count(amount: number, noun: string): string {
  return `${number.format(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Sums up the verdicts; listed files that were not given are only counted. */
export function summarize(tally: Tally, key: KeyState): Summary {
  const { kinds, waiting, isBusy } = tally;
  const [bad, open, good] = (['bad', 'open', 'good'] as const).map((tone) => countTone(kinds, tone));
  const keys = kinds.get('key') ?? 0;
  const given = [...kinds.values()].reduce((sum, amount) => sum + amount, 0);
  // The key has no signature, so it is shown but not counted.
  const checked = given - keys;
  const files = count(checked, 'file');
  const about = describe(tally, key);
  if (isBusy) {
    const headline = `Checking: ${number.format(given)} of ${count(given + waiting, 'file')} done`;
    return { tone: 'busy', headline, details: given === good ? [] : [listKinds(kinds)] };
  }
  if (key.compared === 'other')
    return { tone: 'bad', headline: 'Stop: this page holds another key than you expect', details: about };
  if (checked === 0) return { tone: 'none', headline: 'Nothing checked yet', details: about };
  if (bad) {
    const headline = `Stop: ${number.format(bad)} of ${files} ${bad === 1 ? 'is' : 'are'} not what this release lists and signs`;
    return { tone: 'bad', headline, details: [listKinds(kinds), ...about] };
  }
  if (open) {
    const headline = `${number.format(open)} of ${files} ${open === 1 ? 'needs' : 'need'} your attention`;
    return { tone: 'open', headline, details: [listKinds(kinds), ...about] };
  }
  return { tone: 'good', headline: allGood(kinds, checked, nameKey(key.fingerprint)), details: about };
}

function countTone(kinds: Tally['kinds'], wanted: Verdict['tone']): number {
  return [...kinds].reduce((sum, [kind, amount]) => sum + (KINDS[kind][0] === wanted ? amount : 0), 0);
}

/** Only listed files are called genuine, because a signature does not cover the file's name. */
function allGood(kinds: Tally['kinds'], checked: number, key: string): string {
  const beside = kinds.get('companion') ?? 0;
  const genuine = checked - beside;
  if (genuine === 0) return `${count(checked, 'file')} signed with ${key}`;
  if (beside > 0) {
    const parts = `${number.format(genuine)} ${genuine === 1 ? 'is' : 'are'} genuine, ${number.format(beside)} ${beside === 1 ? 'comes' : 'come'} beside the list`;
    return `All ${count(checked, 'file')} are signed with ${key}: ${parts}`;
  }
  if (checked === 1) return `The file is genuine: signed with ${key}`;
  return `All ${count(checked, 'file')} are genuine: signed with ${key}`;
}

function listKinds(kinds: Tally['kinds']): string {
  const phrases = Object.entries(KINDS).flatMap(([name, [, , phrase]]) => {
    const amount = [...kinds].find(([kind]) => kind === name)?.[1] ?? 0;
    return amount > 0 ? [`${number.format(amount)} ${phrase}`] : [];
  });
  return `${phrases.join(', ')}.`;
}

function describe({ listed, seen, replaced, loneSignatures, kinds }: Tally, { compared }: KeyState): string[] {
  const unseen = listed - seen;
  const details: string[] = [];
  if (kinds.size > 0 && unseen > 0)
    details.push(
      `${number.format(unseen)} of the ${count(listed, 'file')} in the list ${unseen === 1 ? 'was' : 'were'} not given, so nothing is said about ${unseen === 1 ? 'it' : 'them'}.`,
    );
  if (replaced > 0)
    details.push(
      `${count(replaced, 'earlier file')} ${replaced === 1 ? 'was' : 'were'} replaced by ${replaced === 1 ? 'one' : 'those'} of the same name given later, so nothing is said about ${replaced === 1 ? 'it' : 'them'} any more.`,
    );
  if (loneSignatures > 0)
    details.push(
      `${count(loneSignatures, 'signature file')} without the file that ${loneSignatures === 1 ? 'it belongs' : 'they belong'} to.`,
    );
  if (kinds.size > 0 && compared !== 'same' && compared !== 'other')
    details.push('The key is not compared yet: see step 1.');
  return details;
}
