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

/** The kinds of verdict. */
export type VerdictKind =
  | 'genuine'
  | 'companion'
  | 'key'
  | 'renamed'
  | 'signed-elsewhere'
  | 'companion-unsigned'
  | 'signature-missing'
  | 'signature-invalid'
  | 'changed'
  | 'not-listed'
  | 'other-key'
  | 'unreadable';

/** A verdict about one file, in words. */
export interface Verdict {
  readonly kind: VerdictKind;
  /** `good`: as expected. `open`: needs a decision or another file. `bad`: must not be used. */
  readonly tone: 'good' | 'open' | 'bad';
  readonly title: string;
  readonly detail: string;
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
export const UNREADABLE: Verdict = {
  kind: 'unreadable',
  tone: 'bad',
  title: 'Could not be read',
  detail: 'The browser could not read all of its bytes. It may be a folder, or have been changed or moved meanwhile.',
};

/** Judges a file; the signature covers its content, and only the list covers its name. */
export function judge(facts: Facts, court: Court): Verdict {
  const verdict = judgeByKey(facts, court);
  if (!court.isOtherKey || (facts.signature !== 'valid' && verdict.kind !== 'key')) return verdict;
  if (verdict.kind === 'key') return { ...verdict, kind: 'other-key', tone: 'bad', title: 'Another key' };
  const detail = `Its signature was made with ${nameKey(court.fingerprint)}, which is not the key you expect.`;
  return { kind: 'other-key', tone: 'bad', title: 'Signed with another key', detail };
}

function judgeByKey(facts: Facts, court: Court): Verdict {
  const named = court.listing.byPath(facts.path);
  if (named.some(([, , sha256]) => sha256 === facts.sha256)) return judgeListed(facts, court);
  if (named.length === 0 && court.listing.isCompanion(facts.path)) return judgeCompanion(facts, court);
  const [known] = court.listing.bySha256(facts.sha256);
  if (known) return judgeKnownBytes(facts, court, { known, isNamed: named.length > 0 });
  if (named.length === 0 && court.listing.isKey(facts.sha256)) return judgeKey(court);
  return judgeForeign(facts, court, named.length > 0);
}

function judgeListed(facts: Facts, court: Court): Verdict {
  if (facts.signature !== 'valid') return withoutSignature(facts, court, 'Its bytes are those in the list');
  return {
    kind: 'genuine',
    tone: 'good',
    title: 'Genuine',
    detail: `Signed with ${nameKey(court.fingerprint)}, and in the list of this release.`,
  };
}

function judgeCompanion(facts: Facts, court: Court): Verdict {
  if (facts.signature === 'valid') {
    const detail = `Signed with ${nameKey(court.fingerprint)}. It comes with the release; the list has no checksum of it.`;
    return { kind: 'companion', tone: 'good', title: 'Signed', detail };
  }
  if (facts.signature !== 'missing') return withoutSignature(facts, court, 'It comes with the release');
  return {
    kind: 'companion-unsigned',
    tone: 'open',
    title: 'Not checked',
    detail: `It comes with the release, but its signature ${signatureName(facts, court)} was not given.`,
  };
}

/** Judges a file with the key, which the guide tells the reader to save next to the files. */
function judgeKey({ fingerprint }: Court): Verdict {
  const detail = `It holds ${nameKey(fingerprint)}, which is also in this page. No signature covers it: compare its fingerprint, see step 1.`;
  return { kind: 'key', tone: 'good', title: 'The key', detail };
}

/** Judges a file whose content is listed under another name. */
function judgeKnownBytes(
  facts: Facts,
  court: Court,
  { known: [path], isNamed }: { readonly known: ListedFile; readonly isNamed: boolean },
): Verdict {
  const listed = `\u201C${showName(path)}\u201D`;
  if (isNamed) {
    const detail = `It holds the bytes of ${listed}; the list has other bytes for this name.`;
    return { kind: 'changed', tone: 'bad', title: 'Changed', detail };
  }
  if (facts.signature !== 'valid')
    return withoutSignature(facts, court, `Its bytes are those of ${listed} in the list`);
  const detail = `Signed with ${nameKey(court.fingerprint)}. The list knows these bytes as ${listed}: use it only as that.`;
  return { kind: 'renamed', tone: 'open', title: 'Genuine bytes, other name', detail };
}

function judgeForeign(facts: Facts, court: Court, isNamed: boolean): Verdict {
  const { signature } = facts;
  if (signature === 'valid') {
    const which = isNamed
      ? 'The list has other bytes for this name, so this is a file of another release.'
      : 'It may be a file of another release.';
    const detail = `Signed with ${nameKey(court.fingerprint)}. ${which}`;
    return { kind: 'signed-elsewhere', tone: 'open', title: 'Signed with this key, not in this list', detail };
  }
  const about =
    signature === 'missing'
      ? 'and it has no signature'
      : `and ${signatureName(facts, court)} is not its signature with ${nameKey(court.fingerprint)}`;
  return isNamed
    ? { kind: 'changed', tone: 'bad', title: 'Changed', detail: `Its bytes are not those in the list, ${about}.` }
    : {
        kind: 'not-listed',
        tone: 'bad',
        title: 'Not part of this release',
        detail: `Neither its name nor its bytes are in the list, ${about}.`,
      };
}

function withoutSignature(facts: Facts, court: Court, known: string): Verdict {
  const file = signatureName(facts, court);
  if (facts.signature === 'missing') {
    const detail = `${known}, but its signature ${file} was not given. Add it to finish the check.`;
    return { kind: 'signature-missing', tone: 'open', title: 'Signature missing', detail };
  }
  const what =
    facts.signature === 'unreadable'
      ? 'holds no signature that could be read: it must be base64 or hexadecimal text'
      : `is not its signature with ${nameKey(court.fingerprint)}`;
  return {
    kind: 'signature-invalid',
    tone: 'bad',
    title: 'Signature invalid',
    detail: `${known}, but ${file} ${what}.`,
  };
}

function signatureName({ path }: Facts, { suffix }: Court): string {
  return `\u201C${showName(baseName(foldPath(path)) + suffix)}\u201D`;
}
