import { type ActionError, unexpected } from '../../errors.ts';
import { OutputTree } from '../../files/writing/output-tree.ts';
import type { FileInputs, UploadInputs } from '../../inputs/inputs.ts';
import { renderManifest } from '../../report/manifest.ts';
import { isGreen } from '../../report/report.ts';
import { plural } from '../../report/summary/units.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { checkArtifactPaths, uploadFiles } from '../../upload.ts';
import type { Context } from '../context.ts';
import { makeOwnDirectory, type Release } from './release.ts';

/** What decides about manifest and upload. */
export interface FinishInputs {
  readonly files: FileInputs;
  readonly upload?: UploadInputs | undefined;
}

/** Runs a mode's work and, however it ends, writes the manifest; uploads only when every file has its signature. */
export async function finish(
  context: Context,
  inputs: FinishInputs,
  release: Release,
  work: () => Promise<ActionError | undefined>,
): Promise<void> {
  const { report } = context;
  try {
    report.failure = await work();
  } catch (error) {
    report.failure = unexpected(error);
  }
  report.durationMs = context.clock.now() - context.startedAt;
  const write = prepareManifest(context, inputs.files, release.output);
  write();
  if (inputs.upload === undefined || !isGreen(report)) return;
  try {
    await uploadSignatures(context, release, { files: inputs.files, upload: inputs.upload });
  } catch (error) {
    report.failure = unexpected(error);
    write();
  }
}

/** Decides where the manifest goes; it is written also for a run that failed, and again when that happens later. */
function prepareManifest(context: Context, inputs: FileInputs, output: OutputTree): () => void {
  const { report, now } = context;
  const own = inputs.manifest === undefined && report.mode !== 'rehearse';
  const tree = own ? new OutputTree(makeOwnDirectory(context), context.processId) : output;
  const path = inputs.manifest ?? 'manifest.json';
  return () => {
    tree.write(path, renderManifest(report, new Date(now())));
    report.manifest = tree.locate(path);
  };
}

/** Lists what the artifact of this run will hold. */
function artifactPaths({ report }: Context, inputs: FileInputs): string[] {
  const signatures = report.outcomes.map(({ file }) => file.path + report.suffix);
  const checksums =
    inputs.checksums !== undefined && inputs.shard.index === 1
      ? [inputs.checksums, inputs.checksums + inputs.suffix]
      : [];
  return [...signatures, ...checksums, ...(inputs.manifest === undefined ? [] : [inputs.manifest])];
}

/** Refuses names that could not be uploaded, before anything is signed. */
export function checkUploadable(context: Context, inputs: FileInputs, upload: UploadInputs | undefined): void {
  if (upload) checkArtifactPaths(artifactPaths(context, inputs));
}

function nameArtifact({ mode, shard }: Context['report'], name: string): string {
  const sharded = shard.count > 1 ? `${name}-${shard.index}-of-${shard.count}` : name;
  return mode === 'rehearse' ? `rehearsal-${sharded}` : sharded;
}

/** Uploads the signatures of all files as one artifact. */
async function uploadSignatures(
  context: Context,
  release: Release,
  inputs: Required<FinishInputs> & { readonly upload: UploadInputs },
): Promise<void> {
  const { runner, report, clock, signal } = context;
  const { artifactName, retentionDays, overwrite } = inputs.upload;
  const paths = artifactPaths(context, inputs.files);
  if (paths.length === 0) return;
  runner.openGroup('Upload');
  const warn = (text: string): void => runner.annotate('warning', 'Upload', text);
  const upload = uploadFiles({
    name: nameArtifact(report, artifactName),
    paths,
    directory: release.output.directory,
    retentionDays,
    replaces: overwrite === 'true' || (overwrite === 'auto' && runner.facts.runAttempt > 1),
    warn,
    sleep: (ms) => new Promise((resolve) => void clock.after(ms, () => resolve())),
  });
  // The client cannot be stopped: once the run is cancelled, nobody waits for it any more.
  report.artifact = await orAborted(upload, signal);
  if (report.artifact === undefined) {
    const text =
      'This GitHub server has no artifact service that the action could use: nothing was uploaded. The signatures are beside their files.';
    runner.annotate('notice', 'No upload', text);
    report.notes.push(text);
  } else runner.line(`Artifact ${report.artifact.name}: ${plural(paths.length, 'file')}, id ${report.artifact.id}`);
  runner.closeGroup();
}
