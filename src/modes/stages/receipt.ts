import { unexpected } from '../../errors.ts';
import type { ReleaseFile } from '../../files/release-file.ts';
import { OutputTree } from '../../files/writing/output-tree.ts';
import type { FileInputs, UploadInputs } from '../../inputs/inputs.ts';
import { renderManifest } from '../../report/manifest.ts';
import { type Artifact, isGreen, type ReportBuilder, type ReportPart } from '../../report/report.ts';
import { plural } from '../../report/summary/units.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { checkArtifactPaths, uploadFiles } from '../../upload.ts';
import type { Context } from '../context.ts';
import { checkOwnFiles } from './planned-writes.ts';
import { makeOwnDirectory } from './release.ts';
import { releasePaths } from './whole-release.ts';

/** What a mode that works on files writes, and where. */
export interface Delivery {
  readonly mode: 'sign' | 'rehearse' | 'verify';
  readonly files: FileInputs;
  /** `undefined` when nothing is uploaded. */
  readonly upload: UploadInputs | undefined;
  readonly output: OutputTree;
  readonly report: ReportBuilder;
}

/** Runs a mode's work, which returns the signed files, and writes the manifest however it ends; uploads only when every file has its signature. */
export async function deliver(
  context: Context,
  delivery: Delivery,
  work: () => Promise<readonly ReleaseFile[]>,
): Promise<void> {
  const { files, mode, upload, output, report } = delivery;
  checkOwnFiles(files, mode);
  // However this run ends, an earlier manifest must not pass for that of this run.
  if (files.manifest !== undefined) output.remove(files.manifest);
  report.add({ suffix: files.suffix, shard: files.shard });
  let signed: readonly ReleaseFile[] = [];
  try {
    signed = await work();
  } catch (error) {
    report.add({ failure: unexpected(error) });
  }
  report.add({ durationMs: context.clock.now() - context.startedAt });
  const writeManifest = prepareManifest(context, delivery);
  writeManifest();
  if (upload === undefined || !isGreen(report.build())) return;
  try {
    report.add(await uploadSignatures(context, { mode, files, output, upload }, signed));
  } catch (error) {
    report.add({ failure: unexpected(error) });
    writeManifest();
  }
}

/** Decides where the manifest goes; it is written also for a run that failed, and again when that happens later. */
function prepareManifest(context: Context, { mode, files, output, report }: Delivery): () => void {
  const isInOutput = files.manifest !== undefined || mode === 'rehearse';
  const tree = isInOutput ? output : new OutputTree(makeOwnDirectory(context), context.processId);
  const path = files.manifest ?? 'manifest.json';
  return () => {
    tree.write(path, renderManifest(report.build(), new Date(context.now())));
    report.add({ manifest: tree.locate(path) });
  };
}

/** Lists what the artifact of this run holds. */
function artifactPaths(inputs: FileInputs, files: readonly ReleaseFile[]): string[] {
  const { manifest, suffix } = inputs;
  const signatures = files.map(({ path }) => path + suffix);
  const ofRelease = releasePaths(inputs).flatMap((path) => [path, path + suffix]);
  return [...signatures, ...ofRelease, ...(manifest === undefined ? [] : [manifest])];
}

/** Refuses names that could not be uploaded, before anything is signed. */
export function checkUploadable({ files, upload }: Delivery, release: readonly ReleaseFile[]): void {
  if (upload) checkArtifactPaths(artifactPaths(files, release));
}

function nameArtifact({ mode, files, upload }: UploadTask): string {
  const { index, count } = files.shard;
  const name = count > 1 ? `${upload.artifactName}-${index}-of-${count}` : upload.artifactName;
  return mode === 'rehearse' ? `rehearsal-${name}` : name;
}

interface UploadTask extends Pick<Delivery, 'mode' | 'files' | 'output'> {
  readonly upload: UploadInputs;
}

/** How long a cancelled run waits for an upload that may be complete already; the process ends 800 ms after the signal. */
const LATE_UPLOAD_MS = 400;

/** Tells of an artifact that a cancelled run left at GitHub, so that nobody takes it for a release. */
async function tellLate(
  { runner, clock }: Pick<Context, 'runner' | 'clock'>,
  upload: Promise<Artifact | undefined>,
): Promise<void> {
  const late = new Promise<undefined>((resolve) => void clock.after(LATE_UPLOAD_MS, () => resolve(undefined)));
  const artifact = await Promise.race([upload.catch(() => undefined), late]);
  if (artifact === undefined) return;
  runner.annotate(
    'warning',
    'Upload',
    `Artifact ${artifact.name}, id ${artifact.id}, was complete when the run was cancelled. Delete it, or do not use it.`,
  );
}

/** Uploads the signatures of all files as one artifact. */
async function uploadSignatures(
  { runner, clock, signal }: Context,
  task: UploadTask,
  signed: readonly ReleaseFile[],
): Promise<ReportPart> {
  const { retentionDays, overwrite } = task.upload;
  const paths = artifactPaths(task.files, signed);
  if (paths.length === 0) return {};
  runner.openGroup('Upload');
  const upload = uploadFiles({
    name: nameArtifact(task),
    paths,
    directory: task.output.directory,
    retentionDays,
    replaces: overwrite === 'true',
    runAttempt: runner.facts.runAttempt,
    warn: (text) => runner.annotate('warning', 'Upload', text),
    scrub: runner.scrub,
    sleep: (ms) => new Promise((resolve) => void clock.after(ms, () => resolve())),
  });
  // The client cannot be stopped: once the run is cancelled, nobody waits for it any more.
  const artifact = await orAborted(upload, signal).catch(async (error: unknown) => {
    if (signal.aborted) await tellLate({ runner, clock }, upload);
    throw error;
  });
  if (artifact) {
    runner.line(`Artifact ${artifact.name}: ${plural(paths.length, 'file')}, id ${artifact.id}`);
    runner.closeGroup();
    return { artifact };
  }
  const text =
    'This GitHub server has no artifact service that the action could use: nothing was uploaded. The signatures are beside their files.';
  runner.annotate('notice', 'No upload', text);
  runner.closeGroup();
  return { notes: [text] };
}
