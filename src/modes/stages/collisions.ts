import { ActionError } from '../../errors.ts';
import { foldName, show } from '../../files/names.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import { isOneFile } from '../../files/writing/trial.ts';
import { sentence } from '../../report/summary/units.ts';
import type { Release } from './release.ts';

/** What is written: a signature for each file of the release, and the files of our own. */
export interface WrittenPaths {
  readonly release: Release;
  readonly suffix: string;
  /** Paths in the tree. */
  readonly own: readonly string[];
  readonly output: OutputTree;
}

/** Something that is written, and what it is for. */
interface Writer {
  readonly path: string;
  readonly location: string;
  /** Where the bytes are that a signature is for. */
  readonly source?: string;
}

function* writersOf({ release, suffix, own, output }: WrittenPaths): Generator<Writer> {
  for (const { path, location } of release.allFiles) {
    const written = path + suffix;
    yield { path: written, location: output.realPathOf(written), source: location };
  }
  for (const path of own) yield { path, location: output.realPathOf(path) };
}

/** Finds paths that are written twice, and files of the release that would be replaced, as the file system compares names. */
export function findCollisions(task: WrittenPaths): ActionError[] {
  const { output, release, own, suffix } = task;
  const byName = new Map<string, Writer>();
  const pairs: string[] = [];
  for (const writer of writersOf(task)) {
    const key = foldName(writer.location);
    const other = byName.get(key);
    if (other === undefined) byName.set(key, writer);
    // A file that is found in two ways, by a link to its directory, has one signature.
    else if (writer.source !== undefined && writer.source === other.source) continue;
    else if (isOneFile(writer.location, other.location, output.processId))
      pairs.push(`${show(other.path)} and ${show(writer.path)} are one file, and both would be written`);
  }
  const ends = new Set([...own, suffix].map(lastCharacter));
  for (const { path, location } of release.allFiles) {
    // Nearly no file of a release has a name that could be one of ours.
    if (!ends.has(lastCharacter(path))) continue;
    const writer = byName.get(foldName(location));
    if (writer && isOneFile(writer.location, location, output.processId))
      pairs.push(`${show(path)} is a file of the release, and ${show(writer.path)} would replace it`);
  }
  if (pairs.length === 0) return [];
  return [
    new ActionError('OUTPUT_COLLISION', listed(pairs), {
      hint: 'Give checksums and manifest other paths, rename or exclude one of the files, or set output-dir.',
    }),
  ];
}

const MAX_LISTED = 10;

function lastCharacter(path: string): string {
  return path.slice(-1).toLowerCase();
}

/** Lists sentences one on a line, of many only the first. */
export function listed(sentences: readonly string[]): string {
  const shown = sentences.slice(0, MAX_LISTED);
  if (sentences.length > MAX_LISTED) shown.push(`and ${sentences.length - MAX_LISTED} more`);
  return shown.map(sentence).join('\n');
}
