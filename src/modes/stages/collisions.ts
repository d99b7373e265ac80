import { sep } from 'node:path';
import { ActionError } from '../../errors.ts';
import { foldName, show } from '../../files/names.ts';
import type { Pause } from '../../files/pause.ts';
import type { ReleaseFile } from '../../files/release-file.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import { isOneFile } from '../../files/writing/trial.ts';
import { plural, sentence, showList } from '../../report/summary/units.ts';
import type { Release } from './release.ts';

/** Everything that is written: a signature for each file of the release, and this action's own files. */
interface WrittenPaths {
  readonly release: Release;
  readonly suffix: string;
  /** Paths of this action's own files in the tree. */
  readonly own: readonly string[];
  readonly output: OutputTree;
  /** Lets signals run, because each comparison of two paths takes some system calls. */
  readonly pause: Pause;
  /** Tells whether the file system folds two paths to one file; by default this is tried in the output tree. */
  readonly isOneFile?: (one: string, other: string) => boolean;
}

/** Owner of a written path: the file of a signature, or a path of this action. */
type Writer = ReleaseFile | string;

/** Finds paths that would be written twice and release files that would be replaced, on this file system. */
export async function findCollisions(task: WrittenPaths): Promise<ActionError[]> {
  const { output, release, own, suffix, pause } = task;
  const isOne = task.isOneFile ?? ((one: string, other: string) => isOneFile(one, other, output.processId));
  const pathOf = (writer: Writer): string => (typeof writer === 'string' ? writer : writer.path + suffix);
  const locationOf = (writer: Writer): string => output.realPathOf(pathOf(writer));
  const keyOf = createKeys();
  const byKey = new Map<string, Writer>();
  const pairs: string[] = [];
  for (const writer of [...release.allFiles, ...own]) {
    const turn = pause();
    if (turn) await turn;
    const key = keyOf(locationOf(writer));
    const other = byKey.get(key);
    if (other === undefined) byKey.set(key, writer);
    // A file that is also listed through a link to its directory has one signature for both paths.
    else if (typeof writer !== 'string' && typeof other !== 'string' && writer.location === other.location) continue;
    else if (isOne(locationOf(writer), locationOf(other)))
      pairs.push(`${show(pathOf(other))} and ${show(pathOf(writer))} are one file, and both would be written`);
  }
  const mayBeOurs = endingLike([...own, suffix]);
  for (const { path, location } of release.allFiles) {
    if (!mayBeOurs(path)) continue;
    const turn = pause();
    if (turn) await turn;
    const writer = byKey.get(keyOf(location));
    if (writer !== undefined && isOne(locationOf(writer), location))
      pairs.push(`${show(path)} is a file of the release, and ${show(pathOf(writer))} would replace it`);
  }
  if (pairs.length === 0) return [];
  return [
    new ActionError('OUTPUT_COLLISION', listed(pairs), {
      hint: 'Give checksums and manifest other paths, rename or exclude one of the files, or set output-dir.',
    }),
  ];
}

/** Characters that the artifact service refuses, and prefixes that its archiver would change. */
const REFUSED = /["<>|*?:\r\n\\]|^(?:\.\.)?\//;

/** Returns an error for paths that the artifact service would refuse or change, before anything is signed. */
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

/** Gives paths that differ in case or composition one key; a number for the directory saves memory. */
function createKeys(): (location: string) => string {
  const numbers = new Map<string, number>();
  let last: string | undefined;
  let number = 0;
  return (location) => {
    const cut = location.lastIndexOf(sep);
    const directory = location.slice(0, cut);
    if (directory !== last) {
      const folded = foldName(directory);
      number = numbers.get(folded) ?? numbers.size;
      numbers.set(folded, number);
      last = directory;
    }
    return `${number}/${foldName(location.slice(cut + 1))}`;
  };
}

const MAX_LISTED = 10;

/** Returns a cheap test of the last characters, which rules out nearly all files of a release as own paths. */
function endingLike(paths: readonly string[]): (path: string) => boolean {
  const length = Math.min(3, ...paths.map((path) => path.length));
  const endOf = (path: string): string => path.slice(-length).toLowerCase();
  const ends = new Set(paths.map(endOf));
  // Folding can turn a character that is not ASCII into one that ends in ASCII.
  if (![...ends].every((end) => ASCII.test(end))) return () => true;
  return (path) => ends.has(endOf(path)) || !ASCII.test(path.slice(-length));
}

const ASCII = /^[ -~]*$/;

/** Puts each sentence on its own line, at most `MAX_LISTED` of them. */
export function listed(sentences: readonly string[]): string {
  const shown = sentences.slice(0, MAX_LISTED);
  if (sentences.length > MAX_LISTED) shown.push(`and ${sentences.length - MAX_LISTED} more`);
  return shown.map(sentence).join('\n');
}
