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
import type { ReleaseFile } from '../release-file.ts';

/** What is at a place: nothing, a file that this action wrote, or anything else. */
export type Occupant = 'nothing' | 'own' | 'foreign';

/** Tells what is at the place of a signature, without following a link; a small file that may be a signature is `own`. */
export function occupantOfSignature(location: string, isSignature: (text: string) => boolean): Occupant {
  const options = { maxBytes: MAX_SIGNATURE_FILE_BYTES, longer: 'refused', links: 'refused' } as const;
  return occupantAt(location, options, (bytes) => isSignature(bytes.toString('utf8')));
}

/** Tells what is at the place of the checksums; `own` also requires their signature. */
export function occupantOfChecksums(location: string, signature: Occupant): Occupant {
  const isList = (bytes: Buffer): boolean => /^(?:$|\\?[0-9a-f]{64} [ *])/.test(bytes.toString('latin1'));
  return occupantAt(location, startOf(80), (bytes) => isList(bytes) && signature === 'own');
}

/** Tells what is at the place of a time stamp, a DER SEQUENCE; `own` also requires its signature. */
export function occupantOfTimestamp(location: string, signature: Occupant): Occupant {
  return occupantAt(location, startOf(1), ([first]) => first === 0x30 && signature === 'own');
}

/** Tells what is at the place of a file of the verification kit, by its first line. */
export function occupantOfKit(location: string): Occupant {
  return occupantAt(location, startOf(120), (bytes) => KIT.test(bytes.toString('latin1')));
}

const KIT = /^(?:<!doctype html>)?<!-- mtls-release-signing verification kit -->/;

function startOf(maxBytes: number): SmallFileOptions {
  return { maxBytes, longer: 'cut', links: 'refused' };
}

function occupantAt(location: string, options: SmallFileOptions, isOwn: (bytes: Buffer) => boolean): Occupant {
  const file = lookAt(location, options);
  if (file === undefined) return 'nothing';
  return file.bytes !== undefined && isOwn(file.bytes) ? 'own' : 'foreign';
}

/** Tells whether a text may be a signature; used when there is no key to verify it with. */
export function isSignatureText(text: string): boolean {
  return text !== '' && !text.includes('\uFFFD') && !/[\u0000-\u0009\u000B\u000C\u000E-\u001F\u007F-\u009F]/.test(text);
}

/** Reads the file at a place, if any; throws the error of the system while another program has the file open. */
export function lookAt(location: string, options: SmallFileOptions): SmallFile | undefined {
  const file = readSmallFile(location, options);
  const code = file?.bytes ? undefined : codeOf(file?.cause);
  if (code === 'EBUSY' && !file?.bytes) throw file?.cause;
  return code === 'ENAMETOOLONG' ? undefined : file;
}

/** Names that are written, by the path of their directory, which is empty or ends in `/`. */
export type WrittenNames = ReadonlyMap<string, readonly string[]>;

/** Lists the names of files, or of their signatures with that suffix. */
export function namesByDirectory(files: readonly Pick<ReleaseFile, 'path'>[], suffix = ''): WrittenNames {
  const written = new Map<string, string[]>();
  for (const { path } of files) {
    const cut = path.lastIndexOf('/') + 1;
    const directory = path.slice(0, cut);
    const names = written.get(directory);
    const name = path.slice(cut) + suffix;
    if (names) names.push(name);
    else written.set(directory, [name]);
  }
  return written;
}

/** Yields paths that may be taken, all with `suffix`, in any case or composition; lists each directory once. */
export function* mayBeOccupied(directory: string, suffix: string, written: WrittenNames): Generator<string> {
  for (const [parent, names] of written) {
    const known = endingsIn(join(directory, parent), foldName(suffix));
    // Before a first run there is no signature.
    if (known?.size === 0) continue;
    for (const name of names) if (known === undefined || known.has(foldName(name))) yield parent + name;
  }
}

/** Lists the folded names in a directory with this ending; `undefined` when it cannot be listed. */
function endingsIn(directory: string, ending: string): Set<string> | undefined {
  try {
    const names = readdirSync(directory).map(foldName);
    return new Set(names.filter((name) => name.endsWith(ending)));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? new Set() : undefined;
  }
}
