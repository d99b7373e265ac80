import { nameKey, type Verdict, type VerdictKind } from './verdict.ts';

/** How far the check has come and what it found. */
export interface Tally {
  /** Files that have a verdict, by kind. */
  readonly kinds: ReadonlyMap<VerdictKind, number>;
  /** Files that wait for theirs. */
  readonly waiting: number;
  readonly listed: number;
  /** Files of the list that were given under a name of the list. */
  readonly seen: number;
  /** Signature files whose file was not given. */
  readonly loneSignatures: number;
}

/** The words above the results. */
export interface Summary {
  readonly tone: Verdict['tone'] | 'none' | 'busy';
  readonly headline: string;
  readonly details: readonly string[];
}

const number = new Intl.NumberFormat('en');

/** Says how many, as `1,234 files`. */
export function count(amount: number, noun: string): string {
  return `${number.format(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

const GOOD: readonly VerdictKind[] = ['genuine', 'companion'];

/** What the files of one kind have in common, in the order of their weight. */
const PHRASES: readonly (readonly [VerdictKind, string])[] = [
  ['changed', 'changed'],
  ['signature-invalid', 'with an invalid signature'],
  ['other-key', 'signed with another key than you expect'],
  ['not-listed', 'not part of this release'],
  ['unreadable', 'could not be read'],
  ['signature-missing', 'without a signature'],
  ['signed-elsewhere', 'signed with this key, not in this list'],
  ['renamed', 'under another name than in the list'],
  ['companion-unsigned', 'not checked'],
];
const OPEN: readonly VerdictKind[] = ['signature-missing', 'signed-elsewhere', 'renamed', 'companion-unsigned'];

/** Sums up the verdicts; files of the list that nobody gave are only said to be unseen. */
export function summarize(tally: Tally, fingerprint: string): Summary {
  const checked = [...tally.kinds.values()].reduce((sum, amount) => sum + amount, 0);
  const good = GOOD.reduce((sum, kind) => sum + (tally.kinds.get(kind) ?? 0), 0);
  const details = [...detailsOf(tally)];
  if (tally.waiting > 0) {
    const headline = `Checking: ${number.format(checked)} of ${count(checked + tally.waiting, 'file')} done`;
    return { tone: 'busy', headline, details: checked === good ? [] : [...phrasesOf(tally)] };
  }
  if (checked === 0) return { tone: 'none', headline: 'Nothing checked yet', details };
  const key = `signed with ${nameKey(fingerprint)}`;
  if (good === checked) return { tone: 'good', headline: allGood(tally, checked, key), details };
  const isOpen = [...tally.kinds.keys()].every((kind) => GOOD.includes(kind) || OPEN.includes(kind));
  const rest = checked - good;
  const headline = isOpen
    ? `${number.format(rest)} of ${count(checked, 'file')} ${rest === 1 ? 'needs' : 'need'} your attention`
    : `Stop: ${number.format(rest)} of ${count(checked, 'file')} ${rest === 1 ? 'is' : 'are'} not as this release lists and signs`;
  const others = good > 0 ? [`${number.format(good)} genuine: ${key}.`] : [];
  return { tone: isOpen ? 'open' : 'bad', headline, details: [...phrasesOf(tally), ...others, ...details] };
}

function allGood({ kinds }: Tally, checked: number, key: string): string {
  if ((kinds.get('genuine') ?? 0) === 0) return `${count(checked, 'file')} ${key}`;
  if (checked === 1) return `The file is genuine: ${key}`;
  return `All ${count(checked, 'file')} are genuine: ${key}`;
}

function* phrasesOf({ kinds }: Tally): Generator<string> {
  for (const [kind, phrase] of PHRASES) {
    const amount = kinds.get(kind) ?? 0;
    if (amount > 0) yield `${number.format(amount)} ${phrase}.`;
  }
}

function* detailsOf({ listed, seen, loneSignatures, kinds }: Tally): Generator<string> {
  const unseen = listed - seen;
  if (kinds.size > 0 && unseen > 0)
    yield `${number.format(unseen)} of the ${count(listed, 'file')} in the list ${unseen === 1 ? 'was' : 'were'} not given, so nothing is said about ${unseen === 1 ? 'it' : 'them'}.`;
  if (loneSignatures > 0)
    yield `${count(loneSignatures, 'signature file')} without the file that ${loneSignatures === 1 ? 'it belongs' : 'they belong'} to.`;
}
