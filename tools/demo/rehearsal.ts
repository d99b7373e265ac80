import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isRecord, stringMember } from '../json.ts';
import type { ZipEntry } from '../results/zip.ts';
import { ToolError } from '../tool-error.ts';

/** One file of a rehearsal, with absolute paths. */
export interface SignedFile {
  /** Name in the manifest, relative to the root. */
  readonly name: string;
  readonly path: string;
  readonly signaturePath: string;
  readonly status: string;
}

/** Files of a rehearsal on the disk. */
export interface Rehearsal {
  /** Directory of signatures and manifest, which the artifact also contains. */
  readonly directory: string;
  readonly manifestPath: string;
  /** Path of the throw-away public key. */
  readonly keyPath: string;
  readonly files: readonly SignedFile[];
}

/** Reads the manifest of a rehearsal of files below `root`. Throws `MANIFEST_UNREADABLE` for any other manifest. */
export async function readRehearsal(manifestPath: string, root: string): Promise<Rehearsal> {
  const document: unknown = JSON.parse(await readFile(manifestPath, 'utf8'));
  if (!isRecord(document) || document['rehearsal'] !== true || !Array.isArray(document['files'])) {
    throw new ToolError('MANIFEST_UNREADABLE', `${manifestPath} is not the manifest of a rehearsal`);
  }
  const directory = dirname(manifestPath);
  const files = document['files'].map((file: unknown) => {
    const name = stringMember(file, 'path') ?? '';
    return {
      name,
      path: join(root, name),
      signaturePath: resolve(directory, stringMember(file, 'signature') ?? ''),
      status: stringMember(file, 'status') ?? 'unknown',
    };
  });
  return { directory, manifestPath, keyPath: join(directory, 'rehearsal-key.pem'), files };
}

/** Compares an artifact with the files on disk, and returns one sentence for each difference. */
export async function compareArtifact(entries: readonly ZipEntry[], rehearsal: Rehearsal): Promise<string[]> {
  const expected = [...rehearsal.files.map((file) => file.signaturePath), rehearsal.manifestPath];
  const missing = new Set(expected.map((path) => relative(rehearsal.directory, path).replaceAll(sep, '/')));
  const problems: string[] = [];
  for (const entry of entries) {
    const onDisk = await readFile(join(rehearsal.directory, entry.path)).catch(() => undefined);
    if (onDisk === undefined) problems.push(`the artifact holds ${entry.path}, which is not on disk`);
    else if (!onDisk.equals(entry.bytes)) problems.push(`the artifact's ${entry.path} differs from the one on disk`);
    missing.delete(entry.path);
  }
  if (new Set(entries.map((entry) => entry.path)).size !== entries.length) {
    problems.push('the artifact holds a path twice');
  }
  return [...problems, ...[...missing].map((path) => `the artifact lacks ${path}`)];
}
