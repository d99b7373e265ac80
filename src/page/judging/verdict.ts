import type { ListedFile } from '../data.ts';
import type { Listing } from './listing.ts';
import { baseName, foldPath, groupDigits, showName } from './names.ts';

/** Result of checking a file's signature. */
export type SignatureState = 'valid' | 'invalid' | 'unreadable' | 'missing';

/** Facts about a file after all its bytes were read. */
export interface Facts {
  /** The path as given. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly signature: SignatureState;
}

/** Tone and title of a verdict, and the words for its files in a summary; the worst kind comes first. */
export const KINDS = {
  changed: ['bad', 'Changed', 'changed'],
  'signature-invalid': ['bad', 'Signature invalid', 'with an invalid signature'],
  'other-key': ['bad', 'Signed with another key', 'signed with another key'],
  'not-listed': ['bad', 'Not part of this release', 'not part of this release'],
  unreadable: ['bad', 'Could not be read', 'that could not be read'],
  'signature-missing': ['open', 'Signature missing', 'without a signature'],
  'signed-elsewhere': ['open', 'Signed with this key, not in this list', 'signed with this key, not in this list'],
  renamed: ['open', 'Genuine bytes, other name', 'under another name than in the list'],
  'companion-unsigned': ['open', 'Not checked', 'not checked'],
  genuine: ['good', 'Genuine', 'genuine'],
  companion: ['good', 'Signed', 'signed beside the list'],
  key: ['good', 'The key', 'that is the key'],
} as const;

/** A kind of verdict. */
export type VerdictKind = keyof typeof KINDS;

/** A verdict about one file, in words. */
export interface Verdict {
  readonly kind: VerdictKind;
  /** `good`: as expected. `open`: needs a decision or another file. `bad`: must not be used. */
  readonly tone: 'good' | 'open' | 'bad';
  readonly title: string;
  readonly detail: string;
}

function verdict(kind: VerdictKind, detail: string): Verdict {
  const [tone, title] = KINDS[kind];
  return { kind, tone, title, detail };
}

/** What a verdict depends on, apart from the file. */
export interface Court {
  readonly listing: Listing;
  /** SHA-256 of the key, in lower-case hex. */
  readonly fingerprint: string;
  /** Whether the reader expects another key. */
  readonly isOtherKey: boolean;
  readonly suffix: string;
}

/** Names a key by the first 16 digits of its fingerprint. */
export function nameKey(fingerprint: string): string {
  return `key ${groupDigits(fingerprint.slice(0, 16))}`;
}

/** Verdict about a file that could not be read completely. */
export const UNREADABLE: Verdict = verdict(
  'unreadable',
  'The browser could not read all of its bytes. It may be a folder, or have been changed or moved meanwhile.',
);

/** Judges a file; the signature covers its content, and only the list covers its name. */
export function judge(facts: Facts, court: Court): Verdict {
  const byKey = judgeByKey(facts, court);
  if (!court.isOtherKey || (facts.signature !== 'valid' && byKey.kind !== 'key')) return byKey;
  if (byKey.kind === 'key') return { ...verdict('other-key', byKey.detail), title: 'Another key' };
  const made = `Its signature was made with ${nameKey(court.fingerprint)}, which is not the key you expect.`;
  return verdict('other-key', made);
}

function judgeByKey(facts: Facts, court: Court): Verdict {
  const named = court.listing.byPath(facts.path);
  if (named.some(([, , sha256]) => sha256 === facts.sha256)) return judgeListed(facts, court);
  if (named.length === 0 && court.listing.isCompanion(facts.path)) return judgeCompanion(facts, court);
  const [known] = court.listing.bySha256(facts.sha256);
  if (known) return judgeKnownBytes(facts, court, { known, isNamed: named.length > 0 });
  // The guide tells the reader to save the key next to the files.
  if (named.length === 0 && court.listing.isKey(facts.sha256))
    return verdict(
      'key',
      `It holds ${nameKey(court.fingerprint)}, which is also in this page. No signature covers it: compare its fingerprint, see step 1.`,
    );
  return judgeForeign(facts, court, named.length > 0);
}

function judgeListed(facts: Facts, court: Court): Verdict {
  if (facts.signature !== 'valid') return withoutSignature(facts, court, 'Its bytes are those in the list');
  return verdict('genuine', `Signed with ${nameKey(court.fingerprint)}, and in the list of this release.`);
}

function judgeCompanion(facts: Facts, court: Court): Verdict {
  const { signature } = facts;
  if (signature === 'missing')
    return verdict(
      'companion-unsigned',
      `It comes with the release, but its signature ${signatureName(facts, court)} was not given.`,
    );
  if (signature !== 'valid') return withoutSignature(facts, court, 'It comes with the release');
  const what = 'It comes with the release; the list has no checksum of it.';
  return verdict('companion', `Signed with ${nameKey(court.fingerprint)}. ${what}`);
}

/** Judges a file whose content is listed under another name. */
function judgeKnownBytes(
  facts: Facts,
  court: Court,
  { known: [path], isNamed }: { readonly known: ListedFile; readonly isNamed: boolean },
): Verdict {
  const listed = `\u201C${showName(path)}\u201D`;
  if (isNamed) return verdict('changed', `It holds the bytes of ${listed}; the list has other bytes for this name.`);
  if (facts.signature !== 'valid')
    return withoutSignature(facts, court, `Its bytes are those of ${listed} in the list`);
  const what = `The list knows these bytes as ${listed}: use it only as that.`;
  return verdict('renamed', `Signed with ${nameKey(court.fingerprint)}. ${what}`);
}

function judgeForeign(facts: Facts, court: Court, isNamed: boolean): Verdict {
  const { signature } = facts;
  if (signature === 'valid') {
    const which = isNamed
      ? 'The list has other bytes for this name, so this is a file of another release.'
      : 'It may be a file of another release.';
    return verdict('signed-elsewhere', `Signed with ${nameKey(court.fingerprint)}. ${which}`);
  }
  const about =
    signature === 'missing'
      ? 'and it has no signature'
      : `and ${signatureName(facts, court)} is not its signature with ${nameKey(court.fingerprint)}`;
  return isNamed
    ? verdict('changed', `Its bytes are not those in the list, ${about}.`)
    : verdict('not-listed', `Neither its name nor its bytes are in the list, ${about}.`);
}

function withoutSignature(facts: Facts, court: Court, known: string): Verdict {
  const file = signatureName(facts, court);
  if (facts.signature === 'missing')
    return verdict(
      'signature-missing',
      `${known}, but its signature ${file} was not given. Add it to finish the check.`,
    );
  const what =
    facts.signature === 'unreadable'
      ? 'holds no signature that could be read: it must be base64 or hexadecimal text'
      : `is not its signature with ${nameKey(court.fingerprint)}`;
  return verdict('signature-invalid', `${known}, but ${file} ${what}.`);
}

function signatureName({ path }: Facts, { suffix }: Court): string {
  return `\u201C${showName(baseName(foldPath(path)) + suffix)}\u201D`;
}
