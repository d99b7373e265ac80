import type { ListedFile, ReleaseData } from '../data.ts';
import { bytesToHex } from '../verifier/bytes.ts';
import { hashOf } from '../verifier/digest.ts';
import { foldPath } from './names.ts';

/** What the list of the release says about a path or about bytes. */
export interface Listing {
  /** The listed files that a given path can mean: several when only the name is known and stands in several directories. */
  readonly byPath: (path: string) => readonly ListedFile[];
  /** The listed files with these bytes. */
  readonly bySha256: (sha256: string) => readonly ListedFile[];
  /** Whether bytes are the key of the page, as a file in PEM or DER. */
  readonly isKey: (sha256: string) => boolean;
  /** Whether a path is that of a receipt or of the kit. */
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

/** Writes a key, which is base64 of its SubjectPublicKeyInfo, in PEM. */
export function pemOf(base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----'].join('\n');
}

/** The files that programs write of a key: PEM with the line ends of each system, with one at the end or none, and DER. */
function filesOfKey(base64: string): Uint8Array[] {
  const pem = pemOf(base64);
  const texts = [pem, `${pem}\n`].flatMap((text) => [text, text.replaceAll('\n', '\r\n')]);
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return [...texts.map((text) => new TextEncoder().encode(text)), der];
}

/**
 * Indexes items by their paths, so that each of 10,000 files of one name is found without a look at all the others.
 *
 * A chosen folder may lie above or below the root of the release, so one path may be the end of the other. The items
 * that share the longest end with a given path are those that it can mean.
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
    // A release may hold both spellings of a name, and each has its own bytes.
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
