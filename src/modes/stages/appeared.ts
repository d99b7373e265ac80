import { basename } from 'node:path';
import { ActionError } from '../../errors.ts';
import { discover } from '../../files/finding/discover.ts';
import { show } from '../../files/names.ts';
import type { FileOutcome } from '../../files/release-file.ts';
import { isTemporaryOfOthers } from '../../files/writing/temporary-files.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import type { Context } from '../context.ts';
import { discoveryOf, type Release } from './release.ts';

/** Searches the tree again for new files without a signature and new signatures without a file; `verify` refuses both. */
export async function findAppeared(
  context: Context,
  inputs: FileInputs,
  { allFiles, refused, coverage }: Release,
): Promise<FileOutcome[]> {
  const known = new Set(allFiles.map(({ path }) => path));
  for (const { path } of refused) known.add(path);
  const appeared = await discover({ ...discoveryOf(context, inputs), known });
  if (appeared.orphanFailure && !coverage.orphanFailure) throw appeared.orphanFailure;
  const files = [...appeared.files, ...(inputs.shard.index === 1 ? appeared.refused : [])];
  const orphans = newOf(appeared.orphans, coverage.orphans).map((path) => path + inputs.suffix);
  const uncovered = newOf(...[appeared, coverage].map((each) => each.uncovered.map(({ path }) => path)));
  // Temporary files of another run in this tree, such as another slice, disappear when that run renames them.
  const strays = uncovered.filter((path) => !isTemporaryOfOthers(basename(path), context.processId));
  return [
    ...files.map(({ path }) => describeAppeared(path, 'it was neither signed nor checked')),
    ...[...orphans, ...strays].map((path) =>
      describeAppeared(path, 'no listed file accounts for it, and mode: verify would refuse it'),
    ),
  ];
}

function newOf(paths: readonly string[] = [], earlier: readonly string[] = []): string[] {
  const known = new Set(earlier);
  return paths.filter((path) => !known.has(path));
}

function describeAppeared(path: string, what: string): FileOutcome {
  const error = new ActionError('FILE_APPEARED', `${show(path)} appeared after the files were listed: ${what}.`, {
    hint: 'Make sure that the build ends before this step starts and that nothing writes to the build outputs while this step runs. Then run the step again.',
  });
  return { file: { path, size: 0 }, status: 'failed', attempts: 0, elapsedMs: 0, error, stray: 'uncovered' };
}
