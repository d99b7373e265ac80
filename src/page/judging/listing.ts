import type { ListedFile, ReleaseData } from '../data.ts';
import { bytesToHex } from '../verifier/bytes.ts';
import { hashOf } from '../verifier/digest.ts';
import { foldPath } from './names.ts';

/** Looks up paths and digests in the list of the release. */
export interface Listing {
  /** Listed files that a given path can mean; several if only the name is known and occurs in several directories. */
  readonly byPath: (path: string) => readonly ListedFile[];
  /** Listed files with this SHA-256. */
  readonly bySha256: (sha256: string) => readonly ListedFile[];
  /** Whether this is the SHA-256 of a PEM or DER file of the page's key. */
  readonly isKey: (sha256: string) => boolean;
  /** Whether a path belongs to a receipt or the kit. */
  readonly isCompanion: (path: string) => boolean;
}

/** Indexes the list of a release. */
export function createListing({ files, companions, key }: ReleaseData): Listing {
  const bySha256 = new Map<string, ListedFile[]>();
  for (const file of files) addTo(bySha256, file[2], file);
  const keys = new Set(filesOfKey(key).map((bytes) => bytesToHex(hashOf('sha256', bytes))));
  const companionsBy = indexPaths(companions, (path) => path);
  return {
    byPath: indexPaths(files, ([path]) => path),
    bySha256: (sha256) => bySha256.get(sha256) ?? [],
    isKey: (sha256) => keys.has(sha256),
    isCompanion: (path) => companionsBy(path).length > 0,
  };
}

/** Formats a key, given as base64 of its SubjectPublicKeyInfo, as PEM. */
export function pemOf(base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----'].join('\n');
}

/** Returns the key in every usual file format: DER, and PEM with LF or CRLF, with or without a final line end. */
function filesOfKey(base64: string): Uint8Array[] {
  const pem = pemOf(base64);
  const texts = [pem, `${pem}\n`].flatMap((text) => [text, text.replaceAll('\n', '\r\n')]);
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return [...texts.map((text) => new TextEncoder().encode(text)), der];
}

/**
 * Indexes items by path, so that one of 10,000 files with the same name is found without comparing all of them.
 *
 * A chosen folder may be above or below the root of the release, so one path may be the end of the other. A path can
 * mean the items with which it shares the longest end.
 */
function indexPaths<Item>(items: readonly Item[], pathOf: (item: Item) => string): (path: string) => readonly Item[] {
  const whole = new Map<string, Item[]>();
  const byEnd = new Map<string, Item[]>();
  for (const item of items) {
    const path = foldPath(pathOf(item));
    addTo(whole, path, item);
    for (const end of endsOf(path)) addTo(byEnd, end, item);
  }
  return (given) => {
    const path = foldPath(given);
    const found =
      whole.get(path) ?? byEnd.get(path) ?? whole.get(endsOf(path).find((end) => whole.has(end)) ?? '') ?? [];
    // A release may have both spellings of a name, as different files.
    const same = found.length > 1 ? found.filter((item) => isEndOf(pathOf(item), given)) : [];
    return same.length > 0 ? same : found;
  };
}

/** Returns the path without its first segment, without its first two, and so on. */
function endsOf(path: string): string[] {
  const ends: string[] = [];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) ends.push(path.slice(at + 1));
  return ends;
}

function isEndOf(one: string, other: string): boolean {
  return one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`);
}

/** `Map.groupBy` is missing in browsers of 2023. */
function addTo<Item>(groups: Map<string, Item[]>, key: string, item: Item): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}
