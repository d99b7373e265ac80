import { basename } from 'node:path';
import { ActionError } from '../../errors.ts';
import { discover } from '../../files/finding/discover.ts';
import { show } from '../../files/names.ts';
import { type FileOutcome, failedPath } from '../../files/release-file.ts';
import type { Sealed } from '../../files/seal.ts';
import { isTemporaryOfOthers } from '../../files/writing/temporary-files.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import type { ReportPart } from '../../report/report.ts';
import { plural, showList } from '../../report/summary/units.ts';
import { annotate, type Context } from '../context.ts';
import { type Coverage, unaccountedPlaces } from './coverage.ts';
import { discoveryOf, type Release } from './release.ts';

/** Searches the tree again for new files without a signature and new signatures without a file; `verify` refuses both. */
export async function findAppeared(
  context: Context,
  inputs: FileInputs,
  { allFiles, refused, coverage }: Release,
  own: readonly Sealed[],
): Promise<ReportPart> {
  const known = new Set(allFiles.map(({ path }) => path));
  for (const { path } of refused) known.add(path);
  const appeared = await discover({ ...discoveryOf(context, inputs), known });
  if (appeared.orphanFailure && !coverage.orphanFailure) throw appeared.orphanFailure;
  const files = [...appeared.files, ...(inputs.shard.index === 1 ? appeared.refused : [])];
  const orphans = newOf(appeared.orphans, coverage.orphans).map((path) => path + inputs.suffix);
  const uncovered = newOf(...[appeared, coverage].map((each) => each.uncovered.map(({ path }) => path)));
  const isOfOthers = (path: string): boolean => isTemporaryOfOthers(basename(path), context.processId);
  const strays = [
    ...orphans,
    ...uncovered.filter((path) => !isOfOthers(path)),
    ...ownPlacesOf(inputs, appeared, coverage, own),
  ];
  return {
    ...tellOthers(context, uncovered.filter(isOfOthers)),
    outcomes: [
      ...files.map(({ path }) => describeAppeared(path, 'it was neither signed nor checked')),
      ...strays.map((path) =>
        describeAppeared(path, 'no listed file accounts for it, and mode: verify would refuse it'),
      ),
    ],
  };
}

/** Lists what came to a place of this action and was not written by this run. */
function ownPlacesOf(
  { shard, suffix, manifest }: FileInputs,
  { written }: Coverage,
  earlier: Coverage,
  own: readonly Sealed[],
): string[] {
  if (shard.index !== 1) return [];
  const places = (each: Coverage['written']): string[] =>
    each.map(({ path }) => path).filter((path) => path !== manifest && path !== `${manifest}${suffix}`);
  return newOf(places(unaccountedPlaces(written, own, suffix)), places(earlier.written));
}

/** Another run in this tree, such as that of another slice, may be between two writes; a process that only has the number of one is not. */
function tellOthers(context: Context, paths: readonly string[]): ReportPart {
  if (paths.length === 0) return {};
  const text = `${plural(paths.length, 'file')} with the name of a temporary file of this action appeared: ${showList(paths, 5)}. Another run in this directory removes its own at its end; mode: verify refuses what stays.`;
  return annotate(context, ['warning', 'Temporary files of another run'], text);
}

function newOf(paths: readonly string[] = [], earlier: readonly string[] = []): string[] {
  const known = new Set(earlier);
  return paths.filter((path) => !known.has(path));
}

function describeAppeared(path: string, what: string): FileOutcome {
  const error = new ActionError('FILE_APPEARED', `${show(path)} appeared after the files were listed: ${what}.`, {
    hint: 'Make sure that the build ends before this step starts and that nothing writes to the build outputs while this step runs. Then run the step again.',
  });
  return failedPath(path, error, 'uncovered');
}
