import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ZipEntry } from '../results/zip.ts';
import type { Rehearsal } from './manifest.ts';

/** Compares an artifact with what stands on disk, and returns one sentence for each difference. */
export async function compareArtifact(entries: readonly ZipEntry[], rehearsal: Rehearsal): Promise<string[]> {
  const expected = [...rehearsal.files.map((file) => file.signaturePath), rehearsal.manifestPath];
  const missing = new Set(expected.map((path) => relative(rehearsal.directory, path)));
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
