import { ActionError } from '../../errors.ts';
import { foldName, show } from '../../files/names.ts';
import type { Pause } from '../../files/pause.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import { isOneFile } from '../../files/writing/trial.ts';
import { plural, sentence, showList } from '../../report/summary/units.ts';
import type { Release } from './release.ts';

/** What is written: a signature for each file of the release, and the files of our own. */
interface WrittenPaths {
  readonly release: Release;
  readonly suffix: string;
  /** Paths in the tree. */
  readonly own: readonly string[];
  readonly output: OutputTree;
  /** Each trial of two paths is some system calls. */
  readonly pause: Pause;
  /** Tells whether two paths that differ in case or composition are one for the file system; absent to try it out there. */
  readonly isOneFile?: (one: string, other: string) => boolean;
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
export async function findCollisions(task: WrittenPaths): Promise<ActionError[]> {
  const { output, release, own, suffix, pause } = task;
  const isOne = task.isOneFile ?? ((one: string, other: string) => isOneFile(one, other, output.processId));
  const byName = new Map<string, Writer>();
  const pairs: string[] = [];
  for (const writer of writersOf(task)) {
    const turn = pause();
    if (turn) await turn;
    const key = foldName(writer.location);
    const other = byName.get(key);
    if (other === undefined) byName.set(key, writer);
    // A file that is found in two ways, by a link to its directory, has one signature.
    else if (writer.source !== undefined && writer.source === other.source) continue;
    else if (isOne(writer.location, other.location))
      pairs.push(`${show(other.path)} and ${show(writer.path)} are one file, and both would be written`);
  }
  const mayBeOurs = endingLike([...own, suffix]);
  for (const { path, location } of release.allFiles) {
    if (!mayBeOurs(path)) continue;
    const writer = byName.get(foldName(location));
    if (writer && isOne(writer.location, location))
      pairs.push(`${show(path)} is a file of the release, and ${show(writer.path)} would replace it`);
  }
  if (pairs.length === 0) return [];
  return [
    new ActionError('OUTPUT_COLLISION', listed(pairs), {
      hint: 'Give checksums and manifest other paths, rename or exclude one of the files, or set output-dir.',
    }),
  ];
}

/** Characters that the artifact service refuses in paths, and what its archiver stores under another path. */
const REFUSED = /["<>|*?:\r\n\\]|^(?:\.\.)?\//;

/** Says which paths the artifact service would refuse, or store under another path, after all the signing is done. */
export function refusedInArtifact(paths: readonly string[]): ActionError | undefined {
  const refused = paths.filter((path) => REFUSED.test(path));
  if (refused.length === 0) return undefined;
  return new ActionError(
    'ARTIFACT_NAME_REFUSED',
    `${plural(refused.length, 'path')} cannot be in a workflow artifact: ${showList(refused, 10)}.`,
    {
      hint: 'Artifacts take none of " : < > | * ? \\ or line ends. Rename or exclude these files, or set upload: false.',
    },
  );
}

const MAX_LISTED = 10;

/** Nearly no file of a release has a name that could be one of ours: returns what rules most of them out by their last character. */
function endingLike(paths: readonly string[]): (path: string) => boolean {
  const ends = new Set(paths.map((path) => path.slice(-1).toLowerCase()));
  // Composed, or in another case, a character may have another length and end as one of ASCII.
  if ([...ends].some((end) => end > '~')) return () => true;
  return (path) => path.slice(-1) > '~' || ends.has(path.slice(-1).toLowerCase());
}

/** Lists sentences one on a line, of many only the first. */
export function listed(sentences: readonly string[]): string {
  const shown = sentences.slice(0, MAX_LISTED);
  if (sentences.length > MAX_LISTED) shown.push(`and ${sentences.length - MAX_LISTED} more`);
  return shown.map(sentence).join('\n');
}
