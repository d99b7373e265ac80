import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../errors.ts';
import { foldName } from '../names.ts';
import {
  MAX_SIGNATURE_FILE_BYTES,
  readSmallFile,
  type SmallFile,
  type SmallFileOptions,
} from '../reading/read-small.ts';

/** Says what is at a place: nothing, a file that this action wrote, or anything else. */
export type Occupant = 'nothing' | 'own' | 'foreign';

/** Looks at the place of a signature, `location`, which must have no link on the way: a small regular file whose text may be a signature. */
export function occupantOfSignature(location: string, isSignature: (text: string) => boolean): Occupant {
  const options = { maxBytes: MAX_SIGNATURE_FILE_BYTES, longer: 'refused', links: 'refused' } as const;
  const file = lookAt(location, options);
  if (file === undefined) return 'nothing';
  return file.bytes !== undefined && isSignature(file.bytes.toString('utf8')) ? 'own' : 'foreign';
}

/** Looks at the place of the checksums, which are ours only when their signature is beside them. */
export function occupantOfChecksums(location: string, signature: Occupant): Occupant {
  const file = lookAt(location, { maxBytes: 80, longer: 'cut', links: 'refused' });
  if (file === undefined) return 'nothing';
  const isList = file.bytes !== undefined && /^(?:$|\\?[0-9a-f]{64} [ *])/.test(file.bytes.toString('latin1'));
  return isList && signature === 'own' ? 'own' : 'foreign';
}

/** Looks at the place of a time stamp, which is ours only when its signature is beside it. */
export function occupantOfTimestamp(location: string, signature: Occupant): Occupant {
  const file = lookAt(location, { maxBytes: 1, longer: 'cut', links: 'refused' });
  if (file === undefined) return 'nothing';
  // A stamp is DER, a SEQUENCE.
  return file.bytes?.[0] === 0x30 && signature === 'own' ? 'own' : 'foreign';
}

/** Looks at the place of a file of the verification kit, whose first line says what it is. */
export function occupantOfKit(location: string): Occupant {
  const file = lookAt(location, { maxBytes: 120, longer: 'cut', links: 'refused' });
  if (file === undefined) return 'nothing';
  return KIT.test(file.bytes?.toString('latin1') ?? '') ? 'own' : 'foreign';
}

const KIT = /^(?:<!doctype html>)?<!-- mtls-release-signing verification kit -->/;

/** Tells whether a text may be what a service answered as a signature, when there is no key to check it with. */
export function isSignatureText(text: string): boolean {
  return text !== '' && !text.includes('\uFFFD') && !/[\u0000-\u0009\u000B\u000C\u000E-\u001F\u007F-\u009F]/.test(text);
}

/**
 * Reads what is at a place; where a name is too long nothing can be.
 *
 * @throws Error of the system, while another program has it open
 */
export function lookAt(location: string, options: SmallFileOptions): SmallFile | undefined {
  const file = readSmallFile(location, options);
  const code = file?.bytes ? undefined : codeOf(file?.cause);
  if (code === 'EBUSY' && !file?.bytes) throw file?.cause;
  return code === 'ENAMETOOLONG' ? undefined : file;
}

/**
 * Picks the paths below a directory at which something may be already, by one listing for all in one directory; all end in
 * `suffix`.
 *
 * Names are compared without case and composition, as some file systems compare them, so that none is missed there.
 */
export function* mayBeOccupied(directory: string, suffix: string, paths: Iterable<string>): Generator<string> {
  const names = new Map<string, Set<string> | undefined>();
  for (const path of paths) {
    const cut = path.lastIndexOf('/');
    const parent = cut === -1 ? '.' : path.slice(0, cut);
    if (!names.has(parent)) names.set(parent, namesIn(join(directory, parent), foldName(suffix)));
    const known = names.get(parent);
    if (known === undefined || known.has(foldName(path.slice(cut + 1)))) yield path;
  }
}

/** Returns what is in a directory and ends so, or `undefined` when that cannot be told. */
function namesIn(directory: string, ending: string): Set<string> | undefined {
  try {
    const names = readdirSync(directory).map(foldName);
    return new Set(names.filter((name) => name.endsWith(ending)));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? new Set() : undefined;
  }
}
