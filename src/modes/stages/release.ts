import { lstatSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError } from '../../errors.ts';
import { discover } from '../../files/finding/discover.ts';
import type { DiscoverOptions } from '../../files/finding/places.ts';
import { sliceOf } from '../../files/finding/shard.ts';
import { whyUnmatched } from '../../files/finding/why-unmatched.ts';
import { findTwins, showTwins } from '../../files/lookalikes.ts';
import { show } from '../../files/names.ts';
import { findLfsPointers } from '../../files/reading/lfs-pointer.ts';
import { isSamePlace, pathInside } from '../../files/real-path.ts';
import { failedPath, type RefusedFile, type ReleaseFile } from '../../files/release-file.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import type { ReportPart } from '../../report/report.ts';
import { formatBytes, formatCount, plural, showList } from '../../report/summary/units.ts';
import type { Runner } from '../../runner.ts';
import { annotate, type Context } from '../context.ts';
import type { Coverage } from './coverage.ts';

/** The files of this run. */
export interface Release {
  /** The files of this slice. */
  readonly files: readonly ReleaseFile[];
  /** The files of all slices. */
  readonly allFiles: readonly ReleaseFile[];
  /** Matched paths that cannot be signed; only the first slice has any. */
  readonly refused: readonly RefusedFile[];
  /** Include patterns that matched no file. */
  readonly unmatched: readonly string[];
  readonly coverage: Coverage;
}

/** Lists the files and logs them. */
export async function findRelease(context: Context, inputs: FileInputs): Promise<Release> {
  const { runner } = context;
  runner.openGroup('Files');
  const discovery = await discover(discoveryOf(context, inputs));
  refuseRunnerFiles(runner, inputs, discovery.files);
  const release: Release = {
    files: sliceOf(discovery.files, inputs.shard),
    allFiles: discovery.files,
    // Every slice finds them, but one failure is enough.
    refused: inputs.shard.index === 1 ? discovery.refused : [],
    unmatched: discovery.unmatched,
    coverage: discovery,
  };
  tellWhatWasFound(runner, release);
  runner.closeGroup();
  return release;
}

/** Refuses release files to which this action appends outputs, state or summary after they were signed or checked. */
function refuseRunnerFiles(
  runner: Runner,
  { root, outputDirectory, suffix, ownPaths }: FileInputs,
  files: readonly ReleaseFile[],
): void {
  const tree = outputDirectory ?? root;
  const found = runner.giveUpFiles(({ path, device, inode }) => {
    // A file may have several names. On Windows, several files may share an inode number, because it is rounded.
    const listed = files.find(
      ({ location, stamp }) =>
        location === path || (stamp?.inode === inode && stamp.device === device && isSameFile(location, path)),
    );
    if (listed) return show(listed.path);
    const written = pathInside(tree, path);
    if (written === undefined) return undefined;
    const isOwn = ownPaths.some((own) => [own, own + suffix].some((each) => isSamePlace(join(tree, each), path)));
    return isOwn || files.some((file) => file.path + suffix === written) ? show(written) : undefined;
  });
  if (found.length === 0) return;
  const text = `${found.join(', and ')}: the runner's file and a file of the release, or its signature, are one file, and this step would write into it.`;
  throw new ActionError('OUTPUT_COLLISION', text, {
    hint: 'The runner makes a file of its own for each step: look for what set the variable in env: or in an earlier step, and remove it.',
  });
}

function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/** Returns the report's part about a release before anything is signed. */
export function describeRelease({ files, refused }: Release): ReportPart {
  return { files, outcomes: refused.map(({ path, error }) => failedPath(path, error)) };
}

/** Returns what a search for the files of a release needs. */
export function discoveryOf({ runner, signal }: Context, inputs: FileInputs): DiscoverOptions {
  const { workspace, temporaryDirectory } = runner.facts;
  const { root, outputDirectory, ownPaths, patterns, suffix, includeHiddenFiles, followSymbolicLinks } = inputs;
  const written = ownPaths.flatMap((path) => [path, path + suffix].map((each) => join(outputDirectory ?? root, each)));
  return {
    root,
    workspace,
    patterns,
    followSymbolicLinks,
    includeHiddenFiles,
    suffix,
    temporaryDirectory,
    outputDirectory,
    written,
    signal,
  };
}

/** Most files that are logged, in a group that GitHub shows folded. */
const MAX_LISTED = 1000;

function tellWhatWasFound(runner: Runner, { files, refused }: Release): void {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  runner.lines([
    `${plural(files.length, 'file')}, ${formatBytes(bytes)}`,
    ...files.slice(0, MAX_LISTED).map(({ path, size }) => `  ${show(path)} (${formatBytes(size)})`),
    ...(files.length > MAX_LISTED ? [`  and ${formatCount(files.length - MAX_LISTED)} more`] : []),
    ...refused.slice(0, MAX_LISTED).map(({ error }) => `  refused: ${error.message}`),
  ]);
  const empty = files.filter((file) => file.size === 0).map((file) => file.path);
  if (empty.length > 0)
    runner.annotate('warning', 'Empty files', `${plural(empty.length, 'file')} of 0 bytes: ${showList(empty, 5)}.`);
  const pointers = findLfsPointers(files).map(({ path }) => path);
  if (pointers.length > 0) {
    const text = `${plural(pointers.length, 'file')} hold${pointers.length === 1 ? 's' : ''} only the pointer of Git LFS, not the content: ${showList(pointers, 5)}. Check out with lfs: true before this step.`;
    runner.annotate('warning', 'Git LFS pointers', text);
  }
  const twins = findTwins(files.map(({ path }) => path));
  if (twins.length > 0) {
    const text = `Some systems treat these as one name: ${twins.slice(0, 3).map(showTwins).join('; ')}${twins.length > 3 ? `; and ${twins.length - 3} more` : ''}.`;
    runner.annotate('warning', 'Names that differ little', text);
  }
}

/** Most patterns that are explained; further reasons are mostly the same. */
const MAX_EXPLAINED = 5;

/** Warns of patterns that matched no file, or throws `NO_FILES_FOUND`; returns the warning as a note. */
export async function checkMatched(context: Context, inputs: FileInputs, { unmatched }: Release): Promise<ReportPart> {
  if (unmatched.length === 0 || inputs.ifNoFilesFound === 'ignore') return {};
  const reasons = await whyUnmatched(unmatched.slice(0, MAX_EXPLAINED), discoveryOf(context, inputs));
  const told = unmatched.map((pattern, at) => {
    const reason = reasons[at];
    return `“${show(pattern)}”${reason === undefined ? '' : ` (${reason})`}`;
  });
  const text = `${unmatched.length === 1 ? 'This pattern matches' : 'These patterns match'} no file below ${show(inputs.root)}: ${told.join(', ')}.`;
  if (inputs.ifNoFilesFound === 'error') {
    throw new ActionError('NO_FILES_FOUND', text, {
      hint: 'Check the pattern and that the build has run; set if-no-files-found to warn or ignore if the pattern may match nothing.',
    });
  }
  return annotate(context, ['warning', 'No files found'], text);
}

/** Creates a directory for files outside the workspace. */
export function makeOwnDirectory({ runner }: Context): string {
  const { temporaryDirectory } = runner.facts;
  try {
    return mkdtempSync(join(temporaryDirectory, 'mtls-release-signing-output-'));
  } catch (error) {
    throw new ActionError('OUTPUT_UNWRITABLE', `No directory can be made in ${show(temporaryDirectory)}.`, {
      hint: 'RUNNER_TEMP must be a directory that this step may write to.',
      cause: error,
    });
  }
}
